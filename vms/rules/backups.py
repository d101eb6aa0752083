"""Which backups are kept, which can be restored, and when the next one is made. Moments are seconds since 1970."""

from __future__ import annotations

from calendar import monthrange, timegm
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True, order=True)
class Day:
    """On the calendar of people."""

    year: int
    month: int
    day: int

    @property
    def number(self) -> int:
        """Counted from a Monday on."""
        return timegm((self.year, self.month, self.day, 0, 0, 0)) // _DAY + _THURSDAY

    @property
    def following(self) -> Day:
        if self.day < monthrange(self.year, self.month)[1]:
            return Day(self.year, self.month, self.day + 1)
        return Day(self.year, self.month + 1, 1) if self.month < _DECEMBER else Day(self.year + 1, 1, 1)


class Clock(Protocol):
    """That of people, who have a time zone."""

    def day_of(self, moment: float) -> Day: ...
    def moment_of(self, day: Day, hour: int, minute: int) -> float:
        """A time of day that does not exist (clocks go forward) is that much later; of one that is there twice (clocks
        go back) it is the first."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished backup as the rules see it. below: the one on top of which its images are, None if they are whole.
    is_good: it succeeded, and no check has found it damaged since. is_kept: somebody wants it to stay."""

    number: int
    made_at: float
    below: int | None = None
    is_good: bool = True
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Retention:
    """The last so many are kept, and of each of the last so many days, weeks and months that have a backup the newest.
    All 0: all are."""

    last: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0


class BackupState(StrEnum):
    """making: nothing of it counts yet; going: its files are being deleted."""

    MAKING = "making"
    GOOD = "good"
    DAMAGED = "damaged"
    GOING = "going"


class Consistency(StrEnum):
    """How whole a guest finds its disks after a restore. power_cut: as after one."""

    OFF = "off"
    AT_REST = "at_rest"
    POWER_CUT = "power_cut"
    WITH_MEMORY = "with_memory"


class Damage(StrEnum):
    """What was found wrong with a backup's files."""

    MISSING = "missing"
    CHANGED = "changed"
    NO_IMAGE = "no_image"
    """One of its images is none, is of another size, or stands on another one than it did."""


class Covers(StrEnum):
    """Which machines a schedule backs up."""

    VMS = "vms"
    TEMPLATES = "templates"
    ALL = "all"
    CHOSEN = "chosen"


class Missed(StrEnum):
    """Why a machine's turn in a run of a schedule was not taken, beside what was in its way."""

    NOT_YET = "not_yet"
    """Others were before it until the next run came."""
    SWITCHED_OFF = "switched_off"
    DELETED = "deleted"
    INTERRUPTED = "interrupted"
    """Its backup was begun, but gave way to something else."""


