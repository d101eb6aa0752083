"""The storage pools of a node: `images`, which only it has, and `shared`, the same files on every node."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

import libvirt


def ensure_pool(connection: libvirt.virConnect, name: str, directory: Path) -> None:
    """A running pool of that name for that directory, which starts with the node."""
    known = {pool.name(): pool for pool in connection.listAllStoragePools()}
    pool = known.get(name) or connection.storagePoolDefineXML(_pool_xml(name, directory))
    if not pool.autostart():
        pool.setAutostart(1)
    if not pool.isActive():
        pool.create()


def ensure_disk(connection: libvirt.virConnect, name: str, *, size: int) -> Path:
    """The path of a thin qcow2 image of `size` bytes in the pool `images`, made when it is missing."""
    pool = connection.storagePoolLookupByName("images")
    known = {volume.name(): volume for volume in pool.listAllVolumes()}
    volume = known.get(name) or pool.createXML(_volume_xml(name, size))
    return Path(volume.path())


def _pool_xml(name: str, directory: Path) -> str:
    target = f"<target><path>{escape(str(directory))}</path></target>"
    return f"<pool type='dir'><name>{escape(name)}</name>{target}</pool>"


def _volume_xml(name: str, size: int) -> str:
    target = "<target><format type='qcow2'/></target>"
    return f"<volume><name>{escape(name)}</name><capacity>{size}</capacity>{target}</volume>"
