"""Pools of virtual machines: what their machines may use, and how many dynamic ones are kept ready."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from vms.rules.actions import Action
from vms.rules.names import LONGEST_NAME, NameFault, fault_in_machine_name
from vms.rules.status import Main


class PoolKind(StrEnum):
    """Which machines belong to a pool."""

    TEMPLATE = "template"
    PERSISTENT = "persistent"
    DYNAMIC = "dynamic"


# What each machine of a dynamic pool is to its keeper


class Role(StrEnum):
    COMING = "coming"
    """It is being made for nobody yet."""
    READY = "ready"
    """It runs for nobody yet, as the next one would be made."""
    OLD = "old"
    """It runs for nobody yet, but the next one would be made from another image, or elsewhere."""
    BROKEN = "broken"
    """Nobody has it, and nobody could use it."""
    TAKEN = "taken"
    GOING = "going"
    USED_UP = "used up"
    """It is off for good, or its node knows nothing of it any more: what is left of it can be thrown away."""
    AWAY = "away"
    """It counts, but nothing can be done with it now: its node was lost, or it is being made as none should be."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One of a dynamic pool. taken: somebody has it, or had; known: its node knows it; in_place: its node is an active
    one of the pool; up_to_date: it stands on the active golden image."""

    key: UUID
    node: int
    main: Main
    under_way: frozenset[Action] = frozenset()
    taken: bool = False
    reachable: bool = True
    known: bool = True
    in_place: bool = True
    up_to_date: bool = True

    @property
    def is_as_the_next(self) -> bool:
        return self.reachable and self.in_place and self.up_to_date


ENDINGS = frozenset({Action.SHUTDOWN, Action.POWER_OFF, Action.DELETE})


def role_of(machine: Machine) -> Role:
    """The first match wins."""
    return next((role for applies, role in _FIRST_MATCH if applies(machine)), Role.AWAY)


_FIRST_MATCH: Sequence[tuple[Callable[[Machine], bool], Role]] = (
    (lambda vm: vm.taken and vm.under_way == {Action.SHUTDOWN}, Role.TAKEN),  # its guest may refuse
    (lambda vm: bool(vm.under_way & ENDINGS), Role.GOING),
    (lambda vm: vm.taken and (Action.PROVIDE in vm.under_way or not vm.reachable), Role.TAKEN),
    (lambda vm: Action.PROVIDE in vm.under_way and vm.is_as_the_next, Role.COMING),
    (lambda vm: Action.PROVIDE in vm.under_way or not vm.reachable, Role.AWAY),
    (lambda vm: not vm.known or vm.main in {Main.STOPPED, Main.CRASHED}, Role.USED_UP),
    (lambda vm: vm.taken, Role.TAKEN),
    (lambda vm: vm.main in {Main.PAUSED, Main.FROZEN}, Role.BROKEN),
    (lambda vm: vm.main is Main.RUNNING and vm.is_as_the_next, Role.READY),
    (lambda vm: vm.main is Main.RUNNING, Role.OLD),
    (lambda vm: vm.main in {Main.SHUTTING_DOWN, Main.POWERING_OFF, Main.DELETING}, Role.GOING),
)


# How many to make, and which to end

NO_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What a dynamic pool should have. minimum: so many in all; pre_started: so many for nobody yet; room: for so many
    more; can_make: there is an image to make them from."""

    minimum: int
    pre_started: int
    room: int
    is_on: bool = True
    can_make: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """make: so many new ones; end: cut the power of these; delete: of these nothing is to be left."""

    make: int = 0
    end: tuple[UUID, ...] = ()
    delete: tuple[UUID, ...] = ()


