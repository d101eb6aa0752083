"""What may be asked of a machine, and when. The one table that page, API and worker are drawn from.

Source of the tables: the user's document "VM States" (row 1 of each) and its completion. x: on, r: on but
restricted to what can change now, -: off. What is not written down is off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from vms.rules.actions import Action
from vms.rules.kinds import Kind, Mode
from vms.rules.reasons import Reason
from vms.rules.status import Main, Second, Status, all_statuses


class Mark(StrEnum):
    ON = "x"
    RESTRICTED = "r"
    OFF = "-"


_BEYOND_THE_DOCUMENT = (Action.RESET, Action.PAUSE, Action.BACK_UP, Action.RESTORE)

_OF_A_GUEST = (Action.START, Action.SHUTDOWN, Action.POWER_OFF, Action.USE, Action.RESET, Action.PAUSE)

COLUMNS: Mapping[Kind, tuple[Action, ...]] = {
    Kind.VM: (
        *(Action.START, Action.SHUTDOWN, Action.POWER_OFF, Action.MIGRATE),
        *(Action.EDIT, Action.DELETE, Action.USE, Action.USERS, Action.GROUPS),
        *_BEYOND_THE_DOCUMENT,
        *(Action.CLONE, Action.MAKE_TEMPLATE),
    ),
    Kind.TEMPLATE: (
        *(Action.START, Action.SHUTDOWN, Action.POWER_OFF, Action.MIGRATE),
        *(Action.EDIT, Action.DELETE, Action.TOGGLE, Action.USE, Action.PERSISTENT, Action.DYNAMIC),
        *_BEYOND_THE_DOCUMENT,
    ),
    Kind.DYNAMIC: (*_OF_A_GUEST, Action.DELETE),
    Kind.GOLDEN_IMAGE: (*_OF_A_GUEST, Action.SEAL, Action.ACTIVATE, Action.DELETE),
}
"""What people see of it. What only the panel itself asks for stands in the table too, to the right."""

# fmt: off
# ruff: noqa: E501 -- a table is read as a table
_VM_ROWS = """
                        start shutdown power_off migrate edit delete use users groups reset pause back_up restore clone make_template
Stopped                   x      -        -        x      x     x     -    x     x      -     -      x       x      x        x
Stopped, streaming        x      -        -        -      r     x     -    x     x      -     -      -       -      -        -
Stopped, backing up       x      -        -        -      r     -     -    x     x      -     -      -       -      -        -
Stopped, migrating        -      -        -        -      -     -     -    x     x      -     -      -       -      -        -
Stopped, creating         -      -        -        -      -     -     -    x     x      -     -      -       -      -        -
Stopped, restoring        -      -        -        -      -     -     -    x     x      -     -      -       -      -        -
Starting                  -      -        x        -      r     -     -    x     x      -     -      -       -      -        -
Starting, streaming       -      -        x        -      r     -     -    x     x      -     -      -       -      -        -
Starting, backing up      -      -        x        -      r     -     -    x     x      -     -      -       -      -        -
Paused                    x      -        x        x      r     -     x    x     x      x     -      x       -      -        -
Paused, backing up        -      -        -        -      -     -     -    x     x      -     -      -       -      -        -
Paused, migrating         -      -        -        -      -     -     -    x     x      -     -      -       -      -        -
Running                   -      x        x        x      r     -     x    x     x      x     x      x       -      -        -
Running, backing up       -      x        x        -      r     -     x    x     x      -     -      -       -      -        -
Running, streaming        -      x        x        -      r     -     x    x     x      x     x      -       -      -        -
Running, migrating        -      -        -        -      -     -     x    x     x      -     -      -       -      -        -
Shutting down             -      -        x        -      r     -     x    x     x      -     -      -       -      -        -
Powering off              -      -        -        -      r     -     x    x     x      -     -      -       -      -        -
Deleting                  -      -        -        -      -     -     -    -     -      -     -      -       -      -        -
Crashed                   x      -        x        -      x     x     -    x     x      -     -      x       x      -        -
Frozen                    -      x        x        x      r     -     x    x     x      x     x      x       -      -        -
Unknown                   -      -        -        -      -     -     -    x     x      -     -      -       -      -        -
"""

_TEMPLATE_ROWS = """
                        start shutdown power_off migrate edit delete toggle use persistent dynamic reset pause back_up restore
