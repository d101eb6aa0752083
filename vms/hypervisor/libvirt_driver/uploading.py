"""A file put into a storage pool, byte by byte.

Each call to libvirt is made aside; reading the file and telling how far it is are left to the caller's own thread.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import BinaryIO

import libvirt

from vms.hypervisor.errors import HypervisorError, Refused
from vms.hypervisor.libvirt_driver.breaking import made_aside
from vms.hypervisor.libvirt_driver.images import make_raw
from vms.hypervisor.libvirt_driver.link import Link

PIECE = 1024 * 1024


def upload(link: Link, path: str, size: int, source: BinaryIO, told: Callable[[int], None]) -> None:
    """Whatever ends it before its end: what was made is deleted again, as long as the node can be reached."""
    volume = made_aside(link, partial(make_raw, link.connection, path, size))
    try:
        _fill(link, volume, size, source, told)
    except BaseException:
        _try(link, volume.delete)
        raise


def _fill(link: Link, volume: libvirt.virStorageVol, size: int, source: BinaryIO, told: Callable[[int], None]) -> None:
    stream = link.connection.newStream()
    made_aside(link, partial(volume.upload, stream, 0, size))
    try:
        _send(link, stream, size, source, told)
        made_aside(link, stream.finish)
    except BaseException:
        _try(link, stream.abort)
        raise


def _send(link: Link, stream: libvirt.virStream, size: int, source: BinaryIO, told: Callable[[int], None]) -> None:
    sent = 0
    while sent < size:
        piece = source.read(min(PIECE, size - sent))
        if not piece:
            raise Refused(f"the file ended after {sent} of {size} bytes")
        made_aside(link, partial(_send_piece, stream, piece))
        sent += len(piece)
        told(sent)


def _send_piece(stream: libvirt.virStream, piece: bytes) -> None:
    while piece:
        piece = piece[stream.send(piece) :]


def _try(link: Link, call: Callable[[], object]) -> None:
    with suppress(libvirt.libvirtError, HypervisorError):
        made_aside(link, call)
