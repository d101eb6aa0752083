"""A definition as people may edit it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import prod

from lxml.etree import _Element as Element

from vms.hypervisor.machine_xml.booting import NUMBERS, number_of
from vms.hypervisor.machine_xml.description import MachineDescription
from vms.hypervisor.machine_xml.parsing import parse
from vms.hypervisor.machine_xml.reading import describe
from vms.hypervisor.machine_xml.sizes import factor, size_of
from vms.rules.hardware import Beyond, Drive, Firmware, Hardware, Interface, Limits

_SCREENS = frozenset({"vnc", "spice"})
_QEMU = "{http://libvirt.org/schemas/domain/qemu/1.0}"
_BEYOND: Mapping[Beyond, tuple[str, ...]] = {
    Beyond.PASSED_THROUGH: ("devices/hostdev", "devices/interface[@type='hostdev']", "devices/interface[@type='vdpa']"),
    Beyond.HUGE_PAGES: ("memoryBacking/hugepages",),
    Beyond.NUMA: ("cpu/numa", "numatune"),
    Beyond.MEMORY_MODULES: ("devices/memory", "maxMemory"),
    Beyond.PINNING: ("vcpu[@cpuset]", "cputune/vcpupin", "cputune/emulatorpin", "cputune/iothreadpin"),
    Beyond.TUNING: ("memtune", "blkiotune", "devices/disk/iotune", "devices/interface/bandwidth", "cputune/quota"),
    Beyond.QEMU_ARGUMENTS: (f"{_QEMU}commandline", f"{_QEMU}override"),
    Beyond.ENCRYPTED_MEMORY: ("launchSecurity",),
    Beyond.TPM: ("devices/tpm",),
    Beyond.SHARED_FOLDERS: ("devices/filesystem",),
    Beyond.SHARED_MEMORY: ("devices/shmem", "memoryBacking/access[@mode='shared']"),
    Beyond.DIRECT_KERNEL: ("os/kernel",),
}


def hardware_of(xml: str, *, autostart: bool = False, sizes: Mapping[str, int] | None = None) -> Hardware:
    """sizes: what the guest sees of its disks, in bytes, by target: a definition does not say. InvalidXml if it is no
    machine's definition."""
    root, found = parse(xml), describe(xml)
    drives = tuple(_drives(root, found, sizes or {}))
    interfaces, limits = tuple(_interfaces(root, found)), _limits(root, found)
    return Hardware(
        name=found.name,
        title=found.title,
        description=root.findtext("description") or "",
        memory=found.memory,
        memory_current=found.memory_current,
        vcpus=found.vcpus,
        vcpus_current=found.vcpus_current,
        drives=drives,
        interfaces=interfaces,
        boot=_boot(root, [drive.was for drive in drives], [interface.was for interface in interfaces]),
        graphics=tuple(kind for kind in found.graphics if kind in _SCREENS),
        firmware=_firmware(root, limits),
        has_agent_channel=found.has_agent_channel,
        watchdog=found.watchdog or "",
        autostart=autostart,
        machine_type=found.machine_type,
        beyond=frozenset(_beyond(root)),
        limits=limits,
    )


def interface_keys(interfaces: Iterable[Element]) -> list[str]:
    """Their MACs in small letters; those that somebody has before it are numbered: "52:54:00:aa:00:01#2"."""
    keys: list[str] = []
    for interface in interfaces:
        mac = interface.find("mac")
        address = "" if mac is None else mac.get("address", "").lower()
        same = sum(key.partition("#")[0] == address for key in keys)
        keys.append(f"{address}#{same + 1}" if same or not address else address)
    return keys


def _drives(root: Element, found: MachineDescription, sizes: Mapping[str, int]) -> Iterator[Drive]:
    for element, disk in zip(root.iterfind("devices/disk"), found.disks, strict=True):
        yield Drive(
            was=disk.target,
            target=disk.target,
            device=disk.device,
            bus=disk.bus,
            kind=element.get("type", "file"),
            source=disk.source,
            format=disk.format,
            read_only=disk.read_only,
            serial=element.findtext("serial") or "",
            size=sizes.get(disk.target),
        )


