"""Machines that come back from a backup while whatever can break breaks: they are what they were then, or as they were
before."""

from __future__ import annotations

from dataclasses import replace
from signal import SIGKILL

import pytest

from demo import processes
from tests.clerks import Refused
from tests.faults.backups import (
    MIB,
    Kept,
    Laden,
    backed_up,
    call_off,
    disks_of,
    known,
    laden,
    macs_of,
    new_one,
)
from tests.faults.desks import Desk
from tests.faults.moves import definition, until
from tests.faults.streams import is_sound, kill_qemu, qemu_img
from tests.stack import Machine, Stack, wait_until
from tests.visitor import Visitor

pytestmark = pytest.mark.live

RESTORE = "Restore"
STEPS_UNTIL_REDEFINED = 4
SLOWLY = 12 * MIB
"""Bytes per second: so it takes nine seconds."""


def written_on(anna: Visitor, each: Laden) -> Kept:
    """A backup of changes, after which its disk was written further; it is off now."""
    backed_up(anna, each)
    each.write(1, at=3, mib=4)
    kept = backed_up(anna, each)
    assert not kept.is_whole
    each.write(2, at=2, mib=16)
    each.machine.call("destroy")
    known(anna, each, status="Stopped")
    return kept


def begins_to_return(anna: Visitor, each: Laden, kept: Kept) -> None:
    """It is half-way."""
    each.ask("restore", backup=kept.row["id"], limit=SLOWLY)
    anna.sees(each.machine, "Stopped, restoring")
    assert wait_until(lambda: (each.operation()["permille"] or 0) >= 50, seconds=20), each.operation()
    assert not each.operation()["finished_at"]


def has_returned(anna: Visitor, each: Laden, kept: Kept, status: str = "Stopped") -> Laden:
    """With a new disk that stands alone and holds what was in the old one then. Of that nothing is left."""
    each.has_ended("succeeded")
    (disk,) = disks_of(each.machine)
    assert disk != each.disk
    now = replace(each, disk=disk, should_hold=kept.holds)
    now.is_unharmed(anna, status)
    if status == "Stopped":
        is_sound(disk)
    return now


def is_as_it_was(anna: Visitor, each: Laden, progress: str, before: str) -> None:
    each.has_ended(progress)
    each.is_unharmed(anna, "Stopped")
    assert definition(each.machine) == before


def test_in_place_it_is_what_it_was(anna: Visitor, desk: Desk) -> None:
    """Not while it runs."""
    with laden(desk, "returns") as returns:
        kept, before = written_on(anna, returns), definition(returns.machine)
        assert anna.act(returns.machine, "start").status == 202
        known(anna, returns)
        with pytest.raises(Refused):
            returns.ask("restore", backup=kept.row["id"])
        returns.machine.call("destroy")
        known(anna, returns, status="Stopped")
        returns.ask("restore", backup=kept.row["id"])
        now = has_returned(anna, returns, kept)
        assert definition(now.machine) == before.replace(str(returns.disk), str(now.disk))
        assert anna.act(now.machine, "start").status == 202
        again = backed_up(anna, now)
        again.is_true()
        assert again.is_whole


def test_as_a_new_one_beside_the_old_one_and_when_that_is_gone(anna: Visitor, desk: Desk) -> None:
    with laden(desk, "original") as original:
        kept, cards = written_on(anna, original), macs_of(original.machine)
        with new_one(desk, kept, "second-of-it") as second:
            is_another(anna, second, kept, cards)
            original.is_unharmed(anna, "Stopped")
        assert anna.act(original.machine, "delete").status == 202
        anna.sees_operation(original.machine, "Delete", "Done")
        with new_one(desk, kept, "third-of-it") as third:
            is_another(anna, third, kept, cards)


def is_another(anna: Visitor, machine: Machine, kept: Kept, cards: set[str]) -> None:
    """With a disk that stands alone and holds what the backup does, and other cards."""
    anna.sees(machine, "Stopped", seconds=40)
    (disk,) = disks_of(machine)
    is_sound(disk)
    qemu_img("compare", disk, kept.holds)
    assert len(cards) == 1
    assert not cards & macs_of(machine)


def test_with_its_memory_it_goes_on_where_it_was(anna: Visitor, desk: Desk) -> None:
    with laden(desk, "wakes", content=8) as wakes:
        kept = backed_up(anna, wakes, with_memory=True)
        wakes.write(3, at=1)
        wakes.machine.call("destroy")
        known(anna, wakes, status="Stopped")
        wakes.ask("restore", backup=kept.row["id"], with_memory=True)
        now = has_returned(anna, wakes, kept, "Running")
        assert now.machine.is_on
        assert "-incoming" in processes.command_line(now.machine.qemu())


def test_cancelled_half_way_it_is_as_it_was(anna: Visitor, desk: Desk) -> None:
    with laden(desk, "hesitates") as hesitates:
        kept, before = written_on(anna, hesitates), definition(hesitates.machine)
        begins_to_return(anna, hesitates, kept)
        call_off(anna, hesitates, RESTORE)
        is_as_it_was(anna, hesitates, "cancelled", before)
        kept.is_true()


def test_the_worker_and_the_watcher_are_killed(stack: Stack, anna: Visitor, desk: Desk) -> None:
    with laden(desk, "unaided") as unaided, laden(desk, "left-alone", home="beta") as too:
        first, second = written_on(anna, unaided), written_on(anna, too)
        begins_to_return(anna, unaided, first)
        too.ask("restore", backup=second.row["id"])
        until(lambda: too.operation()["steps_done"] >= STEPS_UNTIL_REDEFINED, seconds=15)
        stack.kill("worker")
        stack.kill("watcher")
        has_returned(anna, unaided, first)
        has_returned(anna, too, second)


def test_libvirtd_and_its_process_are_killed(stack: Stack, anna: Visitor, desk: Desk) -> None:
    """One of one, and the other of the other."""
    with laden(desk, "helped") as helped, laden(desk, "held-up", home="beta") as held_up:
        first, second = written_on(anna, helped), written_on(anna, held_up)
        begins_to_return(anna, helped, first)
        begins_to_return(anna, held_up, second)
        kill_qemu(helped.machine)
        stack.beta.kill_daemon()
        has_returned(anna, helped, first)
        has_returned(anna, held_up, second)


def test_everything_is_switched_off_and_on(stack: Stack, anna: Visitor, desk: Desk) -> None:
    with laden(desk, "dark") as dark:
        kept = written_on(anna, dark)
        begins_to_return(anna, dark, kept)
        parts = filter(None, map(stack.pid, ("worker", "watcher", "redis", "clock", "web")))
        for pid in [*stack.alpha.processes(), *parts]:
            processes.send(pid, SIGKILL)
        stack.wait_until_well()
        anna = Visitor(stack)
        anna.sees_node("alpha", "Reachable")
        has_returned(anna, dark, kept)


def test_from_files_that_are_gone_nothing_comes_back(anna: Visitor, desk: Desk) -> None:
    with laden(desk, "bereft", content=8) as bereft:
        whole = backed_up(anna, bereft)
        bereft.write(1, at=3)
        kept = backed_up(anna, bereft)
        bereft.machine.call("destroy")
        known(anna, bereft, status="Stopped")
        before = definition(bereft.machine)
        elsewhere = whole.image.rename(whole.image.with_suffix(".elsewhere"))
        bereft.ask("restore", backup=kept.row["id"])
        bereft.has_ended("failed")
        elsewhere.rename(whole.image)
        is_as_it_was(anna, bereft, "failed", before)
