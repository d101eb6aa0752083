"""Which backups are kept, and when the next one is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vms.rules.backups import (
    Day,
    Kept,
    Retention,
    Rhythm,
    Schedule,
    chain_of,
    due_run,
    may_go,
    next_is_whole,
    next_run,
    runs_after,
)

DAY = 24 * 60 * 60.0
START = datetime(2026, 1, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True)
class ZoneClock:
    zone: tzinfo

    def day_of(self, moment: float) -> Day:
        found = datetime.fromtimestamp(moment, self.zone)
        return Day(found.year, found.month, found.day)

    def moment_of(self, day: Day, hour: int, minute: int) -> float:
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone).timestamp()

    def read(self, moment: float) -> str:
        return datetime.fromtimestamp(moment, self.zone).strftime("%Y-%m-%dT%H:%M")


ZURICH, GREENWICH = ZoneClock(ZoneInfo("Europe/Zurich")), ZoneClock(UTC)
NIGHTLY = Schedule(Rhythm.DAILY, 2, 30)

backups = st.lists(
    st.tuples(
        st.integers(0, 100),
        st.none() | st.integers(0, 14),
        st.booleans() | st.just(value=True),
        st.sampled_from([False, False, False, True]),
    ),
    max_size=15,
).map(
    lambda found: [
        Kept(number, START + days * DAY, below, is_good=good, is_kept=kept)
        for number, (days, below, good, kept) in enumerate(found)
    ]
)
retentions = st.builds(Retention, st.integers(0, 3), st.integers(0, 5), st.integers(0, 3), st.integers(0, 3))
moments = st.integers(1_700_000_000, 1_900_000_000).map(float)
schedules = st.builds(
    Schedule, st.sampled_from(Rhythm), st.integers(0, 23), st.integers(0, 59), st.integers(0, 6), st.integers(1, 31)
)


def test_a_chain_goes_down_to_the_whole_one() -> None:
    whole, second, third = Kept(1, START), Kept(2, START, 1), Kept(3, START, 2)
    assert chain_of(third, [whole, second, third]) == [third, second, whole]


@pytest.mark.parametrize(
    "others",
    [
        pytest.param([Kept(1, START)], id="a part is missing"),
        pytest.param([Kept(1, START), Kept(2, START, 1, is_good=False)], id="a part is no good"),
        pytest.param([Kept(2, START, 3)], id="they need each other"),
    ],
)
def test_a_chain_that_is_not_whole_cannot_be_restored(others: list[Kept]) -> None:
    third = Kept(3, START, 2)
    assert chain_of(third, [*others, third]) is None


def test_the_newest_of_each_day_week_and_month_are_kept() -> None:
    all_of_them = [Kept(number, START + number * DAY / 2) for number in range(180)]
    gone = may_go(all_of_them, Retention(daily=3, weekly=2, monthly=3), ZURICH)
    kept = [each for each in all_of_them if each not in gone]
    days = [ZURICH.read(each.made_at)[5:10] for each in kept]
    assert days == ["01-31", "02-28", "03-29", "03-30", "03-31"]


def test_what_a_kept_one_stands_on_stays_and_the_rest_goes_from_the_top() -> None:
    whole, second, third, later = Kept(1, START), Kept(2, START, 1), Kept(3, START, 2), Kept(4, START + DAY)
    everything = [whole, second, third, later]
    assert may_go(everything, Retention(daily=2), ZURICH) == []
    assert may_go(everything, Retention(daily=1), ZURICH) == [third, second, whole]
    assert may_go(everything, Retention(), ZURICH) == []


def test_the_last_ones_are_kept_whatever_their_days() -> None:
    all_of_them = [Kept(number, START + number * DAY / 8) for number in range(24)]
    gone = may_go(all_of_them, Retention(last=3), ZURICH)
    assert [each.number for each in all_of_them if each not in gone] == [21, 22, 23]
    gone = may_go(all_of_them, Retention(last=2, daily=2), ZURICH)
    assert [each.number for each in all_of_them if each not in gone] == [15, 22, 23]


def test_one_that_somebody_wants_to_stay_stays_and_does_not_count() -> None:
    old, kept, third, newest = (Kept(number, START + number * DAY, is_kept=number == 2) for number in (1, 2, 3, 4))
    assert may_go([old, kept, third, newest], Retention(last=2), ZURICH) == [old]


def test_a_damaged_one_that_somebody_wants_to_stay_keeps_what_is_below_it() -> None:
    whole, damaged, newest = Kept(1, START), Kept(2, START, 1, is_good=False, is_kept=True), Kept(3, START + DAY)
    assert may_go([whole, damaged, newest], Retention(last=1), ZURICH) == []


@given(backups, retentions)
def test_nothing_that_is_kept_loses_what_it_stands_on(found: list[Kept], retention: Retention) -> None:
    gone = may_go(found, retention, GREENWICH)
    left = list(found)
    for each in gone:
        left.remove(each)
        assert not [other for other in left if other.below == each.number and other not in gone]
    usable = [each for each in found if chain_of(each, found)]
    if not any(each.is_kept for each in left):
        assert all(chain_of(each, left) for each in left)
    assert not [each for each in gone if each.is_kept]
    if usable:
        assert max(usable, key=lambda each: (each.made_at, each.number)) in left
    assert may_go(left, retention, GREENWICH) == []


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        (NIGHTLY, "2026-01-10T12:00", "2026-01-11T02:30"),
        (NIGHTLY, "2026-01-10T02:29", "2026-01-10T02:30"),
        (NIGHTLY, "2026-01-10T02:30", "2026-01-11T02:30"),
        (Schedule(Rhythm.WEEKLY, 22, weekday=6), "2026-01-10T12:00", "2026-01-11T22:00"),
        (Schedule(Rhythm.MONTHLY, 1, day=31), "2026-02-01T00:00", "2026-02-28T01:00"),
        pytest.param(NIGHTLY, "2026-03-28T12:00", "2026-03-29T03:30", id="clocks go forward"),
        pytest.param(NIGHTLY, "2026-10-24T12:00", "2026-10-25T02:30", id="clocks go back"),
    ],
)
def test_the_next_run_is_on_the_clock_of_people(schedule: Schedule, after: str, expected: str) -> None:
    start = datetime.fromisoformat(after).replace(tzinfo=ZURICH.zone).timestamp()
    assert ZURICH.read(next_run(schedule, start, ZURICH)) == expected


def test_the_next_runs_follow_each_other() -> None:
    start = datetime(2026, 1, 30, 12, tzinfo=UTC).timestamp()
    runs = islice(runs_after(start, Schedule(Rhythm.MONTHLY, 2, day=30), GREENWICH), 3)
    assert [GREENWICH.read(run)[5:10] for run in runs] == ["02-28", "03-30", "04-30"]


def test_a_time_that_is_there_twice_counts_once() -> None:
    first = next_run(NIGHTLY, datetime(2026, 10, 24, 12, tzinfo=UTC).timestamp(), ZURICH)
    assert next_run(NIGHTLY, first, ZURICH) - first == 25 * 60 * 60


@given(schedules, moments)
def test_the_next_run_lies_ahead(schedule: Schedule, after: float) -> None:
    assert after < next_run(schedule, after, ZURICH) < after + 33 * DAY


def test_of_missed_runs_the_newest_is_made_up_for() -> None:
    last = next_run(NIGHTLY, START, GREENWICH)
    assert due_run(NIGHTLY, last, last + DAY / 2, GREENWICH) is None
    assert due_run(NIGHTLY, last, last + 5 * DAY + DAY / 2, GREENWICH) == last + 5 * DAY


def test_a_clock_that_was_set_back_makes_none_twice() -> None:
    last = next_run(NIGHTLY, START, GREENWICH)
    assert due_run(NIGHTLY, last, last - DAY / 8, GREENWICH) is None
    assert due_run(NIGHTLY, last + 400 * DAY, last + DAY / 2, GREENWICH) == last


@given(schedules, moments, st.integers(-1000, 100_000))
def test_what_was_made_is_not_due_again(schedule: Schedule, last: float, minutes: int) -> None:
    now = last + 60 * minutes
    due = due_run(schedule, last, now, ZURICH)
    if due is not None:
        assert last < due <= now
        assert due_run(schedule, due, now, ZURICH) is None
        assert next_run(schedule, due, ZURICH) > now


def test_a_chain_begins_anew_when_it_is_long_or_broken() -> None:
    assert not next_is_whole(5, longest_chain=6, chain_is_usable=True)
    assert next_is_whole(6, longest_chain=6, chain_is_usable=True)
    assert next_is_whole(0, longest_chain=6, chain_is_usable=False)
