"""What goes together with a part that is edited, and what must not go."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml.etree import _Element as Element

from tests.hypervisor.editings import CORPUS, EDITS, Edit
from tests.hypervisor.shapes import at
from vms.hypervisor.errors import ChangedMeanwhile, InvalidXml
from vms.hypervisor.machine_xml import edited, hardware_of, parse
from vms.hypervisor.machine_xml.editing import device_as_changed
from vms.rules.differences import Change, Part, When
from vms.rules.editing import plan
from vms.rules.hardware import Beyond, Firmware


def after(name: str, edit: Edit) -> Element:
    xml = CORPUS[name]
    changes = plan(hardware_of(xml), edit(hardware_of(xml)))
    assert all(change.when is not When.NEVER for change in changes), changes
    return parse(edited(xml, changes))


def attributes(element: Element) -> dict[str, str]:
    return {str(name): str(value) for name, value in element.attrib.items()}


def test_more_memory_leaves_what_the_machine_shall_have() -> None:
    root = after("room-for-modules", EDITS["room for more memory"])
    memory = at(root, "memory")
    assert (memory.text, memory.get("unit"), memory.get("dumpCore")) == (str(1024**3), "b", "off")
    assert at(root, "currentMemory").text == str(512 * 1024**2)
    assert at(root, "cpu/numa/cell").get("memory") == str(1024**3)
    assert at(root, "maxMemory").get("slots") == "4"


def test_more_vcpus_leave_those_that_it_starts_with() -> None:
    root = after("one-cell", EDITS["room for more vCPUs"])
    vcpu = at(root, "vcpu")
    assert (vcpu.text, vcpu.get("current"), vcpu.get("placement")) == ("16", "2", "static")
    assert at(root, "cpu/numa/cell").get("cpus") == "0-15"
    assert at(root, "cpu/numa/cell").get("memAccess") == "shared"


def test_a_comment_beside_an_edited_number_stays() -> None:
    text = edited(CORPUS["comments-everywhere"], [Change(Part.MEMORY_MAXIMUM, 1, 1024**3)])
    assert "<!-- do not shrink --><memory" in text
    assert "</currentMemory><!-- really -->" in text


def test_a_disk_on_another_bus_leaves_what_only_the_old_one_had() -> None:
    root = after("disks-of-every-bus", EDITS["disks on scsi"])
    disk = at(root, "devices/disk/source[@file='/images/e.raw']/..")
    assert attributes(at(disk, "driver")) == {"name": "qemu", "type": "raw", "cache": "none"}
    assert "model" not in disk.attrib
    assert disk.find("shareable") is not None
    scsi = at(root, "devices/disk/source[@file='/images/b.qcow2']/..")
    assert scsi.findtext("wwn") == "5000c50015ea71aa"


def test_a_disk_that_leaves_ide_forgets_its_geometry_and_its_place() -> None:
    disk = at(after("ide-and-floppy", EDITS["disks on virtio"]), "devices/disk/source[@file='/images/old.raw']/..")
    assert attributes(at(disk, "target")) == {"dev": "vda", "bus": "virtio"}
    assert disk.find("geometry") is disk.find("address") is None


def test_another_medium_keeps_the_way_it_is_read_and_its_policy() -> None:
    drive = at(after("windows-like", EDITS["other media"]), "devices/disk[@device='cdrom']")
    assert attributes(at(drive, "driver")) == {"name": "qemu", "type": "raw", "error_policy": "report"}
    seed = at(after("cloud-init", EDITS["other media"]), "devices/disk[@device='cdrom']/source")
    assert attributes(seed) == {"file": "/iso/other & new.iso", "startupPolicy": "requisite"}


def test_a_medium_from_elsewhere_leaves_nothing_of_its_way() -> None:
    drive = at(after("iscsi-disk", EDITS["other media"]), "devices/disk[@device='cdrom']")
    assert (drive.get("type"), len(at(drive, "source"))) == ("file", 0)
    assert at(after("iscsi-disk", EDITS["no media"]), "devices/disk[@device='cdrom']").find("source") is None


def test_another_network_keeps_what_the_interface_has() -> None:
    root = after("multi-queue", EDITS["plugged into a bridge"])
    interface = at(root, "devices/interface")
    assert attributes(at(interface, "source")) == {"bridge": "br9"}
    for tag in ("target", "driver", "backend", "bandwidth", "filterref", "coalesce", "mtu", "link"):
        assert interface.find(tag) is not None


def test_a_running_interface_is_taken_to_another_network_as_it_is() -> None:
    live = CORPUS["plain"].replace(
        "<source network='default'/>",
        "<source network='default' portid='5a0e0000-0000-4000-8000-000000000099' bridge='virbr0'/>"
        "<target dev='vnet3'/><alias name='net0'/>",
    )
    key = hardware_of(live).interfaces[0].was
    change = Change(Part.INTERFACE_PLUG, ("network", "default"), ("network", "other"), key, key)
    interface = device_as_changed(live, change)
    assert attributes(at(interface, "source")) == {"network": "other"}
    assert attributes(at(interface, "alias")) == {"name": "net0"}


def test_a_portgroup_belongs_to_its_network() -> None:
    root = after("rbd-disk", EDITS["plugged into a network"])
    assert attributes(at(root, "devices/interface/source")) == {"network": "other"}


def test_another_kind_of_network_takes_leave_of_the_old_switch() -> None:
    interface = at(after("open-vswitch", EDITS["plugged into a network"]), "devices/interface")
    assert interface.find("virtualport") is interface.find("vlan") is None


def test_what_needs_spice_goes_with_it() -> None:
    root = after("spice-desktop", EDITS["vnc"])
    assert [graphics.get("type") for graphics in root.iterfind("devices/graphics")] == ["vnc"]
    assert root.find("devices/redirdev") is root.find("devices/smartcard") is None
    assert [channel.get("type") for channel in root.iterfind("devices/channel")] == ["unix"]
    assert at(root, "devices/audio").get("type") == "none"
    assert root.find("devices/redirfilter") is not None


def test_a_new_screen_is_open_to_the_node_alone() -> None:
    screen = at(after("plain", EDITS["spice"]), "devices/graphics")
    assert attributes(screen) == {"type": "spice", "autoport": "yes", "listen": "127.0.0.1"}


def test_a_screen_that_stays_keeps_its_password() -> None:
    root = after("vnc-with-password", EDITS["vnc"])
    assert at(root, "devices/graphics").get("passwd") == "geheim"


def test_numbers_at_other_devices_come_behind() -> None:
    root = after("boot-by-device", EDITS["boot by device"])
    assert at(root, "devices/hostdev/boot").get("order") == "4"
    assert at(root, "devices/redirdev/boot").get("order") == "5"


def test_an_order_by_device_takes_the_place_of_that_by_kind() -> None:
    root = after("bios-with-serial-menu", EDITS["boot by device"])
    assert root.find("os/boot") is None
    assert at(root, "os/bootmenu").get("timeout") == "5000"
    assert at(root, "os/bios").get("useserial") == "yes"


def test_two_interfaces_of_one_address_are_told_apart() -> None:
    machine = hardware_of(CORPUS["bonded-in-guest"])
    assert [one.was for one in machine.interfaces] == ["52:54:00:10:08:01", "52:54:00:10:08:01#2"]
    root = after("bonded-in-guest", EDITS["one interface less"])
    assert at(root, "devices/interface/source").get("network") == "left"


@pytest.mark.parametrize(
    ("name", "beyond"),
    [
        ("passed-through", Beyond.PASSED_THROUGH),
        ("sr-iov", Beyond.PASSED_THROUGH),
        ("huge-pages", Beyond.HUGE_PAGES),
        ("numa-cells", Beyond.NUMA),
        ("memory-modules", Beyond.MEMORY_MODULES),
        ("tuned-vcpus", Beyond.PINNING),
        ("limited-disks", Beyond.TUNING),
        ("qemu-arguments", Beyond.QEMU_ARGUMENTS),
        ("encrypted-memory", Beyond.ENCRYPTED_MEMORY),
        ("uefi-secure-boot", Beyond.TPM),
        ("shared-folders", Beyond.SHARED_FOLDERS),
        ("small-devices", Beyond.SHARED_MEMORY),
        ("direct-kernel", Beyond.DIRECT_KERNEL),
        ("other-screens", Beyond.OTHER_SCREENS),
    ],
)
def test_a_machine_says_what_the_panel_leaves(name: str, beyond: Beyond) -> None:
    assert beyond in hardware_of(CORPUS[name]).beyond


def test_firmware_is_told_apart() -> None:
    found = {name: hardware_of(xml).firmware for name, xml in CORPUS.items()}
    assert found["plain"] is Firmware.BIOS
    assert found["uefi-chosen-by-node"] is found["arm-virt"] is Firmware.EFI
    assert found["uefi-secure-boot"] is Firmware.SECURE_BOOT
    assert found["s390x-ccw"] is Firmware.OTHER


def test_free_ports_are_those_that_nothing_is_plugged_into() -> None:
    """Seven, less one that is in use and one that takes nothing while the machine is on."""
    assert hardware_of(CORPUS["ports-for-hot-plug"]).limits.free_slots == 5


def test_a_device_that_is_gone_is_not_edited() -> None:
    gone = Change(Part.DRIVE_SERIAL, "", "S-1", "vdz", "vdz")
    for edit in (lambda: edited(CORPUS["plain"], [gone]), lambda: device_as_changed(CORPUS["plain"], gone)):
        with pytest.raises(ChangedMeanwhile):
            edit()


def test_what_xml_cannot_write_is_refused() -> None:
    with pytest.raises(InvalidXml):
        edited(CORPUS["plain"], [Change(Part.TITLE, "", "a\x01b")])


def test_what_is_impossible_is_left_out() -> None:
    machine = hardware_of(CORPUS["numa-cells"])
    changes = plan(machine, replace(machine, title="x", memory=machine.memory * 2))
    text = edited(CORPUS["numa-cells"], changes)
    assert hardware_of(text) == replace(machine, title="x")
