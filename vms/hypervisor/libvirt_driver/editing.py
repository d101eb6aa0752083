"""What a machine is: read, replaced for the next start, changed while it is on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeAlias, cast

import libvirt
from lxml import etree

from vms.hypervisor import machine_xml
from vms.hypervisor.editing import Definition, digest_of
from vms.hypervisor.errors import ChangedMeanwhile, DiskMissing, Refused, Unsupported, WrongState
from vms.hypervisor.libvirt_driver.domains import uuid_of
from vms.hypervisor.libvirt_driver.volumes import found_at
from vms.hypervisor.machine_xml.editing import device_as_changed, device_at
from vms.hypervisor.machine_xml.editing_drives import element_of as drive_element
from vms.hypervisor.machine_xml.editing_interfaces import element_of as interface_element
from vms.rules.differences import Change, Part
from vms.rules.hardware import Drive, Interface

AS_AT_NEXT_START = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE
_LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE
_KIB = 1024

Call: TypeAlias = Callable[[libvirt.virDomain, Change], object]


def definition_of(domain: libvirt.virDomain) -> Definition:
    live = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE) if domain.isActive() else ""
    return Definition(domain.XMLDesc(AS_AT_NEXT_START), live, bool(domain.autostart()))


def redefine(connection: libvirt.virConnect, domain: libvirt.virDomain, xml: str, instead_of: str) -> None:
    """libvirt cannot compare by itself: between the look and the change is a moment."""
    if machine_xml.describe(xml).uuid != uuid_of(domain) or not domain.isPersistent():
        raise Unsupported("only a machine with a definition can get another one, of its own")
    if domain.hasManagedSaveImage():
        raise WrongState(f"the memory of {domain.name()} is saved")
    if digest_of(domain.XMLDesc(AS_AT_NEXT_START)) != instead_of:
        raise ChangedMeanwhile(f"the definition of {domain.name()} is another by now")
    connection.defineXMLFlags(xml, libvirt.VIR_DOMAIN_DEFINE_VALIDATE)


def disk_sizes_of(domain: libvirt.virDomain) -> dict[str, int]:
    found: dict[str, int] = {}
    for disk in machine_xml.describe(domain.XMLDesc()).disks:
        if disk.source:
            with suppress(libvirt.libvirtError):
                found[disk.target] = _size_of(domain, disk.target)
    return found


def change_now(connection: libvirt.virConnect, domain: libvirt.virDomain, change: Change) -> None:
    if change.part is Part.DRIVE_SIZE:
        _grow(connection, domain, change)
    elif change.part is Part.AUTOSTART:
        domain.setAutostart(int(bool(change.after)))
    else:
        _change_live(domain, change)


def _change_live(domain: libvirt.virDomain, change: Change) -> None:
    call = _CALLS.get(change.part)
    if call is None:
        raise Unsupported(f"{change.part} waits for the next start")
    if not domain.isActive():
        raise WrongState(f"{domain.name()} is off")
    call(domain, change)


def _set_text(kind: int, domain: libvirt.virDomain, change: Change) -> None:
    """None takes the text away; libvirt's own types do not know that."""
    text = cast("str", str(change.after) or None)
    domain.setMetadata(kind, text, cast("str", None), cast("str", None), _LIVE)


def _set_memory(domain: libvirt.virDomain, change: Change) -> None:
    domain.setMemoryFlags(cast("int", change.after) // _KIB, _LIVE)


def _set_vcpus(domain: libvirt.virDomain, change: Change) -> None:
    domain.setVcpusFlags(cast("int", change.after), _LIVE)


def _attach(domain: libvirt.virDomain, change: Change) -> None:
    device = change.after
    root = machine_xml.parse(domain.XMLDesc())
    if isinstance(device, Drive) and root.find(f"devices/disk/target[@dev='{device.target}']") is None:
        domain.attachDeviceFlags(_text(drive_element(device)), _LIVE)
    elif isinstance(device, Interface) and change.device not in machine_xml.interfaces_by_key(root):
        domain.attachDeviceFlags(_text(interface_element(device)), _LIVE)


def _ask_to_detach(domain: libvirt.virDomain, change: Change) -> None:
    """By its alias: that call does not wait for the guest."""
    try:
        device = device_at(machine_xml.parse(domain.XMLDesc()), change)
    except ChangedMeanwhile:  # it is gone, which is what was wanted
        return
    alias = device.find("alias")
    domain.detachDeviceAlias("" if alias is None else alias.get("name", ""), _LIVE)


def _update(domain: libvirt.virDomain, change: Change) -> None:
    xml = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE)
    domain.updateDeviceFlags(_text(device_as_changed(xml, change)), _LIVE)


_CALLS: Mapping[Part, Call] = {
    Part.TITLE: lambda domain, change: _set_text(libvirt.VIR_DOMAIN_METADATA_TITLE, domain, change),
    Part.DESCRIPTION: lambda domain, change: _set_text(libvirt.VIR_DOMAIN_METADATA_DESCRIPTION, domain, change),
    Part.MEMORY: _set_memory,
    Part.VCPUS: _set_vcpus,
    Part.DRIVE_ADDED: _attach,
    Part.DRIVE_REMOVED: _ask_to_detach,
    Part.MEDIUM: _update,
    Part.INTERFACE_ADDED: _attach,
    Part.INTERFACE_REMOVED: _ask_to_detach,
    Part.INTERFACE_PLUG: _update,
    Part.INTERFACE_LINK: _update,
}


def _grow(connection: libvirt.virConnect, domain: libvirt.virDomain, change: Change) -> None:
    size, wanted = _size_of(domain, change.device), cast("int", change.after)
    if wanted < size:
        raise Refused(f"{change.device} has {size} bytes and does not shrink")
    if wanted == size:
        return
    if domain.isActive():
        domain.blockResize(change.device, wanted, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)
    else:
        _grow_image(connection, domain, change.device, wanted)


def _grow_image(connection: libvirt.virConnect, domain: libvirt.virDomain, target: str, size: int) -> None:
    path = {disk.target: disk.source for disk in machine_xml.describe(domain.XMLDesc()).disks}.get(target, "")
    volume = found_at(connection, path)
    if volume is None:
        raise DiskMissing(f"there is no image {path}")
    volume.resize(size)


def _size_of(domain: libvirt.virDomain, target: str) -> int:
    return cast("list[int]", domain.blockInfo(target))[0]


def _text(element: etree._Element) -> str:
    return etree.tostring(element, encoding="unicode", with_tail=False)
