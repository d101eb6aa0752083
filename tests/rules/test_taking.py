"""Whether a pool gives out a VM, and how long one is still somebody's."""

from __future__ import annotations

import pytest

from vms.rules.kinds import Kind
from vms.rules.status import Main, all_statuses
from vms.rules.taking import Shut, is_over, why_shut

THEIRS = {"Stopped, creating", "Starting", "Running", "Paused", "Frozen", "Unknown"}


@pytest.mark.parametrize("status", all_statuses(Kind.DYNAMIC), ids=lambda status: status.name)
def test_what_comes_runs_or_stands_still_is_somebodys_still(status):
    assert is_over(status, gone=False) == (status.name not in THEIRS)


@pytest.mark.parametrize("status", all_statuses(Kind.DYNAMIC), ids=lambda status: status.name)
def test_what_its_node_does_not_know_any_more_is_nobodys(status):
    assert is_over(status, gone=True)


def test_every_main_state_is_one_or_the_other():
    assert {status.main for status in all_statuses(Kind.DYNAMIC)} == set(Main)


@pytest.mark.parametrize(
    ("is_on", "ready", "has_image", "has_room", "shut"),
    [
        (True, 1, True, True, None),
        (True, 0, True, True, None),
        (True, 1, False, False, None),
        (True, 0, False, True, Shut.NO_IMAGE),
        (True, 0, True, False, Shut.ALL_TAKEN),
        (False, 1, True, True, Shut.OFF),
    ],
)
def test_a_pool_gives_out_what_there_is_or_what_could_be_made(is_on, ready, has_image, has_room, shut):
    assert why_shut(is_on=is_on, ready=ready, has_image=has_image, has_room=has_room) is shut
