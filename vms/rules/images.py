"""Which files are taken as an image, judged by their first bytes alone. What a file says of itself is never believed
in a way that could do harm: its format is said by a person, and one that leads to other files is refused."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import StrEnum

HEAD_BYTES = 64 * 1024
"""So many first bytes are enough to judge."""

SECTOR = 512
LARGEST = 64 * 1024**4
"""Bytes that a disk may have for its guest."""


class FileKind(StrEnum):
    """What a file is, as the person says who brings it."""

    ISO = "iso"
    QCOW2 = "qcow2"
    RAW = "raw"


DISK_FORMATS = (FileKind.QCOW2, FileKind.RAW)


class ImageFault(StrEnum):
    """Why a file is refused."""

    EMPTY = "empty"
    MISSING = "missing"
    NOT_AN_ISO = "not_an_iso"
    NOT_QCOW2 = "not_qcow2"
    UNKNOWN_VERSION = "unknown_version"
    HAS_IMAGE_BELOW = "has_image_below"
    HAS_DATA_FILE = "has_data_file"
    ENCRYPTED = "encrypted"
    UNKNOWN_FEATURES = "unknown_features"
    DAMAGED = "damaged"
    NO_CAPACITY = "no_capacity"
    TOO_LARGE = "too_large"
    NO_WHOLE_SECTORS = "no_whole_sectors"
    ANOTHER_FORMAT = "another_format"


_ISO_MARK, _ISO_MARK_AT = b"CD001", 32769

QCOW2_MAGIC = b"QFI\xfb"
QCOW2_START = struct.Struct(">4sIQIIQI")
"""Magic, version, place and length of the name of the image below, cluster bits, capacity, kind of encryption."""
QCOW2_VERSIONS = frozenset({2, 3})
FEATURES_SINCE, _FEATURES = 3, struct.Struct(">72xQ")
CLUSTER_BITS = range(9, 22)

CORRUPT, EXTERNAL_DATA = 1 << 1, 1 << 2
_DIRTY, COMPRESSION, EXTENDED_L2 = 1 << 0, 1 << 3, 1 << 4
KNOWN_FEATURES = _DIRTY | CORRUPT | EXTERNAL_DATA | COMPRESSION | EXTENDED_L2

_MARKS_OF_OTHER_FORMATS = (
    *((0, QCOW2_MAGIC), (0, b"QED\0"), (0, b"KDMV"), (0, b"COWD"), (0, b"# Disk DescriptorFile")),
    *((0, b"vhdxfile"), (0, b"conectix"), (0, b"WithoutFreeSpace"), (0, b"WithouFreSpacExt")),
    (64, b"\x7f\x10\xda\xbe"),
)
"""Of qcow2, QED, VMDK, VHDX, VHD, Parallels and VDI."""


def is_iso(head: bytes) -> bool:
    return head.startswith(_ISO_MARK, _ISO_MARK_AT)


def fault_in(head: bytes, size: int, kind: FileKind) -> ImageFault | None:
    """head: the first HEAD_BYTES of a file of so many bytes, said to be of this kind. None if it is taken."""
    if not size:
        return ImageFault.EMPTY
    if kind is FileKind.ISO:
        return None if is_iso(head) else ImageFault.NOT_AN_ISO
    return _fault_in_qcow2(head) if kind is FileKind.QCOW2 else _fault_in_raw(head, size)


def capacity_of(head: bytes, size: int, kind: FileKind) -> int:
    """Bytes that a guest sees of a file without a fault."""
    return int(QCOW2_START.unpack_from(head)[5]) if kind is FileKind.QCOW2 else size


def _fault_in_raw(head: bytes, size: int) -> ImageFault | None:
    """A guest's plain disk that begins like an image of another format would be opened as one by a careless tool."""
    if any(head.startswith(mark, at) for at, mark in _MARKS_OF_OTHER_FORMATS):
        return ImageFault.ANOTHER_FORMAT
    if size % SECTOR:
        return ImageFault.NO_WHOLE_SECTORS
    return ImageFault.TOO_LARGE if size > LARGEST else None


def _fault_in_qcow2(head: bytes) -> ImageFault | None:
    if not head.startswith(QCOW2_MAGIC):
        return ImageFault.NOT_QCOW2
    if len(head) < _FEATURES.size:
        return ImageFault.DAMAGED
    return next(_faults_in_header(head), None)


def _faults_in_header(head: bytes) -> Iterator[ImageFault]:
    _magic, version, below_at, below_length, cluster_bits, capacity, encryption = QCOW2_START.unpack_from(head)
    found = {
        ImageFault.UNKNOWN_VERSION: version not in QCOW2_VERSIONS,
        ImageFault.HAS_IMAGE_BELOW: below_at or below_length,
        ImageFault.ENCRYPTED: encryption,
        **_faults_in_features(_FEATURES.unpack_from(head)[0] if version >= FEATURES_SINCE else 0),
        ImageFault.NO_CAPACITY: not capacity,
        ImageFault.TOO_LARGE: capacity > LARGEST,
    }
    yield from (fault for fault, is_so in found.items() if is_so)
    if cluster_bits not in CLUSTER_BITS:
        yield ImageFault.DAMAGED


def _faults_in_features(features: int) -> dict[ImageFault, int]:
    return {
        ImageFault.HAS_DATA_FILE: features & EXTERNAL_DATA,
        ImageFault.UNKNOWN_FEATURES: features & ~KNOWN_FEATURES,
        ImageFault.DAMAGED: features & CORRUPT,
    }
