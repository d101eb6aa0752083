"""The storage pools of a node: `images`, which only it has, `shared` and `backups`, the same files on every node."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

import libvirt

from demo.account import Account

PIECE = 8 * 1024 * 1024


def ensure_pool(connection: libvirt.virConnect, name: str, directory: Path) -> None:
    """A running pool of that name for that directory, which starts with the node."""
    known = {pool.name(): pool for pool in connection.listAllStoragePools()}
    pool = known.get(name) or connection.storagePoolDefineXML(_pool_xml(name, directory))
    if not pool.autostart():
        pool.setAutostart(1)
    if not pool.isActive():
        pool.create()


def ensure_disk(connection: libvirt.virConnect, name: str, *, size: int, pool: str = "images") -> Path:
    """The path of a thin qcow2 image of `size` bytes in that pool, made when it is missing."""
    place = connection.storagePoolLookupByName(pool)
    known = {volume.name(): volume for volume in place.listAllVolumes()}
    volume = known.get(name) or place.createXML(_volume_xml(name, size))
    return Path(volume.path())


def fill_disk(account: Account, path: Path, *, size: int, content: int) -> None:
    """Write `content` bytes of a qcow2 image of `size`, evenly spread: enough to see that it takes a while to copy."""
    pieces = content // PIECE
    places = (size // pieces * number for number in range(pieces))
    writes = [f"write -q -P {number % 255 + 1} {place} {PIECE}" for number, place in enumerate(places)]
    account.run("qemu-io", "-f", "qcow2", "-t", "unsafe", *(word for write in writes for word in ("-c", write)), path)


def _pool_xml(name: str, directory: Path) -> str:
    target = f"<target><path>{escape(str(directory))}</path></target>"
    return f"<pool type='dir'><name>{escape(name)}</name>{target}</pool>"


def _volume_xml(name: str, size: int) -> str:
    target = "<target><format type='qcow2'/><compat>1.1</compat></target>"  # or it is of the old kind
    return f"<volume><name>{escape(name)}</name><capacity>{size}</capacity>{target}</volume>"