Stopped                   x      -        -        x      x     x      x     -      x         x      -     -      x       x
Stopped, streaming        -      -        -        -      r     -      -     -      x         x      -     -      -       -
Stopped, backing up       -      -        -        -      r     -      -     -      -         -      -     -      -       -
Stopped, migrating        -      -        -        -      -     -      -     -      -         -      -     -      -       -
Stopped, creating         -      -        -        -      -     -      -     -      -         -      -     -      -       -
Stopped, restoring        -      -        -        -      -     -      -     -      -         -      -     -      -       -
Starting                  -      -        x        -      r     -      -     -      -         -      -     -      -       -
Paused                    x      -        x        x      r     -      -     x      -         -      x     -      -       -
Paused, backing up        -      -        -        -      -     -      -     -      -         -      -     -      -       -
Paused, migrating         -      -        -        -      -     -      -     -      -         -      -     -      -       -
Running                   -      x        x        x      r     -      x     x      -         -      x     x      x       -
Running, backing up       -      x        x        -      r     -      -     x      -         -      -     -      -       -
Running, migrating        -      -        -        -      -     -      -     x      -         -      -     -      -       -
Shutting down             -      -        x        -      r     -      -     x      -         -      -     -      -       -
Powering off              -      -        -        -      r     -      -     -      -         -      -     -      -       -
Deleting                  -      -        -        -      -     -      -     -      -         -      -     -      -       -
Crashed                   x      -        x        -      x     x      -     -      -         -      -     -      -       x
Frozen                    -      x        x        x      r     -      -     x      -         -      x     x      -       -
Unknown                   -      -        -        -      -     -      -     -      -         -      -     -      -       -
"""
_DYNAMIC_ROWS = """
                        start shutdown power_off use reset pause delete
Stopped                   -      -        -       -    -     -     x
Stopped, creating         -      -        -       -    -     -     -
Starting                  -      -        x       -    -     -     -
Paused                    x      -        x       x    x     -     -
Running                   -      x        x       x    x     x     -
Shutting down             -      -        x       x    -     -     -
Powering off              -      -        -       x    -     -     -
Deleting                  -      -        -       -    -     -     -
Crashed                   -      -        x       -    -     -     x
Frozen                    -      x        x       x    x     x     -
Unknown                   -      -        -       -    -     -     -
"""

_GOLDEN_IMAGE_ROWS = """
                        start shutdown power_off use reset pause seal activate delete provide
Stopped                   x      -        -       -    -     -     x      x       x      x
Stopped, creating         -      -        -       -    -     -     -      -       -      -
Starting                  -      -        x       -    -     -     -      -       -      -
Paused                    x      -        x       x    x     -     -      -       -      -
Running                   -      x        x       x    x     x     -      -       -      -
Shutting down             -      -        x       x    -     -     -      -       -      -
Powering off              -      -        -       x    -     -     -      -       -      -
Deleting                  -      -        -       -    -     -     -      -       -      -
Crashed                   x      -        x       -    -     -     -      -       x      -
Frozen                    -      x        x       x    x     x     -      -       -      -
Unknown                   -      -        -       -    -     -     -      -       -      x
"""
# fmt: on


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an action is possible; when it is not, why."""

    allowed: bool
    reason: Reason | None = None
    restricted: bool = False


def _read(text: str) -> dict[tuple[str, Action], Mark]:
    heading, *rows = text.strip().splitlines()
    columns = [Action(name) for name in heading.split()]
    marks: dict[tuple[str, Action], Mark] = {}
    for row in rows:
        words = row.split()
        status, cells = " ".join(words[: -len(columns)]), words[-len(columns) :]
        marks.update({(status, action): Mark(cell) for action, cell in zip(columns, cells, strict=True)})
    return marks


