"""A running machine is changed: by QEMU and a real guest, and by the fake in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from demo.guest import Guest
from demo.machines import guest_xml
from demo.nodes import LocalNode
from tests.hypervisor.conftest import REAL, fake_place, forget, real_place
from tests.hypervisor.places import Place, wait_for
from tests.hypervisor.test_events import hears
from vms.hypervisor import fake
from vms.hypervisor.errors import HypervisorError, Refused
from vms.hypervisor.machine_xml import edited, hardware_of
from vms.rules.differences import Change, Part, When, left_to_do
from vms.rules.editing import at_once, plan
from vms.rules.events import Happening
from vms.rules.hardware import Drive, Hardware, Interface

MIB = 1024**2
MAC = "52:54:00:ab:cd:01"
CDROM = "<disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/></disk>"
MORE = (
    "<controller type='scsi' index='0' model='virtio-scsi'/><interface type='user'><mac address='52:54:00:ab:cd:00'/>"
)
WITH = CDROM + MORE + "<model type='virtio'/></interface></devices>"

ACPI = "<features><acpi/></features>"

Edit = Callable[[Hardware], Hardware]


@pytest.fixture(params=["fake", REAL])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    is_real = request.param == "real"
    found = real_place(request.getfixturevalue("live_node")) if is_real else fake_place()
    yield found
    found.clear()
    forget(found.uri)


@pytest.fixture
def vm(place: Place, guest: Guest) -> UUID:
    """A Linux with an agent that has come up, with 64 MiB to spare, a disk, an empty drive and an interface."""
    path = make_image(place, "editing-a")
    xml = guest_xml("guest", guest).replace("</devices>", disk_xml(path) + WITH)
    xml = xml.replace("<memory unit='MiB'>96</memory>", "<memory unit='MiB'>160</memory>")
    xml = xml.replace("<vcpu>1</vcpu>", "<vcpu current='1'>2</vcpu>")
    vm = place.connect().define(xml)
    place.made.append(vm)
    place.connect().start(vm)
    if place.driver is fake:
        fake._nodes[place.uri].machines[vm].agent_answers = True
    wait_for(lambda: place.connect().agent_answers(vm, seconds=2), 90)
    return vm


def disk_xml(path: str) -> str:
    return (
        f"<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{path}'/>"
        "<target dev='vda' bus='virtio'/></disk>"
    )


def make_image(place: Place, name: str) -> str:
    path = f"{place.images}/{name}.qcow2"
    place.connect().delete_disk(path)
    place.connect().make_image(path, 64 * MIB)
    return path


def saved(place: Place, vm: UUID) -> Hardware:
    found = place.connect().definition(vm)
    return hardware_of(found.xml, autostart=found.autostart, sizes=place.connect().disk_sizes(vm))


def live(place: Place, vm: UUID) -> Hardware:
    found = place.connect().definition(vm)
    return hardware_of(found.live, autostart=found.autostart, sizes=place.connect().disk_sizes(vm))


def carry_out(place: Place, vm: UUID, edit: Edit) -> list[Change]:
    """As an operation does it: first what is saved, then the machine itself. The plan."""
    before = saved(place, vm)
    changes = plan(before, edit(before), live(place, vm))
    found = place.connect().definition(vm)
    place.connect().redefine(vm, edited(found.xml, changes), instead_of=found.digest)
    for change in at_once(changes, running=True):
        place.connect().change_now(vm, change)
    return changes


def edits(place: Place) -> list[Edit]:
    """One after the other, on the guest that is described above."""
    second, third = make_image(place, "editing-b"), make_image(place, "editing-c")
    new = Drive("", "vdb", "disk", "virtio", "file", second, "qcow2", serial="books")
    scsi = Drive("", "sda", "disk", "scsi", "file", third, "qcow2")
    card = Interface("", MAC, "user", "", "virtio")
    return [
        lambda was: replace(was, memory_current=96 * MIB),
        lambda was: replace(was, memory_current=160 * MIB),
        lambda was: replace(was, vcpus_current=2),
        lambda was: replace(was, title="Büro", description="two\nlines"),
        lambda was: replace(was, drives=(*was.drives, new)),
        lambda was: replace(was, drives=(*was.drives, scsi)),
        lambda was: replace(was, interfaces=(*was.interfaces, card)),
        lambda was: replace(was, interfaces=tuple(replace(one, is_up=False) for one in was.interfaces)),
        lambda was: replace(was, interfaces=tuple(replace(one, is_up=True) for one in was.interfaces)),
        lambda was: with_drive(was, "hdc", source=make_image(place, "editing-iso")),
        lambda was: with_drive(was, "hdc", source=""),
        lambda was: with_drive(was, "vdb", size=128 * MIB),
        lambda was: with_drive(was, "sda", size=96 * MIB),
        lambda was: replace(was, drives=tuple(one for one in was.drives if one.was not in {"vdb", "sda"})),
        lambda was: replace(was, interfaces=tuple(one for one in was.interfaces if one.was != MAC)),
        lambda was: replace(was, autostart=True),
        lambda was: replace(was, autostart=False),
    ]


@pytest.mark.broad
def test_a_running_machine_is_changed_part_by_part(place: Place, vm: UUID) -> None:
    events = place.driver.follow(place.uri)
    for edit in edits(place):
        changes = carry_out(place, vm, edit)
        assert {change.when for change in changes} == {When.NOW}
        wait_for(partial(all_is_made, changes, place, vm), 20)
        assert left_to_do(changes, saved(place, vm)) == []
        for change in changes:  # a step may be taken twice
            place.connect().change_now(vm, change)
        assert all_is_made(changes, place, vm)
    assert hears(events, vm, Happening.MEMORY_CHANGED)
    assert hears(events, vm, Happening.DEVICES_CHANGED)


def all_is_made(changes: list[Change], place: Place, vm: UUID) -> bool:
    return left_to_do(changes, live(place, vm)) == []


def with_drive(machine: Hardware, key: str, **values: Any) -> Hardware:
    changed = [replace(one, **values) if one.was == key else one for one in machine.drives]
    return replace(machine, drives=tuple(changed))


def test_what_must_wait_waits(place: Place) -> None:
    vm = place.make("one", devices=disk_xml(make_image(place, "editing-later")))
    place.connect().start(vm)
    before = live(place, vm)
    changes = carry_out(
        place,
        vm,
        lambda was: replace(
            with_drive(was, "vda", serial="later"), memory=16 * MIB, memory_current=16 * MIB, watchdog="reset"
        ),
    )
    assert {change.when for change in changes} == {When.NEXT_START}
    assert live(place, vm) == before
    assert left_to_do(changes, saved(place, vm)) == []
    place.connect().power_off(vm)
    place.connect().start(vm)
    assert left_to_do(changes, live(place, vm)) == []


def test_a_disk_grows_while_the_machine_is_off(place: Place) -> None:
    path = make_image(place, "editing-off")
    vm = place.make("off", devices=disk_xml(path))
    place.connect().change_now(vm, Change(Part.DRIVE_SIZE, 64 * MIB, 96 * MIB, "vda", "vda"))
    assert place.connect().disk_sizes(vm) == {"vda": 96 * MIB}
    with pytest.raises(Refused):
        place.connect().change_now(vm, Change(Part.DRIVE_SIZE, 64 * MIB, 32 * MIB, "vda", "vda"))


def test_without_acpi_nothing_is_plugged_into_a_running_machine(place: Place) -> None:
    vm = place.make("old", devices=disk_xml(make_image(place, "editing-old")))
    place.connect().start(vm)
    assert [change.when for change in carry_out(place, vm, lambda was: replace(was, drives=()))] == [When.NEXT_START]
    assert len(live(place, vm).drives) == 1


def test_a_guest_may_keep_what_it_is_asked_for(place: Place) -> None:
    """A machine without an operating system answers no request to let go."""
    vm = place.make("firmware", devices=disk_xml(make_image(place, "editing-kept")), extra=ACPI)
    place.connect().start(vm)
    if place.driver is fake:
        fake._nodes[place.uri].machines[vm].lets_go = False
    changes = carry_out(place, vm, lambda was: replace(was, drives=()))
    assert [change.when for change in changes] == [When.NOW]
    assert left_to_do(changes, live(place, vm)) == changes
    assert left_to_do(changes, saved(place, vm)) == []


@pytest.mark.parametrize("place", [REAL], indirect=True)
def test_what_the_node_cannot_plug_in_is_said(place: Place, live_node: LocalNode) -> None:
    vm = place.make("one")
    place.connect().start(vm)
    missing = Drive("", "vda", "disk", "virtio", "file", f"{live_node.images}/gone.qcow2", "qcow2")
    with pytest.raises(HypervisorError):
        place.connect().change_now(vm, Change(Part.DRIVE_ADDED, None, missing, "vda", "vda"))
    assert live(place, vm).drives == ()
