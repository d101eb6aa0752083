"""Interfaces: new ones, another network, model, address or link."""

from lxml import etree
from lxml.etree import _Element as Element

from vms.hypervisor.machine_xml.cloned_interfaces import OF_THE_OLD_PLACE
from vms.hypervisor.machine_xml.elements import child_of, drop_all, drop_attributes
from vms.rules.differences import Change
from vms.rules.hardware import Interface

_OF_VIRTIO = ("queues", "rx_queue_size", "tx_queue_size", "event_idx", "iommu", "ats", "packed", "page_per_vq", "rss")
_OF_A_TAP = ("target", "actual")


def element_of(interface: Interface) -> Element:
    element = etree.Element("interface", type=interface.kind)
    etree.SubElement(element, "mac", address=interface.mac)
    _write_source(element, interface.kind, interface.source)
    etree.SubElement(element, "model", type=interface.model)
    if not interface.is_up:
        etree.SubElement(element, "link", state="down")
    return element


def add(root: Element, change: Change) -> None:
    if isinstance(change.after, Interface):
        child_of(root, "devices").append(element_of(change.after))


def set_plug(interface: Element, change: Change) -> None:
    """Another network of the same kind: only its name changes. Else all goes that belonged to the old kind."""
    kind, source = change.after if isinstance(change.after, tuple) else ("", "")
    if interface.get("type") == kind:
        drop_all(interface, "source")
    else:
        drop_all(interface, *OF_THE_OLD_PLACE, *_OF_A_TAP, "portForward")
        interface.set("type", kind)
    _write_source(interface, kind, source)


def set_model(interface: Element, change: Change) -> None:
    """Its place on the node's bus stays, for all models are cards of the same bus; what only virtio has goes."""
    child_of(interface, "model").set("type", str(change.after))
    if not str(change.after).startswith("virtio"):
        for driver in interface.iterfind("driver"):
            drop_attributes(driver, *_OF_VIRTIO)


def set_mac(interface: Element, change: Change) -> None:
    child_of(interface, "mac").set("address", str(change.after))


def set_link(interface: Element, change: Change) -> None:
    child_of(interface, "link").set("state", "up" if change.after else "down")


def _write_source(interface: Element, kind: str, source: str) -> None:
    if source:
        etree.SubElement(interface, "source").set(kind, source)
