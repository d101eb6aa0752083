"""A copy of a machine can stand beside its origin: nothing of the origin's own is left in it, and all else is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import libvirt
import pytest

from demo.nodes import LocalNode
from tests.hypervisor.conftest import REAL
from tests.hypervisor.places import Place
from tests.hypervisor.shapes import DISK, SHAPES, UUID_OF_ORIGIN, at, shape
from tests.nodes import free_port
from vms.hypervisor.errors import InvalidXml
from vms.hypervisor.machine_xml import Clone, PanelMark, clone_of, describe, parse
from vms.hypervisor.machine_xml.elements import drop_all
from vms.hypervisor.machine_xml.parsing import text_of
from vms.rules.kinds import Kind, Link
from vms.rules.power import Power

NEW = UUID("0badcafe-0000-4000-8000-000000000001")
MARK = PanelMark(Kind.VM, None, "Copy", frozenset({"/copy/vda.qcow2"}), UUID(UUID_OF_ORIGIN), Link.STREAMING)
MIB = 1024**2
# What only the origin has: its numbers, places and secrets. The mark names the origin, so it is looked at apart.
OF_THE_ORIGIN = (
    "origin",
    "aa:00:0",
    UUID_OF_ORIGIN,
    "5977",
    "5978",
    "977",
    "192.0.2.77",
    "22222222",
    "33333333",
    "0xaf",
)
KEPT = {
    "disks of every type": ("<readonly/>", "/shared/books.raw"),
    "interfaces of every type": ('<source bridge="br0"', 'filter="clean-traffic"', 'mode="bridge"', '<tag id="7"/>'),
    "arguments of QEMU's own": ('<qemu:arg value="-foo"/>',),
    "metadata of others": ('<o:thing xmlns:o="urn:other" a="1"><o:b/>text</o:thing>', "<!-- why -->"),
    "a TPM that is emulated": ('<backend type="emulator" version="2.0" persistent_state="yes"/>',),
    "spice with a password": ('<clipboard copypaste="no"/>', '<channel type="spicevmc">'),
    "VNC at a fixed port": ('listen="0.0.0.0"', 'keymap="de-ch"'),
    "VNC at a socket": ('<listen type="socket"/>',),
    "UEFI with its variables": ("OVMF_CODE.fd</loader>", 'template="/usr/share/OVMF/OVMF_VARS.fd"'),
    "laid out by hand": ('<emulatorpin cpuset="0"/>', '<memory mode="preferred" nodeset="0"/>'),
    "one cell and a module": ('memAccess="shared"',),
    "serial numbers": ('<entry name="product">Book</entry>', '<smbios mode="sysinfo"/>'),
}


def copy_of(xml: str, **other: object) -> str:
    found = describe(xml)
    values: dict = {
        "name": "copy",
        "uuid": NEW,
        "disks": {
            disk.target: f"/copy/{disk.target}.qcow2"
            for disk in found.disks
            if disk.device in {"disk", "lun"} and not disk.read_only
        },
        "memory": 1024 * MIB,
        "vcpus": 3,
        "network": None,
        "macs": [f"52:54:00:bb:00:{number:02x}" for number in range(len(found.interfaces))],
        "mark": MARK,
    }
    return clone_of(xml, Clone(**{**values, **other}))


def without_mark(xml: str) -> str:
    root = parse(xml)
    drop_all(root, "metadata/{urn:stoney-panel:vm:1}vm")
    return text_of(root)


@pytest.mark.parametrize("name", SHAPES)
def test_nothing_of_the_origin_is_left(name: str) -> None:
    copy = without_mark(copy_of(SHAPES[name]))
    copied = without_mark(copy_of(copy))  # a copy of the copy is one too
    for text in (copy, copied):
        assert [own for own in OF_THE_ORIGIN if own in text.lower()] == []


@pytest.mark.parametrize("name", SHAPES)
def test_a_copy_is_what_was_asked_for(name: str) -> None:
    found, origin = describe(copy_of(SHAPES[name])), describe(SHAPES[name])
    assert (found.name, found.uuid, found.title) == ("copy", NEW, "")
    assert (found.memory, found.memory_current) == (1024 * MIB, 1024 * MIB)
    assert (found.vcpus, found.vcpus_current) == (3, 3)
    assert found.panel == MARK
    assert [disk.target for disk in found.disks] == [disk.target for disk in origin.disks]
    for disk in found.disks:
        if disk.device == "disk" and not disk.read_only:
            assert (disk.source, disk.format) == (f"/copy/{disk.target}.qcow2", "qcow2")
        elif disk.device in {"cdrom", "floppy"}:
            assert disk.source == ""
    assert "cdrom" not in found.boot_devices
    if found.disks and found.boot_devices:
        assert found.boot_devices[0] == "hd"


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_not_the_origins_own_stays(name: str) -> None:
    copy = copy_of(SHAPES[name])
    for kept in ("<!-- by hand -->", "<!-- the end -->", "Made for the accounts", *KEPT.get(name, ())):
        assert kept in copy
    if DISK in SHAPES[name]:
        assert "<!-- the system -->" in copy
        assert 'snapshot="external"' in copy
        assert 'cache="none" discard="unmap"' in copy
        assert "<total_iops_sec>900</total_iops_sec>" in copy


def test_disks_become_files_of_their_own() -> None:
    root = parse(copy_of(SHAPES["disks of every type"]))
    assert {disk.get("type") for disk in root.iterfind("devices/disk")} == {"file"}
    assert {disk.get("device") for disk in root.iterfind("devices/disk")} == {"disk", "cdrom", "floppy"}
    for tag in ("backingStore", "serial", "wwn", "auth"):
        assert root.find(f"devices/disk/{tag}") is None


def test_a_disk_that_gets_no_image_is_left_out_unless_it_may_be_shared() -> None:
    copy = describe(copy_of(SHAPES["disks of every type"], disks={"vda": "/copy/a.qcow2"}))
    assert [disk.target for disk in copy.disks] == ["vda", "sda", "vde", "fda"]


@pytest.mark.parametrize("target", ["vdz", "sda"])
def test_an_image_for_no_disk_is_refused(target: str) -> None:
    with pytest.raises(InvalidXml):
        copy_of(SHAPES["plain"], disks={target: "/copy/a.qcow2"})


@pytest.mark.parametrize("macs", [[], ["52:54:00:00:00:01"] * 2])
def test_another_count_of_macs_is_refused(macs: list[str]) -> None:
    with pytest.raises(InvalidXml):
        copy_of(SHAPES["plain"], macs=macs)


@pytest.mark.parametrize(
    "text",
    [
        {"name": "bell \x07"},
        {"disks": {"vda": "/\x07"}},
        {"network": "\x07"},
        {"macs": ["\x07"]},
        {"mark": PanelMark(display_name="\x07")},
    ],
)
def test_text_that_xml_cannot_hold_is_refused(text: dict[str, object]) -> None:
    with pytest.raises(InvalidXml):
        copy_of(SHAPES["plain"], **text)


def test_each_interface_gets_its_mac_in_order() -> None:
    copy = describe(copy_of(SHAPES["interfaces of every type"]))
    assert [(interface.mac[-2:], interface.source_type) for interface in copy.interfaces] == [
        ("00", "bridge"),
        ("01", "direct"),
        ("02", "user"),
        ("04", "bridge"),
    ]


def test_the_first_interface_is_plugged_in_elsewhere() -> None:
    copy = copy_of(SHAPES["interfaces of every type"], network="green")
    first, *_ = parse(copy).findall("devices/interface")
    assert [child.tag for child in first] == ["mac", "model", "source"]
    described = describe(copy).interfaces
    assert (described[0].source_type, described[0].source, described[0].model) == ("network", "green", "e1000")
    assert described[1].source_type == "direct"


def test_an_interface_that_is_plugged_in_there_already_keeps_its_port() -> None:
    xml = SHAPES["plain"].replace("network='default'", "network='default' portgroup='fast'")
    assert 'portgroup="fast"' in copy_of(xml, network="default")
    assert "portgroup" not in copy_of(xml, network="green")


def test_a_network_card_of_the_node_becomes_a_virtual_one_where_a_network_is_named() -> None:
    xml = SHAPES["a network card of the node"]
    assert describe(copy_of(xml)).interfaces == ()
    (interface,) = describe(copy_of(xml, network="green")).interfaces
    assert (interface.source_type, interface.source, interface.model) == ("network", "green", "virtio")


def test_devices_of_the_node_are_left_out() -> None:
    for tag in ("hostdev", "input", "lease"):
        assert f"<{tag}" not in copy_of(SHAPES["devices of the node"])
    assert "<tpm" not in copy_of(SHAPES["a TPM of the node"])


def test_ports_are_placed_anew() -> None:
    root = parse(copy_of(SHAPES["ports with places"]))
    assert [serial.get("type") for serial in root.iterfind("devices/serial")] == ["pty", "pty", "pty", "null"]
    assert [channel.get("type") for channel in root.iterfind("devices/channel")] == ["unix", "unix"]
    assert root.findall("devices/serial/source") + root.findall("devices/channel/source") == []
    assert at(root, "devices/vsock/cid").items() == [("auto", "yes")]


def test_a_screen_that_loses_its_password_is_not_open_to_others() -> None:
    xml = SHAPES["spice with a password"].replace("port='5977'", "port='5977' tlsPort='5978'")
    graphics = at(parse(copy_of(xml)), "devices/graphics")
    assert dict(graphics.items()) == {
        "type": "spice",
        "port": "-1",
        "tlsPort": "-1",
        "autoport": "yes",
        "listen": "127.0.0.1",
    }


def test_the_boot_numbers_begin_with_the_disk() -> None:
    root = parse(copy_of(SHAPES["an order at the devices"]))
    assert at(root, "devices/disk/boot").get("order") == "1"
    assert at(root, "devices/interface/boot").get("order") == "2"
    assert len(root.findall("devices/*/boot")) == 2
    assert root.find("os/boot") is None


def test_a_layout_that_still_fits_stays() -> None:
    copy = copy_of(SHAPES["laid out by hand"], memory=512 * MIB, vcpus=4)
    for tag in ("topology", "numa", "maxMemory", "vcpupin", "memnode", 'nodeset="1"'):
        assert tag in copy


def test_a_layout_that_no_longer_fits_goes() -> None:
    copy = copy_of(SHAPES["laid out by hand"])
    for tag in ("topology", "<numa>", "maxMemory", "vcpupin", "memnode", 'nodeset="1"', "<cpu>"):
        assert tag not in copy


def test_one_cell_holds_all_that_the_copy_has() -> None:
    cell = at(parse(copy_of(SHAPES["one cell and a module"], memory=512 * MIB, vcpus=2)), "cpu/numa/cell")
    assert (cell.get("memory"), cell.get("unit"), cell.get("cpus")) == (str(512 * MIB), "b", "0-1")


def test_a_serial_number_that_is_for_cloud_init_stays() -> None:
    xml = SHAPES["serial numbers"].replace("origin-serial", "ds=nocloud;h=web")
    assert "ds=nocloud;h=web" in copy_of(xml)


@pytest.mark.parametrize("xml", ["", "<network/>", shape().replace("</name>", "</name><memory unit='X'>1</memory>")])
def test_what_is_no_definition_is_not_copied(xml: str) -> None:
    clone = Clone("copy", NEW, {}, MIB, 1, None, [], MARK)
    with pytest.raises(InvalidXml):
        clone_of(xml, clone)


@pytest.mark.live
def test_a_node_takes_the_copy_beside_the_origin(live_node: LocalNode) -> None:
    """What the node lacks for an origin (firmware, SPICE ...) it lacks for the copy, and complains of nothing else."""
    with live_node.connected() as connection:
        for xml in SHAPES.values():
            with defined(connection, xml) as origin:
                lacks, texts = (origin, [xml]) if isinstance(origin, str) else ("", [xml, definition_in(origin)])
                for text in texts:
                    with defined(connection, copy_of(text, uuid=uuid4())) as copy:
                        assert copy == lacks if lacks else describe(definition_in(copy)).memory == 1024 * MIB


@pytest.mark.parametrize("place", [REAL], indirect=True)
def test_origin_and_copy_run_side_by_side(place: Place) -> None:
    node = place.connect()
    disks = [f"{place.images}/{name}.qcow2" for name in ("origin", "copy")]
    for disk in disks:
        node.make_image(disk, 64 * MIB)
    devices = DISK[: DISK.index("<backingStore")].replace("/origin/a.qcow2", disks[0]) + (
        f"<target dev='vda' bus='virtio'/></disk><graphics type='vnc' port='{free_port()}'/>"
        f"<serial type='file'><source path='{place.images}/serial.log'/></serial>"
        "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
    )
    small = "<memory unit='MiB'>32</memory>"
    origin = node.define(shape(devices, boot="<boot dev='hd'/>", size=small))
    copy = node.define(copy_of(node.xml_of(origin), uuid=uuid4(), disks={"vda": disks[1]}, memory=48 * MIB, vcpus=2))
    place.made += [origin, copy]
    for vm in (origin, copy):
        node.start_paused(vm)
    assert [node.machine(vm).power for vm in (origin, copy)] == [Power.PAUSED, Power.PAUSED]
    for vm, disk in zip((origin, copy), disks, strict=True):
        node.power_off(vm)
        node.delete_disk(disk)


@contextmanager
def defined(connection: libvirt.virConnect, xml: str) -> Iterator[libvirt.virDomain | str]:
    """The domain, or why the node does not take it."""
    try:
        domain = connection.defineXMLFlags(xml, libvirt.VIR_DOMAIN_DEFINE_VALIDATE)
    except libvirt.libvirtError as error:
        yield str(error)
        return
    yield domain
    domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)


def definition_in(domain: libvirt.virDomain | str) -> str:
    assert not isinstance(domain, str), domain
    return str(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE | libvirt.VIR_DOMAIN_XML_INACTIVE))
