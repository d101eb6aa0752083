"""How long somebody may have a dynamic VM."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from vms.rules.lasting import Because, End, ends_at

TAKEN = 1_000_000.0


def after(minutes: int) -> float:
    return TAKEN + 60.0 * minutes


def test_without_times_it_stays():
    assert ends_at(TAKEN, TAKEN, 0, 0) is None


def test_one_that_nobody_has_has_no_end():
    assert ends_at(None, None, 10, 60) is None


def test_it_is_idle_since_its_screen_was_last_open():
    assert ends_at(TAKEN, after(20), 30, 0) == End(after(50), Because.IDLE)


def test_one_whose_screen_was_never_open_is_idle_since_it_was_taken():
    assert ends_at(TAKEN, None, 30, 0) == End(after(30), Because.IDLE)


def test_the_longest_time_counts_from_the_taking_however_much_it_is_used():
    assert ends_at(TAKEN, after(59), 0, 60) == End(after(60), Because.LONGEST)


def test_of_two_the_first_comes_first():
    assert ends_at(TAKEN, after(10), 20, 60) == End(after(30), Because.IDLE)
    assert ends_at(TAKEN, after(50), 20, 60) == End(after(60), Because.LONGEST)


def test_what_cannot_be_put_off_is_named_where_both_come_together():
    assert ends_at(TAKEN, TAKEN, 60, 60) == End(after(60), Because.LONGEST)


@given(some.integers(0, 600), some.integers(0, 600), some.integers(0, 600))
def test_use_never_brings_the_end_nearer(idle: int, longest: int, used: int):
    before, later = ends_at(TAKEN, TAKEN, idle, longest), ends_at(TAKEN, after(used), idle, longest)
    assert (before is None) == (later is None)
    assert before is None or later is None or before.moment <= later.moment
