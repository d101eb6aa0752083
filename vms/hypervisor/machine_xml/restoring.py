"""The definition that a backup kept, for the machine that it is of as that is called and known today."""

from collections.abc import Collection, Mapping

from lxml.etree import _Element as Element

from vms.hypervisor.errors import InvalidXml
from vms.hypervisor.machine_xml.cloned_disks import OF_THE_OLD_IMAGE
from vms.hypervisor.machine_xml.description import PanelMark
from vms.hypervisor.machine_xml.elements import child_of, drop_all, drop_attributes, write_text
from vms.hypervisor.machine_xml.marking import with_panel_mark
from vms.hypervisor.machine_xml.moving import moved
from vms.hypervisor.machine_xml.parsing import parse, text_of
from vms.rules.hardware import REMOVABLE


def restored(xml: str, name: str, disks: Mapping[str, str], mark: PanelMark, *, gone: Collection[str] = ()) -> str:
    """disks: paths of qcow2 images, by target. gone: media that are not there any more: their drives are empty then.
    All else is as it was. InvalidXml if it is no machine's definition, or has no such disk."""
    root = parse(with_panel_mark(moved(xml, disks), mark))
    drop_attributes(root, "id")
    try:
        write_text(child_of(root, "name"), name)
    except ValueError as error:  # a character that XML has no way to write
        raise InvalidXml(str(error)) from error
    for drive in root.iterfind("devices/disk"):
        if drive.get("device") in REMOVABLE and _medium_of(drive) in gone:
            _empty(drive)
    return text_of(root)


def _medium_of(drive: Element) -> str:
    source = drive.find("source")
    return "" if source is None else source.get("file", "")


def _empty(drive: Element) -> None:
    drop_all(drive, *OF_THE_OLD_IMAGE)
    drive.set("type", "file")
