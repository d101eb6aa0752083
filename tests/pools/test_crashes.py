"""Whatever dies while a pool is kept: nothing is left over, nothing is made twice, and people keep what they have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest

from tests.faults.streams import kill_qemu
from tests.pools.rooms import Room, opened
from tests.stack import Stack, wait_until
from tests.visitor import Visitor

pytestmark = pytest.mark.live

MOST = 8


@pytest.mark.parametrize("step", range(4))
def test_the_worker_is_killed_while_machines_are_made(stack: Stack, room: Room, step: int) -> None:
    """Eight at once, so that they are in all phases."""
    before = room.operations()[:1]
    room.change(most_vms=MOST, pre_started=MOST)
    assert wait_until(lambda: _has_come_to(room, before, "provide", step), seconds=30), room.operations()[:8]
    stack.kill("worker")
    room.comes_to(ready=MOST, seconds=120)
    assert room.most_there_ever_were() <= MOST


@pytest.mark.parametrize("step", range(0, 6, 2))
def test_the_worker_is_killed_while_machines_are_thrown_away(stack: Stack, room: Room, step: int) -> None:
    room.change(most_vms=MOST, pre_started=MOST)
    room.comes_to(ready=MOST)
    before = room.operations()[:1]
    room.switch(on=False)
    assert wait_until(lambda: _has_come_to(room, before, "delete", step), seconds=30), room.operations()[:8]
    stack.kill("worker")
    room.comes_to(ready=0, seconds=120)


def _has_come_to(room: Room, before: list[dict[str, int]], action: str, step: int) -> bool:
    last = before[0]["id"] if before else 0
    new = [each for each in room.operations() if each["id"] > last and each["action"] == action]
    return any(each["steps_done"] >= step for each in new)


def test_nobody_watches(stack: Stack, room: Room) -> None:
    room.change(pre_started=2)
    room.comes_to(ready=2)
    (ann,) = room.visitors("ann")
    with stack.without("watcher"):
        hers = opened(ann, room)
        assert wait_until(lambda: len(room.left().domains) == 3, seconds=40), room.desktops()
        room.machine(hers).call("destroy")
    room.is_gone(hers, seconds=60)
    room.comes_to(ready=2)


def test_the_clock_stands_still(stack: Stack, room: Room) -> None:
    """What was taken is replaced all the same."""
    room.change(pre_started=1)
    room.comes_to(ready=1)
    (ann,) = room.visitors("ann")
    with stack.frozen("clock"):
        opened(ann, room)
        room.comes_to(ready=1, taken=1)


def test_qemu_dies(stack: Stack, room: Room) -> None:
    """A free one is replaced; one that somebody has is over, and thrown away."""
    room.change(pre_started=2)
    room.comes_to(ready=2)
    (ann,) = room.visitors("ann")
    hers = opened(ann, room)
    room.comes_to(ready=2, taken=1)
    (free, *_others) = room.ready()
    kill_qemu(room.machine(free.uuid))
    kill_qemu(room.machine(hers))
    room.is_gone(free.uuid)
    room.is_gone(hers)
    room.comes_to(ready=2)
    assert opened(ann, room) not in {free.uuid, hers}


def test_a_node_is_lost_and_comes_back(stack: Stack, room: Room) -> None:
    """What it has counts, so that there are never too many; the other one makes more; the rest goes once it is back."""
    room.change(most_vms=6, pre_started=2)
    room.comes_to(ready=2)
    ann, ben = room.visitors("ann", "ben")
    hers = [opened(ann, room), opened(ben, room)]
    room.comes_to(ready=2, taken=2)
    with lost(stack):
        on_alpha = [each for each in room.desktops() if each.node == "alpha"]
        assert wait_until(lambda: _ready_on_beta(room) == 2, seconds=90), room.desktops()
        assert len(room.desktops()) <= 6
        assert {each.uuid for each in on_alpha} <= {each.uuid for each in room.desktops()}
    room.comes_to(ready=2, taken=2)
    assert [opened(ann, room), opened(ben, room)] == hers
    assert room.most_there_ever_were() <= 6


def _ready_on_beta(room: Room) -> int:
    return sum(each.node == "beta" for each in room.ready())


@contextmanager
def lost(stack: Stack) -> Iterator[None]:
    """alpha does not answer, and its guests go on."""
    anna = Visitor(stack)
    stack.alpha.freeze()
    try:
        anna.sees_node("alpha", "Unreachable")
        yield
    finally:
        stack.alpha.thaw()
    anna.sees_node("alpha", "Reachable")


def test_libvirtd_is_restarted(stack: Stack, room: Room) -> None:
    room.change(pre_started=2)
    room.comes_to(ready=2)
    (ann,) = room.visitors("ann")
    hers = opened(ann, room)
    for node in (stack.alpha, stack.beta):
        node.restart_daemon()
    room.comes_to(ready=2, taken=1)
    assert opened(ann, room) == hers


def test_somebody_undefines_one_behind_the_panel_s_back(room: Room) -> None:
    """Its overlay goes too."""
    room.change(pre_started=1)
    room.comes_to(ready=1)
    (free,) = room.ready()
    vm: UUID = free.uuid
    machine = room.machine(vm)
    machine.remove()
    room.is_gone(vm)
    room.comes_to(ready=1)
