"""From which device a machine boots. One order stands for all kinds of device, or a number at each device."""

from collections.abc import Iterable
from typing import Literal

from lxml import etree
from lxml.etree import _Element as Element

from vms.hypervisor.machine_xml.elements import child_of, drop, drop_all

BootDevice = Literal["cdrom", "hd"]
DRIVES: dict[BootDevice, frozenset[str]] = {"cdrom": frozenset({"cdrom"}), "hd": frozenset({"disk", "lun"})}
"""The kinds of drive that are this boot device."""

NUMBERS = "devices/*/boot"


def put_first(root: Element, device: BootDevice) -> None:
    """The rest follows in the order it had. Where devices have numbers and none is of this kind, nothing changes."""
    if has_numbers(root):
        _put_drive_first(root, device)
    else:
        kinds = [boot.get("dev", "") for boot in root.iterfind("os/boot")] or ["hd"]
        write_kinds(root, [device, *(kind for kind in kinds if kind != device)])


def forget_media(root: Element) -> None:
    """No longer boot from what can be taken out."""
    drop_all(root, "os/boot[@dev='cdrom']", "os/boot[@dev='fd']")
    drop_all(root, "devices/disk[@device='cdrom']/boot", "devices/disk[@device='floppy']/boot")


def has_numbers(root: Element) -> bool:
    """Whether the order stands at the devices."""
    return root.find(NUMBERS) is not None


def number_of(boot: Element) -> int:
    """0 for what libvirt would not take either."""
    order = boot.get("order", "")
    return int(order[:9]) if order.isascii() and order.isdigit() else 0


def drives_of(root: Element, device: BootDevice) -> list[Element]:
    return [disk for disk in root.iterfind("devices/disk") if disk.get("device", "disk") in DRIVES[device]]


def write_kinds(root: Element, kinds: list[str]) -> None:
    """In the elements that are there, so that what stands between them stays."""
    os = child_of(root, "os")
    boots = os.findall("boot")
    for surplus in boots[len(kinds) :]:
        drop(surplus)
    boots += [etree.SubElement(os, "boot") for _ in kinds[len(boots) :]]
    for boot, kind in zip(boots, kinds, strict=False):
        boot.set("dev", kind)


def _put_drive_first(root: Element, device: BootDevice) -> None:
    drives = drives_of(root, device)
    first = _in_order(boot for drive in drives for boot in drive.iterfind("boot"))
    if drives and not first:
        first = [etree.SubElement(drives[0], "boot")]
    rest = [boot for boot in _in_order(root.iterfind(NUMBERS)) if boot not in first]
    for order, boot in enumerate([*first, *rest], start=1):
        boot.set("order", str(order))


def _in_order(boots: Iterable[Element]) -> list[Element]:
    return sorted(boots, key=number_of)
