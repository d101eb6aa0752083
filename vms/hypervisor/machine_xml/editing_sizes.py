"""Another memory or number of vCPUs, in the elements that are there."""

from lxml import etree
from lxml.etree import _Element as Element

from vms.hypervisor.machine_xml.elements import child_of, drop_attributes, write_text
from vms.hypervisor.machine_xml.sizes import vcpus_of
from vms.rules.differences import Change


def set_memory_maximum(root: Element, change: Change) -> None:
    """What the machine shall have stays, also where it was not said. A NUMA cell that is alone holds all."""
    if root.find("currentMemory") is None:
        place = root.index(child_of(root, "memory")) + 1
        root.insert(place, etree.Element("currentMemory"))
        _write_size(child_of(root, "currentMemory"), change.before)
    _write_size(child_of(root, "memory"), change.after)
    for cell in root.iterfind("cpu/numa/cell"):
        cell.set("memory", str(change.after))
        cell.set("unit", "b")


def set_memory(root: Element, change: Change) -> None:
    _write_size(child_of(root, "currentMemory"), change.after)


def set_vcpus_maximum(root: Element, change: Change) -> None:
    vcpu = child_of(root, "vcpu")
    if "current" not in vcpu.attrib:
        vcpu.set("current", str(change.before))
    write_text(vcpu, str(change.after))
    _forget_if_all(root, vcpu)
    for cell in root.iterfind("cpu/numa/cell[@cpus]"):
        cell.set("cpus", f"0-{vcpus_of(root) - 1}")


def set_vcpus(root: Element, change: Change) -> None:
    vcpu = child_of(root, "vcpu")
    vcpu.set("current", str(change.after))
    _forget_if_all(root, vcpu)


def _forget_if_all(root: Element, vcpu: Element) -> None:
    if vcpu.get("current") == str(vcpus_of(root)):
        drop_attributes(vcpu, "current")


def _write_size(element: Element, size: object) -> None:
    element.set("unit", "b")
    write_text(element, str(size))
