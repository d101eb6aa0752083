"""Edits that people make, and what each of them may touch in a definition."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from lxml import etree
from lxml.etree import _Element as Element

from vms.hypervisor.machine_xml import parse
from vms.hypervisor.machine_xml.editing import drives_by_key, interfaces_by_key
from vms.hypervisor.machine_xml.elements import drop, drop_all, drop_attributes
from vms.rules.differences import Change, Part
from vms.rules.hardware import Drive, Firmware, Hardware, Interface, free_target, on_bus

CORPUS = {path.stem: path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parent / "corpus").iterdir())}
MIB = 1024**2
Edit = Callable[[Hardware], Hardware]
AGENT = "org.qemu.guest_agent.0"


def new_drive(machine: Hardware, bus: str, device: str = "disk") -> Drive:
    target = free_target(bus, [drive.target for drive in machine.drives])
    return Drive("", target, device, bus, "file", f"/images/new-{target}.qcow2", "qcow2", serial="new own-1")


def with_drive(bus: str, device: str = "disk") -> Edit:
    return lambda machine: replace(machine, drives=(*machine.drives, new_drive(machine, bus, device)))


def with_interface(kind: str, source: str) -> Edit:
    def edit(machine: Hardware) -> Hardware:
        taken = {interface.mac.lower() for interface in machine.interfaces}
        mac = next(mac for number in range(99) if (mac := f"52:54:00:ff:00:{number:02x}") not in taken)
        new = Interface("", mac, kind, source, "virtio", is_up=False)
        return replace(machine, interfaces=(*machine.interfaces, new))

    return edit


def each_drive(change: Callable[[Drive], Drive]) -> Edit:
    return lambda machine: replace(machine, drives=tuple(map(change, machine.drives)))


def each_interface(change: Callable[[Interface], Interface]) -> Edit:
    return lambda machine: replace(machine, interfaces=tuple(map(change, machine.interfaces)))


def each_medium(source: str) -> Edit:
    return each_drive(lambda drive: replace(drive, source=source) if drive.is_removable else drive)


def on_another_bus(bus: str) -> Edit:
    def edit(machine: Hardware) -> Hardware:
        drives, taken = [], [drive.target for drive in machine.drives]
        for drive in machine.drives:
            moved = on_bus(drive, bus, taken) if drive.device == "disk" else drive
            drives.append(moved)
            taken.append(moved.target)
        boot = {old.was: new.was for old, new in zip(machine.drives, drives, strict=True)}
        return replace(machine, drives=tuple(drives), boot=tuple(boot.get(key, key) for key in machine.boot))

    return edit


def another_mac(interface: Interface) -> Interface:
    return replace(interface, mac=f"52:54:00:ee:{interface.mac[-5:]}")


def by_device(machine: Hardware) -> Hardware:
    keys = [drive.was for drive in machine.drives] + [interface.was for interface in machine.interfaces]
    return replace(machine, boot=tuple(reversed(keys)) or machine.boot)


def without_first_drive(machine: Hardware) -> Hardware:
    gone = {drive.was for drive in machine.drives[:1]}
    boot = tuple(key for key in machine.boot if key not in gone)
    return replace(machine, drives=machine.drives[1:], boot=boot)


def without_last_interface(machine: Hardware) -> Hardware:
    gone = {interface.was for interface in machine.interfaces[-1:]}
    boot = tuple(key for key in machine.boot if key not in gone)
    return replace(machine, interfaces=machine.interfaces[:-1], boot=boot)


EDITS: dict[str, Edit] = {
    "title": lambda machine: replace(machine, title="Büro <1> & شركة"),
    "no title": lambda machine: replace(machine, title=""),
    "description": lambda machine: replace(machine, description="two\nlines ]]> <b>"),
    "less memory": lambda machine: replace(machine, memory_current=machine.memory_current // 2),
    "all the memory": lambda machine: replace(machine, memory_current=machine.memory),
    "room for more memory": lambda machine: replace(machine, memory=machine.memory * 2),
    "twice the memory": lambda machine: replace(machine, memory=machine.memory * 2, memory_current=machine.memory * 2),
    "half the memory": lambda machine: replace(machine, memory=machine.memory // 2, memory_current=machine.memory // 2),
    "one vCPU": lambda machine: replace(machine, vcpus_current=1),
    "eight vCPUs": lambda machine: replace(machine, vcpus=8, vcpus_current=8),
    "room for more vCPUs": lambda machine: replace(machine, vcpus=16),
    "a single vCPU": lambda machine: replace(machine, vcpus=1, vcpus_current=1),
    "a disk on virtio": with_drive("virtio"),
    "a disk on scsi": with_drive("scsi"),
    "a disk on sata": with_drive("sata"),
    "a CD-ROM drive": with_drive("scsi", "cdrom"),
    "one drive less": without_first_drive,
    "disks on virtio": on_another_bus("virtio"),
    "disks on scsi": on_another_bus("scsi"),
    "disks on sata": on_another_bus("sata"),
    "disks on usb": on_another_bus("usb"),
    "serial numbers": each_drive(lambda drive: replace(drive, serial=f"S-{drive.was}")),
    "read-only disks": each_drive(lambda drive: replace(drive, read_only=True)),
    "other media": each_medium("/iso/other & new.iso"),
    "no media": each_medium(""),
    "an interface in a network": with_interface("network", "default"),
    "an interface at a bridge": with_interface("bridge", "br1"),
    "an interface that leads out": with_interface("user", ""),
    "one interface less": without_last_interface,
    "plugged into a network": each_interface(lambda interface: replace(interface, kind="network", source="other")),
    "plugged into a bridge": each_interface(lambda interface: replace(interface, kind="bridge", source="br9")),
    "links down": each_interface(lambda interface: replace(interface, is_up=False)),
    "links up": each_interface(lambda interface: replace(interface, is_up=True)),
    "e1000": each_interface(lambda interface: replace(interface, model="e1000")),
    "other MACs": each_interface(another_mac),
    "boot from the network": lambda machine: replace(machine, boot=("network", "hd")),
    "boot by device": by_device,
    "spice": lambda machine: replace(machine, graphics=("spice",)),
    "vnc": lambda machine: replace(machine, graphics=("vnc",)),
    "no screen": lambda machine: replace(machine, graphics=()),
    "efi": lambda machine: replace(machine, firmware=Firmware.EFI),
    "bios": lambda machine: replace(machine, firmware=Firmware.BIOS),
    "an agent": lambda machine: replace(machine, has_agent_channel=True),
    "no agent": lambda machine: replace(machine, has_agent_channel=False),
    "a watchdog": lambda machine: replace(machine, watchdog="pause"),
    "no watchdog": lambda machine: replace(machine, watchdog=""),
}

OF_MACHINE: dict[Part, tuple[str, ...]] = {
    Part.TITLE: ("title",),
    Part.DESCRIPTION: ("description",),
    Part.MEMORY: ("currentMemory",),
    Part.MEMORY_MAXIMUM: ("currentMemory",),
    Part.FIRMWARE: ("os/firmware",),
    Part.GRAPHICS: ("devices/graphics",),
    Part.AGENT_CHANNEL: (f"devices/channel/target[@name='{AGENT}']/..",),
    Part.WATCHDOG: ("devices/watchdog",),
    Part.BOOT: ("os/boot", "devices/*/boot"),
}
OF_SPICE = ("channel[@type='spicevmc']", "channel[@type='spiceport']", "redirdev[@type='spicevmc']", "smartcard")
OF_DRIVE: dict[Part, tuple[str, ...]] = {
    Part.MEDIUM: ("source", "auth", "encryption", "backingStore", "driver"),
    Part.DRIVE_READ_ONLY: ("readonly", "driver"),
    Part.DRIVE_SERIAL: ("serial",),
    Part.DRIVE_BUS: ("target", "driver", "address", "geometry", "wwn", "vendor", "product"),
}
OF_INTERFACE: dict[Part, tuple[str, ...]] = {
    Part.INTERFACE_PLUG: ("source",),
    Part.INTERFACE_MODEL: ("model", "driver"),
    Part.INTERFACE_LINK: ("link",),
    Part.INTERFACE_MAC: ("mac",),
}
OF_ANOTHER_KIND = ("target", "virtualport", "vlan", "backend", "ip", "route", "port", "teaming", "portForward")


def untouched(xml: str, changes: Iterable[Change], *, afterwards: bool) -> str:
    """All that these changes have no right to touch, in canonical form, with comments."""
    root = parse(xml)
    drives, interfaces = drives_by_key(root), interfaces_by_key(root)
    for change in changes:
        key = change.named if afterwards else change.device
        forget(root, drives.get(key), interfaces.get(key), change)
    return canonical(root)


def canonical(element: Element) -> str:
    tree = etree.tostring(element.getroottree(), encoding="unicode")
    return str(etree.canonicalize(tree, strip_text=True, with_comments=True))


def forget(root: Element, drive: Element | None, interface: Element | None, change: Change) -> None:
    drop_all(root, *OF_MACHINE.get(change.part, ()))
    if change.part in {Part.VCPUS, Part.VCPUS_MAXIMUM, Part.MEMORY_MAXIMUM}:
        forget_sizes(root, change.part)
    elif change.part is Part.FIRMWARE:
        drop_attributes(root.findall("os")[0], "firmware")
    elif change.part is Part.GRAPHICS and isinstance(change.before, tuple) and "spice" in change.before:
        drop_all(root, *(f"devices/{path}" for path in OF_SPICE))
        for audio in root.iterfind("devices/audio"):
            drop_attributes(audio, "type")
    elif change.part is Part.INTERFACE_PLUG and interface is not None:
        forget_plug(interface, change.before, change.after)
    forget_device(drive, change, OF_DRIVE, {Part.DRIVE_ADDED, Part.DRIVE_REMOVED})
    forget_device(interface, change, OF_INTERFACE, {Part.INTERFACE_ADDED, Part.INTERFACE_REMOVED})


def forget_sizes(root: Element, part: Part) -> None:
    names = ("memory", "unit") if part is Part.MEMORY_MAXIMUM else ("cpus",)
    tag = "memory" if part is Part.MEMORY_MAXIMUM else "vcpu"
    for size in root.findall(tag):
        size.text = ""
        drop_attributes(size, "unit", "current")
    for cell in root.iterfind("cpu/numa/cell"):
        drop_attributes(cell, *names)


def forget_plug(interface: Element, before: object, after: object) -> None:
    drop_attributes(interface, "type")
    if isinstance(before, tuple) and isinstance(after, tuple) and before[0] != after[0]:
        drop_all(interface, *OF_ANOTHER_KIND)


def forget_device(device: Element | None, change: Change, parts: dict[Part, tuple[str, ...]], whole: set[Part]) -> None:
    if device is None:
        return
    if change.part in whole:
        drop(device)
    drop_all(device, *parts.get(change.part, ()))
    if change.part is Part.MEDIUM:
        drop_attributes(device, "type")
    elif change.part is Part.DRIVE_BUS:
        drop_attributes(device, "model")


def settled(machine: Hardware) -> Hardware:
    """As it would be read again."""
    macs = [interface.mac.lower() for interface in machine.interfaces]
    keys = [mac if mac not in macs[:at] else f"{mac}#{macs[:at].count(mac) + 1}" for at, mac in enumerate(macs)]
    names = {drive.was: drive.target for drive in machine.drives if drive.was}
    names |= {old.was: key for old, key in zip(machine.interfaces, keys, strict=True) if old.was}
    pairs = zip(machine.interfaces, keys, strict=True)
    return replace(
        machine,
        drives=tuple(replace(drive, was=drive.target) for drive in machine.drives),
        interfaces=tuple(replace(interface, was=key) for interface, key in pairs),
        boot=tuple(names.get(key, key) for key in machine.boot),
    )
