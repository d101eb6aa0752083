"""The difference of two machines, in codes and values: what has to be changed to make the one the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from operator import attrgetter
from typing import TypeAlias, TypeVar

from vms.rules.hardware import Drive, Hardware, Interface

Value: TypeAlias = str | int | bool | tuple[str, ...] | Drive | Interface | None


class Part(StrEnum):
    """What of a machine is changed."""

    NAME = "name"
    TITLE = "title"
    DESCRIPTION = "description"
    MACHINE_TYPE = "machine_type"
    MEMORY_MAXIMUM = "memory_maximum"
    MEMORY = "memory"
    VCPUS_MAXIMUM = "vcpus_maximum"
    VCPUS = "vcpus"
    FIRMWARE = "firmware"
    GRAPHICS = "graphics"
    AGENT_CHANNEL = "agent_channel"
    WATCHDOG = "watchdog"
    AUTOSTART = "autostart"
    BOOT = "boot"
    DRIVE_ADDED = "drive_added"
    DRIVE_REMOVED = "drive_removed"
    DRIVE_IMAGE = "drive_image"
    """What is behind a disk that is no drive for media."""
    DRIVE_BUS = "drive_bus"
    DRIVE_SIZE = "drive_size"
    DRIVE_READ_ONLY = "drive_read_only"
    DRIVE_SERIAL = "drive_serial"
    MEDIUM = "medium"
    INTERFACE_ADDED = "interface_added"
    INTERFACE_REMOVED = "interface_removed"
    INTERFACE_PLUG = "interface_plug"
    """What it is plugged into."""
    INTERFACE_MODEL = "interface_model"
    INTERFACE_MAC = "interface_mac"
    INTERFACE_LINK = "interface_link"


class When(StrEnum):
    NOW = "now"
    NEXT_START = "next_start"
    NEVER = "never"
    """It is impossible: the hindrance says why."""


class Hindrance(StrEnum):
    """Why a change is impossible."""

    FIXED = "fixed"
    TOO_LITTLE = "too_little"
    ABOVE_MAXIMUM = "above_maximum"
    ABOVE_CEILING = "above_ceiling"
    """More memory than its process may take, or than its modules allow for."""
    NOT_WHOLE_PAGES = "not_whole_pages"
    NO_BALLOON = "no_balloon"
    MEMORY_LAID_OUT = "memory_laid_out"
    """In NUMA cells or modules: nobody can say which of them shall change."""
    VCPUS_LAID_OUT = "vcpus_laid_out"
    """In NUMA cells, one by one, or in sockets and cores of another number."""
    VCPUS_PINNED = "vcpus_pinned"
    """One that has a place of its own would be lost."""
    NAME_TAKEN = "name_taken"
    WRONG_NAME = "wrong_name"
    """A target that does not fit the bus, a MAC that is none, or text with characters that have no place there."""
    NO_SUCH_BUS = "no_such_bus"
    NOT_ON_THIS_BUS = "not_on_this_bus"
    SHRINKS = "shrinks"
    SIZE_UNKNOWN = "size_unknown"
    PASSED_THROUGH = "passed_through"
    """It belongs to the node: the panel does not know how to make it another."""
    NO_SUCH_DEVICE = "no_such_device"
    MIXED_BOOT_ORDER = "mixed_boot_order"
    """Kinds of device and single devices."""
    UNKNOWN_KIND = "unknown_kind"
    FIRMWARE_KEPT = "firmware_kept"
    """It would lose its variables, with them its boot entries or its keys."""
    NOT_FOR_THIS_MACHINE = "not_for_this_machine"
    """Its architecture, or a machine without ACPI, has no such thing."""


@dataclass(frozen=True, slots=True)
class Change:
    """device: the key of the drive or interface as it was read; named: what that key will be afterwards."""

    part: Part
    before: Value
    after: Value
    device: str = ""
    named: str = ""
    when: When = When.NOW
    hindrance: Hindrance | None = None


_OF_MACHINE: Mapping[Part, Callable[[Hardware], Value]] = {
    Part.NAME: attrgetter("name"),
    Part.TITLE: attrgetter("title"),
    Part.DESCRIPTION: attrgetter("description"),
    Part.MACHINE_TYPE: attrgetter("machine_type"),
    Part.MEMORY_MAXIMUM: attrgetter("memory"),
    Part.MEMORY: attrgetter("memory_current"),
    Part.VCPUS_MAXIMUM: attrgetter("vcpus"),
    Part.VCPUS: attrgetter("vcpus_current"),
    Part.FIRMWARE: attrgetter("firmware"),
    Part.GRAPHICS: attrgetter("graphics"),
    Part.AGENT_CHANNEL: attrgetter("has_agent_channel"),
    Part.WATCHDOG: attrgetter("watchdog"),
    Part.AUTOSTART: attrgetter("autostart"),
}
_OF_DRIVE: Mapping[Part, Callable[[Drive], Value]] = {
    Part.MEDIUM: lambda drive: drive.source if drive.is_removable else "",
    Part.DRIVE_IMAGE: lambda drive: (drive.device, *_image_of(drive)),
    Part.DRIVE_SIZE: lambda drive: None if drive.is_removable else drive.size,
    Part.DRIVE_READ_ONLY: lambda drive: drive.read_only and not drive.is_removable,
    Part.DRIVE_SERIAL: attrgetter("serial"),
    Part.DRIVE_BUS: lambda drive: (drive.bus, drive.target),
}
_OF_INTERFACE: Mapping[Part, Callable[[Interface], Value]] = {
    Part.INTERFACE_PLUG: lambda interface: (interface.kind, interface.source),
    Part.INTERFACE_MODEL: attrgetter("model"),
    Part.INTERFACE_LINK: attrgetter("is_up"),
    Part.INTERFACE_MAC: lambda interface: interface.mac.lower(),
}

Device = TypeVar("Device", Drive, Interface)


def difference(before: Hardware, after: Hardware) -> list[Change]:
    """In the order in which they can be made. after keeps the keys (`was`) of what it has from before."""
    boot = tuple(_names(after).get(key, key) for key in after.boot)
    return [
        *(Change(part, of(before), of(after)) for part, of in _OF_MACHINE.items() if of(before) != of(after)),
        *_drive_changes(before, after),
        *_interface_changes(before, after),
        *([Change(Part.BOOT, before.boot, boot)] if before.boot != after.boot else []),
    ]


def left_to_do(changes: Sequence[Change], now: Hardware) -> list[Change]:
    """Those that do not show in this machine yet. A disk whose size is not known counts as not grown."""
    return [change for change in changes if not _is_made(change, now)]


def _is_made(change: Change, now: Hardware) -> bool:
    if change.part in _OF_MACHINE:
        return _OF_MACHINE[change.part](now) == change.after
    if change.part is Part.BOOT:
        return now.boot == change.after
    return _is_made_at(change, _device(change, now))


def _device(change: Change, now: Hardware) -> Drive | Interface | None:
    is_drive = change.part in _OF_DRIVE or change.part in {Part.DRIVE_ADDED, Part.DRIVE_REMOVED}
    return now.drive(change.named) if is_drive else now.interface(change.named)


def _is_made_at(change: Change, device: Drive | Interface | None) -> bool:
    if change.part in {Part.DRIVE_REMOVED, Part.INTERFACE_REMOVED} or device is None:
        return device is None and change.part in {Part.DRIVE_REMOVED, Part.INTERFACE_REMOVED}
    if isinstance(device, Interface):
        return change.part is Part.INTERFACE_ADDED or _OF_INTERFACE[change.part](device) == change.after
    if isinstance(change.after, Drive):
        return device.source == change.after.source
    return _OF_DRIVE[change.part](device) == change.after


def _drive_changes(before: Hardware, after: Hardware) -> Iterator[Change]:
    kept = {drive.was for drive in after.drives}
    for drive in before.drives:
        if drive.was not in kept:
            yield Change(Part.DRIVE_REMOVED, drive, None, drive.was, drive.was)
    for drive in after.drives:
        old = before.drive(drive.was) if drive.was else None
        if old is None:
            yield Change(Part.DRIVE_ADDED, None, drive, drive.target, drive.target)
        else:
            sized = drive if drive.size is not None else replace(drive, size=old.size)
            yield from _parts(_OF_DRIVE, old, sized, drive.target)


def _interface_changes(before: Hardware, after: Hardware) -> Iterator[Change]:
    kept = {interface.was for interface in after.interfaces}
    for interface in before.interfaces:
        if interface.was not in kept:
            yield Change(Part.INTERFACE_REMOVED, interface, None, interface.was, interface.was)
    for interface in after.interfaces:
        old = before.interface(interface.was) if interface.was else None
        mac = interface.mac.lower()
        if old is None:
            yield Change(Part.INTERFACE_ADDED, None, interface, mac, mac)
        else:
            named = interface.was if mac == old.mac.lower() else mac
            yield from _parts(_OF_INTERFACE, old, interface, named)


def _parts(of: Mapping[Part, Callable[[Device], Value]], old: Device, new: Device, named: str) -> Iterator[Change]:
    for part, read in of.items():
        if read(old) != read(new):
            yield Change(part, read(old), read(new), old.was, named)


def _image_of(drive: Drive) -> tuple[str, ...]:
    return () if drive.is_removable else (drive.kind, drive.source, drive.format)


def _names(after: Hardware) -> dict[str, str]:
    """What the keys of drives and interfaces will be."""
    drives = {drive.was: drive.target for drive in after.drives if drive.was}
    interfaces = {
        interface.was: interface.mac.lower()
        for interface in after.interfaces
        if interface.was and not interface.was.startswith(interface.mac.lower())
    }
    return {**drives, **interfaces}
