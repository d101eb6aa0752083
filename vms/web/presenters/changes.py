"""Changes of a machine in words, wherever they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from vms import labels
from vms.models import Vm
from vms.models.viewer import Viewer
from vms.operations.definitions import saved_and_live
from vms.operations.permission import sees_nodes
from vms.rules.differences import Change, Part, Value, When
from vms.rules.editing import waiting
from vms.rules.hardware import BOOT_KINDS, Drive, Firmware, Hardware, Interface
from vms.web import formats

LONGEST = 60
"""Characters of a text that somebody wrote."""


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """text: "Memory: 1 GiB → 2 GiB". why: the sentence why it is impossible, "" if it is not."""

    text: str
    when: When
    when_text: str
    why: str


def change_lines(changes: Iterable[Change], before: Hardware, after: Hardware) -> list[ChangeLine]:
    """before, after: the machines of which these are the difference."""
    return [_line(change, before, after) for change in changes]


def waiting_lines(vm: Vm, viewer: Viewer) -> list[ChangeLine]:
    """What waits for the machine's next start, for those who may know what it is made of. vm: after fetch_hardware()
    if anything waits."""
    both = saved_and_live(vm) if vm.changes_wait and sees_nodes(viewer) else None
    if both is None:
        return []
    saved, live = both
    return change_lines(waiting(saved, live), live, saved)


def _line(change: Change, before: Hardware, after: Hardware) -> ChangeLine:
    return ChangeLine(
        text=_text(change, before, after),
        when=change.when,
        when_text=str(labels.WHEN[change.when]),
        why=str(labels.HINDRANCE[change.hindrance]) if change.hindrance else "",
    )


def _text(change: Change, before: Hardware, after: Hardware) -> str:
    device = change.after or change.before
    if isinstance(device, Drive | Interface):
        words = labels.DEVICE_ADDED if change.after else labels.DEVICE_REMOVED
        return str(words) % {"device": labels.device_named(device), "what": _words_on(device)}
    return str(labels.CHANGE) % {
        "what": _what(change, before),
        "before": _value(change.part, change.before, before),
        "after": _value(change.part, change.after, after),
    }


def _what(change: Change, before: Hardware) -> str:
    device = before.drive(change.device) or before.interface(change.device) if change.device else None
    if device is None:
        return str(labels.PART[change.part])
    part = labels.DEVICE_PART.get(change.part)
    return (
        str(labels.PART_OF_DEVICE) % {"device": labels.device_named(device), "part": part}
        if part
        else labels.device_named(device)
    )


def _words_on(device: Drive | Interface) -> str:
    if isinstance(device, Interface):
        words = [labels.plugged_into(device.kind, device.source), device.model]
    else:
        size = formats.size(device.size) if device.size and not device.is_removable else ""
        words = [size, device.bus, _file(device.source)]
    return ", ".join(word for word in words if word)


def _value(part: Part, value: Value, machine: Hardware) -> str:
    if part is Part.BOOT:
        return _boot(value, machine)
    return _VALUES.get(part, _plain)(value)


def _plain(value: Value) -> str:
    text = " ".join(str(value).split())
    return f"{text[:LONGEST]}…" if len(text) > LONGEST else text or str(labels.VALUE_NONE)


def _size(value: Value) -> str:
    return formats.size(value) if isinstance(value, int) else str(labels.DISK_SIZE_UNKNOWN)


def _yes_or_no(value: Value) -> str:
    return str(labels.VALUE_YES_NO[bool(value)])


def _screens(value: Value) -> str:
    return ", ".join(labels.SCREEN.get(kind, kind) for kind in _texts(value)) or str(labels.VALUE_NONE)


def _boot(value: Value, machine: Hardware) -> str:
    return ", ".join(_booted_from(key, machine) for key in _texts(value)) or str(labels.VALUE_NONE)


def _booted_from(key: str, machine: Hardware) -> str:
    if key in BOOT_KINDS:
        return str(labels.BOOT_DEVICE[key])
    named: dict[str, Drive | Interface] = {drive.target: drive for drive in machine.drives}
    named |= {interface.mac.lower(): interface for interface in machine.interfaces}
    return labels.device_named(named[key]) if key in named else key


def _medium(value: Value) -> str:
    return _file(str(value)) or str(labels.EMPTY_DRIVE)


def _image(value: Value) -> str:
    """Of what is behind a disk: how it is used, its kind, its source, its format."""
    _device, *image = _texts(value)
    return ", ".join(_file(word) for word in image if word) or str(labels.VALUE_NONE)


def _bus(value: Value) -> str:
    bus, target = _texts(value)
    return str(labels.BUS_AND_TARGET) % {"bus": bus, "target": target}


def _plug(value: Value) -> str:
    kind, source = _texts(value)
    return labels.plugged_into(kind, source)


def _file(path: str) -> str:
    return path.rpartition("/")[2]


def _texts(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


_VALUES: Mapping[Part, Callable[[Value], str]] = {
    Part.MEMORY_MAXIMUM: _size,
    Part.MEMORY: _size,
    Part.FIRMWARE: lambda value: str(labels.FIRMWARE[Firmware(str(value))]),
    Part.GRAPHICS: _screens,
    Part.AGENT_CHANNEL: _yes_or_no,
    Part.WATCHDOG: lambda value: str(labels.WATCHDOG.get(str(value), value)),
    Part.AUTOSTART: _yes_or_no,
    Part.DRIVE_IMAGE: _image,
    Part.DRIVE_BUS: _bus,
    Part.DRIVE_SIZE: _size,
    Part.DRIVE_READ_ONLY: _yes_or_no,
    Part.MEDIUM: _medium,
    Part.INTERFACE_PLUG: _plug,
    Part.INTERFACE_LINK: lambda value: str(labels.LINK[bool(value)]),
}
"""The others are shown as they are."""
