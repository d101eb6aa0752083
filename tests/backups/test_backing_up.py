"""Machines that are backed up while people, guests and storages get in the way: what is listed as good is good, and the
machines are unharmed."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import libvirt_qemu
import pytest

from tests.faults.backups import (
    BACK_UP,
    MIB,
    Laden,
    backed_up,
    begun_slowly,
    call_off,
    checkpoints_of,
    disks_of,
    ends_true,
    ends_without,
    fill,
    known,
    laden,
    lift_limit,
    place_for_backups,
)
from tests.faults.desks import Desk, desk_of
from tests.faults.moves import MIGRATE, Mover, ask_to_move
from tests.nodes import agent_answers
from tests.stack import Machine, Stack, wait_until
from tests.visitor import Visitor

pytestmark = pytest.mark.live

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a storage that is soon full")


def test_what_is_written_meanwhile_is_in_the_next_one_which_is_small(anna: Visitor, desk: Desk) -> None:
    with laden(desk, "runs") as runs:
        holds = begun_slowly(anna, runs)
        anna.sees(runs.machine, "Running, backing up")
        runs.write(1, at=90, mib=4)
        lift_limit(anna, runs)
        ends_true(anna, runs, holds)
        whole = runs.newest(holds)
        changed = backed_up(anna, runs)
        changed.is_true()
        assert (whole.is_whole, changed.is_whole) == (True, False)
        assert changed.row["size"] < 0.1 * whole.row["size"]
        whole.is_true()
        runs.is_unharmed(anna, "Running")


def test_one_that_is_off_may_be_started_in_the_middle(anna: Visitor, desk: Desk) -> None:
    with laden(desk, "started", begins="off") as started, laden(desk, "stays-off", begins="off", content=8) as stays:
        holds = begun_slowly(anna, started, "Stopped")
        process = started.machine.qemu()
        assert anna.act(started.machine, "start").status == 202
        anna.sees(started.machine, "Running, backing up")
        started.write(2, at=100)
        lift_limit(anna, started)
        ends_true(anna, started, holds)
        assert started.machine.qemu() == process
        assert started.newest(holds).row["consistency"] == "off"
        backed_up(anna, stays, "Stopped").is_true()
        stays.is_unharmed(anna, "Stopped")


def test_a_template_is_backed_up_and_again_what_changed_while_it_was_off(anna: Visitor, desk: Desk) -> None:
    with laden(desk, "mould", begins="off", kind="template") as mould:
        holds = begun_slowly(anna, mould, "Stopped")
        assert anna.act(mould.machine, "start").status == 409
        lift_limit(anna, mould)
        ends_true(anna, mould, holds, "Stopped")
        mould.write(6, at=10)
        second = backed_up(anna, mould, "Stopped")
        second.is_true()
        assert not second.is_whole
        mould.is_unharmed(anna, "Stopped")


def test_with_memory_it_goes_on_at_once_and_its_overlay_is_merged(anna: Visitor, desk: Desk) -> None:
    with laden(desk, "awake") as awake:
        backed_up(anna, awake)
        awake.write(1, at=1)
        process = awake.machine.qemu()
        holds = begun_slowly(anna, awake, with_memory=True, whole=False)
        assert awake.machine.is_on
        assert disks_of(awake.machine) != {awake.disk}
        awake.write(3, at=5, mib=8)
        lift_limit(anna, awake)
        ends_true(anna, awake, holds)
        kept = awake.newest(holds)
        assert kept.row["consistency"] == "with_memory"
        assert kept.image.with_name(f"{kept.row['stem']}.memory.bin").stat().st_size > MIB
        assert awake.machine.qemu() == process
        backed_up(anna, awake).is_true()


def test_a_guest_that_answers_is_at_rest_for_the_moment(stack: Stack, desk: Desk) -> None:
    """The one of the demo; afterwards its backup is deleted."""
    with stack.alpha.connected() as connection:
        domain = connection.lookupByName("web-01")
        if not domain.isActive():
            domain.create()
        assert wait_until(lambda: agent_answers(domain), seconds=120)
        (disk,) = disks_of(machine := Machine(stack.alpha, UUID(domain.UUIDString()), "web-01"))
        web = Laden(desk, machine, disk, disk)
        web.ask()
        web.has_ended("succeeded")
        assert web.rows()[0]["consistency"] == "at_rest"
        assert "thawed" in libvirt_qemu.qemuAgentCommand(domain, '{"execute": "guest-fsfreeze-status"}', 5, 0)
    web.is_checked()
    assert wait_until(lambda: not web.is_being_worked_on(), seconds=20)
    desk.ask("delete", backup=web.rows()[0]["id"])
    assert wait_until(lambda: not web.rows(), seconds=20)
    assert not list(desk.folder.glob("web-01-*"))


def test_cancelled_nothing_is_left_of_it(anna: Visitor, desk: Desk) -> None:
    """One that runs, one with its memory, and one that is off."""
    with (
        laden(desk, "recalled") as recalled,
        laden(desk, "remembered", home="beta") as remembered,
        laden(desk, "dormant", begins="off") as dormant,
    ):
        begun_slowly(anna, recalled)
        begun_slowly(anna, remembered, with_memory=True)
        begun_slowly(anna, dormant, "Stopped")
        for each in (recalled, remembered, dormant):
            each.write(4, at=70)
            call_off(anna, each)
        ends_without(anna, recalled, "cancelled")
        ends_without(anna, remembered, "cancelled")
        ends_without(anna, dormant, "cancelled", "Stopped")
        assert checkpoints_of(recalled.machine) == checkpoints_of(remembered.machine) == []
        after = backed_up(anna, recalled)
        after.is_true()
        assert after.is_whole


def test_powered_off_ended_by_its_guest_and_deleted_in_the_middle(anna: Visitor, desk: Desk) -> None:
    with (
        laden(desk, "powered-off") as powered_off,
        laden(desk, "guest-ended") as guest_ended,
        laden(desk, "deleted", home="beta") as deleted,
    ):
        for each in (powered_off, guest_ended, deleted):
            begun_slowly(anna, each)
        assert anna.act(powered_off.machine, "power-off").status == 202
        guest_ended.machine.call("destroy")
        deleted.machine.remove()
        ends_without(anna, powered_off, "cancelled", "Stopped")
        ends_without(anna, guest_ended, "failed", "Stopped")
        deleted.has_ended("failed")
        assert wait_until(lambda: not deleted.leftovers(), seconds=20), deleted.leftovers()


def test_two_people_ask_at_once_and_a_third_machine_waits_for_its_turn(stack: Stack, anna: Visitor, desk: Desk) -> None:
    with (
        laden(desk, "one") as one,
        laden(desk, "two") as two,
        laden(desk, "three", content=8) as three,
        desk_of(stack) as other_desk,
    ):
        known(anna, three)
        holds = {each: begun_slowly(anna, each) for each in (one, two)}
        assert one.ask(whole=True) == one.operation()["id"]
        holds[three] = three.moment()
        with ThreadPoolExecutor(2) as crowd:
            list(crowd.map(lambda at: at.ask("back_up", vm=str(three.machine.uuid)), [desk, other_desk]))
        assert wait_until(lambda: "its turn" in anna.note(three.machine), seconds=15), anna.operations(three.machine)
        lift_limit(anna, one, two)
        for each, moment in holds.items():
            ends_true(anna, each, moment)
            assert [each[0] for each in anna.operations(each.machine)].count(BACK_UP) == 1


def test_one_that_has_moved_is_copied_whole(stack: Stack, anna: Visitor, desk: Desk) -> None:
    """For what its node knew of its changes does not come along."""
    with laden(desk, "wanders", folder=stack.alpha.shared) as wanders:
        first = backed_up(anna, wanders)
        wanders.is_checked()
        mover = Mover(stack, wanders.machine, (stack.alpha, stack.beta), None)
        ask_to_move(mover)
        anna.sees_operation(wanders.machine, MIGRATE, "Done")
        there = replace(wanders, machine=mover.on(stack.beta))
        there.write(9, at=20)
        again = backed_up(anna, there)
        again.is_true()
        first.is_true()
        assert again.is_whole
        there.is_unharmed(anna, "Running")


@only_root
def test_a_target_without_room_gets_nothing(anna: Visitor, desk: Desk) -> None:
    """It is told before; and once more, when it becomes full in the middle."""
    with laden(desk, "large") as large, place_for_backups(anna, desk, "tight", mib=320) as tight:
        in_the_way = tight.folder / "in-the-way"
        known(anna, large)
        fill(desk, in_the_way, but=100 * MIB)
        large.ask(folder=str(tight.folder))
        large.has_ended("failed")
        assert large.operation()["problem"] == "no_room_for_backup"
        in_the_way.unlink()
        begun_slowly(anna, large, folder=str(tight.folder))
        fill(desk, in_the_way, but=MIB)
        lift_limit(anna, large)
        ends_without(anna, large, "failed")
        assert large.operation()["problem"] == "no_space"
        assert [left.name for left in tight.folder.iterdir()] == ["in-the-way"]


@only_root
def test_a_target_that_goes_away_gets_nothing(anna: Visitor, desk: Desk) -> None:
    with laden(desk, "homeless") as homeless, place_for_backups(anna, desk, "fleeting", mib=320) as fleeting:
        begun_slowly(anna, homeless, folder=str(fleeting.folder))
        subprocess.run(["umount", "--lazy", fleeting.folder], check=True)
        lift_limit(anna, homeless)
        ends_without(anna, homeless, "failed")
        assert list(fleeting.folder.iterdir()) == []
        backed_up(anna, homeless).is_true()


def test_a_file_that_was_changed_is_found(anna: Visitor, desk: Desk) -> None:
    """A backup can be checked without the panel, too."""
    with laden(desk, "bent", content=8) as bent:
        kept = backed_up(anna, bent)
        bent.is_checked()
        bent.is_unharmed(anna, "Running")
        sums = [f"{kept.row['stem']}.sha256"]
        subprocess.run(["sha256sum", "--check", "--quiet", "--strict", *sums], cwd=desk.folder, check=True)
        with kept.image.open("r+b") as image:
            image.seek(4 * MIB)
            image.write(b"bent")
        desk.ask("check", backup=kept.row["id"])
        assert wait_until(lambda: bent.rows()[0]["state"] == "damaged", seconds=20), bent.rows()
        assert bent.rows()[0]["damage"] == "changed"
