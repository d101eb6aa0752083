"""A VM that nobody looks at, or that somebody has had for too long: a warning, then the end."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.pools.rooms import Room, opened
from tests.stack import Stack, wait_until
from tests.visitor import Visitor

pytestmark = pytest.mark.live


@pytest.fixture
def ann(room: Room) -> Visitor:
    room.change(pre_started=1)
    room.comes_to(ready=1)
    return room.visitors("ann")[0]


def is_warned(who: Visitor, vm: UUID) -> bool:
    return "will be shut down at" in who.get(f"/vms/{vm}/use/").text


def time_passes(room: Room, vm: UUID, minutes: float) -> None:
    room.clerk.ask("minutes_pass", vm=str(vm), minutes=minutes)


def test_one_that_nobody_looks_at_is_warned_and_ends(room: Room, ann: Visitor) -> None:
    hers = opened(ann, room)
    room.change(idle_minutes=20, warn_minutes=5)
    time_passes(room, hers, 16)
    assert wait_until(lambda: is_warned(ann, hers), seconds=20)
    assert opened(ann, room) == hers
    assert wait_until(lambda: not is_warned(ann, hers), seconds=20)
    time_passes(room, hers, 30)
    assert wait_until(lambda: is_warned(ann, hers), seconds=20)
    assert ann.post(f"/vms/{hers}/keep/").status == 200
    assert wait_until(lambda: not is_warned(ann, hers), seconds=20)
    time_passes(room, hers, 30)
    assert wait_until(lambda: is_warned(ann, hers), seconds=20)
    time_passes(room, hers, 6)
    room.is_gone(hers, seconds=60)  # its BIOS does not listen, so its power is cut
    room.comes_to(ready=1)


def test_the_longest_time_ends_it_whoever_looks(stack: Stack, room: Room, ann: Visitor) -> None:
    hers = opened(ann, room)
    room.change(longest_minutes=60, warn_minutes=10)
    time_passes(room, hers, 30)
    room.comes_to(ready=1, taken=1)
    assert not is_warned(ann, hers)
    time_passes(room, hers, 25)
    assert wait_until(lambda: is_warned(ann, hers), seconds=20)
    ann.post(f"/vms/{hers}/keep/")
    assert is_warned(ann, hers)
    time_passes(room, hers, 11)
    room.is_gone(hers, seconds=60)
    room.comes_to(ready=1)
