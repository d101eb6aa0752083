"""Images on a real node: found, deleted, locked, missing, full; and how far a job on them is."""

from __future__ import annotations

import subprocess
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4

import libvirt
import pytest

from demo.nodes import LocalNode
from tests.hypervisor.conftest import REAL
from tests.hypervisor.places import Place, wait_for
from tests.hypervisor.test_events import hears
from vms.hypervisor.contract import DiskError
from vms.hypervisor.errors import DiskLocked, DiskMissing, HypervisorError
from vms.rules.events import Happening
from vms.rules.power import Power, PowerReason

pytestmark = pytest.mark.parametrize("place", [REAL], indirect=True)

DISK = (
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{path}'/>"
    "<target dev='{target}' bus='virtio'/></disk>"
)


@dataclass
class Images:
    """Image files in the node's pool, made behind the pool's back."""

    node: LocalNode

    def make(self, name: str, *, on_top_of: str = "", megabytes: int = 0) -> str:
        path = f"{self.node.images}/{name}.qcow2"
        base = ["-b", on_top_of, "-F", "qcow2"] if on_top_of else []
        self.node.account.run("qemu-img", "create", "-q", "-f", "qcow2", *base, path, "64M")
        if megabytes:
            self.node.account.run("qemu-io", "-c", f"write -P 1 0 {megabytes}M", path)
        return path

    def exists(self, path: str) -> bool:
        return path in {f"{self.node.images}/{name}" for name in self.names()}

    def names(self) -> list[str]:
        listing = self.node.account.command("ls", self.node.images)
        return subprocess.run(listing, check=True, text=True, capture_output=True).stdout.splitlines()


@pytest.fixture
def images(live_node: LocalNode) -> Iterator[Images]:
    yield Images(live_node)
    live_node.account.run("find", live_node.images, "-name", "*.qcow2", "-delete")


def disks(*paths: str) -> str:
    return "".join(DISK.format(path=path, target=f"vd{letter}") for path, letter in zip(paths, "abc", strict=False))


def test_images_on_top_of_another_are_found_down_the_whole_chain(place: Place, images: Images) -> None:
    base = images.make("base")
    middle = images.make("middle", on_top_of=base)
    top = images.make("top", on_top_of=middle)
    images.make("alone")
    assert list(place.connect().disks_on_top_of(base)) == [middle, top]
    assert list(place.connect().disks_on_top_of(middle)) == [top]
    assert list(place.connect().disks_on_top_of(top)) == []


def test_an_image_whose_base_is_named_by_a_relative_path_is_found(place: Place, images: Images) -> None:
    base = images.make("base")
    top = images.make("top", on_top_of="base.qcow2")
    assert list(place.connect().disks_on_top_of(base)) == [top]


def test_an_image_is_deleted_though_its_pool_has_not_seen_it_yet(place: Place, images: Images) -> None:
    path = images.make("one")
    place.connect().delete_disk(path)
    assert not images.exists(path)
    place.connect().delete_disk(path)


def test_an_image_that_the_pool_remembers_but_somebody_removed_counts_as_deleted(place: Place, images: Images) -> None:
    path = images.make("one")
    place.connect().disks_on_top_of(path)
    images.node.account.run("rm", path)
    place.connect().delete_disk(path)


def test_nothing_outside_the_pools_is_deleted(place: Place, images: Images) -> None:
    with pytest.raises(DiskMissing):
        place.connect().delete_disk(f"{images.node.images}/../config/libvirt/libvirtd.conf")


def test_a_disk_that_another_machine_writes_is_locked(place: Place, images: Images) -> None:
    path = images.make("one")
    first, second = place.make("first", devices=disks(path)), place.make("second", devices=disks(path))
    place.connect().start(first)
    with pytest.raises(DiskLocked):
        place.connect().start(second)
    assert place.connect().machine(second).power is Power.OFF


def test_a_base_that_an_open_image_stands_on_is_locked(place: Place, images: Images) -> None:
    base = images.make("base")
    top = images.make("top", on_top_of=base)
    place.connect().start(place.make("top", devices=disks(top)))
    with pytest.raises(DiskLocked):
        place.connect().start(place.make("base", devices=disks(base)))


@pytest.mark.parametrize("base_is_missing", [False, True])
def test_a_machine_whose_disk_is_missing_does_not_start(place: Place, images: Images, base_is_missing: bool) -> None:
    path = images.make("one", on_top_of=images.make("base"))
    images.node.account.run("rm", f"{images.node.images}/{'base' if base_is_missing else 'one'}.qcow2")
    vm = place.make("one", devices=disks(path))
    with pytest.raises(DiskMissing):
        place.connect().start(vm)
    assert place.connect().machine(vm).reason is PowerReason.START_FAILED


def has_no_job(domain: libvirt.virDomain, target: str) -> bool:
    return not domain.blockJobInfo(target)


