"""What real nodes do when something breaks while a machine is copied aside. Nothing depends on whoever asked for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from demo.guest import Guest
from demo.machines import guest_xml
from tests.hypervisor.conftest import forget, real_place
from tests.hypervisor.places import wait_for
from tests.hypervisor.shelf import MIB, Shelf, failed
from tests.hypervisor.test_migrating_live import may_mount, small_storage
from tests.nodes import Nodes
from vms.hypervisor.backing_up import Began
from vms.hypervisor.errors import Refused
from vms.hypervisor.migrating import CallState
from vms.rules.power import Power
from vms.rules.problems import Problem

pytestmark = pytest.mark.live

ASKS_AND_WAITS = """
import sys, threading, uuid
from vms.hypervisor import libvirt_driver
from vms.hypervisor.backing_up import BackupPlan
uri, vm, path = sys.argv[1:]
plan = BackupPlan({"vda": path}, limit=20 * 1024 * 1024)
libvirt_driver.connect(uri).begin_backup(uuid.UUID(vm), plan)
print("begun", flush=True)
threading.Event().wait()
"""


@pytest.fixture
def shelf(nodes: Nodes) -> Iterator[Shelf]:
    found = Shelf(real_place(nodes.alpha), str(nodes.shared), nodes.alpha)
    yield found
    nodes.alpha.start()
    forget(found.place.uri)
    found.clear()
    forget(found.place.uri)


@pytest.fixture
def disk(shelf: Shelf) -> str:
    return shelf.image()


@pytest.fixture
def vm(shelf: Shelf, disk: str) -> UUID:
    vm = shelf.make("one", disk)
    shelf.here.start(vm)
    return vm


def test_whoever_asked_may_be_killed(shelf: Shelf, vm: UUID, disk: str) -> None:
    path = shelf.new()
    words = [sys.executable, "-c", ASKS_AND_WAITS, shelf.place.uri, str(vm), path]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as asker:
        assert asker.stdout is not None
        assert asker.stdout.readline() == "begun\n"
        asker.kill()
        asker.wait()
    assert shelf.end(vm, 30).state is CallState.SUCCEEDED
    assert shelf.are_the_same(disk, path)


def test_libvirtd_is_killed_and_the_copy_goes_on(shelf: Shelf, vm: UUID, disk: str, nodes: Nodes) -> None:
    found = shelf.half_way(vm)
    restart(shelf, nodes)
    assert (now := shelf.here.backup(vm))
    assert now.files == found.files
    shelf.here.limit_backup(vm, limit=0)
    assert shelf.end(vm).state is CallState.SUCCEEDED
    assert shelf.are_the_same(disk, found.files["vda"])


def test_what_ended_before_libvirtd_is_killed_nobody_knows(shelf: Shelf, vm: UUID, nodes: Nodes) -> None:
    shelf.copy(vm, {"vda": shelf.new()})
    restart(shelf, nodes)
    assert shelf.here.backup(vm) is None
    assert shelf.here.backup_outcome(vm) is None


def test_libvirtd_and_the_process_are_killed(shelf: Shelf, vm: UUID, nodes: Nodes) -> None:
    path = shelf.half_way(vm, "first").files["vda"]
    nodes.alpha.kill_daemon()
    for process in nodes.alpha.guest_processes():
        subprocess.run(["kill", "-9", str(process)], check=True)
    restart(shelf, nodes)
    wait_for(lambda: shelf.here.machine(vm).power is Power.OFF)
    outcome = shelf.here.backup_outcome(vm)
    assert outcome is None or outcome.state is CallState.FAILED
    shelf.here.delete_disk(path)
    shelf.here.start(vm)
    assert [each.is_whole for each in shelf.here.checkpoints(vm)] == [False]


def restart(shelf: Shelf, nodes: Nodes) -> None:
    nodes.alpha.kill_daemon()
    nodes.alpha.start()
    forget(shelf.place.uri)


@pytest.mark.skipif(not may_mount(), reason="only who may mount can make a storage that is full")
def test_a_target_that_is_full_gets_no_backup(shelf: Shelf, vm: UUID, nodes: Nodes) -> None:
    with small_storage(nodes) as folder:
        there = Shelf(real_place(nodes.beta), str(folder), nodes.beta)
        disk = there.image()
        big = there.make("two", disk)
        there.here.start(big)
        there.begin(big, {"vda": there.new()})
        assert failed(there.end(big), Problem.NO_SPACE)
        assert there.here.machine(big).power is Power.RUNNING
        assert there.here.disk_errors(big) == []
        there.clear()
        forget(there.place.uri)


def test_a_guest_s_file_systems_are_at_rest_for_the_moment(shelf: Shelf, guest: Guest) -> None:
    disk = f"{shelf.place.images}/{uuid4()}.qcow2"
    shelf.here.make_image(disk, 64 * MIB)
    vm = shelf.here.define(guest_xml("guest", guest, disk=Path(disk)))
    shelf.place.made.append(vm)
    shelf.here.start(vm)
    assert shelf.begin(vm, {"vda": shelf.new()}).frozen is not True
    assert shelf.end(vm).state is CallState.SUCCEEDED
    wait_for(lambda: shelf.here.agent_answers(vm, seconds=2), 120)
    assert shelf.begin(vm, {"vda": shelf.new()}) == Began(frozen=True)
    assert shelf.end(vm).state is CallState.SUCCEEDED
    assert shelf.begin(vm, {"vda": shelf.new()}, freezes=False) == Began(frozen=None)
    assert shelf.end(vm).state is CallState.SUCCEEDED
    assert shelf.here.thaw(vm)


def test_right_after_the_memory_is_saved_nothing_can_be_merged(shelf: Shelf, vm: UUID) -> None:
    shelf.here.pause(vm)
    overlay = f"{shelf.place.images}/{uuid4()}.qcow2"
    assert shelf.saved(vm, shelf.new("memory"), {"vda": overlay}).state is CallState.SUCCEEDED
    with pytest.raises(Refused):
        shelf.here.merge(vm, "vda")
    shelf.here.resume(vm)
    shelf.merge(vm, "vda")


def test_a_merge_that_was_cut_off_begins_anew(shelf: Shelf, vm: UUID, disk: str) -> None:
    shelf.here.pause(vm)
    overlay = f"{shelf.place.images}/{uuid4()}.qcow2"
    assert shelf.saved(vm, shelf.new("memory"), {"vda": overlay}).state is CallState.SUCCEEDED
    shelf.here.resume(vm)
    shelf.here.merge(vm, "vda")
    shelf.here.power_off(vm)
    assert shelf.here.merges(vm) == {}
    assert dict(shelf.here.images_below(vm)) == {"vda": disk}
    shelf.here.start_paused(vm)
    shelf.merge(vm, "vda")
    assert shelf.here.images_below(vm) == {}


@pytest.mark.parametrize("options", [("-f", "raw"), ("-f", "qcow2", "-o", "compat=0.10")])
def test_with_memory_what_keeps_no_notes_is_merged_like_any_other(
    shelf: Shelf, nodes: Nodes, options: tuple[str, ...]
) -> None:
    """Its overlay could keep some, and the merge would have nowhere to bring them."""
    path, overlay = (f"{shelf.place.images}/{uuid4()}.{name}" for name in ("img", "qcow2"))
    nodes.alpha.account.run("qemu-img", "create", "-q", *options, path, "16M")
    devices = (
        f"<disk type='file' device='disk'><driver name='qemu' type='{options[1]}'/><source file='{path}'/>"
        "<target dev='vda' bus='virtio'/></disk>"
    )
    vm = shelf.place.make("old", devices=devices)
    shelf.here.start(vm)
    shelf.copy(vm, {"vda": shelf.new()}, checkpoint="first")
    shelf.here.pause(vm)
    assert shelf.saved(vm, shelf.new("memory"), {"vda": overlay}).state is CallState.SUCCEEDED
    shelf.copy(vm, {"vda": shelf.new()}, checkpoint="second")
    shelf.here.resume(vm)
    shelf.merge(vm, "vda")
    assert shelf.here.checkpoints(vm) == []
    assert shelf.here.images_below(vm) == {}


def test_plain_bytes_are_copied_into_qcow2_and_keep_no_checkpoint(shelf: Shelf, nodes: Nodes) -> None:
    path = f"{shelf.place.images}/{uuid4()}.raw"
    nodes.alpha.account.run("qemu-img", "create", "-q", "-f", "raw", path, "16M")
    devices = (
        f"<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{path}'/>"
        "<target dev='vda' bus='virtio'/></disk>"
    )
    vm = shelf.place.make("raw", devices=devices)
    shelf.here.start(vm)
    copied = shelf.new()
    shelf.copy(vm, {"vda": copied}, checkpoint="first")
    assert shelf.here.checkpoints(vm) == []
    assert (image := shelf.here.image(copied))
    assert (image.format, image.capacity) == ("qcow2", 16 * MIB)
