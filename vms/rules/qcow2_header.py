"""What a qcow2 image says of itself in its first cluster, as the format's specification has it."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from vms.rules.images import (
    CLUSTER_BITS,
    COMPRESSION,
    CORRUPT,
    EXTENDED_L2,
    EXTERNAL_DATA,
    FEATURES_SINCE,
    KNOWN_FEATURES,
    QCOW2_MAGIC,
    QCOW2_START,
    QCOW2_VERSIONS,
)

Read = Callable[[int, int], bytes]
"""So many bytes of the file from there on, fewer where it ends."""

ENTRY = 8
"""Bytes that an entry of most tables has."""

ENCRYPTION_HEADER, BITMAPS = 0x0537BE77, 0x23852875
"""Kinds of extensions of a header."""

_TABLES = struct.Struct(">36xIQQIIQ")
"""Entries and place of the L1 table, place and clusters of the refcount table, snapshots, place of their table."""
_NEWER = struct.Struct(">72xQQQII")
_COMPRESSION_AT = _NEWER.size
_OLD_ORDER, _BITMAPS_ARE_KEPT, _DATA_IS_PLAIN = 4, 1 << 0, 1 << 1
_EXTENSION = struct.Struct(">II")
MOST_L1 = 32 * 1024**2
"""Bytes."""
_MOST_REFCOUNTS, _MOST_SNAPSHOTS, _MOST_NAME = 8 * 1024**2, 65536, 1023
_LEAST_BITS_OF_EXTENDED_L2, _MOST_ORDER = 14, 6
_ENCRYPTIONS, _COMPRESSIONS = range(3), range(2)


class _Newer(NamedTuple):
    """What only newer images say: features that must be known, those that need not, those that are given up by who does
    not know them; bits of a count, as a power of two; length of the header."""

    features: int
    compatible: int
    given_up: int
    order: int
    length: int


class Fault(Exception):
    """What is wrong with an image, as a sentence of evidence."""


@dataclass(frozen=True, slots=True)
class Table:
    """at: its place in the file."""

    at: int
    entries: int

    @property
    def size(self) -> int:
        return self.entries * ENTRY


@dataclass(frozen=True, slots=True)
class Header:
    """refcount_order: a count has 2 to the power of this bits. extensions: by their kind; without bitmaps that nobody
    kept up to date."""

    version: int
    cluster_bits: int
    capacity: int
    features: int
    refcount_order: int
    l1: Table
    refcounts: Table
    snapshots_at: int
    snapshots: int
    extensions: Mapping[int, bytes]

    @property
    def cluster(self) -> int:
        """Its bytes."""
        return 1 << self.cluster_bits

    @property
    def extended_l2(self) -> bool:
        return bool(self.features & EXTENDED_L2)

    @property
    def data_elsewhere(self) -> bool:
        return bool(self.features & EXTERNAL_DATA)


def numbers_in(table: bytes) -> array[int]:
    """Of 64 bits each."""
    return turned(array("Q", table))


def turned(numbers: array[int]) -> array[int]:
    """In a file the first byte is the greatest one."""
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def header_of(read: Read) -> Header:
    """Fault if nobody could open such an image."""
    start = read(0, _COMPRESSION_AT + ENTRY)
    if not start.startswith(QCOW2_MAGIC) or len(start) < _TABLES.size:
        raise Fault("it does not begin like a qcow2 image")
    start = start.ljust(_COMPRESSION_AT + ENTRY, b"\0")
    _require(_faults_in_start(start))
    newer = _newer_in(start)
    _require(_faults_in_newer(start, newer))
    header = _header(start, newer, first_cluster=read(0, 1 << _cluster_bits(start)))
    _require(_faults_in_tables(header))
    return header


def whole(size: int) -> int:
    """What lies in a row begins at every eighth byte."""
    return (size + ENTRY - 1) // ENTRY * ENTRY


def _extensions_in(head: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each, from there on."""
    while at + _EXTENSION.size <= len(head):
        kind, length = _EXTENSION.unpack_from(head, at)
        at += _EXTENSION.size
        if not kind:
            return
        if at + length > len(head):
            raise Fault(f"extension {kind:#x} of its header is too long: {length} bytes")
        yield kind, head[at : at + length]
        at += whole(length)


