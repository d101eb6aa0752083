"""Machines that are changed while they run, and while whatever can die around them dies."""

from __future__ import annotations

import os

import pytest

from tests.faults.edits import (
    EDIT,
    MAC,
    MIB,
    NEW_MAC,
    ask_for,
    at_next_start,
    linux,
    make_image,
    now,
    removed,
    steps_done,
    without_system,
)
from tests.faults.streams import small_pool
from tests.stack import Machine, Stack, wait_until
from tests.visitor import Visitor
from vms.rules.hardware import Hardware

pytestmark = pytest.mark.live

WAITING = 7
"""So many steps are done when the guest is waited for."""


def targets(machine: Machine) -> list[str]:
    return [drive.target for drive in now(machine).drives]


def medium_in(machine: Hardware) -> str:
    return next(drive.source for drive in machine.drives if drive.device == "cdrom")


def require_all_changed(machine: Machine, found: Hardware, before: Hardware, medium: str) -> None:
    saved = at_next_start(machine)
    assert sorted(drive.target for drive in found.drives) == ["hdc", "vda", "vdc"]
    assert {drive.target: drive.size for drive in found.drives if drive.device == "disk"} == {
        "vda": 96 * MIB,
        "vdc": 32 * MIB,
    }
    assert medium_in(found) == medium_in(saved) == medium
    assert [card.mac for card in found.interfaces] == [card.mac for card in saved.interfaces] == [MAC, NEW_MAC]
    assert (found.memory_current, found.vcpus_current) == (112 * MIB, 2)
    assert (found.watchdog, saved.watchdog, saved.autostart) == (before.watchdog, "reset", True)


def test_the_worker_dies_again_and_again_while_a_running_machine_is_changed(stack: Stack, anna: Visitor) -> None:
    """A disk and an interface come, a disk goes, another grows, memory shrinks, a vCPU and a medium are put in."""
    with removed(stack, "medium"), linux(stack, "changing") as machine:
        medium = str(make_image(stack, "medium-iso"))
        before = now(machine)
        anna.sees(machine, "Running")
        ask_for(
            stack,
            machine,
            new_disk=32 * MIB,
            new_card=NEW_MAC,
            name="changed",
            drives={"hdc": {"source": medium}, "vda": {"size": 96 * MIB}, "vdb": None},
            machine={"memory_current": 112 * MIB, "vcpus_current": 2, "watchdog": "reset", "autostart": True},
        )
        for steps in (1, 4, 6):
            assert wait_until(lambda: steps_done(stack, machine) >= steps, seconds=60)  # noqa: B023 -- called here only
            assert wait_until(lambda: stack.pid("worker") is not None, seconds=20)
            stack.kill("worker")
        anna.sees_operation(machine, EDIT, "Done", seconds=90)
        require_all_changed(machine, now(machine), before, medium)
        assert len(list(stack.alpha.images.glob("changing-*-vdc.qcow2"))) == 1
        ask_for(stack, machine, drives={"hdc": {"source": ""}})
        anna.sees_operation(machine, EDIT, "Done")
        assert medium_in(now(machine)) == ""


def test_the_worker_dies_in_the_middle_of_a_call(stack: Stack, anna: Visitor) -> None:
    with linux(stack, "frozen") as machine:
        anna.sees(machine, "Running")
        stack.alpha.freeze()
        ask_for(stack, machine, new_disk=32 * MIB, drives={"vdb": None}, machine={"memory_current": 112 * MIB})
        assert wait_until(lambda: anna.operations(machine)[0][1] == "Under way", seconds=15)
        stack.kill("worker")
        stack.alpha.thaw()
        anna.sees_operation(machine, EDIT, "Done", seconds=60)
        assert sorted(targets(machine)) == ["hdc", "vda", "vdc"]
        assert now(machine).memory_current == 112 * MIB


def test_a_guest_that_gives_nothing_back_loses_it_at_its_next_start(stack: Stack, anna: Visitor) -> None:
    with without_system(stack, "stubborn") as machine:
        anna.sees(machine, "Running")
        ask_for(stack, machine, drives={"vda": None}, machine={"description": "no disk"})
        assert wait_until(lambda: steps_done(stack, machine) == WAITING, seconds=20), anna.operations(machine)
        stack.kill("worker")
        note = anna.sees_operation(machine, EDIT, "Failed", seconds=60)
        assert "its guest did not follow" in note and "vda" in note
        assert targets(machine) == ["vda"]
        assert at_next_start(machine).drives == ()
        machine.call("destroy")
        machine.call("create")
        assert targets(machine) == []


def test_started_before_its_turn_it_is_changed_as_it_is_then(stack: Stack, anna: Visitor) -> None:
    with without_system(stack, "waking", begins="off") as machine:
        anna.sees(machine, "Stopped")
        with stack.without("worker"):
            ask_for(stack, machine, machine={"vcpus_current": 2, "watchdog": "reset"})
            machine.call("create")
        anna.sees_operation(machine, EDIT, "Done", seconds=60)
        assert (now(machine).vcpus_current, now(machine).watchdog) == (2, "")
        assert (at_next_start(machine).vcpus_current, at_next_start(machine).watchdog) == (2, "reset")


def test_without_a_broker_it_is_kept_and_made_once_when_that_is_back(stack: Stack, anna: Visitor) -> None:
    with without_system(stack, "unheard", begins="off") as machine:
        anna.sees(machine, "Stopped")
        with stack.without("redis"):
            ask_for(stack, machine, new_disk=32 * MIB, machine={"description": "nobody was told"})
            assert at_next_start(machine).description == ""
        anna.sees_operation(machine, EDIT, "Done", seconds=60)
        assert at_next_start(machine).description == "nobody was told"
        assert [drive.target for drive in at_next_start(machine).drives] == ["vda", "vdc"]
        assert len(list(stack.alpha.images.glob("unheard-*-vdc.qcow2"))) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a storage that is soon full")
def test_a_disk_does_not_grow_beyond_its_storage(stack: Stack, anna: Visitor) -> None:
    with small_pool(stack, "narrow", mib=40) as folder:
        disk = make_image(stack, "narrow-a", folder=folder)
        with without_system(stack, "narrow", disk=disk) as machine:
            anna.sees(machine, "Running")
            ask_for(stack, machine, drives={"vda": {"size": 1024 * MIB}}, machine={"description": "larger"})
            note = anna.sees_operation(machine, EDIT, "Failed")
            assert "No space is left" in note
            assert at_next_start(machine).description == ""
