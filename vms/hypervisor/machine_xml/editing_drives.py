"""Disks and drives for media: new ones, other media, another bus."""

from lxml import etree
from lxml.etree import _Element as Element

from vms.hypervisor.machine_xml.cloned_disks import OF_THE_OLD_IMAGE
from vms.hypervisor.machine_xml.elements import child_of, drop_all, drop_attributes, write_text
from vms.rules.differences import Change
from vms.rules.hardware import Drive

_ATTRIBUTE_OF_KIND = {"file": "file", "block": "dev"}
_VIRTIO_ONLY = ("iothread", "queues", "queue_size", "event_idx", "ioeventfd", "iommu", "ats", "packed", "page_per_vq")
_SCSI_LIKE = frozenset({"scsi", "ide", "sata"})


def element_of(drive: Drive) -> Element:
    disk = etree.Element("disk", type=drive.kind, device=drive.device)
    etree.SubElement(disk, "driver", name="qemu", type=drive.format or "raw")
    if drive.source:
        etree.SubElement(disk, "source").set(_ATTRIBUTE_OF_KIND[drive.kind], drive.source)
    etree.SubElement(disk, "target", dev=drive.target, bus=drive.bus)
    if drive.serial:
        etree.SubElement(disk, "serial").text = drive.serial
    if drive.read_only or drive.is_removable:
        etree.SubElement(disk, "readonly")
    return disk


def add(root: Element, change: Change) -> None:
    if isinstance(change.after, Drive):
        child_of(root, "devices").append(element_of(change.after))


def set_medium(drive: Element, change: Change) -> None:
    """A file, always taken as it is; "" leaves the drive empty."""
    policy = "" if (old := drive.find("source")) is None else old.get("startupPolicy", "")
    drop_all(drive, *OF_THE_OLD_IMAGE)
    drive.set("type", "file")
    for target in drive.iterfind("target"):
        drop_attributes(target, "tray")
    if change.after:
        source = etree.SubElement(drive, "source", file=str(change.after))
        child_of(drive, "driver").set("name", "qemu")
        child_of(drive, "driver").set("type", "raw")
        if policy:
            source.set("startupPolicy", policy)


def set_read_only(drive: Element, change: Change) -> None:
    """Into one that is not written nothing is copied when it is read either."""
    drop_all(drive, "readonly")
    if change.after:
        etree.SubElement(drive, "readonly")
        for driver in drive.iterfind("driver"):
            drop_attributes(driver, "copy_on_read")


def set_serial(drive: Element, change: Change) -> None:
    drop_all(drive, "serial")
    if change.after:
        write_text(child_of(drive, "serial"), str(change.after))


def set_bus(drive: Element, change: Change) -> None:
    """Its place on the old bus goes, and what only drives there can have."""
    bus, name = change.after if isinstance(change.after, tuple) else ("", "")
    target = child_of(drive, "target")
    target.set("bus", bus)
    target.set("dev", name)
    drop_all(drive, "address", "geometry")
    if bus != "virtio":
        _forget_virtio(drive)
    if bus not in _SCSI_LIKE:
        drop_all(drive, "wwn", "vendor", "product")
        drop_attributes(target, "rotation_rate")
    if bus != "usb":
        drop_attributes(target, "removable")


def _forget_virtio(drive: Element) -> None:
    drop_attributes(drive, "model")
    for driver in drive.iterfind("driver"):
        drop_attributes(driver, *_VIRTIO_ONLY)
        drop_all(driver, "iothreads")
