"""Files that are not there, folders that are full: said in words, tried again ever less often, nothing left over."""

from __future__ import annotations

import pytest

from tests.clerks import Clerk
from tests.faults.streams import small_pool
from tests.pools.rooms import Room, open_pool, room_on
from tests.stack import Stack, wait_until
from tests.visitor import Visitor

pytestmark = pytest.mark.live


def test_the_golden_image_s_file_is_missing(stack: Stack, room: Room) -> None:
    assert room.active_image
    file = room.disk_of(room.active_image)
    aside = file.with_suffix(".aside")
    file.rename(aside)
    try:
        room.change(pre_started=2)
        tries = _failures_after(room, 2)
        assert {each["problem"] for each in tries} == {"origin_disk_missing"}
        anna = Visitor(stack)
        assert file.name in anna.get("/operations/").text
        assert wait_until(lambda: not room.left().overlays and not room.left().domains, seconds=20), room.left()
        (ann,) = room.visitors("ann")
        open_pool(ann, room)
        assert wait_until(lambda: "could not be made" in ann.get(f"/pools/{room.uuid}/mine/").text, seconds=30)
        assert len(_failures(room)) < 20  # it does not try on and on
    finally:
        aside.rename(file)
    room.change(pre_started=1)  # an administrator looks after it: it need not wait any longer
    room.comes_to(ready=1)


def _failures(room: Room) -> list[dict[str, str]]:
    return [each for each in room.operations() if each["action"] == "provide" and each["progress"] == "failed"]


def _failures_after(room: Room, count: int) -> list[dict[str, str]]:
    assert wait_until(lambda: len(_failures(room)) >= count, seconds=40), room.operations()[:8]
    return _failures(room)


def test_the_storage_is_full(stack: Stack, clerk: Clerk) -> None:
    """Overlays are as thin as can be, and even they have no place."""
    with (
        small_pool(stack, "narrow", mib=80) as folder,
        room_on(stack, clerk, "tight", nodes=["alpha"], folder=str(folder)) as room,
    ):
        room.has_image(image := room.make_image("gold tight"))
        filler = folder / "filler"
        stack.alpha.account.run("sh", "-c", f"dd if=/dev/zero of={filler} bs=64k status=none || true")
        room.change(pre_started=2)
        assert {each["problem"] for each in _failures_after(room, 2)} == {"no_space"}
        assert wait_until(lambda: not room.left().overlays and not room.left().domains, seconds=20), room.left()
        filler.unlink()
        room.change(pre_started=1)
        room.comes_to(ready=1)
        room.is_emptied()
        clerk.ask("release", vm=str(image))
        room.delete_image(image)