class Rhythm(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Schedule:
    """hour, minute: on the clock of people. weekday: 0 is Monday, for weekly ones; day: of the month, the last one if
    it has not so many, for monthly ones."""

    rhythm: Rhythm
    hour: int
    minute: int = 0
    weekday: int = 0
    day: int = 1


def chain_of(backup: Kept, all_of_vm: Iterable[Kept]) -> Sequence[Kept] | None:
    """With all that it needs, from itself down to the whole one. None if a part is missing, is no good, or needs
    itself: then it cannot be restored."""
    by_number = {each.number: each for each in all_of_vm}
    chain: list[Kept] = []
    found: Kept | None = backup
    while found is not None and found.is_good and found not in chain:
        chain.append(found)
        if found.below is None:
            return chain
        found = by_number.get(found.below)
    return None


def may_go(backups: Sequence[Kept], retention: Retention, clock: Clock) -> Sequence[Kept]:
    """Those that nothing keeps any more, in the order in which they may be deleted: one that stands on another goes
    before it. The newest that can be restored is always kept, and so is all that a kept one stands on. Those that
    somebody wants to stay do not count among the last ones, days, weeks and months. What is no good is kept by nothing
    else, but is not deleted from below what is kept."""
    usable = [each for each in backups if chain_of(each, backups) is not None]
    counted = [each for each in usable if not each.is_kept]
    chosen = _chosen(counted, retention, clock) if retention != Retention() else counted
    wanted = [*chosen, *_newest_of(usable), *(each for each in backups if each.is_kept)]
    needed = {number for each in wanted for number in _from_it_down(each, backups)}
    gone = (each for each in backups if each.number not in needed)
    return sorted(gone, key=lambda each: -len(_from_it_down(each, backups)))


def next_run(schedule: Schedule, after: float, clock: Clock) -> float:
    """The first moment of the schedule after this one."""
    day = clock.day_of(after - _DAY)
    while True:
        moment = clock.moment_of(day, schedule.hour, schedule.minute)
        if moment > after and _is_its_day(schedule, day):
            return moment
        day = day.following


def runs_after(after: float, schedule: Schedule, clock: Clock) -> Iterator[float]:
    """All of its moments from then on, without end."""
    while True:
        after = next_run(schedule, after, clock)
        yield after


def due_run(schedule: Schedule, last: float, now: float, clock: Clock) -> float | None:
    """The moment for which a backup is to be made now, None if it is not time yet. last: for which one was made last,
    or since when there is this schedule. Of several that were missed only the newest is made up for. A clock that was
    set back makes none twice; if it was set back by more than a day, the last one is not believed and the next one is
    due at once."""
    due: float | None = None
    earliest = now - _LONGEST
    moment = next_run(schedule, max(last, earliest) if last - now <= _DAY else earliest, clock)
    while moment <= now:
        due, moment = moment, next_run(schedule, moment, clock)
    return due


def next_is_whole(since_whole: int, *, longest_chain: int, chain_is_usable: bool) -> bool:
    """Whether the next one must copy all. since_whole: how many stand on the last whole one; longest_chain: how many
    may."""
    return not chain_is_usable or since_whole >= longest_chain


_DAY = 24 * 60 * 60
_THURSDAY, _DECEMBER = 3, 12
_LONGEST = 63 * _DAY
"""Every schedule has a moment in so many days."""


def _is_its_day(schedule: Schedule, day: Day) -> bool:
    if schedule.rhythm is Rhythm.WEEKLY:
        return day.number % 7 == schedule.weekday
    if schedule.rhythm is Rhythm.MONTHLY:
        return day.day == min(schedule.day, monthrange(day.year, day.month)[1])
    return True


def _chosen(backups: Collection[Kept], retention: Retention, clock: Clock) -> Iterator[Kept]:
    yield from sorted(backups, key=_age)[-retention.last :] if retention.last else ()
    for count, span_of in (
        (retention.daily, _day_of),
        (retention.weekly, _week_of),
        (retention.monthly, _month_of),
    ):
        newest = {span_of(clock.day_of(each.made_at)): each for each in sorted(backups, key=_age)}
        yield from sorted(newest.values(), key=_age)[-count:] if count else ()


def _newest_of(backups: Collection[Kept]) -> Sequence[Kept]:
    return sorted(backups, key=_age)[-1:]


def _age(backup: Kept) -> tuple[float, int]:
    return backup.made_at, backup.number


def _day_of(day: Day) -> int:
    return day.number


def _week_of(day: Day) -> int:
    return day.number // 7


def _month_of(day: Day) -> int:
    return day.year * 12 + day.month


def _from_it_down(backup: Kept, backups: Sequence[Kept]) -> set[int]:
    """Itself and all that it stands on, as far as that is there; in a circle each once."""
    by_number = {each.number: each for each in backups}
    seen: set[int] = set()
    found: Kept | None = backup
    while found is not None and found.number not in seen:
        seen.add(found.number)
        found = None if found.below is None else by_number.get(found.below)
    return seen
