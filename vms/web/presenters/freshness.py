"""How fresh a page is when it is made. From then on its script knows better."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from vms.web import formats
from vms.web.presenters.counts import Counts


@dataclass(frozen=True, slots=True)
class Freshness:
    """state: live, or late if the watcher shows no sign of life; made: when the page was, in words."""

    state: str
    made: str


def freshness(counts: Counts) -> Freshness:
    return Freshness("live" if counts.watching else "late", formats.clock(timezone.now()))
