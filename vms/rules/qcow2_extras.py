"""What an image may have beside the disk of its guest: snapshots inside it, notes of what changed (bitmaps), keys."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from vms.rules.images import FEATURES_SINCE
from vms.rules.qcow2_counts import Counts
from vms.rules.qcow2_header import (
    BITMAPS,
    ENCRYPTION_HEADER,
    ENTRY,
    MOST_L1,
    Fault,
    Header,
    Read,
    Table,
    numbers_in,
    whole,
)

Told = Callable[[], None]

_SNAPSHOT = struct.Struct(">QIHH20xI")
"""Place and entries of its L1 table, lengths of its identity, its name and of more about it."""
_LEAST_MORE, _MOST_DIRECTORY = 16, 64 * 1024**2
_BITMAPS = struct.Struct(">IIQQ")
"""How many, reserved, size and place of their directory."""
_BITMAP = struct.Struct(">QII2xHI")
"""Place and entries of its table, flags, lengths of its name and of more about it."""
_PLACE = struct.Struct(">QQ")

_OFFSET = 0x00FFFFFFFFFFFE00
_RESERVED, _RESERVED_FLAGS = 0xFF000000000001FE, 0xFFFFFFFC
_ALL_ONES = 1


def snapshot_tables(header: Header, read: Read, counts: Counts) -> Iterator[Table]:
    """The L1 table of each snapshot inside the image."""
    at = header.snapshots_at
    for number in range(header.snapshots):
        counts.require_inside(at, _SNAPSHOT.size, "table of snapshots")
        l1_at, entries, identity, name, more = _unpacked(_SNAPSHOT, read(at, _SNAPSHOT.size), "table of snapshots", at)
        if header.version >= FEATURES_SINCE and more < _LEAST_MORE:
            raise Fault(f"too little is written down of snapshot {number}")
        if entries * ENTRY > MOST_L1:
            raise Fault(f"the L1 table of snapshot {number} is too long: {entries} entries")
        at += whole(_SNAPSHOT.size + more + identity + name)
        yield Table(l1_at, entries)
    counts.use(header.snapshots_at, at - header.snapshots_at, "table of snapshots")


def use_keys(header: Header, counts: Counts) -> None:
    if content := header.extensions.get(ENCRYPTION_HEADER):
        at, size = _unpacked(_PLACE, content, "header of the encryption", 0)
        counts.use(at, size, "header of the encryption")


def use_bitmaps(header: Header, read: Read, told: Told, counts: Counts) -> None:
    for table in _bitmap_tables(header, read, counts):
        counts.use(table.at, table.size, "table of a bitmap")
        for at in range(table.at, table.at + table.size, header.cluster):
            size = min(header.cluster, table.at + table.size - at)
            for entry in numbers_in(read(at, size).ljust(size, b"\0")):
                _use_bitmap(entry, header, counts)
            told()


def _bitmap_tables(header: Header, read: Read, counts: Counts) -> Iterator[Table]:
    if BITMAPS not in header.extensions:
        return
    count, _reserved, size, place = _unpacked(_BITMAPS, header.extensions[BITMAPS], "what it says of bitmaps", 0)
    if size > _MOST_DIRECTORY:
        raise Fault(f"directory of bitmaps is too long: {size} bytes")
    counts.use(place, size, "directory of bitmaps")
    directory, at = read(place, size), 0
    for _number in range(count):
        table_at, entries, flags, name, more = _unpacked(_BITMAP, directory[at:], "directory of bitmaps", place)
        if flags & _RESERVED_FLAGS or not table_at or not entries:
            raise Fault(f"directory of bitmaps at {place:#x} has an entry that is none")
        at += whole(_BITMAP.size + more + name)
        yield Table(table_at, entries)
    if at != size:
        raise Fault(f"directory of bitmaps at {place:#x} has {at} bytes, not {size}")


def _use_bitmap(entry: int, header: Header, counts: Counts) -> None:
    place = entry & _OFFSET
    if entry & _RESERVED or (place and entry & _ALL_ONES):
        raise Fault(f"table of a bitmap has an entry with reserved bits set: {entry:#x}")
    if place:
        counts.use(place, header.cluster, "part of a bitmap")


def _unpacked(shape: struct.Struct, content: bytes, what: str, at: int) -> tuple[int, ...]:
    if len(content) < shape.size:
        raise Fault(f"{what} at {at:#x} ends too early")
    return shape.unpack_from(content)
