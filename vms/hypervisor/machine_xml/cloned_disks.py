"""The disks of a copy: its own images, empty drives, and nothing that it would write to together with the origin."""

from collections.abc import Mapping

from lxml import etree
from lxml.etree import _Element as Element

from vms.hypervisor.errors import InvalidXml
from vms.hypervisor.machine_xml.elements import child_of, drop, drop_all, drop_attributes

_DRIVES = frozenset({"cdrom", "floppy"})
OF_THE_OLD_IMAGE = ("source", "backingStore", "mirror", "auth", "encryption")
_OF_ONE_DISK = ("serial", "wwn")


def replace_disks(root: Element, paths: Mapping[str, str]) -> None:
    """paths: of qcow2 images, by target. A disk without one is left out, unless it may be shared with the origin.

    InvalidXml if a target is none of the machine's disks.
    """
    disks = root.findall("devices/disk")
    unknown = set(paths) - {target_of(disk) for disk in disks if disk.get("device") not in _DRIVES}
    if unknown:
        raise InvalidXml(f"the machine has no disk {', '.join(sorted(unknown))}")
    for disk in disks:
        _replace(disk, paths.get(target_of(disk), ""))


def _replace(disk: Element, path: str) -> None:
    if disk.get("device") in _DRIVES:
        _eject(disk)
    elif path:
        _use(disk, path)
    elif not _may_be_shared(disk):
        drop(disk)


def use_image(disk: Element, path: str) -> None:
    """Another one, qcow2."""
    drop_all(disk, *OF_THE_OLD_IMAGE)
    disk.set("type", "file")
    driver = disk.find("driver")
    if driver is None:
        driver = etree.SubElement(disk, "driver", name="qemu")
    driver.set("type", "qcow2")
    child_of(disk, "source").set("file", path)


def target_of(disk: Element) -> str:
    target = disk.find("target")
    return "" if target is None else target.get("dev", "")


def _eject(drive: Element) -> None:
    drop_all(drive, *OF_THE_OLD_IMAGE, *_OF_ONE_DISK)
    drive.set("type", "file")
    for target in drive.iterfind("target"):
        drop_attributes(target, "tray")


def _use(disk: Element, path: str) -> None:
    drop_all(disk, *_OF_ONE_DISK)
    if disk.get("device") == "lun":  # SCSI commands can be passed on to a device of the node only
        disk.set("device", "disk")
        drop_attributes(disk, "rawio", "sgio")
    use_image(disk, path)


def _may_be_shared(disk: Element) -> bool:
    return disk.find("readonly") is not None or disk.find("shareable") is not None
