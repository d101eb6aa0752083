"""Saying in a definition what is below a disk's image, which counts more than what the image itself says."""

from collections.abc import Mapping

from lxml import etree
from lxml.etree import _Element as Element

from vms.hypervisor.machine_xml.parsing import parse, text_of


def with_images_below(xml: str, below: Mapping[str, tuple[str, str]]) -> str:
    """below: path and format of an image that stands alone, by the target of the disk that is on top of it."""
    root = parse(xml)
    for disk in root.iterfind("devices/disk"):
        target = disk.find("target")
        image = None if target is None else below.get(target.get("dev", ""))
        if image is not None:
            _put_below(disk, *image)
    return text_of(root)


def _put_below(disk: Element, path: str, image_format: str) -> None:
    for old in disk.findall("backingStore"):
        disk.remove(old)
    store = etree.SubElement(disk, "backingStore", type="file")
    etree.SubElement(store, "format", type=image_format)
    etree.SubElement(store, "source", file=path)
    etree.SubElement(store, "backingStore")
