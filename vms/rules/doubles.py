"""Machines that more than one node knows: what that means, and what can be done about it."""

from __future__ import annotations

from enum import StrEnum

from vms.rules.actions import Action
from vms.rules.power import HAS_PROCESS, Power, PowerReason
from vms.rules.reasons import Reason

_MOVING = frozenset({PowerReason.MIGRATING, PowerReason.POSTCOPY})


class Peril(StrEnum):
    """How bad it is that a machine is on two nodes."""

    NONE = "none"
    """Both are off, or one of them is on: nothing is written twice, and nobody knows yet which definition counts."""
    UNSEEN = "unseen"
    """One of the nodes cannot be asked: it may be on there."""
    RUNS_TWICE = "runs_twice"
    """Two guests write to the same disks, or have the same addresses."""


def runs(power: Power) -> bool:
    """Whether it has a process whose guest may write."""
    return power in HAS_PROCESS


def is_on_its_way(power: Power, reason: PowerReason) -> bool:
    """Paused because it is moving, on either end of it, or just being started: half a machine, and soon none."""
    return power is Power.PAUSED and reason in _MOVING | {PowerReason.STARTING_UP}


def is_leaving(power: Power, reason: PowerReason) -> bool:
    """Paused because its guest runs elsewhere by now, or is about to."""
    return power is Power.PAUSED and reason in _MOVING


def against_ending(action: Action, there: Power, kept: Power) -> Reason | None:
    """Why what one node has of it cannot be ended now: its definition, or its process while the other one runs too."""
    if action is Action.FORGET_DOUBLE:
        return None if there is Power.OFF else Reason.MUST_BE_STOPPED
    return None if runs(there) and runs(kept) else Reason.IS_STOPPED


def peril_of(here: Power, there: Power, *, both_answer: bool) -> Peril:
    """here, there: as the nodes last reported them."""
    if not both_answer:
        return Peril.UNSEEN
    return Peril.RUNS_TWICE if runs(here) and runs(there) else Peril.NONE
