"""A fact about something, as pages list them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """url: where the value leads, code: it is to be copied, not read. icon: before the value, "" for none."""

    label: str
    value: str
    url: str = ""
    code: bool = False
    icon: str = ""