MATRIX: Mapping[Kind, Mapping[tuple[str, Action], Mark]] = {
    Kind.VM: _read(_VM_ROWS),
    Kind.TEMPLATE: _read(_TEMPLATE_ROWS),
    Kind.DYNAMIC: _read(_DYNAMIC_ROWS),
    Kind.GOLDEN_IMAGE: _read(_GOLDEN_IMAGE_ROWS),
}

STOPPED_MAINS = frozenset({Main.STOPPED, Main.CRASHED})

_NO_HAND_OUT = frozenset({Action.PERSISTENT, Action.DYNAMIC})

_MODE_TURNS_OFF: Mapping[tuple[Mode, bool], frozenset[Action]] = {
    (Mode.READY_FOR_USE, False): frozenset(),
    (Mode.READY_FOR_USE, True): frozenset({Action.TOGGLE}),
    (Mode.MAINTENANCE, False): _NO_HAND_OUT,
    (Mode.MAINTENANCE, True): _NO_HAND_OUT | {Action.MIGRATE},
    (Mode.FIRST_INSTALLATION, False): _NO_HAND_OUT,
    (Mode.FIRST_INSTALLATION, True): _NO_HAND_OUT | {Action.MIGRATE},
    (Mode.DO_NOT_USE, False): _NO_HAND_OUT | {Action.MIGRATE},
    (Mode.DO_NOT_USE, True): _NO_HAND_OUT | {Action.MIGRATE},
}
"""(mode, is it on?) -> what the mode row turns off."""

_REASON_OF_MODE: Mapping[Mode, Reason] = {
    Mode.READY_FOR_USE: Reason.MODE_IS_READY,
    Mode.MAINTENANCE: Reason.MODE_IS_MAINTENANCE,
    Mode.FIRST_INSTALLATION: Reason.MODE_IS_FIRST_INSTALLATION,
    Mode.DO_NOT_USE: Reason.MODE_IS_DO_NOT_USE,
}

_SEALED_TURNS_OFF: Mapping[bool, frozenset[Action]] = {
    True: frozenset({Action.START, Action.SEAL}),
    False: frozenset({Action.ACTIVATE, Action.PROVIDE}),
}
"""is a golden image sealed? -> what that turns off."""

_ON = Reason.IS_RUNNING
_DOWN = Reason.IS_STOPPED
_NEEDS_A_STOP = dict.fromkeys((Main.RUNNING, Main.PAUSED, Main.FROZEN), Reason.MUST_BE_STOPPED)

_REASON_OF_ACTION: Mapping[Action, Mapping[Main, Reason]] = {
    Action.START: {Main.RUNNING: _ON, Main.FROZEN: _ON},
    Action.SHUTDOWN: {Main.STOPPED: _DOWN},
    Action.POWER_OFF: {Main.STOPPED: _DOWN},
    Action.RESET: {Main.STOPPED: _DOWN},
    Action.PAUSE: {Main.STOPPED: _DOWN},
    Action.USE: {Main.STOPPED: Reason.NO_SCREEN_WHILE_STOPPED},
    Action.DELETE: _NEEDS_A_STOP,
    Action.CLONE: _NEEDS_A_STOP,
    Action.RESTORE: _NEEDS_A_STOP,
    Action.MAKE_TEMPLATE: _NEEDS_A_STOP,
    Action.PERSISTENT: _NEEDS_A_STOP,
    Action.DYNAMIC: _NEEDS_A_STOP,
    Action.SEAL: _NEEDS_A_STOP,
    Action.ACTIVATE: _NEEDS_A_STOP,
}
"""What an action needs, said before anything else."""

_STAYS: Mapping[Kind, Reason] = {Kind.DYNAMIC: Reason.IS_DYNAMIC, Kind.GOLDEN_IMAGE: Reason.IS_GOLDEN_IMAGE}
"""Kinds of machines that never move to another node."""

