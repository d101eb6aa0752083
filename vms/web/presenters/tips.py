"""What tool-tips say, once for a whole page: buttons and statuses of its rows point there by id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from django.utils.translation import get_language

from vms import labels
from vms.rules.kinds import Kind
from vms.rules.matrix import every_decision
from vms.rules.reasons import OF_BACKUPS, OF_GOLDEN_IMAGES, Reason
from vms.rules.status import Status
from vms.web.presenters.buttons import ICON
from vms.web.presenters.holding import DEPENDANTS, DEPENDANTS_BEHIND, SLOT_BEHIND

IN_A_SCRIPT = "{}"
"""Stands for what a script puts in."""


@dataclass(frozen=True, slots=True)
class WhyOff:
    """slot: whose operation is behind it, "" if none is. instead: who that is says all, where it is known."""

    reason: str
    text: str
    slot: str
    instead: bool


@dataclass(frozen=True, slots=True)
class Tips:
    """is_off, since: with IN_A_SCRIPT in them. states: why a machine has its main state, by state_key of that.

    kind: of the machines on the page, "" if the page is the table of states itself.
    """

    kind: str
    is_off: str
    since: str
    reasons: list[WhyOff]
    states: Mapping[str, str]


def tips(kind: Kind | None) -> Tips:
    return _tips(kind, get_language() or "")


def tips_of(reasons: list[WhyOff]) -> Tips:
    """Of a page that is not about machines."""
    return replace(tips(None), reasons=reasons)


@lru_cache
def _tips(kind: Kind | None, _language: str) -> Tips:
    states = {state_key(Status(main)): str(tip) for main, tip in labels.MAIN_TIP.items()}
    return Tips(
        kind=kind or "",
        is_off=str(labels.ACTION_IS_OFF) % {"action": IN_A_SCRIPT},
        since=str(labels.STATE_SINCE) % {"since": IN_A_SCRIPT},
        reasons=[_why_off(reason) for reason in _reasons(kind)],
        states=states if kind else {},
    )


def _why_off(reason: Reason) -> WhyOff:
    instead = reason in DEPENDANTS_BEHIND
    slot = DEPENDANTS if instead else SLOT_BEHIND.get(reason, "")
    return WhyOff(reason, str(labels.REASON[reason]), slot, instead)


def _reasons(kind: Kind | None) -> list[Reason]:
    """Those the table gives for what is built and for machines of this kind, and those only the moment can tell."""
    decisions = list(every_decision())
    of_the_table = {decision.verdict.reason for decision in decisions}
    needed = {it.verdict.reason for it in decisions if kind is None or (it.kind is kind and it.action in ICON)}
    of_others = OF_GOLDEN_IMAGES if kind not in {None, Kind.GOLDEN_IMAGE} else frozenset()
    without_a_button = OF_BACKUPS | {Reason.IS_DYNAMIC, Reason.IS_GOLDEN_IMAGE}
    return [
        reason for reason in Reason if reason in needed or reason not in of_the_table | without_a_button | of_others
    ]


def state_key(status: Status) -> str:
    """For addresses and ids: running, running-backing_up, powering_off."""
    return "-".join(_slug(part) for part in (status.main, status.second) if part)


def _slug(word: str) -> str:
    return word.lower().replace(" ", "_")
