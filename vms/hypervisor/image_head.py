"""What an image says of itself in its first bytes. Nothing is opened, and nothing it names is looked up."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from posixpath import dirname, join, normpath

from vms.rules.images import EXTERNAL_DATA, FEATURES_SINCE, HEAD_BYTES, QCOW2_MAGIC, QCOW2_START, is_iso

_MOST_BYTES = 2 * 1024 * 1024 + 1024
"""The name of what is below lies in the first cluster, which is no larger than 2 MiB."""

_FEATURES_AT, _HEADER_LENGTH_AT, _OLD_HEADER_LENGTH = 72, 100, 72
_DATA_FILE = 0x44415441


@dataclass(frozen=True, slots=True)
class Head:
    """format: "" if these bytes do not tell; capacity: None if they do not."""

    format: str
    capacity: int | None
    below: str


def head_of(path: str, first_bytes: Callable[[int], bytes]) -> Head:
    """first_bytes: so many of the image, fewer if it is shorter."""
    head = first_bytes(HEAD_BYTES)
    if not head.startswith(QCOW2_MAGIC) or len(head) < _OLD_HEADER_LENGTH:
        return Head("iso" if is_iso(head) else "", None, "")
    _magic, version, place, length, _bits, capacity, _encryption = QCOW2_START.unpack_from(head)
    if place + length > len(head):
        head = first_bytes(min(place + length, _MOST_BYTES))
    name = head[place : place + length] if place else _data_file_in(head, version)
    return Head("qcow" if version == 1 else "qcow2", capacity, _path_of(name.decode(errors="replace"), path))


def keeps_notes(first_bytes: bytes) -> bool:
    """Whether the image can note for itself what changes from a moment on: the newer qcow2 can. Eight bytes tell."""
    return first_bytes.startswith(QCOW2_MAGIC) and _number(first_bytes, len(QCOW2_MAGIC), ">I") >= FEATURES_SINCE


def _path_of(name: str, image: str) -> str:
    """A name of another kind than a path (nbd:..., json:...) is left as it is."""
    if not name or ":" in name.partition("/")[0]:
        return name
    return normpath(join(dirname(image), name))


def _data_file_in(head: bytes, version: int) -> bytes:
    """A newer image may keep its data in another file, and so needs that one."""
    if version < FEATURES_SINCE or not _number(head, _FEATURES_AT, ">Q") & EXTERNAL_DATA:
        return b""
    return next((data for kind, data in _extensions(head) if kind == _DATA_FILE), b"?")


def _extensions(head: bytes) -> Iterator[tuple[int, bytes]]:
    at = _number(head, _HEADER_LENGTH_AT, ">I")
    while kind := _number(head, at, ">I"):
        length = _number(head, at + 4, ">I")
        yield kind, head[at + 8 : at + 8 + length]
        at += 8 + (length + 7) // 8 * 8


def _number(head: bytes, at: int, shape: str) -> int:
    """0 beyond the end."""
    field = head[at : at + struct.calcsize(shape)].ljust(struct.calcsize(shape), b"\0")
    return int(struct.unpack(shape, field)[0])