def room_for(limits: Iterable[tuple[int, int, int]]) -> int:
    """How many more machines fit. limits: (most, used, what one more uses) of everything that is limited; most 0 for
    no limit."""
    return min((max(0, most - used) // each for most, used, each in limits if most and each), default=NO_LIMIT)


def decide(machines: Iterable[Machine], wish: Wish) -> Decision:
    """What brings the pool nearer to the wish. One that somebody has is never ended here."""
    by_role: dict[Role, list[Machine]] = {role: [] for role in Role}
    for machine in machines:
        by_role[role_of(machine)].append(machine)
    wanted = wanted_free(wish, len(by_role[Role.TAKEN]))
    missing = wanted - len(by_role[Role.READY]) - len(by_role[Role.COMING])
    ended = [
        *by_role[Role.BROKEN],
        *_from_the_fullest(by_role[Role.READY], len(by_role[Role.READY]) - wanted),
        *_from_the_fullest(by_role[Role.OLD], _outlived(by_role, wish, wanted)),
    ]
    return Decision(
        make=max(0, min(missing, wish.room)) if wish.can_make else 0,
        end=tuple(machine.key for machine in ended),
        delete=tuple(machine.key for machine in by_role[Role.USED_UP]),
    )


def wanted_free(wish: Wish, taken: int) -> int:
    """So many should be there for nobody yet."""
    return max(wish.pre_started, wish.minimum - taken) if wish.is_on else 0


def _outlived(by_role: dict[Role, list[Machine]], wish: Wish, wanted: int) -> int:
    """How many old ones can go: those that new ones have replaced. Where there is no room for a new one beside them,
    one at a time goes first."""
    ready, old = len(by_role[Role.READY]), len(by_role[Role.OLD])
    replaced = min(old, max(0, ready + old - wanted))
    room_comes = any(by_role[role] for role in (Role.COMING, Role.GOING, Role.USED_UP, Role.BROKEN))
    is_stuck = wish.can_make and wish.room <= 0 and ready < wanted and not room_comes
    return replaced or int(is_stuck and old > 0)


def _from_the_fullest(machines: Iterable[Machine], count: int) -> list[Machine]:
    """So many, from the nodes that have the most of them."""
    nth: Counter[int] = Counter()
    ranked = []
    for machine in machines:
        nth[machine.node] += 1
        ranked.append((nth[machine.node], machine))
    ranked.sort(key=lambda each: each[0], reverse=True)
    return [machine for _nth, machine in ranked[: max(0, count)]]


# Where to make them


@dataclass(frozen=True, slots=True)
class Place:
    """A node that could take one. machines: of this pool, that it has; memory_free: bytes; has_failed: the last one
    there came to nothing; most: no more than so many at once."""

    node: int
    machines: int
    memory_free: int
    has_failed: bool = False
    most: int = NO_LIMIT

    def with_one_more(self, memory: int) -> Place:
        left = self.memory_free - memory
        return replace(self, machines=self.machines + 1, memory_free=left, most=self.most - 1)


def spread(places: Iterable[Place], count: int, memory: int) -> list[int]:
    """The node of each new machine: where the last went well, then where the fewest are, then where the most memory is
    free. Fewer than count if that is all that fit. memory: of each, in bytes."""
    left = {place.node: place for place in places}
    chosen: list[int] = []
    while len(chosen) < count:
        fitting = [place for place in left.values() if place.memory_free >= memory and place.most > 0]
        if not fitting:
            break
        best = min(fitting, key=lambda place: (place.has_failed, place.machines, -place.memory_free, place.node))
        left[best.node] = best.with_one_more(memory)
        chosen.append(best.node)
    return chosen


def dynamic_name(pool: str, number: int) -> str:
    """ "Class room" -> Class-room-7. The name of its 7th machine, also at the node."""
    stem, ending = "-".join(pool.replace("/", " ").split()).lstrip("."), f"-{number}"
    stem = (stem or "vm")[: LONGEST_NAME - len(ending)]
    while fault_in_machine_name(stem + ending) is NameFault.TOO_LONG_FOR_A_FILE:
        stem = stem[:-1]
    return stem + ending


# When what fails is tried again

SHORTEST_PAUSE = 10.0
LONGEST_PAUSE = 300.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that was asked for in vain. Moments in seconds since 1970, as everywhere here."""

    asked_at: float
    ended_at: float


def next_try_at(failures: Iterable[Failure]) -> float | None:
    """failures: all since it last went well; None if there are none. Those that were asked for together count once."""
    newest_first = sorted(failures, key=lambda each: each.asked_at, reverse=True)
    if not newest_first:
        return None
    rounds = 1 + sum(older.ended_at < newer.asked_at for newer, older in pairwise(newest_first))
    return max(failure.ended_at for failure in newest_first) + pause_after(rounds)


def is_resting(failures: Iterable[Failure], now: float) -> bool:
    again_at = next_try_at(failures)
    return again_at is not None and now < again_at


def pause_after(rounds: int) -> float:
    """So long after the last of so many that failed, in seconds."""
    return min(SHORTEST_PAUSE * 2.0 ** min(rounds - 1, 10), LONGEST_PAUSE)


# When one that somebody has is shut down


class Due(StrEnum):
    WARN = "warn"
    TAKE_BACK = "take back"
    """It has time again."""
    END = "end"


def goes_off_at(over: float, warned_at: float | None, warning: float) -> float:
    """Whoever was warned late has the whole warning all the same. over: when its time is over."""
    return over if warned_at is None else max(over, warned_at + warning)


def due(over: float | None, warned_at: float | None, warning: float, now: float) -> Due | None:
    """What is to be done about one that somebody has. over: when its time is over, None for never; warning: so many
    seconds before its person is told."""
    if over is None or now < over - warning:
        return None if warned_at is None else Due.TAKE_BACK
    if warned_at is None:
        return Due.WARN
    return Due.END if now >= goes_off_at(over, warned_at, warning) else None
