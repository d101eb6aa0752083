"""Finding images and pools on a node."""

from posixpath import dirname, normpath
from threading import Event
from time import monotonic

import libvirt
from lxml import etree

from vms.hypervisor.errors import DiskMissing

GONE = frozenset({libvirt.VIR_ERR_NO_STORAGE_VOL, libvirt.VIR_ERR_NO_STORAGE_POOL})

LOOK_SECONDS = 5.0
_BETWEEN_LOOKS = 0.1
_never = Event()


def volume_at(connection: libvirt.virConnect, path: str) -> libvirt.virStorageVol | None:
    """If its pool knows it by now."""
    try:
        return connection.storageVolLookupByPath(path)
    except libvirt.libvirtError as error:
        if error.get_error_code() in GONE:
            return None
        raise


def found_at(connection: libvirt.virConnect, path: str) -> libvirt.virStorageVol | None:
    """A pool does not see by itself what was put into its folder. DiskMissing if no pool knows that folder."""
    return volume_at(connection, path) or volume_at_second_look(connection, path)


def volume_at_second_look(connection: libvirt.virConnect, path: str) -> libvirt.virStorageVol | None:
    look_again(pool_at(connection, dirname(normpath(path))))
    return volume_at(connection, path)


def look_again(pool: libvirt.virStoragePool) -> None:
    """A pool refuses while it makes an image, which takes a moment only; what it says then has no code of its own."""
    end = monotonic() + LOOK_SECONDS
    while True:
        try:
            pool.refresh()
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_INTERNAL_ERROR or monotonic() > end:
                raise
            _never.wait(_BETWEEN_LOOKS)
        else:
            return


def pool_at(connection: libvirt.virConnect, folder: str) -> libvirt.virStoragePool:
    for pool in active_pools(connection):
        path = etree.fromstring(pool.XMLDesc().encode()).findtext("target/path")
        if path and normpath(path) == folder:
            return pool
    raise DiskMissing(f"no storage pool has the folder {folder}")


def active_pools(connection: libvirt.virConnect) -> list[libvirt.virStoragePool]:
    return list(connection.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE))
