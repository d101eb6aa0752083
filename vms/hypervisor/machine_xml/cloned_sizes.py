"""Another size for a machine, and no more of what was laid out for the old one."""

from math import prod

from lxml.etree import _Element as Element

from vms.hypervisor.machine_xml.elements import child_of, drop, drop_all, drop_attributes, write_text
from vms.hypervisor.machine_xml.sizes import size_of, vcpus_of

_FOR_THE_MEMORY = ("maxMemory", "memtune")
_FOR_THE_VCPUS = ("vcpus", "cputune/vcpupin", "cputune/vcpusched", "cputune/cachetune", "cputune/memorytune")
_FOR_THE_CELLS = (
    "maxMemory",
    "cpu/numa",
    "numatune/memnode",
    "memoryBacking/hugepages/page[@nodeset]",
    "devices/controller/target/node",
)


def resize(root: Element, memory: int, vcpus: int) -> None:
    """memory in bytes. All of both is there from the start: no balloon, no module, no vCPU that is plugged in later."""
    has_modules = root.find("devices/memory") is not None
    other_memory = size_of(root.find("memory")) != memory
    other_vcpus = vcpus_of(root) != vcpus
    drop_all(root, "devices/memory")
    if other_memory:
        drop_all(root, *_FOR_THE_MEMORY)
    if other_vcpus:
        drop_all(root, *_FOR_THE_VCPUS)
    if other_memory or other_vcpus or has_modules:
        _resize_cells(root, memory, vcpus)
    _write_memory(root, memory)
    _write_vcpus(root, vcpus)


def _write_memory(root: Element, memory: int) -> None:
    for name in ("memory", "currentMemory"):
        element = child_of(root, name)
        element.set("unit", "b")
        write_text(element, str(memory))


def _write_vcpus(root: Element, vcpus: int) -> None:
    vcpu = child_of(root, "vcpu")
    drop_attributes(vcpu, "current")
    write_text(vcpu, str(vcpus))
    drop_all(root, "vcpus/vcpu[@enabled='no']/..")
    topology = root.find("cpu/topology")
    if topology is not None and _places(topology) != vcpus:
        drop(topology)
    _drop_empty_cpu(root)


def _places(topology: Element) -> int:
    """sockets, dies, cores, threads, and whatever a later libvirt puts between them."""
    counts = [str(count) for count in topology.attrib.values()]
    return prod(int(count[:9]) for count in counts) if all(map(_is_number, counts)) else 0


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _resize_cells(root: Element, memory: int, vcpus: int) -> None:
    """One cell holds all. How several would share another size nobody knows, so the machine gets none."""
    cells = root.findall("cpu/numa/cell")
    if len(cells) != 1:
        drop_all(root, *_FOR_THE_CELLS)
        return
    cells[0].set("cpus", f"0-{vcpus - 1}")
    cells[0].set("memory", str(memory))
    cells[0].set("unit", "b")


def _drop_empty_cpu(root: Element) -> None:
    cpu = root.find("cpu")
    if cpu is not None and not len(cpu) and not cpu.attrib:
        drop(cpu)