_REASON_OF_SECOND: Mapping[Second, Reason] = {
    Second.STREAMING: Reason.IS_STREAMING,
    Second.BACKING_UP: Reason.IS_BACKING_UP,
    Second.MIGRATING: Reason.IS_MIGRATING,
    Second.CREATING: Reason.IS_CREATING,
    Second.RESTORING: Reason.IS_RESTORING,
}

_REASON_OF_MAIN: Mapping[Main, Reason] = {
    Main.STOPPED: Reason.IS_STOPPED,
    Main.STARTING: Reason.IS_STARTING,
    Main.RUNNING: Reason.IS_RUNNING,
    Main.PAUSED: Reason.IS_PAUSED,
    Main.SHUTTING_DOWN: Reason.IS_SHUTTING_DOWN,
    Main.POWERING_OFF: Reason.IS_POWERING_OFF,
    Main.DELETING: Reason.IS_DELETING,
    Main.CRASHED: Reason.IS_CRASHED,
    Main.FROZEN: Reason.IS_FROZEN,
    Main.UNKNOWN: Reason.IS_UNKNOWN,
}


def verdict(kind: Kind, status: Status, mode: Mode | None, action: Action) -> Verdict:
    """The table's answer. A template's answer is its state row AND its mode row; so is that of a golden image."""
    mark = MATRIX[kind].get((status.name, action), Mark.OFF)
    if mark is Mark.OFF:
        return Verdict(allowed=False, reason=_why_off(kind, status, action))
    if kind is Kind.TEMPLATE and action in turned_off_by(mode, status):
        return Verdict(allowed=False, reason=_REASON_OF_MODE[mode or Mode.DO_NOT_USE])
    sealed = mode is Mode.READY_FOR_USE
    if kind is Kind.GOLDEN_IMAGE and action in _SEALED_TURNS_OFF[sealed]:
        return Verdict(allowed=False, reason=Reason.IS_SEALED if sealed else Reason.IS_NOT_SEALED)
    return Verdict(allowed=True, restricted=mark is Mark.RESTRICTED)


def turned_off_by(mode: Mode | None, status: Status) -> frozenset[Action]:
    """The actions that a template's mode turns off. No mode counts as "do not use"."""
    is_on = status.main not in STOPPED_MAINS
    return _MODE_TURNS_OFF[mode or Mode.DO_NOT_USE, is_on]


def _why_off(kind: Kind, status: Status, action: Action) -> Reason:
    needed = _REASON_OF_ACTION.get(action, {}).get(status.main)
    if needed:
        return needed
    if action is Action.MIGRATE and kind in _STAYS:
        return _STAYS[kind]
    if kind is Kind.DYNAMIC and action is Action.START and status.main in STOPPED_MAINS:
        return Reason.IS_THROWN_AWAY
    if kind is Kind.TEMPLATE and status.second is Second.STREAMING:
        return Reason.TEMPLATE_IS_STREAMED_FROM
    if status.second:
        return _REASON_OF_SECOND[status.second]
    return _REASON_OF_MAIN[status.main]


@dataclass(frozen=True, slots=True)
class Decision:
    """One cell of the whole matrix."""

    kind: Kind
    status: Status
    mode: Mode | None
    action: Action
    verdict: Verdict


def modes_of(kind: Kind) -> tuple[Mode | None, ...]:
    return _MODES_OF.get(kind, (None,))


_MODES_OF: Mapping[Kind, tuple[Mode | None, ...]] = {
    Kind.TEMPLATE: (None, *Mode),
    Kind.GOLDEN_IMAGE: (Mode.MAINTENANCE, Mode.READY_FOR_USE),
}


def every_decision() -> Iterator[Decision]:
    """The whole matrix: every kind, status, mode and action."""
    for kind in Kind:
        for status in all_statuses(kind):
            for mode in modes_of(kind):
                for action in COLUMNS[kind]:
                    yield Decision(kind, status, mode, action, verdict(kind, status, mode, action))
