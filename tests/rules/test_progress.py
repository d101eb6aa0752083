from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vms.rules.progress import FINISHED, MAY_BECOME, UNFINISHED, Progress, percent

SIZES = st.integers(min_value=-(2**63), max_value=2**63)


@given(SIZES, SIZES)
def test_a_percentage_is_never_below_0_or_above_100_nor_a_division_by_zero(done: int, total: int):
    assert 0.0 <= percent(done, total) <= 100.0


@given(SIZES, SIZES, st.integers(min_value=1, max_value=2**63))
def test_more_done_is_never_a_smaller_percentage(done: int, more: int, total: int):
    assert percent(min(done, more), total) <= percent(max(done, more), total)


def test_a_percentage_has_one_decimal():
    assert percent(51, 1000) == 5.1
    assert percent(1, 3) == 33.3


def test_nothing_to_do_is_all_done():
    assert percent(0, 0) == 100.0


def test_every_progress_says_what_it_may_become():
    assert set(MAY_BECOME) == set(Progress)
    assert set().union(*MAY_BECOME.values()) <= set(Progress)


def test_what_is_finished_stays_so():
    assert all(not MAY_BECOME[progress] for progress in FINISHED)


def test_what_is_not_finished_can_always_finish():
    assert set(UNFINISHED) | set(FINISHED) == set(Progress)
    assert all(MAY_BECOME[progress] & FINISHED for progress in UNFINISHED)


def test_every_progress_can_be_reached_from_the_first():
    reached, new = {Progress.QUEUED}, {Progress.QUEUED}
    while new:
        new = set().union(*(MAY_BECOME[progress] for progress in new)) - reached
        reached |= new
    assert reached == set(Progress)


def test_only_what_was_begun_can_succeed():
    assert Progress.SUCCEEDED not in MAY_BECOME[Progress.QUEUED]
