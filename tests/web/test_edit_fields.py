"""Each field of the form changes what it names, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from tests.web.editing import GIB, MIB, Page, asked, changes_asked, opened, shaped
from vms.models import Disk, Interface, Network, Node, Operation, StoragePool, StoredFile, Vm
from vms.operations.storing import name_at_node
from vms.rules.differences import Part, When
from vms.rules.kinds import Kind, Mode
from vms.rules.power import Power

pytestmark = pytest.mark.usefixtures("no_hypervisor")

SHAPE = "spice-desktop"
"""512 MiB, two vCPUs, vda, a CD-ROM drive sda with an image in it, one interface, VNC and SPICE."""
NIC = "nic.52:54:00:10:00:1c"


@pytest.fixture
def browser(anna: Person) -> Client:
    return browser_of(anna)


@pytest.fixture(autouse=True)
def pool(node: Node) -> StoragePool:
    Node.objects.filter(pk=node.pk).update(memory_total=8 * GIB, memory_free=4 * GIB, cpus=4)
    Network.objects.create(node=node, name="default")
    Network.objects.create(node=node, name="lan")
    return StoragePool.objects.create(node=node, name="default", folder="/images", capacity=100 * GIB, free=50 * GIB)


@pytest.fixture
def vm(add_vm: AddVm) -> Vm:
    machine = shaped(add_vm("web1"), SHAPE)
    Disk.objects.create(vm=machine, target="vda", device="disk", path="/images/spice-desktop.qcow2", capacity=20 * GIB)
    return machine


def iso(name: str) -> StoredFile:
    return StoredFile.objects.create(
        name=name, kind="iso", size=5 * MIB, capacity=5 * MIB, sha256="ab" * 32, file_name=name
    )


ONE_FIELD: list[tuple[dict[str, Any], list[tuple[Part, Any]]]] = [
    ({"general-description": "two\r\nlines"}, [(Part.DESCRIPTION, "two\nlines")]),
    ({"general-autostart": "on"}, [(Part.AUTOSTART, True)]),
    ({"sizes-memory": 256, "sizes-memory_maximum": 512}, [(Part.MEMORY, 256 * MIB)]),
    ({"sizes-memory_maximum": 1024}, [(Part.MEMORY_MAXIMUM, 1024 * MIB)]),
    ({"sizes-memory": 1024}, [(Part.MEMORY_MAXIMUM, 1024 * MIB), (Part.MEMORY, 1024 * MIB)]),
    ({"sizes-vcpus": 1, "sizes-vcpus_maximum": 2}, [(Part.VCPUS, 1)]),
    ({"sizes-vcpus_maximum": 4}, [(Part.VCPUS_MAXIMUM, 4)]),
    ({"disk.vda-size": "20.5"}, [(Part.DRIVE_SIZE, 20 * GIB + GIB // 2)]),
    ({"disk.vda-bus": "scsi"}, [(Part.DRIVE_BUS, ("scsi", "sdb"))]),
    ({"disk.vda-serial": "BOOK-1"}, [(Part.DRIVE_SERIAL, "BOOK-1")]),
    ({"disk.vda-read_only": "on"}, [(Part.DRIVE_READ_ONLY, True)]),
    ({"disk.vda-away": "on"}, [(Part.DRIVE_REMOVED, None)]),
    ({"drive.sda-medium": "empty"}, [(Part.MEDIUM, "")]),
    ({"drive.sda-medium": "path", "drive.sda-path": "/images/a.iso"}, [(Part.MEDIUM, "/images/a.iso")]),
    ({"drive.sda-away": "on"}, [(Part.DRIVE_REMOVED, None)]),
    ({f"{NIC}-plug": "network:lan"}, [(Part.INTERFACE_PLUG, ("network", "lan"))]),
    ({f"{NIC}-plug": "bridge", f"{NIC}-bridge": "br7"}, [(Part.INTERFACE_PLUG, ("bridge", "br7"))]),
    ({f"{NIC}-plug": "user:"}, [(Part.INTERFACE_PLUG, ("user", ""))]),
    ({f"{NIC}-model": "e1000e"}, [(Part.INTERFACE_MODEL, "e1000e")]),
    ({f"{NIC}-mac": "52:54:00:00:00:07"}, [(Part.INTERFACE_MAC, "52:54:00:00:00:07")]),
    ({f"{NIC}-is_up": None}, [(Part.INTERFACE_LINK, False)]),
    ({f"{NIC}-away": "on"}, [(Part.INTERFACE_REMOVED, None)]),
    ({"boot-kind0": "network", "boot-kind1": "hd"}, [(Part.BOOT, ("network", "hd"))]),
    ({"boot-by": "devices"}, [(Part.BOOT, ("vda",))]),
    ({"boot-by": "devices", "boot-device0": "sda", "boot-device1": "vda"}, [(Part.BOOT, ("sda", "vda"))]),
    ({"devices-graphics": "vnc"}, [(Part.GRAPHICS, ("vnc",))]),
    ({"devices-graphics": ""}, [(Part.GRAPHICS, ())]),
    ({"devices-firmware": "efi"}, [(Part.FIRMWARE, "efi")]),
    ({"devices-agent_channel": None}, [(Part.AGENT_CHANNEL, False)]),
    ({"devices-watchdog": "reset"}, [(Part.WATCHDOG, "reset")]),
]


@pytest.mark.parametrize(("fields", "changes"), ONE_FIELD, ids=["+".join(fields) for fields, _ in ONE_FIELD])
def test_a_field_changes_what_it_names(
    fields: dict[str, Any], changes: list[tuple[Part, Any]], browser: Client, vm: Vm
) -> None:
    saved = opened(browser, vm).save(**fields)
    assert (saved.answer.status_code, saved.errors()) == (302, {})
    assert [(change.part, change.after) for change in changes_asked(vm)] == changes
    assert asked(vm).digest == vm.definition.digest


def test_what_is_taken_out_is_no_longer_booted_from(browser: Client, add_vm: AddVm) -> None:
    vm = shaped(add_vm("web1"), "boot-by-device")
    opened(browser, vm).save(**{"drive.sda-away": "on"})
    assert asked(vm).after.boot == ("52:54:00:10:01:01", "vda")


# New devices


def test_a_disk_gets_an_image_of_its_own(browser: Client, vm: Vm, pool: StoragePool) -> None:
    opened(browser, vm).send("add:new-disk").save(**{"new-disk.0-size": 3})
    (drive,), (disk,) = asked(vm).after.drives[2:], asked(vm).disks
    assert (drive.was, drive.target, drive.bus, drive.format) == ("", "vdb", "virtio", "qcow2")
    assert (disk.path, disk.capacity, disk.below) == (drive.source, 3 * GIB, "")
    assert drive.source.startswith("/images/web1-")


def test_a_disk_may_have_an_image_that_is_there(browser: Client, vm: Vm) -> None:
    fields = {"source": "path", "path": "/images/old.raw", "format": "raw", "bus": "scsi", "read_only": "on"}
    opened(browser, vm).send("add:new-disk").save(**{f"new-disk.0-{name}": value for name, value in fields.items()})
    (drive,) = asked(vm).after.drives[2:]
    assert (drive.target, drive.source, drive.format, drive.read_only) == ("sdb", "/images/old.raw", "raw", True)
    assert asked(vm).disks == ()


def test_a_drive_and_an_interface_are_added(browser: Client, vm: Vm) -> None:
    page = opened(browser, vm).send("add:new-drive").send("add:new-nic")
    mac = page.shows("new-nic.1-mac")
    page.save(**{"new-nic.1-plug": "network:lan", "new-nic.1-model": "e1000"})
    (drive,), (interface,) = asked(vm).after.drives[2:], asked(vm).after.interfaces[1:]
    assert (drive.target, drive.device, drive.bus, drive.source) == ("sdb", "cdrom", "sata", "")
    assert (interface.mac, interface.kind, interface.source, interface.model) == (mac, "network", "lan", "e1000")


@pytest.mark.broad
def test_several_of_a_kind_do_not_get_in_each_others_way(browser: Client, vm: Vm) -> None:
    page = opened(browser, vm).send("add:new-disk").send("add:new-disk").send("add:new-nic").send("add:new-nic")
    page.save()
    after = asked(vm).after
    assert [drive.target for drive in after.drives] == ["vda", "sda", "vdb", "vdc"]
    assert len({interface.mac for interface in after.interfaces}) == 3
    assert len({disk.path for disk in asked(vm).disks}) == 2


def test_the_name_of_what_goes_is_not_given_to_what_comes(browser: Client, vm: Vm) -> None:
    opened(browser, vm).send("add:new-disk").save(**{"disk.vda-away": "on", "boot-kind0": "cdrom"})
    assert [drive.target for drive in asked(vm).after.drives] == ["sda", "vdb"]


# Uploaded images


def test_an_uploaded_image_is_brought_to_the_pool_of_the_machines_disk(browser: Client, vm: Vm) -> None:
    file = iso("debian.iso")
    page = opened(browser, vm)
    assert "debian.iso, uploaded, 5 MiB" in page.text
    page.save(**{"drive.sda-medium": f"file:{file.pk}"})
    order = asked(vm)
    assert (order.file, order.cdrom) == (file.pk, f"/images/{name_at_node(file)}")
    assert [change.after for change in order.changes] == [order.cdrom]


def test_two_uploaded_images_are_one_too_many(browser: Client, vm: Vm) -> None:
    page = opened(browser, vm).send("add:new-drive")
    files = {"drive.sda-medium": f"file:{iso('a.iso').pk}", "new-drive.0-medium": f"file:{iso('b.iso').pk}"}
    answer = opened(browser, vm).send("add:new-drive").save(**files)
    assert (page.answer.status_code, answer.answer.status_code) == (200, 422)
    assert "one at a time" in answer.text


# What is the panel's own


def test_the_name_is_the_panels(browser: Client, vm: Vm) -> None:
    opened(browser, vm).save(**{"general-name": "Büro"})
    assert (asked(vm).display_name, asked(vm).changes) == (("web1", "Büro"), [])


def test_notes_and_protection_are_written_at_once(browser: Client, vm: Vm) -> None:
    saved = opened(browser, vm).save(**{"general-notes": "ask berta", "general-protected": "on"})
    vm.refresh_from_db()
    assert (saved.answer.status_code, vm.notes, vm.protected) == (302, "ask berta", True)
    assert not Operation.objects.exists()


def test_only_a_template_has_a_mode(browser: Client, vm: Vm, add_vm: AddVm) -> None:
    template = shaped(add_vm("debian", kind=Kind.TEMPLATE, mode=Mode.READY_FOR_USE), "plain")
    opened(browser, template).save(**{"general-mode": Mode.MAINTENANCE})
    assert asked(template).mode == (Mode.READY_FOR_USE, Mode.MAINTENANCE)
    assert "general-mode" not in opened(browser, vm).values


# When it takes effect


@pytest.fixture
def running(add_vm: AddVm) -> Vm:
    return shaped(add_vm("web2", Power.RUNNING), "ports-for-hot-plug", running=True)


def reviewed(browser: Client, vm: Vm, **fields: Any) -> Page:
    page = opened(browser, vm).send(**fields)
    assert page.answer.status_code == 200
    return page


def test_the_review_says_what_is_now_and_what_waits(browser: Client, running: Vm) -> None:
    page = opened(browser, running).send("add:new-disk").send(**{"sizes-vcpus": 4, "general-autostart": "on"})
    lines = page.lines()
    assert [line for line in lines if line.endswith("from the next start")] == [
        "Maximum vCPUs: 2 → 4 from the next start",
        "vCPUs: 2 → 4 from the next start",
    ]
    assert any(line.startswith("Disk vdb is added: 20 GiB") and line.endswith("now") for line in lines)
    assert "a restart from within the guest is not enough" in page.text
    assert not Operation.objects.exists()


def test_of_a_machine_that_is_off_nothing_waits(browser: Client, vm: Vm) -> None:
    page = reviewed(browser, vm, **{"sizes-vcpus": 4})
    assert all(line.endswith("now") for line in page.lines())
    assert "marks what takes effect" not in opened(browser, vm).text


def test_the_form_marks_what_waits(browser: Client, running: Vm) -> None:
    page = opened(browser, running)
    label = page.form.xpath(".//label[@for='id_disk.vda-bus']")[0].text_content()
    assert str(When.NEXT_START) not in label
    assert "from the next start" in label
    assert "from the next start" not in page.form.xpath(".//label[@for='id_disk.vda-size']")[0].text_content()


def test_going_back_to_the_form_keeps_everything(browser: Client, vm: Vm) -> None:
    page = opened(browser, vm).send("add:new-disk").send(**{"sizes-memory": 640, "general-notes": "x"}).send("change")
    assert (page.shows("sizes-memory"), page.shows("general-notes"), page.values["row"]) == ("640", "x", ["new-disk.0"])
    assert page.errors() == {}


def test_who_else_is_in_the_network_is_offered_as_a_bridge(browser: Client, vm: Vm, add_vm: AddVm) -> None:
    Interface.objects.create(vm=add_vm("web9"), position=0, source_type="bridge", source="br3")
    assert "bridge br3" in opened(browser, vm).text
