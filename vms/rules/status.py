"""Facts in, one status out. Everything a person sees of a machine's state is computed here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from vms.rules.actions import Action
from vms.rules.kinds import Kind, Mode
from vms.rules.power import PAUSED_BY_FAULT, STOPPED_ON_PURPOSE, Power, PowerReason, Wanted

SILENT_CHECKS_MEAN_FROZEN = 3


class Main(StrEnum):
    STOPPED = "Stopped"
    STARTING = "Starting"
    RUNNING = "Running"
    PAUSED = "Paused"
    SHUTTING_DOWN = "Shutting down"
    POWERING_OFF = "Powering off"
    DELETING = "Deleting"
    CRASHED = "Crashed"
    FROZEN = "Frozen"
    UNKNOWN = "Unknown"


class Second(StrEnum):
    """The job that is under way beside the main state."""

    STREAMING = "streaming"
    BACKING_UP = "backing up"
    MIGRATING = "migrating"
    CREATING = "creating"
    RESTORING = "restoring"


_JOBS_WHEN_STOPPED = frozenset(Second)
_JOBS_WHEN_RUNNING = frozenset({Second.STREAMING, Second.BACKING_UP, Second.MIGRATING})
_NO_JOB: frozenset[Second] = frozenset()

SHOWN_WITH: Mapping[Kind, Mapping[Main, frozenset[Second]]] = {
    Kind.VM: {
        Main.STOPPED: _JOBS_WHEN_STOPPED,
        Main.STARTING: frozenset({Second.STREAMING, Second.BACKING_UP}),
        Main.RUNNING: _JOBS_WHEN_RUNNING,
        Main.PAUSED: frozenset({Second.BACKING_UP, Second.MIGRATING}),
    },
    Kind.TEMPLATE: {
        Main.STOPPED: _JOBS_WHEN_STOPPED,
        Main.RUNNING: frozenset({Second.BACKING_UP, Second.MIGRATING}),
        Main.PAUSED: frozenset({Second.BACKING_UP, Second.MIGRATING}),
    },
    Kind.DYNAMIC: {Main.STOPPED: frozenset({Second.CREATING})},
    Kind.GOLDEN_IMAGE: {Main.STOPPED: frozenset({Second.CREATING})},
}
"""The second states that the user's document knows for each main state; others are not shown. What it does not speak
of is made, and no other job is ever done with it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the status depends on. Each comes from exactly one writer.

    has_dependants: other machines' disks still need its own; linked: its own still need another's; job_pauses: the job
    holds a guest that runs, for a moment; changes: what it is, is just being changed; protected: it must not be
    deleted; doubled: another node knows it too; active: a golden image from which its pool's next VMs come.
    """

    kind: Kind
    power: Power
    power_reason: PowerReason = PowerReason.NONE
    wanted: Wanted = Wanted.OFF
    node_reachable: bool = True
    known_to_node: bool = True
    run: Action | None = None
    job: Second | None = None
    job_pauses: bool = False
    changes: bool = False
    protected: bool = False
    doubled: bool = False
    mode: Mode | None = None
    has_dependants: bool = False
    linked: bool = False
    active: bool = False
    agent_used_to_answer: bool = False
    agent_silent_checks: int = 0
    watchdog_fired: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    """What a person reads: a main state and at most one second state."""

    main: Main
    second: Second | None = None

    @property
    def name(self) -> str:
        """English, exactly as in the user's document, without a percentage."""
        return f"{self.main}, {self.second}" if self.second else str(self.main)


def all_statuses(kind: Kind) -> list[Status]:
    """Every status a machine of this kind can have."""
    pairs = SHOWN_WITH[kind]
    ordered = [(main, second) for main in Main for second in (None, *Second)]
    return [Status(m, s) for m, s in ordered if s is None or s in pairs.get(m, _NO_JOB)]


def status_of(facts: Facts) -> Status:
    main = _main_state(facts)
    second = _second_state(facts)
    shown = second in SHOWN_WITH[facts.kind].get(main, _NO_JOB)
    return Status(main, second if shown else None)


def _second_state(facts: Facts) -> Second | None:
    if facts.job is None and facts.power is Power.PAUSED:
        return _JOB_BEHIND_PAUSE.get(facts.power_reason)
    if facts.job is None and facts.has_dependants and facts.kind is Kind.TEMPLATE:
        return Second.STREAMING
    return facts.job


_JOB_BEHIND_PAUSE: Mapping[PowerReason, Second] = {
    PowerReason.SAVING_MEMORY: Second.BACKING_UP,
    PowerReason.MIGRATING: Second.MIGRATING,
}

_MAIN_OF_POWER: Mapping[Power, Main] = {
    Power.OFF: Main.STOPPED,
    Power.RUNNING: Main.RUNNING,
    Power.PAUSED: Main.PAUSED,
    Power.SHUTTING_DOWN: Main.SHUTTING_DOWN,
    Power.CRASHED: Main.CRASHED,
    Power.UNKNOWN: Main.UNKNOWN,
}


def _main_state(facts: Facts) -> Main:
    """The first match wins, in the order of the specification."""
    return next((main for applies, main in _FIRST_MATCH if applies(facts)), _MAIN_OF_POWER[facts.power])


def _waits_for_a_job(facts: Facts) -> bool:
    """A stopped machine whose QEMU process only runs for a job, such as one that takes it to another node: technically
    paused. Its disks still need another's also in the moments before its stream is taken up, and after it was given
    up."""
    return (
        facts.power is Power.PAUSED
        and facts.wanted is Wanted.OFF
        and (facts.linked or facts.job in _JOBS_WHEN_STOPPED)
        and facts.power_reason not in PAUSED_BY_FAULT | {PowerReason.SAVING_MEMORY}
    )


def _went_off_by_itself(facts: Facts) -> bool:
    return (
        facts.power is Power.OFF
        and facts.wanted is not Wanted.OFF
        and facts.power_reason not in STOPPED_ON_PURPOSE
        and not facts.has_dependants
        and facts.job not in {Second.CREATING, Second.RESTORING, Second.MIGRATING}
    )


def _is_held_after_a_crash(facts: Facts) -> bool:
    """Its process ended while its guest ran; another one holds it now, for its disks."""
    return (
        facts.power is Power.PAUSED
        and facts.wanted is Wanted.RUNNING
        and facts.job in {Second.STREAMING, Second.BACKING_UP}
        and facts.run is None
        and not facts.job_pauses
        and facts.power_reason in {PowerReason.BY_REQUEST, PowerReason.STARTING_UP}
    )


def _does_not_react(facts: Facts) -> bool:
    if facts.power is not Power.RUNNING:
        return False
    silent = facts.agent_used_to_answer and facts.agent_silent_checks >= SILENT_CHECKS_MEAN_FROZEN
    return silent or facts.watchdog_fired


_FIRST_MATCH: Sequence[tuple[Callable[[Facts], bool], Main]] = (
    (lambda facts: facts.run is Action.DELETE, Main.DELETING),
    (lambda facts: not (facts.node_reachable and facts.known_to_node), Main.UNKNOWN),
    (lambda facts: facts.run is Action.START, Main.STARTING),
    (lambda facts: facts.run is Action.SHUTDOWN, Main.SHUTTING_DOWN),
    (lambda facts: facts.run is Action.POWER_OFF, Main.POWERING_OFF),
    (_waits_for_a_job, Main.STOPPED),
    (_went_off_by_itself, Main.CRASHED),
    (_is_held_after_a_crash, Main.CRASHED),
    (_does_not_react, Main.FROZEN),
)
