"""Another boot order, another firmware."""

from lxml.etree import _Element as Element

from vms.hypervisor.machine_xml.booting import NUMBERS, number_of, write_kinds
from vms.hypervisor.machine_xml.elements import child_of, drop, drop_all, drop_attributes
from vms.hypervisor.machine_xml.hardware_reading import interface_keys
from vms.rules.differences import Change
from vms.rules.hardware import BOOT_KINDS, Firmware

_EDITED = frozenset({"disk", "interface"})


def set_boot(root: Element, change: Change) -> None:
    """One order for all kinds, or numbers at the devices. Other devices that have a number come behind."""
    order = [str(key) for key in change.after] if isinstance(change.after, tuple) else []
    if BOOT_KINDS.issuperset(order):
        write_kinds(root, order)
    else:
        drop_all(root, "os/boot")
        _number(root, order)


def set_firmware(root: Element, change: Change) -> None:
    """libvirt chooses the files."""
    os = child_of(root, "os")
    if change.after == Firmware.EFI:
        os.set("firmware", "efi")
    else:
        drop_attributes(os, "firmware")
        drop_all(root, "os/firmware")


def _number(root: Element, order: list[str]) -> None:
    rest = [boot for boot in sorted(root.iterfind(NUMBERS), key=number_of) if _tag_of_device(boot) not in _EDITED]
    devices = _devices(root)
    first = [child_of(devices[key], "boot") for key in order]
    for boot in root.findall(NUMBERS):
        if boot not in first and boot not in rest:
            drop(boot)
    for number, boot in enumerate([*first, *rest], start=1):
        boot.set("order", str(number))


def _tag_of_device(boot: Element) -> str:
    device = boot.getparent()
    return "" if device is None else str(device.tag)


def _devices(root: Element) -> dict[str, Element]:
    """Drives and interfaces by the names that they have now."""
    disks, interfaces = root.findall("devices/disk"), root.findall("devices/interface")
    targets = [child_of(disk, "target").get("dev", "") for disk in disks]
    return dict(zip([*targets, *interface_keys(interfaces)], [*disks, *interfaces], strict=True))
