"""Which changes of a machine can be made now, which wait for its next start, and which are impossible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from vms.rules.differences import Change, Part, When, difference, left_to_do
from vms.rules.hardware import Drive, Hardware, Interface
from vms.rules.hindrances import hindrance_of

OUTSIDE_DEFINITION = frozenset({Part.DRIVE_SIZE, Part.AUTOSTART})
"""These take effect at once, whether the machine is on or off."""

ASKS_THE_GUEST = frozenset({Part.MEMORY, Part.DRIVE_REMOVED, Part.INTERFACE_REMOVED})
"""On a running machine only its guest can carry these out; it may take its time, or never do it."""

_AT_ONCE = OUTSIDE_DEFINITION | {Part.TITLE, Part.DESCRIPTION}
_HOT_BUSES = frozenset({"virtio", "scsi", "usb"})
_CARDS = frozenset({"virtio"})
"""Buses on which each drive is a card of its own."""
_HOT_MODELS = frozenset({"virtio", "e1000", "e1000e", "rtl8139", "igb", "vmxnet3", "ne2k_pci", "pcnet"})
_HOT_PROCESSORS = frozenset({"x86_64", "i686", "s390x", "ppc64", "ppc64le"})
_SWITCHED = frozenset({"network", "bridge"})
"""An interface can be taken from one of these to another while its machine is on."""


def plan(before: Hardware, after: Hardware, live: Hardware | None = None) -> list[Change]:
    """Each change with its time, in an order in which they can be made.

    before: the definition for the next start, as it was read; after: the same as it shall be; live: what the running
    machine is now, None if it is off. They differ where earlier changes wait for the next start.
    """
    changes = [_judged(change, before, after, live) for change in difference(before, after)]
    return changes if live is None else _within_slots(changes, live)


def waiting(saved: Hardware, live: Hardware) -> list[Change]:
    """What a running machine becomes only at its next start."""
    return [
        replace(change, when=When.NEXT_START)
        for change in difference(live, saved)
        if not _is_for_the_guest_to_give(change, saved, live)
    ]


def _is_for_the_guest_to_give(change: Change, saved: Hardware, live: Hardware) -> bool:
    """A guest begins with all the memory it may have and is then asked for what is too much, at each start anew."""
    is_too_much = live.memory_current > saved.memory_current
    return change.part is Part.MEMORY and is_too_much and live.memory == saved.memory


def in_definition(changes: Iterable[Change]) -> list[Change]:
    """Those that are made by changing the definition, whether the machine is on or off."""
    return [change for change in _possible(changes) if change.part not in OUTSIDE_DEFINITION]


def at_once(changes: Iterable[Change], *, running: bool) -> list[Change]:
    """Those that must be made at the machine itself, beside its definition."""
    now = [change for change in _possible(changes) if change.when is When.NOW]
    return [change for change in now if running or change.part in OUTSIDE_DEFINITION]


def _possible(changes: Iterable[Change]) -> list[Change]:
    return [change for change in changes if change.when is not When.NEVER]


def _judged(change: Change, before: Hardware, after: Hardware, live: Hardware | None) -> Change:
    hindrance = hindrance_of(change, before, after)
    if hindrance is not None:
        return replace(change, when=When.NEVER, hindrance=hindrance)
    if live is None or change.part in _AT_ONCE or _can_be_made_now(change, live):
        return change
    return replace(change, when=When.NEXT_START)


def _can_be_made_now(change: Change, live: Hardware) -> bool:
    can = _NOW.get(change.part)
    return can is not None and can(change, live)


def _memory_now(change: Change, live: Hardware) -> bool:
    return isinstance(change.after, int) and change.after <= live.memory and live.limits.has_balloon


def _vcpus_now(change: Change, live: Hardware) -> bool:
    """Only more of them: those that the guest began with cannot be taken away."""
    fits = isinstance(change.after, int) and live.vcpus_current <= change.after <= live.vcpus
    return fits and live.limits.arch in _HOT_PROCESSORS


def _add_drive_now(change: Change, live: Hardware) -> bool:
    drive = change.after
    return isinstance(drive, Drive) and _is_hot_drive(drive, live) and live.drive(drive.target) is None


def _remove_drive_now(change: Change, live: Hardware) -> bool:
    drive = live.drive(change.device)
    return drive is None or _is_hot_drive(drive, live)


def _change_medium_now(change: Change, live: Hardware) -> bool:
    drive = live.drive(change.device)
    return drive is not None and drive.is_removable


def _add_interface_now(change: Change, live: Hardware) -> bool:
    interface = change.after
    return isinstance(interface, Interface) and _is_hot_interface(interface, live)


def _remove_interface_now(change: Change, live: Hardware) -> bool:
    interface = live.interface(change.device)
    return interface is None or _is_hot_interface(interface, live)


def _plug_now(change: Change, live: Hardware) -> bool:
    interface = live.interface(change.device)
    kind = change.after[0] if isinstance(change.after, tuple) else ""
    return interface is not None and _SWITCHED.issuperset({interface.kind, kind})


def _link_now(change: Change, live: Hardware) -> bool:
    return live.interface(change.device) is not None


_NOW: Mapping[Part, Callable[[Change, Hardware], bool]] = {
    Part.MEMORY: _memory_now,
    Part.VCPUS: _vcpus_now,
    Part.DRIVE_ADDED: _add_drive_now,
    Part.DRIVE_REMOVED: _remove_drive_now,
    Part.MEDIUM: _change_medium_now,
    Part.INTERFACE_ADDED: _add_interface_now,
    Part.INTERFACE_REMOVED: _remove_interface_now,
    Part.INTERFACE_PLUG: _plug_now,
    Part.INTERFACE_LINK: _link_now,
}
"""Whether a running machine can take it. What is not here waits for the next start."""

AT_RUNNING = frozenset(_NOW) | {Part.TITLE, Part.DESCRIPTION}
"""What can be changed at a running machine, beside its definition."""


def _is_hot_drive(drive: Drive, live: Hardware) -> bool:
    is_hot = drive.bus in _HOT_BUSES and (_takes_cards(live) or drive.bus not in _CARDS)
    return is_hot and not drive.is_removable


def _is_hot_interface(interface: Interface, live: Hardware) -> bool:
    return _takes_cards(live) and interface.model in _HOT_MODELS


def _takes_cards(live: Hardware) -> bool:
    return live.limits.has_acpi or not live.limits.is_pc


def _within_slots(changes: Sequence[Change], live: Hardware) -> list[Change]:
    """What finds no free slot waits; what has one already takes none, and those that become free are not counted."""
    if live.limits.free_slots is None:
        return list(changes)
    slots, found = live.limits.free_slots, []
    for change in changes:
        takes = change.when is When.NOW and _takes_a_slot(change) and bool(left_to_do([change], live))
        found.append(replace(change, when=When.NEXT_START) if takes and not slots else change)
        slots -= takes and slots > 0
    return found


def _takes_a_slot(change: Change) -> bool:
    is_disk = isinstance(change.after, Drive) and change.after.bus in _CARDS
    return change.part is Part.INTERFACE_ADDED or (change.part is Part.DRIVE_ADDED and is_disk)
