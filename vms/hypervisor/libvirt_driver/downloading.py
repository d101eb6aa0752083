"""A file in a storage pool read byte by byte, as in uploading."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from hashlib import sha256

import libvirt

from vms.hypervisor.errors import DiskMissing, HypervisorError
from vms.hypervisor.libvirt_driver.breaking import made_aside
from vms.hypervisor.libvirt_driver.link import Link
from vms.hypervisor.libvirt_driver.uploading import PIECE
from vms.hypervisor.libvirt_driver.volumes import found_at


def checksum(link: Link, path: str, told: Callable[[int], None]) -> str:
    found, read = sha256(), 0
    for piece in _pieces(link, made_aside(link, partial(_volume, link.connection, path))):
        found.update(piece)
        read += len(piece)
        told(read)
    return found.hexdigest()


def _volume(connection: libvirt.virConnect, path: str) -> libvirt.virStorageVol:
    volume = found_at(connection, path)
    if volume is None:
        raise DiskMissing(f"there is no file {path}")
    return volume


def _pieces(link: Link, volume: libvirt.virStorageVol) -> Iterator[bytes]:
    stream = link.connection.newStream()
    made_aside(link, partial(volume.download, stream, 0, 0))
    try:
        while piece := made_aside(link, partial(_piece, stream)):
            yield piece
        made_aside(link, stream.finish)
    except BaseException:
        with suppress(libvirt.libvirtError, HypervisorError):
            made_aside(link, stream.abort)
        raise


def _piece(stream: libvirt.virStream) -> bytes:
    """A thread for each call is dear, so several of libvirt's pieces go into one."""
    pieces, size = [], 0
    while size < PIECE and (piece := stream.recv(PIECE)):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)
