"""What a definition says. Nothing is looked up anywhere, and what is not said is not guessed."""

from collections.abc import Iterable
from uuid import UUID

from lxml.etree import _Element as Element

from vms.hypervisor.errors import InvalidXml
from vms.hypervisor.machine_xml.booting import number_of
from vms.hypervisor.machine_xml.description import Disk, Interface, MachineDescription
from vms.hypervisor.machine_xml.marking import mark_in
from vms.hypervisor.machine_xml.parsing import parse
from vms.hypervisor.machine_xml.sizes import size_of, vcpus_of

AGENT_CHANNEL = "org.qemu.guest_agent.0"
_BOOT_NAMES = {"disk": "hd", "lun": "hd", "cdrom": "cdrom", "floppy": "fd"}
_DISK_SOURCES = ("file", "dev", "name", "dir", "volume")
_INTERFACE_SOURCES = ("network", "bridge", "dev", "name", "address", "path")


def describe(xml: str) -> MachineDescription:
    """InvalidXml if it is no machine's definition, or one that libvirt could not read either."""
    root = parse(xml)
    memory = size_of(root.find("memory")) or 0
    current = size_of(root.find("currentMemory"))
    return MachineDescription(
        name=_name(root),
        uuid=_uuid(root),
        title=_text(root, "title"),
        memory=memory,
        memory_current=memory if current is None else current,
        vcpus=vcpus_of(root),
        vcpus_current=_vcpus_current(root),
        virt_type=root.get("type", ""),
        arch=_attribute(root, "os/type", "arch"),
        machine_type=_attribute(root, "os/type", "machine"),
        os_type=_text(root, "os/type"),
        boot_devices=_boot_devices(root),
        disks=tuple(_disk(disk) for disk in root.iterfind("devices/disk")),
        interfaces=tuple(_interface(interface) for interface in root.iterfind("devices/interface")),
        graphics=tuple(graphics.get("type", "") for graphics in root.iterfind("devices/graphics")),
        has_agent_channel=_agent_channel(root) is not None,
        watchdog=_watchdog(root),
        panel=mark_in(root),
    )


def agent_is_connected(xml: str) -> bool:
    """Whether the running machine's guest has opened the agent's channel; only a live definition tells."""
    channel = _agent_channel(parse(xml))
    return channel is not None and channel.get("state") == "connected"


def _name(root: Element) -> str:
    name = root.findtext("name")
    if not name:
        raise InvalidXml("a machine needs a name")
    return name


def _uuid(root: Element) -> UUID | None:
    text = _text(root, "uuid").strip()
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise InvalidXml(f"malformed uuid {text!r}") from error


def _vcpus_current(root: Element) -> int:
    current = _attribute(root, "vcpu", "current")
    return int(current[:9]) if current.isascii() and current.isdigit() else vcpus_of(root)


def _boot_devices(root: Element) -> tuple[str, ...]:
    """One order for all, or an order number at each device; libvirt allows one of the two."""
    devices = tuple(boot.get("dev", "") for boot in root.iterfind("os/boot"))
    return devices or _boot_devices_by_number(root)


def _boot_devices_by_number(root: Element) -> tuple[str, ...]:
    numbered = ((number_of(boot), boot.getparent()) for boot in root.iterfind("devices/*/boot"))
    ordered = sorted(numbered, key=lambda pair: pair[0])
    return tuple(_boot_name(device) for _, device in ordered if device is not None)


def _boot_name(device: Element) -> str:
    if device.tag == "interface":
        return "network"
    return _BOOT_NAMES.get(device.get("device", "disk"), "hd")


def _disk(disk: Element) -> Disk:
    return Disk(
        target=_attribute(disk, "target", "dev"),
        device=disk.get("device", "disk"),
        bus=_attribute(disk, "target", "bus"),
        source=_disk_source(disk.find("source")),
        format=_attribute(disk, "driver", "type"),
        read_only=disk.find("readonly") is not None,
    )


def _disk_source(source: Element | None) -> str:
    name = _first_attribute(source, _DISK_SOURCES)
    pool = "" if source is None else source.get("pool", "")
    return f"{pool}/{name}" if pool else name


def _interface(interface: Element) -> Interface:
    return Interface(
        mac=_attribute(interface, "mac", "address"),
        model=_attribute(interface, "model", "type"),
        source_type=interface.get("type", ""),
        source=_first_attribute(interface.find("source"), _INTERFACE_SOURCES),
    )


def _watchdog(root: Element) -> str | None:
    """libvirt's own default is to reset the machine."""
    watchdog = root.find("devices/watchdog")
    return None if watchdog is None else watchdog.get("action", "reset")


def _agent_channel(root: Element) -> Element | None:
    return root.find(f"devices/channel/target[@name='{AGENT_CHANNEL}']")


def _text(element: Element, path: str) -> str:
    return element.findtext(path) or ""


def _attribute(element: Element, path: str, name: str) -> str:
    found = element.find(path)
    return "" if found is None else found.get(name, "")


def _first_attribute(element: Element | None, names: Iterable[str]) -> str:
    if element is None:
        return ""
    return next((element.get(name, "") for name in names if name in element.attrib), "")