def test_the_progress_of_block_jobs_is_the_sum_over_all_disks(place: Place, images: Images) -> None:
    base = images.make("base", megabytes=16)
    tops = [images.make(name, on_top_of=base) for name in ("a", "b")]
    vm = place.make("one", devices=disks(*tops, images.make("c")))
    events = place.driver.follow(place.uri)
    with images.node.connected() as somebody:
        domain = somebody.lookupByUUIDString(str(vm))
        domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
        for target in ("vda", "vdb"):
            domain.blockPull(target, 1024 * 1024, libvirt.VIR_DOMAIN_BLOCK_PULL_BANDWIDTH_BYTES)
        progress = place.connect().job_progress(vm)
        assert progress is not None
        assert 0 <= progress.done < progress.total
        assert progress.total == 2 * 64 * 1024 * 1024
        for target in ("vda", "vdb"):  # one after the other: this QEMU dies of two pulls that end together
            domain.blockJobSetSpeed(target, 0)
            assert hears(events, vm, Happening.JOB_CHANGED)
            wait_for(partial(has_no_job, domain, target), 20)
    assert place.connect().job_progress(vm) is None
    assert list(place.connect().disks_on_top_of(base)) == []
    assert place.connect().machine(vm).power is Power.PAUSED


def test_the_progress_of_a_backup_counts_its_disks_once(place: Place, images: Images) -> None:
    vm = place.make("one", devices=disks(images.make("one", megabytes=32)))
    target = f"{images.node.images}/backup.qcow2"
    backup = f"""<domainbackup><disks><disk name='vda' type='file' backupmode='full'>
        <driver type='qcow2'/><target file='{target}'/></disk></disks></domainbackup>"""
    with images.node.connected() as somebody:
        domain = somebody.lookupByUUIDString(str(vm))
        domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
        domain.backupBegin(backup, None)  # type: ignore[arg-type]  # None: no checkpoint
        progress = place.connect().job_progress(vm)
        wait_for(lambda: place.connect().job_progress(vm) is None, 20)
    assert progress is not None
    assert progress.done <= progress.total == 64 * 1024 * 1024


# Writes the second sector of the first disk for ever, by the firmware's own call.
BOOT_SECTOR = bytes.fromhex("31c0 8ec0 bb007c b80103 b90200 ba8000 cd13 ebec").ljust(510, b"\0") + b"\x55\xaa"
NBD = (
    "<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='nbd' name='full'>"
    "<host transport='unix' socket='{socket}'/></source><target dev='vda' bus='virtio'/></disk>"
)


@pytest.fixture
def full_storage(live_node: LocalNode) -> Iterator[str]:
    """A disk that boots, and on which every write fails for want of space. The socket's path."""
    image, served = live_node.images / "boot.raw", live_node.files.short / f"nbd-{uuid4().hex[:6]}"
    live_node.account.run("sh", "-c", f"base64 -d > {image}", given=b64encode(BOOT_SECTOR).decode())
    live_node.account.run("truncate", "-s", "1M", image)
    options = (
        f"driver=blkdebug,image.driver=file,image.filename={image},"
        "inject-error.0.event=none,inject-error.0.iotype=write,inject-error.0.errno=28"
    )
    command = live_node.account.command("qemu-nbd", "-t", "-x", "full", "-k", served, "--image-opts", options)
    server = subprocess.Popen(command)
    wait_for(served.exists)
    yield str(served)
    server.terminate()
    server.wait()
    live_node.account.run("rm", "-f", image, served)


def test_a_guest_whose_storage_is_full_is_paused_and_its_disk_named(place: Place, full_storage: str) -> None:
    vm = place.make("one", devices=NBD.format(socket=full_storage))
    events = place.driver.follow(place.uri)
    place.connect().start(vm)
    assert hears(events, vm, Happening.IO_ERROR)
    wait_for(lambda: place.connect().machine(vm).power is Power.PAUSED)
    assert place.connect().machine(vm).reason is PowerReason.IO_ERROR
    assert place.connect().disk_errors(vm) == [DiskError("vda", no_space=True)]


def test_reading_and_writing_is_measured(place: Place, images: Images) -> None:
    vm = place.make("one", devices=disks(images.make("one")))
    place.connect().start(vm)
    wait_for(lambda: reads(place, vm) > 0)


def reads(place: Place, vm: UUID) -> int:
    return next(stats.disk_bytes_read for stats in place.connect().stats() if stats.uuid == vm)


def test_a_start_that_needs_too_much_memory_says_so(place: Place) -> None:
    xml = place.xml("one").replace('"MiB">8', '"TiB">400')
    place.made.append(vm := place.connect().define(xml))
    with pytest.raises(HypervisorError) as refused:
        place.connect().start(vm)
    assert refused.value.problem == "not_enough_memory"
