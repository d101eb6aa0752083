"""Machines are copied aside: by libvirt and QEMU, and by the fake in the same way."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from io import BytesIO
from uuid import uuid4

import pytest

from tests.hypervisor.conftest import REAL, fake_place, forget, real_place
from tests.hypervisor.places import wait_for
from tests.hypervisor.shelf import CONTENT, MIB, SIZE, SLOWLY, Shelf, failed
from vms.hypervisor import fake
from vms.hypervisor.backing_up import Began
from vms.hypervisor.errors import ChainBroken, DiskExists, DiskMissing, InvalidXml, Refused, VmNotFound, WrongState
from vms.hypervisor.machine_xml import describe
from vms.hypervisor.migrating import CallState
from vms.rules.power import Power
from vms.rules.preflight import Tie
from vms.rules.problems import Problem
from vms.rules.qcow2 import fault_in


@pytest.fixture(params=["fake", REAL])
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    if request.param == "fake":
        found = Shelf(fake_place(), "/target")
        fake._nodes[found.place.uri].pools["/target"] = fake.FakePool("target")
    else:
        nodes = request.getfixturevalue("nodes")
        found = Shelf(real_place(nodes.alpha), str(nodes.shared), nodes.alpha)
    yield found
    found.clear()
    forget(found.place.uri)


def test_a_running_machine_s_disks_are_copied(shelf: Shelf) -> None:
    one, other = shelf.image(), shelf.image(MIB)
    vm = shelf.make("one", one, other)
    shelf.here.start(vm)
    files = {"vda": shelf.new(), "vdb": shelf.new()}
    assert shelf.here.backup_outcome(vm) is None
    assert shelf.begin(vm, files) == Began(frozen=None)
    assert shelf.end(vm).state is CallState.SUCCEEDED
    assert shelf.are_the_same(one, files["vda"])
    assert shelf.are_the_same(other, files["vdb"])
    assert shelf.here.machine(vm).power is Power.RUNNING
    assert shelf.here.checkpoints(vm) == []
    for path in files.values():
        assert (copied := shelf.here.image(path))
        assert (copied.format, copied.capacity, copied.below) == ("qcow2", SIZE, "")


def test_only_what_changed_is_copied_on_top_of_the_backup_before(shelf: Shelf) -> None:
    disk = shelf.image()
    vm = shelf.make("one", disk)
    shelf.here.start_paused(vm)
    first, second, third = shelf.new(), shelf.new(), shelf.new()
    shelf.copy(vm, {"vda": first}, checkpoint="first")
    shelf.change(vm, disk, 2 * MIB, at=160 * MIB)
    (found,) = shelf.here.checkpoints(vm)
    assert (found.name, found.disks, found.changed) == ("first", frozenset({"vda"}), {"vda": 2 * MIB})
    assert found.is_whole
    shelf.copy(vm, {"vda": second}, below={"vda": first}, since="first", checkpoint="second")
    shelf.change(vm, disk, MIB)
    shelf.here.forget_checkpoint(vm, "first")
    shelf.copy(vm, {"vda": third}, below={"vda": second}, since="second", checkpoint="third")
    assert [each.name for each in shelf.here.checkpoints(vm)] == ["second", "third"]
    assert shelf.are_the_same(disk, third)
    assert (last := shelf.here.image(third))
    assert last.below == second
    assert list(shelf.here.disks_on_top_of(first)) == sorted([second, third])


def test_a_machine_that_is_off_is_started_paused_for_it_and_may_be_resumed(shelf: Shelf) -> None:
    vm = shelf.make("one", shelf.image())
    with pytest.raises(WrongState):
        shelf.begin(vm, {"vda": shelf.new()})
    shelf.here.start_paused(vm)
    shelf.half_way(vm)
    shelf.here.resume(vm)
    shelf.here.reset(vm)
    assert shelf.here.backup(vm)
    shelf.here.limit_backup(vm, limit=0)
    assert shelf.end(vm).state is CallState.SUCCEEDED


def test_half_way_everybody_sees_how_far_it_is(shelf: Shelf) -> None:
    vm = shelf.make("one", shelf.image())
    shelf.here.start(vm)
    found = shelf.half_way(vm, "first")
    assert shelf.here.image(found.files["vda"])
    assert (found.total, found.limit) == (SIZE, SLOWLY)
    assert 0 < found.done < SIZE
    assert (progress := shelf.here.job_progress(vm))
    assert progress.total == SIZE
    assert shelf.here.backup_outcome(vm) is None
    assert Tie.JOB_RUNNING in shelf.here.ties_of(vm)
    assert [each.name for each in shelf.here.checkpoints(vm)] == ["first"]
    with pytest.raises(WrongState):
        shelf.begin(vm, {"vda": shelf.new()})
    with pytest.raises(WrongState):
        shelf.here.merge(vm, "vda")
    shelf.here.limit_backup(vm, limit=2 * SLOWLY)
    wait_for(lambda: (now := shelf.here.backup(vm)) and now.limit == 2 * SLOWLY)


def test_a_cancelled_one_says_so_and_its_checkpoint_can_be_forgotten(shelf: Shelf) -> None:
    disk = shelf.image()
    vm = shelf.make("one", disk)
    shelf.here.start_paused(vm)
    first, third = shelf.new(), shelf.new()
    shelf.copy(vm, {"vda": first}, checkpoint="first")
    found = shelf.half_way(vm, "second")
    shelf.here.cancel_backup(vm)
    outcome = shelf.end(vm)
    assert (outcome.state, outcome.problem) == (CallState.CANCELLED, None)
    shelf.here.forget_checkpoint(vm, "second")
    shelf.here.delete_disk(found.files["vda"])
    shelf.change(vm, disk, MIB)
    shelf.copy(vm, {"vda": third}, below={"vda": first}, since="first")
    assert shelf.are_the_same(disk, third)


@pytest.mark.parametrize("way", ["power_off", "crash"])
def test_one_whose_machine_goes_off_has_failed(shelf: Shelf, way: str) -> None:
    vm = shelf.make("one", shelf.image())
    shelf.here.start(vm)
    shelf.half_way(vm, "first")
    shelf.crash(vm) if way == "crash" else shelf.here.power_off(vm)
    assert failed(shelf.end(vm), Problem.WRONG_STATE)
    assert shelf.here.backup(vm) is None
    assert [each.is_whole for each in shelf.here.checkpoints(vm)] == [None]
    with pytest.raises(WrongState):
        shelf.here.forget_checkpoint(vm, "first")


def test_after_a_crash_a_chain_is_broken(shelf: Shelf) -> None:
    vm = shelf.make("one", shelf.image(MIB))
    shelf.here.start(vm)
    first = shelf.new()
    shelf.copy(vm, {"vda": first}, checkpoint="first")
    shelf.crash(vm)
    shelf.here.start(vm)
    assert [each.is_whole for each in shelf.here.checkpoints(vm)] == [False]
    second = shelf.new()
    with pytest.raises(ChainBroken):
        shelf.begin(vm, {"vda": second}, below={"vda": first}, since="first", checkpoint="second")
    assert shelf.here.image(second) is None
    shelf.here.forget_checkpoint(vm, "first")
    shelf.here.forget_checkpoint(vm, "first")
    assert shelf.here.checkpoints(vm) == []
    shelf.copy(vm, {"vda": second}, checkpoint="second")


def test_what_cannot_be_copied_leaves_nothing(shelf: Shelf) -> None:
    vm = shelf.make("one", shelf.image(MIB))
    shelf.here.start(vm)
    with pytest.raises(InvalidXml):
        shelf.begin(vm, {"vdz": shelf.new()})
    with pytest.raises(DiskMissing):
        shelf.begin(vm, {"vda": "/in-no-pool/one.qcow2"})
    with pytest.raises(DiskMissing):
        shelf.copy(vm, {"vda": shelf.new()}, checkpoint="first")
        shelf.begin(vm, {"vda": shelf.new()}, below={"vda": shelf.new()}, since="first")
    with pytest.raises(ChainBroken):
        shelf.begin(vm, {"vda": shelf.new()}, below={"vda": shelf.new()}, since="never")
    taken = shelf.new()
    shelf.here.make_image(taken, SIZE)
    with pytest.raises(DiskExists):
        shelf.begin(vm, {"vda": taken})
    assert shelf.here.image(taken)
    with pytest.raises(VmNotFound):
        shelf.begin(uuid4(), {"vda": shelf.new()})


def test_without_a_backup_there_is_nothing_to_cancel_or_limit(shelf: Shelf) -> None:
    vm = shelf.make("one", shelf.image(MIB))
    for prepare in (lambda: None, lambda: shelf.here.start(vm)):
        prepare()
        shelf.here.cancel_backup(vm)
        shelf.here.limit_backup(vm, limit=MIB)
        assert shelf.here.backup(vm) is None
        assert shelf.here.backup_outcome(vm) is None
        assert shelf.here.merges(vm) == {}
        assert shelf.here.thaw(vm)


def test_memory_and_disks_are_of_one_moment_and_the_overlays_are_merged(shelf: Shelf) -> None:
    disk = shelf.image()
    vm = shelf.make("one", disk)
    shelf.here.start(vm)
    shelf.copy(vm, {"vda": shelf.new()}, checkpoint="first")
    shelf.here.pause(vm)
    memory, overlay, second = shelf.new("memory"), f"{shelf.place.images}/{uuid4()}.qcow2", shelf.new()
    assert shelf.saved(vm, memory, {"vda": overlay}).state is CallState.SUCCEEDED
    assert shelf.here.machine(vm).power is Power.PAUSED
    assert [each.source for each in describe(shelf.here.xml_of(vm)).disks] == [overlay]
    shelf.begin(vm, {"vda": second}, checkpoint="second", limit=1)
    shelf.go_on(vm)
    assert shelf.end(vm).state is CallState.SUCCEEDED
    with pytest.raises(WrongState):
        shelf.here.finish_merge(vm, "vda")
    shelf.merge(vm, "vda")
    assert [each.source for each in describe(shelf.here.xml_of(vm)).disks] == [disk]
    shelf.here.delete_disk(overlay)
    assert [each.is_whole for each in shelf.here.checkpoints(vm)] == [True, True]
    with pytest.raises(Refused):
        shelf.here.merge(vm, "vda")
    shelf.here.power_off(vm)
    assert shelf.are_the_same(disk, second)


def test_a_machine_comes_back_with_its_memory(shelf: Shelf) -> None:
    disk = shelf.image(MIB)
    vm = shelf.make("one", disk)
    shelf.here.start_paused(vm)
    memory, overlay, second = shelf.new("memory"), f"{shelf.place.images}/{uuid4()}.qcow2", shelf.new()
    assert shelf.saved(vm, memory, {"vda": overlay}).state is CallState.SUCCEEDED
    shelf.copy(vm, {"vda": second})
    shelf.here.resume(vm)
    shelf.merge(vm, "vda")
    shelf.here.power_off(vm)
    restored = f"{shelf.place.images}/{uuid4()}.qcow2"
    shelf.here.make_image(restored, SIZE, on_top_of=second, format_below="qcow2")
    shelf.here.start_with_memory(vm, memory, {"vda": restored})
    assert shelf.here.machine(vm).power is Power.PAUSED
    assert [each.source for each in describe(shelf.here.definition(vm).live).disks] == [restored]
    assert [each.source for each in describe(shelf.here.xml_of(vm)).disks] == [disk]
    shelf.here.resume(vm)


def test_an_overlay_that_was_left_over_is_merged_while_the_machine_is_held(shelf: Shelf) -> None:
    disk = shelf.image(MIB)
    vm = shelf.make("one", disk)
    shelf.here.start_paused(vm)
    overlay = f"{shelf.place.images}/{uuid4()}.qcow2"
    assert shelf.saved(vm, shelf.new("memory"), {"vda": overlay}).state is CallState.SUCCEEDED
    shelf.crash(vm)
    assert dict(shelf.here.images_below(vm)) == {"vda": disk}
    shelf.here.start_paused(vm)
    shelf.merge(vm, "vda")
    shelf.here.power_off(vm)
    assert [each.source for each in describe(shelf.here.xml_of(vm)).disks] == [disk]
    assert shelf.here.images_below(vm) == {}


def test_memory_is_saved_of_paused_machines_with_all_their_disks(shelf: Shelf) -> None:
    vm = shelf.make("one", shelf.image(MIB), shelf.image(MIB))
    overlays = {target: f"{shelf.place.images}/{uuid4()}.qcow2" for target in ("vda", "vdb")}
    shelf.here.start(vm)
    with pytest.raises(WrongState):
        shelf.here.save_memory(vm, shelf.new("memory"), overlays)
    shelf.here.pause(vm)
    for wrong in ({"vda": overlays["vda"]}, overlays | {"vdz": "/anywhere"}):
        with pytest.raises(InvalidXml):
            shelf.here.save_memory(vm, shelf.new("memory"), wrong)
    assert shelf.here.memory_outcome(vm) is None
    shelf.here.make_image(overlays["vda"], SIZE)
    assert failed(shelf.saved(vm, shelf.new("memory"), overlays), Problem.UNSUPPORTED)


def test_a_copied_disk_comes_back_as_a_disk_that_stands_alone(shelf: Shelf) -> None:
    disk = shelf.image()
    vm = shelf.make("one", disk)
    shelf.here.start_paused(vm)
    first, second = shelf.new(), shelf.new()
    shelf.copy(vm, {"vda": first}, checkpoint="first")
    shelf.change(vm, disk, MIB)
    shelf.copy(vm, {"vda": second}, below={"vda": first}, since="first")
    shelf.here.power_off(vm)
    restored = f"{shelf.place.images}/{uuid4()}.qcow2"
    shelf.here.make_image(restored, SIZE, on_top_of=second, format_below="qcow2")
    copy = shelf.make("two", restored)
    shelf.here.start_paused(copy)
    shelf.here.pull(copy, "vda", limit=0)
    if shelf.fake_node:
        shelf.fake_node.end_pull(copy, "vda")
    wait_for(lambda: shelf.here.images_below(copy) == {})
    shelf.here.power_off(copy)
    assert shelf.are_the_same(disk, restored)
    assert (alone := shelf.here.image(restored))
    assert alone.below == ""


def test_how_much_there_is_to_copy_is_known_before(shelf: Shelf) -> None:
    below = shelf.image()
    path = f"{shelf.place.images}/{uuid4()}.qcow2"
    shelf.here.make_image(path, SIZE, on_top_of=below, format_below="qcow2")
    assert CONTENT <= shelf.here.bytes_to_copy(path) < CONTENT + 8 * MIB
    with pytest.raises(DiskMissing):
        shelf.here.bytes_to_copy(f"{shelf.place.images}/gone.qcow2")


def test_a_file_s_checksum_tells_how_far_it_is(shelf: Shelf) -> None:
    path, content = shelf.new("json"), b"{}" * 1_500_000
    shelf.here.upload(path, len(content), BytesIO(content), lambda _sent: None)
    told: list[int] = []
    assert shelf.here.checksum(path, told.append) == sha256(content).hexdigest()
    assert told[-1] == len(content)
    with pytest.raises(Stopped):
        shelf.here.checksum(path, stop)
    with pytest.raises(DiskMissing):
        shelf.here.checksum(shelf.new(), told.append)
    assert shelf.here.first_bytes(path, MIB) == content[:MIB]


def test_the_structure_of_a_copy_is_whole_while_its_machine_runs_on(shelf: Shelf) -> None:
    disk = shelf.image()
    vm = shelf.make("one", disk)
    shelf.here.start_paused(vm)
    first, second = shelf.new(), shelf.new()
    shelf.copy(vm, {"vda": first}, checkpoint="first")
    assert fault_in_file(shelf, first) == ""
    shelf.change(vm, disk, 2 * MIB, at=160 * MIB)
    shelf.here.resume(vm)
    shelf.copy(vm, {"vda": second}, below={"vda": first}, since="first", checkpoint="second")
    assert fault_in_file(shelf, second) == ""


def fault_in_file(shelf: Shelf, path: str) -> str:
    told: list[int] = []
    shelf.here.checksum(path, told.append)
    return fault_in(partial(shelf.here.bytes_at, path), told[-1], lambda: None)


class Stopped(Exception):
    """Whoever reads has had enough."""


def stop(_read: int) -> None:
    raise Stopped


@pytest.mark.parametrize("shelf", ["fake"], indirect=True)
def test_file_systems_that_stay_frozen_are_thawed_later(shelf: Shelf) -> None:
    vm = shelf.make("one", shelf.image())
    shelf.here.start(vm)
    node = shelf.fake_node
    assert node
    machine = node.machines[vm]
    machine.agent_answers, machine.backups.thaws = True, False
    assert shelf.begin(vm, {"vda": shelf.new()}) == Began(frozen=True, still_frozen=True)
    assert not shelf.here.thaw(vm)
    machine.backups.thaws = True
    assert shelf.here.thaw(vm)
    assert not machine.backups.is_frozen