def _require(faults: Mapping[str, object]) -> None:
    if sentence := next((sentence for sentence, is_so in faults.items() if is_so), None):
        raise Fault(sentence)


def _cluster_bits(start: bytes) -> int:
    return int(QCOW2_START.unpack_from(start)[4])


def _faults_in_start(start: bytes) -> dict[str, object]:
    _magic, version, name_at, name_length, cluster_bits, _capacity, encryption = QCOW2_START.unpack_from(start)
    is_outside = name_at and name_at + name_length > 1 << min(cluster_bits, CLUSTER_BITS[-1])
    return {
        f"version {version} of the format is unknown": version not in QCOW2_VERSIONS,
        f"clusters cannot have 2^{cluster_bits} bytes": cluster_bits not in CLUSTER_BITS,
        f"encryption {encryption} is unknown": encryption not in _ENCRYPTIONS,
        "the name of the image below is longer than names are": name_at and name_length > _MOST_NAME,
        f"the name of the image below lies outside of the header, at {name_at:#x}": is_outside,
    }


def _newer_in(start: bytes) -> _Newer:
    """In an old image what it means there."""
    if QCOW2_START.unpack_from(start)[1] < FEATURES_SINCE:
        return _Newer(0, 0, 0, _OLD_ORDER, _NEWER.size)
    return _Newer(*_NEWER.unpack_from(start))


def _faults_in_newer(start: bytes, newer: _Newer) -> dict[str, object]:
    bits, features = _cluster_bits(start), newer.features
    compression = start[_COMPRESSION_AT] if newer.length > _COMPRESSION_AT else 0
    unknown = features & ~KNOWN_FEATURES
    return {
        f"its header cannot have {newer.length} bytes": not _NEWER.size <= newer.length <= 1 << bits,
        f"it needs features that are unknown: {unknown:#x}": unknown,
        "it is marked as corrupt by who wrote it last": features & CORRUPT,
        "it has no other file for its data": newer.given_up & _DATA_IS_PLAIN and not features & EXTERNAL_DATA,
        f"counts cannot have 2^{newer.order} bits": newer.order > _MOST_ORDER,
        f"compression {compression} is unknown": compression not in _COMPRESSIONS,
        "its kind of compression is not what its features say": bool(features & COMPRESSION) != bool(compression),
        f"clusters of 2^{bits} bytes have no parts": features & EXTENDED_L2 and bits < _LEAST_BITS_OF_EXTENDED_L2,
    }


def _header(start: bytes, newer: _Newer, *, first_cluster: bytes) -> Header:
    l1_entries, l1_at, refcounts_at, refcount_clusters, snapshots, snapshots_at = _TABLES.unpack_from(start)
    _magic, version, name_at, _length, cluster_bits, capacity, _encryption = QCOW2_START.unpack_from(start)
    extensions = dict(
        _extensions_in(first_cluster[: name_at or None], newer.length if version >= FEATURES_SINCE else _TABLES.size)
    )
    if not newer.given_up & _BITMAPS_ARE_KEPT:
        extensions.pop(BITMAPS, None)
    return Header(
        version=version,
        cluster_bits=cluster_bits,
        capacity=capacity,
        features=newer.features,
        refcount_order=newer.order,
        l1=Table(l1_at, l1_entries),
        refcounts=Table(refcounts_at, refcount_clusters << cluster_bits >> 3),
        snapshots_at=snapshots_at,
        snapshots=snapshots,
        extensions=extensions,
    )


def _faults_in_tables(header: Header) -> dict[str, object]:
    l2_entries = header.cluster // (2 * ENTRY if header.extended_l2 else ENTRY)
    needed = -(-header.capacity // (l2_entries * header.cluster))
    return {
        f"its L1 table has {header.l1.entries} entries, and needs {needed}": header.l1.entries < needed,
        f"its L1 table is too long: {header.l1.entries} entries": header.l1.size > MOST_L1,
        f"its refcount table is too long: {header.refcounts.size} bytes": header.refcounts.size > _MOST_REFCOUNTS,
        f"it cannot have {header.snapshots} snapshots": header.snapshots > _MOST_SNAPSHOTS,
    }
