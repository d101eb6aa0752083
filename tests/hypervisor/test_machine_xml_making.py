"""A machine made afresh is what was asked for, and a node takes it as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal
from uuid import UUID, uuid4

import pytest

from demo.nodes import LocalNode
from tests.hypervisor.conftest import REAL
from tests.hypervisor.places import Place, wait_for
from tests.hypervisor.shapes import at
from vms.hypervisor.errors import InvalidXml
from vms.hypervisor.machine_xml import Disk, Interface, NewMachine, PanelMark, definition_of, describe, parse
from vms.rules.kinds import Kind, Mode
from vms.rules.power import Power

MIB = 1024**2
MACHINE = NewMachine(
    name='web <1> & "more"',
    uuid=UUID("0badcafe-0000-4000-8000-000000000002"),
    description="For the accounts\n& more",
    memory=512 * MIB,
    vcpus=2,
    virt_type="kvm",
    disk="/images/a & b's.qcow2",
    cdrom="/images/install.iso",
    boot_device="cdrom",
    network="default",
    mac="52:54:00:00:00:01",
    mark=PanelMark(Kind.TEMPLATE, Mode.FIRST_INSTALLATION, "Web", frozenset({"/images/a & b's.qcow2"})),
)


def test_it_is_what_was_asked_for() -> None:
    xml = definition_of(MACHINE)
    found = describe(xml)
    assert (found.name, found.uuid, found.panel) == (MACHINE.name, MACHINE.uuid, MACHINE.mark)
    assert (found.memory, found.memory_current, found.vcpus) == (512 * MIB, 512 * MIB, 2)
    assert (found.virt_type, found.machine_type, found.boot_devices) == ("kvm", "q35", ("cdrom", "hd"))
    assert found.disks == (
        Disk("vda", "disk", "virtio", MACHINE.disk, "qcow2", read_only=False),
        Disk("sda", "cdrom", "sata", MACHINE.cdrom, "raw", read_only=True),
    )
    assert found.interfaces == (Interface(MACHINE.mac, "virtio", "network", "default"),)
    assert (found.graphics, found.has_agent_channel) == (("vnc",), True)
    assert parse(xml).findtext("description") == MACHINE.description


def test_it_may_have_no_disk_an_empty_drive_and_a_way_out_only() -> None:
    found = describe(definition_of(replace(MACHINE, disk="", cdrom="", network="", boot_device="hd")))
    assert found.disks == (Disk("sda", "cdrom", "sata", "", "raw", read_only=True),)
    assert found.interfaces == (Interface(MACHINE.mac, "virtio", "user", ""),)
    assert found.boot_devices == ("hd", "cdrom")


def test_an_emulated_one_has_a_plain_processor_and_a_limit_for_what_qemu_keeps() -> None:
    emulated = parse(definition_of(replace(MACHINE, virt_type="qemu")))
    own = parse(definition_of(MACHINE))
    assert emulated.find("cpu") is None
    assert emulated.findtext("features/tcg/tb-cache") == "32"
    assert at(own, "cpu").get("mode") == "host-model"
    assert own.find("features/tcg") is None


@pytest.mark.parametrize("field", ["name", "description", "disk", "cdrom", "network", "mac"])
def test_a_character_that_xml_cannot_hold_is_refused(field: str) -> None:
    changed: dict[str, Any] = {field: "bell \x07"}
    with pytest.raises(InvalidXml):
        definition_of(replace(MACHINE, **changed))


@pytest.mark.parametrize("place", [REAL], indirect=True)
def test_a_node_takes_it_and_it_boots(place: Place, live_node: LocalNode) -> None:
    node = place.connect()
    disk, iso = (f"{place.images}/made.{ending}" for ending in ("qcow2", "iso"))
    node.make_image(disk, 64 * MIB)
    live_node.account.run("truncate", "-s", "1M", iso)
    machine = replace(
        MACHINE,
        name="made",
        uuid=uuid4(),
        memory=64 * MIB,
        virt_type="qemu",
        disk=disk,
        cdrom=iso,
        network="",
        mark=replace(MACHINE.mark, made_disks=frozenset({disk})),
    )
    place.made.append(node.define(definition_of(machine)))
    assert describe(node.xml_of(machine.uuid)).panel == machine.mark
    node.start_paused(machine.uuid)
    assert node.machine(machine.uuid).power is Power.PAUSED
    node.resume(machine.uuid)
    wait_for(lambda: any(use.cpu_time > 0 for use in node.stats() if use.uuid == machine.uuid))
    node.power_off(machine.uuid)
    node.undefine(machine.uuid)
    for path in (disk, iso):
        node.delete_disk(path)


@pytest.mark.parametrize("place", [REAL], indirect=True)
@pytest.mark.parametrize("machine", [MACHINE, replace(MACHINE, disk="", cdrom="")])
def test_a_node_takes_every_kind(place: Place, machine: NewMachine) -> None:
    virt_type: Literal["kvm", "qemu"] = "kvm" if place.connect().offers_kvm() else "qemu"
    of_its_own = replace(machine, uuid=uuid4(), virt_type=virt_type)
    place.made.append(place.connect().define(definition_of(of_its_own)))
    assert describe(place.connect().xml_of(of_its_own.uuid)).interfaces[0].source == "default"
