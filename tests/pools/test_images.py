"""A pool changes over to another golden image, and back again."""

from __future__ import annotations

import pytest

from tests.pools.rooms import Room, opened

pytestmark = pytest.mark.live


def test_free_ones_are_drained_taken_ones_go_on_and_the_way_back(room: Room) -> None:
    old = room.active_image
    assert old is not None
    room.change(pre_started=2)
    room.comes_to(ready=2)
    (ann,) = room.visitors("ann")
    hers = opened(ann, room)
    room.comes_to(ready=2, taken=1)
    new = room.make_image("gold 2")
    room.has_image(new)
    room.comes_to(ready=2, taken=1)
    assert {each.image for each in room.ready()} == {new}
    assert {each.image for each in room.desktops() if each.uuid == hers} == {old}
    assert opened(ann, room) == hers
    room.clerk.ask("activate_image", vm=str(old))
    room.comes_to(ready=2, taken=1)
    assert {each.image for each in room.desktops()} == {old}
    room.delete_image(new)


def test_with_room_for_no_more_one_goes_before_one_comes(room: Room) -> None:
    old = room.active_image
    room.change(most_vms=2, pre_started=2)
    room.comes_to(ready=2)
    new = room.make_image("gold 3")
    room.has_image(new)
    room.comes_to(ready=2)
    assert {each.image for each in room.ready()} == {new}
    assert room.most_there_ever_were() <= 2
    room.clerk.ask("activate_image", vm=str(old))
    room.comes_to(ready=2)
    room.delete_image(new)
