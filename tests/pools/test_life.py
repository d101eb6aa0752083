"""What people see of a dynamic pool, on two real nodes: from the golden image to the VM that is thrown away."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.clerks import Clerk
from tests.faults.streams import is_sound, qemu_img
from tests.pools.rooms import Room, open_pool, opened, room_on
from tests.stack import Stack, wait_until
from tests.visitor import Visitor

pytestmark = pytest.mark.live


def test_a_golden_image_is_prepared_and_sealed_before_anything_stands_on_it(stack: Stack, clerk: Clerk) -> None:
    """It is a full copy, in which somebody changes something, and which nothing changes after that."""
    with room_on(stack, clerk, "sealed", pre_started=1) as room:
        image = room.make_image("to be prepared", prepared=True)
        anna = Visitor(stack)
        anna.sees(copied := room.machine(image), "Running", seconds=60)
        assert (room.active_image, room.desktops()) == (None, [])
        copied.call("destroy")
        anna.sees(copied, "Stopped")
        disk = room.disk_of(image)
        stack.alpha.account.run("qemu-io", "-t", "unsafe", "-f", "qcow2", "-c", "write -q -P 99 70M 1M", disk)
        clerk.ask("seal", vm=str(image))
        room.has_image(image)
        room.comes_to(ready=1)
        is_sound(disk)
        (ready,) = room.ready()
        assert qemu_img("info", "-U", "--output=json", room.disk_of(ready.uuid)).count(str(disk)) >= 1
        room.is_emptied()
        clerk.ask("release", vm=str(image))
        room.delete_image(image)


def test_it_is_filled_on_both_nodes_and_what_is_taken_is_replaced(stack: Stack, room: Room) -> None:
    golden = _content_of(room)
    room.change(pre_started=2)
    room.comes_to(ready=2)
    assert Counter(each.node for each in room.ready()) == {"alpha": 1, "beta": 1}
    ann, ben = room.visitors("ann", "ben")
    first, second = opened(ann, room), opened(ben, room)
    assert first != second
    room.comes_to(ready=2, taken=2)
    assert room.taken() == {"ann": first, "ben": second}
    assert opened(ann, room) == first
    assert opened(ben, room) == second
    assert ann.row(second).words("status__text") == []
    assert room.most_there_ever_were() <= 4
    assert ann.act(room.machine(first), "power-off").status == 202
    room.is_gone(first)
    room.comes_to(ready=2, taken=1)
    assert opened(ben, room) == second
    third = opened(ann, room)
    assert third not in {first, second}
    assert _content_of(room) == golden
    room.is_emptied()
    assert _content_of(room) == golden


def _content_of(room: Room) -> tuple[bytes, str]:
    """Of the golden image's file, to the last byte; and that nothing is broken in it."""
    assert room.active_image
    image = room.disk_of(room.active_image)
    return image.read_bytes(), qemu_img("check", "-q", "-U", image)


def test_what_a_person_writes_is_gone_with_the_vm(room: Room) -> None:
    room.change(pre_started=1)
    room.comes_to(ready=1)
    (ann,) = room.visitors("ann")
    first = opened(ann, room)
    room.machine(first).call("destroy")
    room.is_gone(first)
    room.comes_to(ready=1)
    (fresh,) = room.ready()
    qemu_img("compare", "-U", room.disk_of(fresh.uuid), room.disk_of(fresh.image))


def test_a_guest_that_shuts_down_takes_its_vm_with_it(stack: Stack, clerk: Clerk) -> None:
    """A tiny Linux, which listens."""
    with room_on(stack, clerk, "linux", nodes=["alpha"], pre_started=1, folder=str(stack.alpha.images)) as room:
        image = room.make_image("gold linux", template="debian-12")
        room.has_image(image, seconds=120)
        room.comes_to(ready=1)
        (ann,) = room.visitors("ann")
        vm = opened(ann, room)
        assert wait_until(lambda: ann.row(vm).words("status__note") == [], seconds=5)
        machine = room.machine(vm)

        def follows() -> bool:
            ann.act(machine, "shutdown")
            return wait_until(lambda: vm not in room.left().rows, seconds=10)

        assert wait_until(follows, seconds=90)
        room.is_gone(vm)
        room.comes_to(ready=1)


def test_switched_off_it_gives_out_none_and_says_so(room: Room) -> None:
    room.change(pre_started=1)
    room.comes_to(ready=1)
    ann, ben = room.visitors("ann", "ben")
    hers = opened(ann, room)
    room.switch(on=False)
    room.comes_to(ready=0, taken=1)
    assert opened(ann, room) == hers
    page = open_pool(ben, room)
    assert any("switched off" in each for each in page.words("alert")), page.text
