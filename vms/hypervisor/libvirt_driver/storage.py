"""Disk images in a node's storage pools: how large, on top of what, deleted."""

from collections.abc import Collection, Iterator, Mapping
from posixpath import normpath
from typing import cast

import libvirt
from lxml import etree

from vms.hypervisor.contract import ImageSize
from vms.hypervisor.errors import DiskInUse
from vms.hypervisor.libvirt_driver.volumes import GONE, active_pools, found_at, look_again, volume_at


def images_on_top_of(connection: libvirt.virConnect, path: str) -> list[str]:
    """Those directly on it, and those on top of these, as the images themselves say at this moment."""
    below = dict(_images_with_what_is_below(connection))
    return sorted(image for image in below if _stands_on(image, normpath(path), below))


def sizes_of(connection: libvirt.virConnect, paths: Collection[str]) -> dict[str, ImageSize]:
    """Of those that a pool knows by now; no pool is made to look again."""
    volumes = {path: volume_at(connection, path) for path in paths}
    return {path: _size_of(volume) for path, volume in volumes.items() if volume is not None}


def _size_of(volume: libvirt.virStorageVol) -> ImageSize:
    _kind, capacity, allocation = cast("tuple[int, int, int]", volume.info())
    return ImageSize(capacity, allocation)


def delete(connection: libvirt.virConnect, path: str) -> None:
    """DiskInUse while something writes it through its pool."""
    volume = found_at(connection, path)
    if volume is not None:
        _delete(volume)


def _delete(volume: libvirt.virStorageVol) -> None:
    try:
        volume.delete()
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_OPERATION_INVALID:
            raise DiskInUse(str(error)) from error
        if error.get_error_code() not in GONE:
            raise


def _stands_on(image: str, path: str, below: Mapping[str, str]) -> bool:
    seen = {image}
    while (image := below.get(image, "")) and image not in seen:
        if image == path:
            return True
        seen.add(image)
    return False


def _images_with_what_is_below(connection: libvirt.virConnect) -> Iterator[tuple[str, str]]:
    for pool in active_pools(connection):
        look_again(pool)
        for volume in pool.listAllVolumes():
            yield from _image_with_what_is_below(volume)


def _image_with_what_is_below(volume: libvirt.virStorageVol) -> Iterator[tuple[str, str]]:
    """Nothing if it stands alone, or was deleted meanwhile."""
    try:
        xml = etree.fromstring(volume.XMLDesc().encode())
    except libvirt.libvirtError as error:
        if error.get_error_code() not in GONE:
            raise
        return
    path, below = xml.findtext("target/path"), xml.findtext("backingStore/path")
    if path and below:
        yield normpath(path), normpath(below)
