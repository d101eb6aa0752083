"""Machines that stream away from their template while whatever can die around them dies."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from signal import SIGKILL
from uuid import UUID

import libvirt
import pytest

from demo import processes
from tests.faults.streams import (
    MAKING,
    Template,
    Wish,
    ask_for,
    comes_to,
    disk_of,
    filled_in,
    is_sound,
    kill_qemu,
    lift_limit,
    make,
    operation_of,
    percent,
    small_pool,
    stands_alone,
    template,
)
from tests.nodes import agent_answers
from tests.stack import Machine, Stack, wait_until
from tests.visitor import Visitor

pytestmark = pytest.mark.live


def ends_well(anna: Visitor, origin: Template, *copies: Machine) -> None:
    """They stand alone, the template is free of them, and nobody had to do anything for it."""
    for copy in copies:
        is_made(anna, copy)
        anna.sees(copy, "Stopped")
        stands_alone(copy, origin)
    anna.sees(origin.machine, "Stopped")


def is_made(anna: Visitor, copy: Machine) -> None:
    """Whatever else was asked of it meanwhile."""
    made = wait_until(lambda: (MAKING, "Done") in [each[:2] for each in anna.operations(copy)], seconds=60)
    assert made, anna.operations(copy)


def test_the_worker_dies_while_it_makes_a_machine(stack: Stack, anna: Visitor) -> None:
    with template(stack, "base-making", sizes=(8,)) as origin:
        anna.sees(origin.machine, "Stopped")
        stack.alpha.freeze()
        (copy,) = make(stack, anna, origin.uuid, Wish("half-made"))
        assert wait_until(lambda: anna.operations(copy)[0][1] == "Under way", seconds=15)
        stack.kill("worker")
        stack.alpha.thaw()
        ends_well(anna, origin, copy)


def test_the_panel_dies_piece_by_piece_while_two_disks_stream(stack: Stack, anna: Visitor) -> None:
    with template(stack, "base-pieces", sizes=(24, 24)) as origin:
        anna.sees(origin.machine, "Stopped")
        (copy,) = make(stack, anna, origin.uuid, Wish("pieces", limit=4))
        comes_to(anna, copy, 5)
        qemu, far = copy.qemu(), percent(anna, copy)
        for name in ("worker", "watcher", "redis"):
            stack.kill(name)
            assert copy.qemu() == qemu
        stack.wait_until_well()
        comes_to(anna, copy, far + 1)
        anna.sees(origin.machine, "Stopped, streaming")
        lift_limit(anna, copy)
        ends_well(anna, origin, copy)


def test_libvirtd_is_killed_and_hangs(stack: Stack, anna: Visitor) -> None:
    with template(stack, "base-daemon") as origin:
        anna.sees(origin.machine, "Stopped")
        (copy,) = make(stack, anna, origin.uuid, Wish("without-daemon", limit=6))
        comes_to(anna, copy, 5)
        qemu = copy.qemu()
        stack.alpha.kill_daemon()
        comes_to(anna, copy, 30)
        stack.alpha.freeze()
        processes.pause(4)  # the fault itself lasts this long
        stack.alpha.thaw()
        assert copy.qemu() == qemu
        ends_well(anna, origin, copy)


def test_qemu_is_killed_with_its_guest_held_and_with_its_guest_running(stack: Stack, anna: Visitor) -> None:
    with template(stack, "base-qemu") as origin:
        anna.sees(origin.machine, "Stopped")
        (held,) = make(stack, anna, origin.uuid, Wish("held", limit=8))
        (runs,) = make(stack, anna, origin.uuid, Wish("runs", limit=4, start=True))
        comes_to(anna, held, 20)
        anna.sees(runs, "Running, streaming")
        kill_qemu(held)
        kill_qemu(runs)
        anna.sees(runs, "Crashed")
        anna.sees(held, "Stopped, streaming")
        assert wait_until(lambda: percent(anna, held) >= 1, seconds=20)
        anna.act(runs, "start")
        anna.sees(runs, "Running, streaming")
        lift_limit(anna, held, runs)
        ends_well(anna, origin, held)
        anna.sees(origin.machine, "Stopped", seconds=30)
        anna.sees(runs, "Running")
        kill_qemu(runs)
        stands_alone(runs, origin)


def test_the_whole_machine_is_switched_off_and_on(stack: Stack, anna: Visitor) -> None:
    with template(stack, "base-plug") as origin:
        anna.sees(origin.machine, "Stopped")
        (copy,) = make(stack, anna, origin.uuid, Wish("unplugged", limit=4))
        comes_to(anna, copy, 5)
        for pid in [
            *stack.alpha.processes(),
            *filter(None, map(stack.pid, ("worker", "watcher", "redis", "clock", "web"))),
        ]:
            processes.send(pid, SIGKILL)
        stack.wait_until_well()
        anna = Visitor(stack)
        anna.sees_node("alpha", "Reachable")
        anna.sees(copy, "Stopped, streaming", seconds=40)
        lift_limit(anna, copy)
        ends_well(anna, origin, copy)


def test_started_powered_off_and_shut_down_in_the_middle_it_streams_on(stack: Stack, anna: Visitor) -> None:
    with template(stack, "base-middle") as origin:
        anna.sees(origin.machine, "Stopped")
        (copy,) = make(stack, anna, origin.uuid, Wish("middle", limit=4))
        comes_to(anna, copy, 2)
        assert anna.act(copy, "start").status == 202
        anna.sees(copy, "Running, streaming")
        assert copy.is_on
        far = percent(anna, copy)
        assert anna.act(copy, "power-off").status == 202
        anna.sees(copy, "Stopped, streaming")
        comes_to(anna, copy, far)
        lift_limit(anna, copy)
        ends_well(anna, origin, copy)
        assert copy.is_off


def test_one_is_cancelled_and_streams_again_and_one_is_deleted(stack: Stack, anna: Visitor) -> None:
    with template(stack, "base-cancel") as origin:
        anna.sees(origin.machine, "Stopped")
        cancelled, deleted = make(stack, anna, origin.uuid, Wish("given-up-%d", count=2, limit=4))
        comes_to(anna, cancelled, 5)
        comes_to(anna, deleted, 1)
        disk = disk_of(deleted)
        assert anna.act(deleted, "delete").status == 202
        assert anna.post(f"{operation_of(anna, cancelled)}stop/").status == 200
        anna.sees_operation(cancelled, MAKING, "Cancelled")
        anna.sees(cancelled, "Stopped")
        anna.sees_operation(deleted, "Delete", "Done")
        assert (deleted.state, disk.exists()) == (-1, False)
        anna.sees(origin.machine, "Stopped, streaming")
        assert anna.act(origin.machine, "start").status == 409
        assert anna.act(cancelled, "stream").status == 202
        anna.sees_operation(cancelled, "Stream", "Done")
        anna.sees(origin.machine, "Stopped")
        stands_alone(cancelled, origin)


def test_six_at_once_of_which_two_stream_and_the_others_say_that_they_wait(stack: Stack, anna: Visitor) -> None:
    with template(stack, "base-six", sizes=(16,)) as origin:
        anna.sees(origin.machine, "Stopped")
        copies = make(stack, anna, origin.uuid, Wish("six-%d", count=6, limit=1))
        assert wait_until(lambda: len([each for each in copies if "its turn" in anna.note(each)]) == 4, seconds=15)
        for copy in copies:
            anna.sees(copy, "Stopped, streaming")
        lift_limit(anna, *copies)
        ends_well(anna, origin, *copies)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a storage that is soon full")
def test_a_storage_that_is_full_is_waited_for(stack: Stack, anna: Visitor) -> None:
    with small_pool(stack, "small", mib=40) as folder, template(stack, "base-full", sizes=(24,)) as origin:
        in_the_way = folder / "in-the-way"
        stack.alpha.account.run("fallocate", "-l", "20M", in_the_way)
        anna.sees(origin.machine, "Stopped")
        assert wait_until(lambda: "small, " in anna.get(f"/vms/{origin.uuid}/persistent/").text, seconds=20)
        (copy,) = make(stack, anna, origin.uuid, Wish("no-room", pool="small"))
        assert wait_until(lambda: "no space is left" in anna.note(copy), seconds=30), anna.operations(copy)
        anna.sees(copy, "Stopped, streaming")
        in_the_way.unlink()
        anna.sees_operation(copy, MAKING, "Done")
        anna.sees(copy, "Stopped")
        stands_alone(copy, origin, folder=folder)


def test_an_overlay_that_somebody_deleted_is_told_in_words(stack: Stack, anna: Visitor) -> None:
    with template(stack, "base-lost") as origin:
        anna.sees(origin.machine, "Stopped")
        (copy,) = make(stack, anna, origin.uuid, Wish("lost", limit=8))
        comes_to(anna, copy, 5)
        disk_of(copy).unlink()
        kill_qemu(copy)
        note = anna.sees_operation(copy, MAKING, "Failed", seconds=30)
        assert "A disk of lost is missing" in note
        anna.sees(copy, "Stopped")


def test_a_template_whose_image_was_moved_away_makes_nothing(stack: Stack, anna: Visitor) -> None:
    with template(stack, "base-moved", sizes=(1,)) as origin:
        anna.sees(origin.machine, "Stopped")
        origin.disks[0].rename(origin.disks[0].with_suffix(".elsewhere"))
        (copy,) = make(stack, anna, origin.uuid, Wish("from-nothing"))
        note = anna.sees_operation(copy, MAKING, "Failed")
        assert str(origin.disks[0]) in note
        assert copy.state == -1
        assert not list(stack.alpha.images.glob("from-nothing*"))
        anna.sees(origin.machine, "Stopped")


def test_a_template_that_somebody_starts_behind_the_back_is_in_the_way_with_a_reason(
    stack: Stack, anna: Visitor
) -> None:
    with template(stack, "base-locked", sizes=(16,)) as origin:
        anna.sees(origin.machine, "Stopped")
        (copy,) = make(stack, anna, origin.uuid, Wish("shut-out", limit=1))
        comes_to(anna, copy, 5)
        with pytest.raises(libvirt.libvirtError, match="lock"):
            origin.machine.call("create")
        with stack.without("worker"):
            kill_qemu(copy)
            origin.machine.call("create")
        note = anna.sees_operation(copy, MAKING, "Failed", seconds=40)
        assert "in use by another process" in note
        anna.sees(copy, "Stopped")
        origin.machine.call("destroy")
        anna.sees(origin.machine, "Stopped, streaming")
        assert anna.act(copy, "stream").status == 202
        anna.sees_operation(copy, "Stream", "Done", seconds=40)
        stands_alone(copy, origin)


def test_two_people_ask_for_the_same_name_at_once(stack: Stack, anna: Visitor) -> None:
    people = [anna, Visitor(stack)]
    with template(stack, "base-name", sizes=(1,)) as origin:
        anna.sees(origin.machine, "Stopped")
        answered = [filled_in(who, origin.uuid, Wish("coveted")) for who in people]
        with ThreadPoolExecutor(2) as crowd:
            pages = list(crowd.map(lambda who, answers: ask_for(who, origin.uuid, answers), people, answered))
        assert sorted(page.status for page in pages) == [200, 409]
        refused = next(page for page in pages if page.status == 409)
        assert "coveted" in "".join(refused.words("field__error"))
        anna.sees(origin.machine, "Stopped", seconds=30)
        assert len(list(stack.alpha.images.glob("coveted-*"))) == 1


def test_three_linux_guests_are_made_in_one_go_and_answer_while_they_stream(stack: Stack, anna: Visitor) -> None:
    with stack.alpha.connected() as connection:
        origin = UUID(connection.lookupByName("debian-12").UUIDString())
        guests = make(stack, anna, origin, Wish("linux-%d", count=3, limit=3, start=True))
        for guest in guests:
            anna.sees(guest, "Running, streaming", seconds=30)
        domains = [connection.lookupByUUIDString(str(guest.uuid)) for guest in guests]
        assert wait_until(lambda: all(map(agent_answers, domains)), seconds=120)
        assert anna.act(guests[0], "shutdown").status == 202
        anna.sees(guests[0], "Stopped, streaming", seconds=30)
        lift_limit(anna, *guests)
        for guest in guests:
            is_made(anna, guest)
            if guest.is_on:
                guest.call("destroy")
            anna.sees(guest, "Stopped")
            is_sound(disk_of(guest))
            guest.remove()
            disk_of(guest).unlink()


def test_qemu_dies_after_the_copying_ended_and_before_anybody_made_sure_of_it(stack: Stack, anna: Visitor) -> None:
    with template(stack, "base-torn") as origin:
        (copy,) = make(stack, anna, origin.uuid, Wish("torn", limit=8))
        comes_to(anna, copy, 20)
        with stack.without("worker"):
            with copy.node.connected() as connection:
                domain = connection.lookupByUUIDString(str(copy.uuid))
                domain.blockJobSetSpeed("vda", 0)
                assert wait_until(lambda: not domain.blockJobInfo("vda"), seconds=30)
            kill_qemu(copy)
        ends_well(anna, origin, copy)
