"""A machine changed in its definition, part by part. What no change names stays as it was, down to comments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from lxml.etree import _Element as Element

from vms.hypervisor.errors import ChangedMeanwhile, InvalidXml
from vms.hypervisor.machine_xml import editing_devices, editing_drives, editing_interfaces, editing_sizes
from vms.hypervisor.machine_xml.editing_boot import set_boot, set_firmware
from vms.hypervisor.machine_xml.elements import drop
from vms.hypervisor.machine_xml.hardware_reading import interface_keys
from vms.hypervisor.machine_xml.parsing import parse, text_of
from vms.rules.differences import Change, Part
from vms.rules.editing import in_definition

Edit: TypeAlias = Callable[[Element, Change], None]

_AT_MACHINE: Mapping[Part, Edit] = {
    Part.TITLE: editing_devices.set_title,
    Part.DESCRIPTION: editing_devices.set_description,
    Part.MEMORY_MAXIMUM: editing_sizes.set_memory_maximum,
    Part.MEMORY: editing_sizes.set_memory,
    Part.VCPUS_MAXIMUM: editing_sizes.set_vcpus_maximum,
    Part.VCPUS: editing_sizes.set_vcpus,
    Part.FIRMWARE: set_firmware,
    Part.GRAPHICS: editing_devices.set_graphics,
    Part.AGENT_CHANNEL: editing_devices.set_agent_channel,
    Part.WATCHDOG: editing_devices.set_watchdog,
    Part.BOOT: set_boot,
    Part.DRIVE_ADDED: editing_drives.add,
    Part.INTERFACE_ADDED: editing_interfaces.add,
}
_AT_DRIVE: Mapping[Part, Edit] = {
    Part.DRIVE_REMOVED: lambda drive, _change: drop(drive),
    Part.MEDIUM: editing_drives.set_medium,
    Part.DRIVE_READ_ONLY: editing_drives.set_read_only,
    Part.DRIVE_SERIAL: editing_drives.set_serial,
    Part.DRIVE_BUS: editing_drives.set_bus,
}
_AT_INTERFACE: Mapping[Part, Edit] = {
    Part.INTERFACE_REMOVED: lambda interface, _change: drop(interface),
    Part.INTERFACE_PLUG: editing_interfaces.set_plug,
    Part.INTERFACE_MODEL: editing_interfaces.set_model,
    Part.INTERFACE_LINK: editing_interfaces.set_link,
    Part.INTERFACE_MAC: editing_interfaces.set_mac,
}


def edited(xml: str, changes: Iterable[Change]) -> str:
    """With those of the changes that a definition can hold and that are possible.

    ChangedMeanwhile if a drive or an interface is not there; InvalidXml if it is no machine's definition, or for text
    that holds what XML cannot.
    """
    root = parse(xml)
    drives, interfaces = drives_by_key(root), interfaces_by_key(root)
    try:
        for change in in_definition(changes):
            _edit(root, drives, interfaces, change)
    except ValueError as error:  # a character that XML has no way to write
        raise InvalidXml(str(error)) from error
    return text_of(root)


def device_as_changed(xml: str, change: Change) -> Element:
    """The drive or interface of a running machine with this change made, as libvirt takes it for an update."""
    root = parse(xml)
    device = device_at(root, change)
    edit = {**_AT_DRIVE, **_AT_INTERFACE}[change.part]
    edit(device, change)
    return device


def device_at(root: Element, change: Change) -> Element:
    """ChangedMeanwhile if it is not there."""
    devices = drives_by_key(root) if change.part in _AT_DRIVE else interfaces_by_key(root)
    if change.device not in devices:
        raise ChangedMeanwhile(f"the machine has no device {change.device}")
    return devices[change.device]


def drives_by_key(root: Element) -> dict[str, Element]:
    targets = root.findall("devices/disk/target")
    return {target.get("dev", ""): drive for target in targets if (drive := target.getparent()) is not None}


def interfaces_by_key(root: Element) -> dict[str, Element]:
    interfaces = root.findall("devices/interface")
    return dict(zip(interface_keys(interfaces), interfaces, strict=True))


def _edit(root: Element, drives: Mapping[str, Element], interfaces: Mapping[str, Element], change: Change) -> None:
    if (edit := _AT_MACHINE.get(change.part)) is not None:
        edit(root, change)
        return
    devices, edits = (drives, _AT_DRIVE) if change.part in _AT_DRIVE else (interfaces, _AT_INTERFACE)
    if change.device not in devices:
        raise ChangedMeanwhile(f"the machine has no device {change.device}")
    edits[change.part](devices[change.device], change)
