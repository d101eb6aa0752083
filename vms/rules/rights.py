"""What somebody may be given on one machine or on all of a pool, and what it lets them do there."""

from collections.abc import Mapping
from enum import StrEnum

from vms.rules.actions import Action


class Right(StrEnum):
    USE = "use"
    OPERATE = "operate"


ACTIONS_OF: Mapping[Right, frozenset[Action]] = {
    Right.USE: frozenset({Action.USE}),
    Right.OPERATE: frozenset({Action.USE, Action.START, Action.SHUTDOWN, Action.POWER_OFF, Action.RESET, Action.PAUSE}),
}
"""Whoever has any of them sees the machine. Nobody is given more than these: the rest belongs to roles."""


def actions_by(right: Right, *, is_ones_own: bool = False) -> frozenset[Action]:
    """is_ones_own: of a dynamic VM, on which nobody but the person who has it depends: any right on its pool is enough
    for all that can be given."""
    return ACTIONS_OF[Right.OPERATE if is_ones_own else right]
