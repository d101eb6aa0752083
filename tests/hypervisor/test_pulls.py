"""Disks on top of other images, and copying into them what is below until they stand alone."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from signal import SIGKILL
from uuid import UUID

import pytest

from demo.processes import send
from tests.hypervisor.conftest import REAL
from tests.hypervisor.places import Place, wait_for
from tests.hypervisor.test_disks import DISK
from tests.hypervisor.test_events import hears
from tests.hypervisor.test_storage import PathFor, path_for, put
from vms.hypervisor import fake
from vms.hypervisor.contract import Hypervisor, Pull
from vms.hypervisor.errors import DiskMissing, Refused, WrongState
from vms.rules.events import Happening
from vms.rules.power import Power, PowerReason

__all__ = ["path_for"]

everywhere = pytest.mark.parametrize("place", ["fake", REAL], indirect=True)

MIB = 1024 * 1024
SIZE = 48 * MIB
CONTENT = os.urandom(MIB) * 48


@dataclass
class Overlay:
    """A machine whose disk stands on another image."""

    place: Place
    vm: UUID
    base: str
    top: str

    @property
    def hypervisor(self) -> Hypervisor:
        return self.place.connect()

    @property
    def is_fake(self) -> bool:
        return self.place.driver is fake

    def pull(self) -> Pull:
        return self.hypervisor.pulls(self.vm)["vda"]

    def go_on(self, until: int) -> None:
        """Wait until so much is copied."""
        if self.is_fake:
            fake._nodes[self.place.uri].pull_on(self.vm, "vda", until - self.pull().done)
        wait_for(lambda: self.pull().done >= until, 20)

    def go_on_to_the_end(self) -> None:
        self.hypervisor.limit_pull(self.vm, "vda", limit=0)
        if self.is_fake:
            fake._nodes[self.place.uri].end_pull(self.vm, "vda")
        wait_for(lambda: not self.hypervisor.pulls(self.vm), 20)

    def lose_process(self) -> None:
        if self.is_fake:
            fake._nodes[self.place.uri].become(self.vm, Power.OFF, PowerReason.PROCESS_DIED)
        for process in self.place.processes():
            send(process, SIGKILL)
        wait_for(lambda: self.hypervisor.machine(self.vm).power is Power.OFF)


@pytest.fixture
def overlay(place: Place, path_for: PathFor) -> Overlay:
    base, top = path_for("base.raw"), path_for("top.qcow2")
    put(place, base, CONTENT)
    place.connect().make_image(top, SIZE, on_top_of=base, format_below="raw")
    return Overlay(place, place.make("one", devices=DISK.format(path=top, target="vda")), base, top)


@everywhere
def test_what_is_below_is_known_whether_the_machine_is_on_or_off(overlay: Overlay) -> None:
    assert dict(overlay.hypervisor.images_below(overlay.vm)) == {"vda": overlay.base}
    overlay.hypervisor.start_paused(overlay.vm)
    assert dict(overlay.hypervisor.images_below(overlay.vm)) == {"vda": overlay.base}


@everywhere
def test_only_writable_disks_that_are_no_plain_bytes_need_something_below(place: Place, overlay: Overlay) -> None:
    alone = overlay.top.replace("top", "alone")
    place.connect().make_image(alone, MIB)
    disk = DISK.format(path=overlay.top, target="vdb")
    devices = (
        DISK.format(path=alone, target="vda"),
        disk.replace("</disk>", "<readonly/></disk>"),
        disk.replace("qcow2'/>", "raw'/>", 1).replace("vdb", "vdc"),
        "<disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>",
    )
    assert dict(place.connect().images_below(place.make("two", devices="".join(devices)))) == {}
    place.connect().delete_disk(alone)


@everywhere
def test_of_an_image_that_is_not_there_nobody_says_that_it_stands_alone(place: Place, path_for: PathFor) -> None:
    vm = place.make("one", devices=DISK.format(path=path_for("gone.qcow2"), target="vda"))
    with pytest.raises(DiskMissing):
        place.connect().images_below(vm)


@everywhere
def test_a_pull_tells_how_far_it_is_and_may_be_slowed_down_and_sped_up(overlay: Overlay) -> None:
    overlay.hypervisor.start_paused(overlay.vm)
    overlay.hypervisor.pull(overlay.vm, "vda", limit=2 * MIB)
    begun = overlay.pull()
    assert (begun.total, begun.limit) == (SIZE, 2 * MIB)
    assert begun.done < SIZE
    overlay.hypervisor.limit_pull(overlay.vm, "vda", limit=8 * MIB)
    assert overlay.pull().limit == 8 * MIB
    overlay.go_on(until=begun.done + 4 * MIB)
    progress = overlay.hypervisor.job_progress(overlay.vm)
    assert progress is not None
    assert begun.done < progress.done < progress.total == SIZE


@everywhere
def test_a_pull_that_ended_leaves_nothing_below(overlay: Overlay) -> None:
    overlay.hypervisor.start_paused(overlay.vm)
    events = overlay.place.driver.follow(overlay.place.uri)
    overlay.hypervisor.pull(overlay.vm, "vda", limit=MIB)
    overlay.go_on_to_the_end()
    assert hears(events, overlay.vm, Happening.JOB_CHANGED)
    assert overlay.hypervisor.job_progress(overlay.vm) is None
    stands_alone(overlay)
    assert overlay.hypervisor.machine(overlay.vm).power is Power.PAUSED
    overlay.hypervisor.power_off(overlay.vm)
    stands_alone(overlay)
    is_the_same(overlay)


@everywhere
def test_a_pull_that_is_stopped_leaves_the_rest_below_and_may_be_begun_again(overlay: Overlay) -> None:
    overlay.hypervisor.start_paused(overlay.vm)
    overlay.hypervisor.pull(overlay.vm, "vda", limit=8 * MIB)
    overlay.go_on(until=4 * MIB)
    overlay.hypervisor.stop_pull(overlay.vm, "vda")
    assert dict(overlay.hypervisor.pulls(overlay.vm)) == {}
    assert dict(overlay.hypervisor.images_below(overlay.vm)) == {"vda": overlay.base}
    overlay.hypervisor.pull(overlay.vm, "vda", limit=MIB)
    wait_for(lambda: overlay.pull().done >= 4 * MIB)
    overlay.go_on_to_the_end()
    stands_alone(overlay)


@everywhere
def test_a_pull_whose_process_was_ended_goes_on_where_it_was(overlay: Overlay) -> None:
    overlay.hypervisor.start_paused(overlay.vm)
    overlay.hypervisor.pull(overlay.vm, "vda", limit=16 * MIB)
    overlay.go_on(until=16 * MIB)
    overlay.hypervisor.power_off(overlay.vm)
    assert dict(overlay.hypervisor.pulls(overlay.vm)) == {}
    assert dict(overlay.hypervisor.images_below(overlay.vm)) == {"vda": overlay.base}
    overlay.hypervisor.start_paused(overlay.vm)
    overlay.hypervisor.pull(overlay.vm, "vda", limit=MIB)
    wait_for(lambda: overlay.pull().done >= 16 * MIB)
    overlay.go_on_to_the_end()
    overlay.hypervisor.power_off(overlay.vm)
    stands_alone(overlay)
    is_the_same(overlay)


@everywhere
def test_a_pull_whose_process_died_comes_to_the_same_end(overlay: Overlay) -> None:
    overlay.hypervisor.start_paused(overlay.vm)
    overlay.hypervisor.pull(overlay.vm, "vda", limit=16 * MIB)
    overlay.go_on(until=16 * MIB)
    overlay.lose_process()
    assert overlay.hypervisor.machine(overlay.vm).reason is PowerReason.PROCESS_DIED
    assert dict(overlay.hypervisor.pulls(overlay.vm)) == {}
    assert dict(overlay.hypervisor.images_below(overlay.vm)) == {"vda": overlay.base}
    overlay.hypervisor.start_paused(overlay.vm)
    overlay.hypervisor.pull(overlay.vm, "vda", limit=MIB)
    overlay.go_on_to_the_end()
    overlay.hypervisor.power_off(overlay.vm)
    stands_alone(overlay)
    is_the_same(overlay)


@everywhere
def test_a_pull_whose_process_died_goes_on_from_what_was_kept(overlay: Overlay) -> None:
    overlay.hypervisor.start_paused(overlay.vm)
    overlay.hypervisor.pull(overlay.vm, "vda", limit=16 * MIB)
    overlay.go_on(until=16 * MIB)
    overlay.hypervisor.keep_pulled(overlay.vm)
    overlay.lose_process()
    overlay.hypervisor.start_paused(overlay.vm)
    overlay.hypervisor.pull(overlay.vm, "vda", limit=MIB)
    wait_for(lambda: overlay.pull().done >= 16 * MIB)


@everywhere
def test_a_second_pull_of_one_disk_is_refused(overlay: Overlay) -> None:
    overlay.hypervisor.start_paused(overlay.vm)
    overlay.hypervisor.pull(overlay.vm, "vda", limit=MIB)
    with pytest.raises(WrongState):
        overlay.hypervisor.pull(overlay.vm, "vda", limit=MIB)


@everywhere
def test_a_pull_needs_a_process_and_a_disk(overlay: Overlay) -> None:
    with pytest.raises(WrongState):
        overlay.hypervisor.pull(overlay.vm, "vda", limit=0)
    overlay.hypervisor.start_paused(overlay.vm)
    with pytest.raises(Refused):
        overlay.hypervisor.pull(overlay.vm, "vdz", limit=0)


@everywhere
def test_a_disk_that_stands_alone_may_be_pulled_for_nothing(place: Place, path_for: PathFor) -> None:
    hypervisor, path = place.connect(), path_for("alone.qcow2")
    hypervisor.make_image(path, MIB)
    vm = place.make("one", devices=DISK.format(path=path, target="vda"))
    hypervisor.start_paused(vm)
    hypervisor.pull(vm, "vda", limit=0)
    wait_for(lambda: not hypervisor.pulls(vm))
    assert dict(hypervisor.images_below(vm)) == {}


@everywhere
def test_without_a_pull_there_is_nothing_to_limit_or_stop(overlay: Overlay) -> None:
    for prepare in (lambda: None, lambda: overlay.hypervisor.start_paused(overlay.vm)):
        prepare()
        overlay.hypervisor.limit_pull(overlay.vm, "vda", limit=MIB)
        overlay.hypervisor.stop_pull(overlay.vm, "vda")
        assert dict(overlay.hypervisor.pulls(overlay.vm)) == {}
    assert dict(overlay.hypervisor.images_below(overlay.vm)) == {"vda": overlay.base}


@pytest.mark.parametrize("place", ["fake"], indirect=True)
def test_the_fake_breaks_a_pull_when_a_test_says_so(place: Place, overlay: Overlay) -> None:
    overlay.hypervisor.start_paused(overlay.vm)
    overlay.hypervisor.pull(overlay.vm, "vda", limit=0)
    events = place.driver.follow(place.uri)
    fake._nodes[place.uri].break_pull(overlay.vm, "vda")
    assert hears(events, overlay.vm, Happening.JOB_CHANGED)
    assert dict(overlay.hypervisor.pulls(overlay.vm)) == {}
    assert dict(overlay.hypervisor.images_below(overlay.vm)) == {"vda": overlay.base}


def stands_alone(overlay: Overlay) -> None:
    assert dict(overlay.hypervisor.images_below(overlay.vm)) == {}
    assert list(overlay.hypervisor.disks_on_top_of(overlay.base)) == []
    image = overlay.hypervisor.image(overlay.top)
    assert image is not None
    assert image.below == ""


def is_the_same(overlay: Overlay) -> None:
    if overlay.is_fake:
        return
    compared = subprocess.run(
        ["qemu-img", "compare", "-f", "raw", "-F", "qcow2", overlay.base, overlay.top], check=False, capture_output=True
    )
    assert compared.returncode == 0, compared.stdout
