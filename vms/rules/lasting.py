"""How long somebody may have a dynamic VM."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Because(StrEnum):
    """Why it is shut down though nobody asked for it."""

    IDLE = "idle"
    """Nobody has had its screen open."""
    LONGEST = "longest"
    """Its time is over, whether it is used or not."""


class End(NamedTuple):
    """When it is shut down, if nothing changes by then, and why. moment: in seconds since 1970."""

    moment: float
    why: Because


def ends_at(assigned_at: float | None, used_at: float | None, idle_minutes: int, longest_minutes: int) -> End | None:
    """The first of its ends. Moments are in seconds since 1970; minutes: 0 for never. None for one that nobody has
    taken, and for one that has no end. used_at: when its screen was last open; if it never was, it is idle since it was
    taken."""
    if assigned_at is None:
        return None
    ends = []
    if longest_minutes:
        ends.append(End(assigned_at + 60.0 * longest_minutes, Because.LONGEST))
    if idle_minutes:
        ends.append(End((used_at or assigned_at) + 60.0 * idle_minutes, Because.IDLE))
    return min(ends, key=lambda end: end.moment, default=None)
