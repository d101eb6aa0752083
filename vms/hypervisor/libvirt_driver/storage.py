"""Disk images in a node's storage pools."""

from collections.abc import Collection, Iterator, Mapping
from posixpath import dirname, normpath
from typing import cast

import libvirt
from lxml import etree

from vms.hypervisor.contract import ImageSize
from vms.hypervisor.errors import DiskInUse, DiskMissing

_GONE = frozenset({libvirt.VIR_ERR_NO_STORAGE_VOL, libvirt.VIR_ERR_NO_STORAGE_POOL})


def images_on_top_of(connection: libvirt.virConnect, path: str) -> list[str]:
    """Those directly on it, and those on top of these, as the images themselves say at this moment."""
    below = dict(_images_with_what_is_below(connection))
    return sorted(image for image in below if _stands_on(image, normpath(path), below))


def sizes_of(connection: libvirt.virConnect, paths: Collection[str]) -> dict[str, ImageSize]:
    """Of those that a pool knows by now; no pool is made to look again."""
    volumes = {path: _volume_at(connection, path) for path in paths}
    return {path: _size_of(volume) for path, volume in volumes.items() if volume is not None}


def _size_of(volume: libvirt.virStorageVol) -> ImageSize:
    _kind, capacity, allocation = cast("tuple[int, int, int]", volume.info())
    return ImageSize(capacity, allocation)


def delete(connection: libvirt.virConnect, path: str) -> None:
    """DiskInUse while something writes it through its pool."""
    volume = _volume_at(connection, path) or _volume_at_second_look(connection, path)
    if volume is not None:
        _delete(volume)


def _volume_at(connection: libvirt.virConnect, path: str) -> libvirt.virStorageVol | None:
    try:
        return connection.storageVolLookupByPath(path)
    except libvirt.libvirtError as error:
        if error.get_error_code() in _GONE:
            return None
        raise


def _volume_at_second_look(connection: libvirt.virConnect, path: str) -> libvirt.virStorageVol | None:
    """A pool does not see by itself what was put into its folder."""
    _pool_at(connection, dirname(normpath(path))).refresh()
    return _volume_at(connection, path)


def _delete(volume: libvirt.virStorageVol) -> None:
    try:
        volume.delete()
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_OPERATION_INVALID:
            raise DiskInUse(str(error)) from error
        if error.get_error_code() not in _GONE:
            raise


def _stands_on(image: str, path: str, below: Mapping[str, str]) -> bool:
    seen = {image}
    while (image := below.get(image, "")) and image not in seen:
        if image == path:
            return True
        seen.add(image)
    return False


def _images_with_what_is_below(connection: libvirt.virConnect) -> Iterator[tuple[str, str]]:
    for pool in _active_pools(connection):
        pool.refresh()
        for volume in pool.listAllVolumes():
            yield from _image_with_what_is_below(volume)


def _image_with_what_is_below(volume: libvirt.virStorageVol) -> Iterator[tuple[str, str]]:
    """Nothing if it stands alone, or was deleted meanwhile."""
    try:
        xml = etree.fromstring(volume.XMLDesc().encode())
    except libvirt.libvirtError as error:
        if error.get_error_code() not in _GONE:
            raise
        return
    path, below = xml.findtext("target/path"), xml.findtext("backingStore/path")
    if path and below:
        yield normpath(path), normpath(below)


def _pool_at(connection: libvirt.virConnect, folder: str) -> libvirt.virStoragePool:
    for pool in _active_pools(connection):
        path = etree.fromstring(pool.XMLDesc().encode()).findtext("target/path")
        if path and normpath(path) == folder:
            return pool
    raise DiskMissing(f"no storage pool has the folder {folder}")


def _active_pools(connection: libvirt.virConnect) -> list[libvirt.virStoragePool]:
    return list(connection.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE))