def _interfaces(root: Element, found: MachineDescription) -> Iterator[Interface]:
    elements = root.findall("devices/interface")
    for element, key, described in zip(elements, interface_keys(elements), found.interfaces, strict=True):
        link = element.find("link")
        yield Interface(
            was=key,
            mac=described.mac,
            kind=described.source_type,
            source=described.source,
            model=described.model,
            is_up=link is None or link.get("state") != "down",
        )


def _boot(root: Element, drives: list[str], interfaces: list[str]) -> tuple[str, ...]:
    """Of devices that have numbers, those that are drives or interfaces."""
    kinds = tuple(boot.get("dev", "") for boot in root.iterfind("os/boot"))
    if kinds:
        return kinds
    elements = [*root.findall("devices/disk"), *root.findall("devices/interface")]
    keys = dict(zip(elements, [*drives, *interfaces], strict=True))
    numbered = sorted(root.iterfind(NUMBERS), key=number_of)
    parents = (boot.getparent() for boot in numbered)
    return tuple(keys[parent] for parent in parents if parent is not None and parent in keys)


def _firmware(root: Element, limits: Limits) -> Firmware:
    loader, os = root.find("os/loader"), root.find("os")
    chosen = "" if os is None else os.get("firmware", "")
    if chosen == "efi" or (loader is not None and loader.get("type") == "pflash"):
        return Firmware.SECURE_BOOT if _is_secure(root) else Firmware.EFI
    return Firmware.BIOS if limits.is_pc and loader is None else Firmware.OTHER


def _is_secure(root: Element) -> bool:
    paths = ("os/loader[@secure='yes']", "os/firmware/feature[@name='secure-boot'][@enabled='yes']")
    return any(root.find(path) is not None for path in paths)


def _beyond(root: Element) -> Iterator[Beyond]:
    for beyond, paths in _BEYOND.items():
        if any(root.find(path) is not None for path in paths):
            yield beyond
    if any(graphics.get("type") not in _SCREENS for graphics in root.iterfind("devices/graphics")):
        yield Beyond.OTHER_SCREENS


def _limits(root: Element, found: MachineDescription) -> Limits:
    return Limits(
        arch=found.arch,
        cells=len(root.findall("cpu/numa/cell")),
        has_modules=root.find("devices/memory") is not None,
        memory_ceiling=size_of(root.find("maxMemory")) or 0,
        memory_cap=size_of(root.find("memtune/hard_limit")) or 0,
        page=_largest_page(root),
        topology=_places(root),
        highest_pinned=max(_pinned(root), default=-1),
        vcpus_have_names=root.find("vcpus") is not None,
        has_balloon=root.find("devices/memballoon[@model='none']") is None,
        keeps_firmware=root.find("os/nvram") is not None or root.find("os/loader") is not None,
        has_acpi=root.find("features/acpi") is not None,
        free_slots=_free_slots(root),
    )


def _largest_page(root: Element) -> int:
    pages = root.iterfind("memoryBacking/hugepages/page")
    return max((_number(page.get("size", "")) * factor(page.get("unit", "KiB")) for page in pages), default=0)


def _places(root: Element) -> int:
    topology = root.find("cpu/topology")
    return 0 if topology is None else prod(_number(str(value)) for value in topology.attrib.values())


def _pinned(root: Element) -> Iterator[int]:
    """The numbers of the vCPUs that something is said of."""
    for pin in root.iterfind("cputune/*"):
        for part in f"{pin.get('vcpu', '')},{pin.get('vcpus', '')}".split(","):
            last = part.rpartition("-")[2].lstrip("^")
            if last.isascii() and last.isdigit():
                yield int(last[:9])


def _free_slots(root: Element) -> int | None:
    """PCI Express has a port for each device that is plugged in while the machine is on; plain PCI has plenty."""
    if root.find("devices/controller[@model='pcie-root']") is None:
        return None
    ports = {port.get("index", "") for port in root.iterfind("devices/controller[@model='pcie-root-port']")}
    ports -= {port.get("index", "") for port in root.iterfind("devices/controller/target[@hotplug='off']/..")}
    used = {str(int(address.get("bus", "0"), 16)) for address in root.iterfind("devices/*/address[@type='pci']")}
    return len(ports - used)


def _number(text: str) -> int:
    return int(text[:9]) if text.isascii() and text.isdigit() else 0
