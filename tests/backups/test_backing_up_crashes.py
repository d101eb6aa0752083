"""Whatever dies while machines are backed up: what is listed as good is good, and the machines are unharmed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from signal import SIGKILL

import pytest

from demo import processes
from tests.faults.backups import (
    Laden,
    answers,
    backed_up,
    begun_slowly,
    comes_to_phase,
    ends_true,
    ends_without,
    goes_as_fast_as_it_can,
    known,
    laden,
    lift_limit,
)
from tests.faults.desks import Desk
from tests.faults.streams import kill_qemu
from tests.stack import Stack, wait_until
from tests.visitor import Visitor

pytestmark = pytest.mark.live


def test_the_worker_is_killed_in_every_phase(stack: Stack, anna: Visitor, desk: Desk) -> None:
    """A machine for each of them, half of them on each node."""
    with (
        laden(desk, "copied") as copied,
        laden(desk, "saved", content=8) as saved,
        laden(desk, "merged", home="beta", content=8) as merged,
        laden(desk, "written", home="beta", content=8) as written,
    ):
        known(anna, copied, saved, merged, written)
        holds: dict[Laden, Path] = {copied: begun_slowly(anna, copied)}
        for each, phase in ((saved, "saving_memory"), (merged, "merging"), (written, "writing_down")):
            holds[each] = each.moment()
            each.ask(with_memory=each is not written)
            comes_to_phase(each, phase)
            stack.kill("worker")
        for each in (copied, merged, written):
            ends_true(anna, each, holds[each])
        if saved.how_it_ended() == "succeeded":
            ends_true(anna, saved, holds[saved])
        else:
            ends_without(anna, saved, "failed")


def test_nobody_watches(stack: Stack, anna: Visitor, desk: Desk) -> None:
    with laden(desk, "unseen") as unseen, laden(desk, "off-unseen", begins="off", content=8) as off:
        known(anna, off, status="Stopped")
        holds, off_holds = begun_slowly(anna, unseen), off.moment()
        with stack.without("watcher"):
            off.ask()
            lift_limit(anna, unseen)
            unseen.has_ended("succeeded")
            off.has_ended("succeeded")
        stack.wait_until_well()
        ends_true(anna, unseen, holds)
        ends_true(anna, off, off_holds, "Stopped")


def test_its_process_dies_and_the_next_one_is_whole_by_itself(anna: Visitor, desk: Desk) -> None:
    with laden(desk, "crashes") as crashes, laden(desk, "held", begins="off") as held:
        first = backed_up(anna, crashes)
        crashes.write(5, at=0, mib=4)
        begun_slowly(anna, crashes)
        begun_slowly(anna, held, "Stopped")
        kill_qemu(crashes.machine)
        kill_qemu(held.machine)
        ends_without(anna, held, "failed", "Stopped")
        ends_without(anna, crashes, "failed", "Crashed")
        assert anna.act(crashes.machine, "start").status == 202
        again = backed_up(anna, crashes)
        again.is_true()
        assert again.is_whole
        first.is_true()


def test_its_process_dies_with_an_overlay(anna: Visitor, desk: Desk) -> None:
    with laden(desk, "half-merged") as half_merged:
        begun_slowly(anna, half_merged, with_memory=True)
        half_merged.write(6, at=3, mib=16)
        kill_qemu(half_merged.machine)
        ends_without(anna, half_merged, "failed", "Stopped")
        assert anna.act(half_merged.machine, "start").status == 202
        backed_up(anna, half_merged).is_true()
        half_merged.is_unharmed(anna, "Running")


def test_libvirtd_is_killed_and_the_copy_goes_on(stack: Stack, anna: Visitor, desk: Desk) -> None:
    with laden(desk, "unheeded") as unheeded, laden(desk, "awake-unheeded") as awake:
        holds = begun_slowly(anna, unheeded)
        awake_holds = begun_slowly(anna, awake, with_memory=True)
        stack.alpha.kill_daemon()
        assert wait_until(partial(answers, stack.alpha), seconds=20)
        awake.write(7, at=9)
        lift_limit(anna, unheeded, awake)
        ends_true(anna, unheeded, holds)
        ends_true(anna, awake, awake_holds)


def test_what_libvirtd_has_forgotten_is_no_backup(stack: Stack, anna: Visitor, desk: Desk) -> None:
    """The copy came to its end, but nobody saw that it did."""
    with laden(desk, "forgotten") as forgotten:
        begun_slowly(anna, forgotten)
        with stack.frozen("worker"):
            goes_as_fast_as_it_can(forgotten)
            stack.alpha.kill_daemon()
            assert wait_until(partial(answers, stack.alpha), seconds=20)
        ends_without(anna, forgotten, "failed")


def test_everything_is_switched_off_and_on(stack: Stack, anna: Visitor, desk: Desk) -> None:
    """One with an overlay, and one that was off."""
    with laden(desk, "unplugged") as unplugged, laden(desk, "off-unplugged", begins="off") as off:
        begun_slowly(anna, off, "Stopped")
        begun_slowly(anna, unplugged, with_memory=True)
        unplugged.write(8, at=50, mib=8)
        parts = filter(None, map(stack.pid, ("worker", "watcher", "redis", "clock", "web")))
        for pid in [*stack.alpha.processes(), *parts]:
            processes.send(pid, SIGKILL)
        stack.wait_until_well()
        anna = Visitor(stack)
        anna.sees_node("alpha", "Reachable")
        ends_without(anna, off, "failed", "Stopped")
        ends_without(anna, unplugged, "failed", "Stopped")
        assert anna.act(unplugged.machine, "start").status == 202
        backed_up(anna, unplugged).is_true()
        backed_up(anna, off, "Stopped").is_true()
