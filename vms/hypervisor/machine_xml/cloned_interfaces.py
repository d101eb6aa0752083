"""The interfaces of a copy: its own addresses, and nothing of the node that only one machine can have."""

from collections.abc import Sequence

from lxml import etree
from lxml.etree import _Element as Element

from vms.hypervisor.errors import InvalidXml
from vms.hypervisor.machine_xml.elements import child_of, drop, drop_all, drop_attributes

_FOR_ONE_MACHINE = frozenset({"hostdev", "vdpa", "vhostuser", "server", "udp"})
OF_THE_OLD_PLACE = (
    "source",
    "virtualport",
    "vlan",
    "backend",
    "ip",
    "route",
    "script",
    "downscript",
    "port",
    "teaming",
)
"""What an interface had to do with what it was plugged into."""

_OF_THE_ORIGIN = (
    "target",
    "actual",
    "portForward",
    "filterref/parameter[@name='IP']",
    "filterref/parameter[@name='IPV6']",
    "filterref/parameter[@name='MAC']",
)


def replace_interfaces(root: Element, macs: Sequence[str], network: str | None) -> None:
    """One MAC for each interface, in order. network: where to plug the first one in; None: where the origin's is.

    Afterwards those are left out that pass on a device or a socket of the node. InvalidXml for another count of MACs.
    """
    interfaces = root.findall("devices/interface")
    if len(interfaces) != len(macs):
        raise InvalidXml(f"{len(macs)} MACs for {len(interfaces)} interfaces")
    if network is not None and interfaces:
        _plug_into(interfaces[0], network)
    for interface, mac in zip(interfaces, macs, strict=True):
        _replace(interface, mac)


def _replace(interface: Element, mac: str) -> None:
    if _is_for_one_machine(interface):
        drop(interface)
        return
    child_of(interface, "mac").set("address", mac)
    drop_all(interface, *_OF_THE_ORIGIN)
    for parameters in interface.iterfind("virtualport/parameters"):
        drop_attributes(parameters, "interfaceid", "instanceid")
    for backend in interface.iterfind("backend"):
        drop_attributes(backend, "logFile")


def _plug_into(interface: Element, network: str) -> None:
    if interface.get("type") == "network" and _source(interface).get("network") == network:
        return
    if _is_for_one_machine(interface):
        _make_virtual(interface)
    drop_all(interface, *OF_THE_OLD_PLACE)
    interface.set("type", "network")
    etree.SubElement(interface, "source", network=network)


def _make_virtual(interface: Element) -> None:
    """No longer a device of the node: its driver there is of no use, and the guest needs one to see."""
    drop_attributes(interface, "managed")
    drop_all(interface, "driver")
    if interface.find("model") is None:
        etree.SubElement(interface, "model", type="virtio")


def _is_for_one_machine(interface: Element) -> bool:
    return (
        interface.get("type") in _FOR_ONE_MACHINE
        or _source(interface).get("mode") == "passthrough"
        or interface.find("target[@managed='no']") is not None
    )


def _source(interface: Element) -> Element:
    found = interface.find("source")
    return etree.Element("source") if found is None else found
