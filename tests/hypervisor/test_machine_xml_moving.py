"""A definition that goes to another node: what it needs there, and what it is there."""

from __future__ import annotations

import pytest
from lxml import etree

from tests.hypervisor.shapes import SHAPES, at, shape, with_devices
from vms.hypervisor.errors import InvalidXml
from vms.hypervisor.machine_xml import PanelMark, describe, moved, needs_of, parse, with_panel_mark
from vms.rules.preflight import MovingDisk, Tie


def lines(xml: str) -> list[str]:
    return etree.tostring(parse(xml), method="c14n").decode().replace("><", ">\n<").splitlines()


@pytest.mark.parametrize("name", SHAPES)
def test_without_another_disk_nothing_changes(name: str) -> None:
    assert lines(moved(SHAPES[name], {})) == lines(SHAPES[name])


@pytest.mark.parametrize("name", [name for name, xml in SHAPES.items() if "dev='vda'" in xml])
def test_a_disk_goes_into_another_image_and_all_else_stays(name: str) -> None:
    before = SHAPES[name]
    after = moved(before, {"vda": "/there/new.qcow2"})
    disk = at(parse(after), "devices/disk/target[@dev='vda']/..")
    assert {str(name): str(value) for name, value in at(disk, "source").attrib.items()} == {"file": "/there/new.qcow2"}
    assert at(disk, "driver").get("type") == "qcow2"
    assert disk.find("backingStore") is None
    assert rest_of(before.replace("made-disk>/origin/a.qcow2", "made-disk>/there/new.qcow2")) == rest_of(after)


def rest_of(xml: str) -> list[str]:
    """Without what is said of the first disk's image."""
    root = parse(xml)
    disk = at(root, "devices/disk/target[@dev='vda']/..")
    for tag in ("source", "backingStore", "driver", "auth", "encryption", "mirror"):
        for element in disk.findall(tag):
            disk.remove(element)
    disk.set("type", "file")
    return [line.strip() for line in lines(etree.tostring(root, encoding="unicode")) if line.strip()]


def test_what_belongs_to_the_disk_and_not_to_its_image_stays() -> None:
    disk = at(parse(moved(shape(), {"vda": "/there/new.qcow2"})), "devices/disk/target[@dev='vda']/..")
    assert disk.findtext("serial") == "origin-serial"
    assert at(disk, "driver").get("cache") == "none"
    assert disk.find("iotune") is not None


def test_the_note_of_images_that_the_panel_made_goes_along() -> None:
    mark = PanelMark(made_disks=frozenset({"/origin/a.qcow2", "/origin/other.qcow2"}), display_name="Books")
    after = describe(moved(with_panel_mark(shape(), mark), {"vda": "/there/new.qcow2"})).panel
    assert after.made_disks == {"/there/new.qcow2", "/origin/other.qcow2"}
    assert after.display_name == "Books"


@pytest.mark.parametrize("target", ["vdz", "sda"])
def test_what_is_no_disk_of_it_cannot_go_elsewhere(target: str) -> None:
    with pytest.raises(InvalidXml):
        moved(shape(), {target: "/there/new.qcow2"})


def test_a_path_that_xml_cannot_write_is_refused() -> None:
    with pytest.raises(InvalidXml):
        moved(shape(), {"vda": "/there/\0"})


def test_needs_are_read() -> None:
    needs = needs_of(with_devices("<interface type='bridge'><source bridge='br7'/></interface>"))
    assert needs.memory == 512 * 1024**2
    assert needs.networks == {"default"}
    assert needs.bridges == {"br7"}
    assert needs.disks == (MovingDisk("vda", "/origin/a.qcow2"),)
    assert needs.own_files == frozenset()
    assert not needs.keeps_state
    assert needs.ties == frozenset()


def test_a_medium_that_may_be_missing_is_not_needed() -> None:
    assert needs_of(shape()).media == frozenset()
    assert needs_of(shape().replace(" startupPolicy='optional'", "")).media == {"/origin/install.iso"}


def test_a_disk_that_is_only_read_is_a_medium() -> None:
    disk = "<disk type='file' device='disk'><source file='/isos/books.raw'/><target dev='vdb' bus='virtio'/><readonly/>"
    needs = needs_of(with_devices(disk + "</disk>"))
    assert needs.media == {"/isos/books.raw"}
    assert [disk.target for disk in needs.disks] == ["vda"]


def test_what_is_in_the_network_is_the_same_everywhere() -> None:
    disk = "<disk type='network' device='disk'><source protocol='nbd' name='x'><host name='nbd'/></source>"
    needs = needs_of(with_devices(disk + "<target dev='vdb' bus='virtio'/></disk>"))
    assert [disk.target for disk in needs.disks] == ["vda"]


@pytest.mark.parametrize(
    "disk",
    [
        "<disk type='block' device='disk'><source dev='/dev/sdq'/>",
        "<disk type='volume' device='disk'><source pool='p' volume='v'/>",
        "<disk type='file' device='disk'><source file='/a'/><shareable/>",
        "<disk type='file' device='disk'><source file='/a'><encryption format='luks'/></source>",
    ],
)
def test_some_disks_cannot_be_copied(disk: str) -> None:
    needs = needs_of(with_devices(f"{disk}<target dev='vdb' bus='virtio'/></disk>"))
    assert not {each.target: each for each in needs.disks}["vdb"].can_be_copied


def test_variables_of_the_firmware_are_files_of_the_machine() -> None:
    assert needs_of(SHAPES["UEFI with its variables"]).own_files == {"/origin/VARS.fd"}
    assert needs_of(SHAPES["variables in a file of another kind"]).own_files == {"/origin/VARS.fd"}


@pytest.mark.parametrize(
    ("devices", "tie"),
    [
        ("<hostdev mode='subsystem' type='pci'/>", Tie.PASSED_THROUGH),
        ("<tpm model='tpm-tis'><backend type='passthrough'/></tpm>", Tie.PASSED_THROUGH),
        ("<filesystem type='mount'><source dir='/a'/><target dir='b'/></filesystem>", Tie.SHARED_FOLDERS),
        ("<shmem name='s'/>", Tie.SHARED_MEMORY),
    ],
)
def test_devices_of_the_node_tie_a_machine_to_it(devices: str, tie: Tie) -> None:
    assert needs_of(with_devices(devices)).ties == {tie}


def test_a_tpm_of_its_own_keeps_state() -> None:
    needs = needs_of(with_devices("<tpm model='tpm-tis'><backend type='emulator' version='2.0'/></tpm>"))
    assert needs.keeps_state
    assert needs.ties == frozenset()
