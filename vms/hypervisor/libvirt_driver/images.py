"""One image in a storage pool: looked at, read, made."""

from functools import partial
from posixpath import basename, dirname, normpath

import libvirt
from lxml import etree
from lxml.etree import _Element as Element

from vms.hypervisor.contract import Image
from vms.hypervisor.errors import DiskExists, DiskMissing, InvalidXml, Refused
from vms.hypervisor.image_head import head_of, keeps_notes
from vms.hypervisor.libvirt_driver.refusals import error_from
from vms.hypervisor.libvirt_driver.volumes import found_at, pool_at, volume_at_second_look

_TOLD_BY_THEIR_HEAD = frozenset({"qcow", "qcow2", "iso"})
_PIECE = 256 * 1024
_VERSION_BYTES = 8


def image_at(connection: libvirt.virConnect, path: str) -> Image | None:
    """As its own first bytes tell at this moment: what a pool noted of it is as old as the pool's last look."""
    volume = found_at(connection, path)
    try:
        return None if volume is None else _image(connection, volume, path)
    except libvirt.libvirtError as error:
        if isinstance(error_from(error), DiskMissing):  # only the pool remembers it
            return None
        raise


def bytes_at(connection: libvirt.virConnect, path: str, offset: int, count: int) -> bytes:
    volume = found_at(connection, path)
    if volume is None:
        raise DiskMissing(f"there is no image {path}")
    return _bytes_of(connection, volume, offset, count)


def chain_at(connection: libvirt.virConnect, path: str) -> list[Image]:
    """An image and all that it needs, down to the last."""
    chain: list[Image] = []
    while path and path not in {image.path for image in chain}:
        image = image_at(connection, path)
        if image is None:
            raise DiskMissing(f"there is no image {path}")
        chain.append(image)
        path = image.below
    return chain


def chain_keeps_notes(connection: libvirt.virConnect, path: str) -> bool:
    """Whether an image, and all that it needs, can note what changes from a moment on. What lies in no storage pool
    nobody can look at."""
    try:
        chain = chain_at(connection, path)
        return all(keeps_notes(bytes_at(connection, image.path, 0, _VERSION_BYTES)) for image in chain)
    except DiskMissing:
        return False


def make(connection: libvirt.virConnect, path: str, capacity: int, *, on_top_of: str, format_below: str) -> None:
    """In the newer qcow2, which knows of blocks that hold only zeros."""
    volume = _volume(path, capacity, "qcow2")
    _add(volume[-1], "compat", "1.1")
    if on_top_of:
        below = _add(volume, "backingStore")
        _add(below, "path", on_top_of)
        _add(below, "format").set("type", _said(format_below))
    _make(connection, path, volume)


def make_raw(connection: libvirt.virConnect, path: str, size: int) -> libvirt.virStorageVol:
    """With no space taken yet: what is written into it takes it."""
    return _make(connection, path, _volume(path, size, "raw"))


def _image(connection: libvirt.virConnect, volume: libvirt.virStorageVol, path: str) -> Image:
    noted = etree.fromstring(volume.XMLDesc().encode())
    head = head_of(path, partial(_bytes_of, connection, volume, 0))
    return Image(
        path=path,
        format=head.format or _noted_format(noted),
        capacity=int(noted.findtext("capacity") or 0) if head.capacity is None else head.capacity,
        allocation=int(noted.findtext("allocation") or 0),
        below=head.below,
    )


def _noted_format(noted: Element) -> str:
    """As its pool found it; if that was what its first bytes say no longer, it is plain bytes."""
    found = noted.find("target/format")
    name = "" if found is None else found.get("type", "")
    return "raw" if name in _TOLD_BY_THEIR_HEAD else name or "raw"


def _bytes_of(connection: libvirt.virConnect, volume: libvirt.virStorageVol, offset: int, count: int) -> bytes:
    """libvirt takes "none" for "all"."""
    if not count:
        return b""
    stream = connection.newStream()
    volume.download(stream, offset, count)
    pieces = []
    while piece := stream.recv(_PIECE):
        pieces.append(piece)
    stream.finish()
    return b"".join(pieces)


def _make(connection: libvirt.virConnect, path: str, volume: Element) -> libvirt.virStorageVol:
    """Drivers disagree on what they say of one that is there, and a pool may not have seen it yet."""
    pool = pool_at(connection, dirname(normpath(path)))
    try:
        return pool.createXML(etree.tostring(volume, encoding="unicode"))
    except libvirt.libvirtError as error:
        if volume_at_second_look(connection, path) is not None:
            raise DiskExists(str(error)) from error
        raise


def _volume(path: str, capacity: int, image_format: str) -> Element:
    volume = etree.Element("volume")
    _add(volume, "name", basename(path))
    _add(volume, "capacity", str(capacity))
    _add(volume, "allocation", "0")
    _add(_add(volume, "target"), "format").set("type", image_format)
    return volume


def _add(parent: Element, tag: str, text: str = "") -> Element:
    child = etree.SubElement(parent, tag)
    try:
        child.text = text
    except ValueError as error:  # a character that XML has no way to write
        raise InvalidXml(str(error)) from error
    return child


def _said(image_format: str) -> str:
    if not image_format:
        raise Refused("the format of the image below must be said, for a guest could write what it likes there")
    return image_format
