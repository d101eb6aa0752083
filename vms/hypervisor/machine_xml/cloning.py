"""A copy of a machine: its definition made over so that it can stand beside the origin's, on any node."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from lxml.etree import _Element as Element

from vms.hypervisor.errors import InvalidXml
from vms.hypervisor.machine_xml.booting import drives_of, forget_media, put_first
from vms.hypervisor.machine_xml.cloned_devices import replace_devices
from vms.hypervisor.machine_xml.cloned_disks import replace_disks
from vms.hypervisor.machine_xml.cloned_interfaces import replace_interfaces
from vms.hypervisor.machine_xml.cloned_sizes import resize
from vms.hypervisor.machine_xml.description import PanelMark
from vms.hypervisor.machine_xml.elements import child_of, drop, drop_all, drop_attributes, write_text
from vms.hypervisor.machine_xml.marking import with_panel_mark
from vms.hypervisor.machine_xml.parsing import parse, text_of

_OF_THE_ORIGIN = (
    "title",
    "sysinfo/system/entry[@name='uuid']",
    "seclabel[@type='static']",
    "seclabel/label",
    "seclabel/imagelabel",
)
_CLOUD_INIT = "ds="


@dataclass(frozen=True, slots=True)
class Clone:
    """What the copy has of its own.

    disks: paths of its qcow2 images, by target. memory: bytes. macs: one for each interface of the origin, in order.
    network: the libvirt network to plug the first interface into, None for where the origin's is.
    """

    name: str
    uuid: UUID
    disks: Mapping[str, str]
    memory: int
    vcpus: int
    network: str | None
    macs: Sequence[str]
    mark: PanelMark


def clone_of(xml: str, clone: Clone) -> str:
    """A definition that starts from its disks, with empty drives and no password.

    What two machines cannot share is left out: disks without a new path that are neither read-only nor shareable,
    devices of the node (hostdev, evdev, its TPM ...), leases, and interfaces that pass on a device or a socket.
    Places of the origin's (ports, sockets, log files, firmware variables) libvirt chooses anew. Memory modules become
    plain memory, and what was laid out for another size (NUMA cells, pinned vCPUs ...) goes when the size changes. All
    else stays, QEMU's own arguments and the metadata of others too.

    InvalidXml if it is no machine's definition, if the disks or the MACs are not those of this machine, or for text
    that holds what XML cannot.
    """
    root = parse(with_panel_mark(xml, clone.mark))
    try:
        _make_over(root, clone)
    except ValueError as error:  # a character that XML has no way to write
        raise InvalidXml(str(error)) from error
    return text_of(root)


def _make_over(root: Element, clone: Clone) -> None:
    _name(root, clone)
    _forget_origin(root)
    resize(root, clone.memory, clone.vcpus)
    replace_disks(root, clone.disks)
    replace_interfaces(root, clone.macs, clone.network)
    replace_devices(root)
    _boot_from_disk(root)


def _name(root: Element, clone: Clone) -> None:
    drop_attributes(root, "id")
    write_text(child_of(root, "name"), clone.name)
    write_text(child_of(root, "uuid"), str(clone.uuid))
    genid = root.find("genid")
    if genid is not None:  # libvirt fills an empty one
        write_text(genid, "")


def _forget_origin(root: Element) -> None:
    drop_all(root, *_OF_THE_ORIGIN)
    for entry in root.findall("sysinfo/*/entry[@name='serial']"):
        _forget_serial(entry)
    for nvram in root.findall("os/nvram"):
        _forget_variables(nvram)


def _forget_serial(entry: Element) -> None:
    """Where it tells cloud-init about its data it is no number of the machine's."""
    if not (entry.text or "").strip().startswith(_CLOUD_INIT):
        drop(entry)


def _forget_variables(nvram: Element) -> None:
    """Made anew from the template at the first start; libvirt knows where it keeps them."""
    drop_attributes(nvram, "type")
    write_text(nvram, "")
    if not nvram.attrib:
        drop(nvram)


def _boot_from_disk(root: Element) -> None:
    forget_media(root)
    if drives_of(root, "hd"):
        put_first(root, "hd")
