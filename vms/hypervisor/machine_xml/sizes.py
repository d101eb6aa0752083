"""Sizes as libvirt writes them: a number and a unit, KiB if none is named."""

from lxml.etree import _Element as Element

from vms.hypervisor.errors import InvalidXml

_BYTES = frozenset({"b", "byte", "bytes"})
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5, "e": 6}
_BASES = {"": 1024, "ib": 1024, "b": 1000}


def size_of(element: Element | None) -> int | None:
    """In bytes. InvalidXml for a number or a unit that libvirt would not take either."""
    if element is None:
        return None
    return whole_number(element) * factor(element.get("unit", "KiB"))


def vcpus_of(root: Element) -> int:
    """The most the machine may have."""
    vcpu = root.find("vcpu")
    return 1 if vcpu is None else whole_number(vcpu)


def whole_number(element: Element) -> int:
    text = (element.text or "").strip()
    if not (text.isascii() and text.isdigit()):
        raise InvalidXml(f"<{element.tag}> needs a whole number, not {text!r}")
    return int(text[:20])


def factor(unit: str) -> int:
    """How many bytes: 1024 for "k" and "KiB", 1000 for "KB", whatever the case."""
    name = unit.lower()
    if name in _BYTES:
        return 1
    power, base = _POWERS.get(name[:1]), _BASES.get(name[1:])
    if power is None or base is None:
        raise InvalidXml(f"unknown unit {unit!r}")
    return int(base**power)
