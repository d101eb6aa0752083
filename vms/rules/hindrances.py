"""Why a change of a machine is impossible, whether it is on or off."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from vms.rules.differences import Change, Hindrance, Part
from vms.rules.hardware import BOOT_KINDS, PREFIX_OF_BUS, REMOVABLE, Drive, Firmware, Hardware, Interface

GRAPHICS = frozenset({"vnc", "spice"})
WATCHDOG_ACTIONS = frozenset({"", "reset", "shutdown", "poweroff", "pause", "none", "dump", "inject-nmi"})
PLUGS = frozenset({"network", "bridge", "user"})
"""What the panel can plug an interface into."""

_LEAST_MEMORY = 1024**2
_FILES = frozenset({"file", "block"})
_VIRTIO_ONLY = frozenset({"vhostuser"})
_OF_THE_NODE = frozenset({"hostdev", "vdpa", "vhostuser", "server", "client", "mcast", "udp"})
_ATA = frozenset({"ide", "sata"})
_MAC = re.compile(r"[0-9a-f][02468ace](:[0-9a-f]{2}){5}\Z", re.IGNORECASE)
_SERIAL = re.compile(r"[A-Za-z0-9_.+ -]*\Z")
_EFI_KNOWN = frozenset({"x86_64"})


def hindrance_of(change: Change, before: Hardware, after: Hardware) -> Hindrance | None:
    """None if it can be made, now or at the next start."""
    check = _CHECKS.get(change.part)
    return None if check is None else check(change, before, after)


def _fixed(_change: Change, _before: Hardware, _after: Hardware) -> Hindrance:
    return Hindrance.FIXED


def _title(change: Change, _before: Hardware, _after: Hardware) -> Hindrance | None:
    return Hindrance.WRONG_NAME if "\n" in str(change.after) else None


def _memory(_change: Change, before: Hardware, after: Hardware) -> Hindrance | None:
    """The most it may have is what it was, if that cannot be changed."""
    most = before.memory if _memory_layout(before, after) else after.memory
    return _amount(after.memory_current, most, _LEAST_MEMORY) or _without_balloon(after, most)


def _memory_maximum(_change: Change, before: Hardware, after: Hardware) -> Hindrance | None:
    own = _memory_layout(before, after) or _amount(after.memory_current, after.memory, _LEAST_MEMORY)
    return own or _without_balloon(after, after.memory)


def _memory_layout(before: Hardware, after: Hardware) -> Hindrance | None:
    limits = before.limits
    if after.memory == before.memory:
        return None
    if limits.cells > 1 or limits.has_modules:
        return Hindrance.MEMORY_LAID_OUT
    if any(ceiling and after.memory > ceiling for ceiling in (limits.memory_ceiling, limits.memory_cap)):
        return Hindrance.ABOVE_CEILING
    return Hindrance.NOT_WHOLE_PAGES if limits.page and after.memory % limits.page else None


def _without_balloon(after: Hardware, most: int) -> Hindrance | None:
    has_all = after.limits.has_balloon or after.memory_current == most
    return None if has_all else Hindrance.NO_BALLOON


def _vcpus(_change: Change, before: Hardware, after: Hardware) -> Hindrance | None:
    most = before.vcpus if _vcpus_layout(before, after) else after.vcpus
    hindrance = Hindrance.VCPUS_LAID_OUT if before.limits.vcpus_have_names else None
    return hindrance or _amount(after.vcpus_current, most, 1)


def _vcpus_maximum(_change: Change, before: Hardware, after: Hardware) -> Hindrance | None:
    return _vcpus_layout(before, after) or _amount(after.vcpus_current, after.vcpus, 1)


def _vcpus_layout(before: Hardware, after: Hardware) -> Hindrance | None:
    limits = before.limits
    if after.vcpus == before.vcpus:
        return None
    is_laid_out = limits.cells > 1 or limits.vcpus_have_names
    if is_laid_out or (limits.topology and limits.topology != after.vcpus):
        return Hindrance.VCPUS_LAID_OUT
    return Hindrance.VCPUS_PINNED if after.vcpus <= limits.highest_pinned else None


def _amount(wanted: int, most: int, least: int) -> Hindrance | None:
    if wanted < least:
        return Hindrance.TOO_LITTLE
    return Hindrance.ABOVE_MAXIMUM if wanted > most else None


def _firmware(change: Change, before: Hardware, _after: Hardware) -> Hindrance | None:
    if before.limits.arch not in _EFI_KNOWN or not before.limits.has_acpi:
        return Hindrance.NOT_FOR_THIS_MACHINE
    if before.limits.keeps_firmware or before.firmware in {Firmware.SECURE_BOOT, Firmware.OTHER}:
        return Hindrance.FIRMWARE_KEPT
    return None if change.after in {Firmware.BIOS, Firmware.EFI} else Hindrance.UNKNOWN_KIND


def _graphics(change: Change, _before: Hardware, _after: Hardware) -> Hindrance | None:
    kinds = change.after if isinstance(change.after, tuple) else ()
    known = len(set(kinds)) == len(kinds) and GRAPHICS.issuperset(map(str, kinds))
    return None if known else Hindrance.UNKNOWN_KIND


def _watchdog(change: Change, _before: Hardware, _after: Hardware) -> Hindrance | None:
    return None if change.after in WATCHDOG_ACTIONS else Hindrance.UNKNOWN_KIND


def _boot(change: Change, before: Hardware, after: Hardware) -> Hindrance | None:
    order = change.after if isinstance(change.after, tuple) else ()
    kinds = BOOT_KINDS.intersection(map(str, order))
    devices = {drive.target for drive in after.drives} | {interface.mac.lower() for interface in after.interfaces}
    keys = {interface.was for interface in after.interfaces}
    if kinds:
        return Hindrance.MIXED_BOOT_ORDER if len(kinds) < len(order) or before.boots_by_device else None
    is_known = (devices | keys).issuperset(map(str, order)) and len(set(order)) == len(order)
    return None if order and is_known else Hindrance.NO_SUCH_DEVICE


def _drive_added(change: Change, before: Hardware, after: Hardware) -> Hindrance | None:
    drive = change.after
    if not isinstance(drive, Drive) or (drive.kind not in _FILES and drive.source):
        return Hindrance.UNKNOWN_KIND
    if drive.device not in {"disk", *REMOVABLE} or not (_is_path(drive.source) or _is_empty(drive)):
        return Hindrance.UNKNOWN_KIND
    return _placed(drive, before, after) or _written(drive)


def _drive_bus(change: Change, before: Hardware, after: Hardware) -> Hindrance | None:
    drive = next((drive for drive in after.drives if drive.was == change.device), None)
    if drive is None:
        return Hindrance.NO_SUCH_DEVICE
    if drive.device in {"lun", "floppy"} or drive.kind in _VIRTIO_ONLY:
        return Hindrance.NOT_ON_THIS_BUS
    return _placed(drive, before, after) or _written(drive)


def _placed(drive: Drive, before: Hardware, after: Hardware) -> Hindrance | None:
    """Whether there is such a bus for it, and its name is its own."""
    if drive.bus not in _buses_of(before, drive):
        return Hindrance.NO_SUCH_BUS
    if not re.fullmatch(f"{PREFIX_OF_BUS[drive.bus]}[a-z]{{1,3}}", drive.target):
        return Hindrance.WRONG_NAME
    named = [other.target for other in after.drives if other.target == drive.target]
    return Hindrance.NAME_TAKEN if len(named) > 1 else None


def _buses_of(machine: Hardware, drive: Drive) -> frozenset[str]:
    if drive.device == "floppy":
        return frozenset({"fdc"} if machine.limits.is_pc else ())
    own = {other.bus for other in machine.drives} & PREFIX_OF_BUS.keys() - {"fdc"}
    found = own | {"virtio", "scsi", "usb"} | (_ATA if machine.limits.is_pc else set())
    if "q35" in machine.machine_type:
        found -= {"ide"}
    return frozenset(found - ({"virtio"} if drive.is_removable else set()))


def _written(drive: Drive) -> Hindrance | None:
    if not _SERIAL.match(drive.serial):
        return Hindrance.WRONG_NAME
    is_wrong = drive.read_only and not drive.is_removable and drive.bus in _ATA  # such disks are always writable
    return Hindrance.NOT_ON_THIS_BUS if is_wrong else None


def _is_path(source: str) -> bool:
    return source.startswith("/")


def _is_empty(drive: Drive) -> bool:
    return drive.is_removable and not drive.source


def _medium(change: Change, _before: Hardware, _after: Hardware) -> Hindrance | None:
    return None if not change.after or _is_path(str(change.after)) else Hindrance.UNKNOWN_KIND


def _drive_serial(change: Change, before: Hardware, _after: Hardware) -> Hindrance | None:
    drive = before.drive(change.device)
    if drive is None or drive.kind in _VIRTIO_ONLY or drive.device == "lun":
        return Hindrance.PASSED_THROUGH
    return None if _SERIAL.match(str(change.after)) else Hindrance.WRONG_NAME


def _drive_read_only(change: Change, _before: Hardware, after: Hardware) -> Hindrance | None:
    drive = next((drive for drive in after.drives if drive.was == change.device), None)
    if drive is None or drive.kind in _VIRTIO_ONLY:
        return Hindrance.PASSED_THROUGH
    return _written(drive)


def _drive_size(change: Change, before: Hardware, _after: Hardware) -> Hindrance | None:
    drive = before.drive(change.device)
    if not isinstance(change.before, int) or not isinstance(change.after, int):
        return Hindrance.SIZE_UNKNOWN
    if change.after < change.before:
        return Hindrance.SHRINKS
    can_grow = drive is not None and drive.kind == "file" and not drive.read_only
    return None if can_grow else Hindrance.PASSED_THROUGH


def _interface_added(change: Change, before: Hardware, after: Hardware) -> Hindrance | None:
    interface = change.after
    if not isinstance(interface, Interface) or interface.kind not in PLUGS or not interface.model:
        return Hindrance.UNKNOWN_KIND
    return _addressed(interface.mac, after)


def _interface_plug(change: Change, before: Hardware, _after: Hardware) -> Hindrance | None:
    interface = before.interface(change.device)
    if interface is None or interface.kind in _OF_THE_NODE:
        return Hindrance.PASSED_THROUGH
    kind, source = change.after if isinstance(change.after, tuple) else ("", "")
    is_known = kind in PLUGS and bool(source) is (kind != "user")
    return None if is_known else Hindrance.UNKNOWN_KIND


def _interface_model(change: Change, before: Hardware, _after: Hardware) -> Hindrance | None:
    interface = before.interface(change.device)
    if interface is None or interface.kind in {"hostdev", "vdpa", "vhostuser"}:
        return Hindrance.PASSED_THROUGH
    return None if change.after else Hindrance.UNKNOWN_KIND


def _interface_mac(change: Change, _before: Hardware, after: Hardware) -> Hindrance | None:
    return _addressed(str(change.after), after)


def _addressed(mac: str, after: Hardware) -> Hindrance | None:
    """An address of one machine, not of a group of them, and here of one interface."""
    if not _MAC.match(mac):
        return Hindrance.WRONG_NAME
    same = [other for other in after.interfaces if other.mac.lower() == mac.lower()]
    return Hindrance.NAME_TAKEN if len(same) > 1 else None


_CHECKS: Mapping[Part, Callable[[Change, Hardware, Hardware], Hindrance | None]] = {
    Part.NAME: _fixed,
    Part.TITLE: _title,
    Part.MACHINE_TYPE: _fixed,
    Part.DRIVE_IMAGE: _fixed,
    Part.MEMORY_MAXIMUM: _memory_maximum,
    Part.MEMORY: _memory,
    Part.VCPUS_MAXIMUM: _vcpus_maximum,
    Part.VCPUS: _vcpus,
    Part.FIRMWARE: _firmware,
    Part.GRAPHICS: _graphics,
    Part.WATCHDOG: _watchdog,
    Part.BOOT: _boot,
    Part.DRIVE_ADDED: _drive_added,
    Part.DRIVE_BUS: _drive_bus,
    Part.DRIVE_READ_ONLY: _drive_read_only,
    Part.DRIVE_SERIAL: _drive_serial,
    Part.MEDIUM: _medium,
    Part.DRIVE_SIZE: _drive_size,
    Part.INTERFACE_ADDED: _interface_added,
    Part.INTERFACE_PLUG: _interface_plug,
    Part.INTERFACE_MODEL: _interface_model,
    Part.INTERFACE_MAC: _interface_mac,
}
"""What is not here is always possible."""
