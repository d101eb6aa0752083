"""Whether the structure of a qcow2 image is whole, as the format's specification has it: each table lies where it may,
and each cluster is counted at least as often as it is used. Counted more often is no fault: it wastes room only.

What clusters hold for the guest is not looked at, nor are names, the times of snapshots, or of bitmaps their kind and
their granularity. Counts above 65535 are not told apart. That an image was not closed (the *dirty* bit) is no fault as
long as its counts are right; that it is marked as corrupt is one.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import repeat

from vms.rules.qcow2_counts import Counts
from vms.rules.qcow2_extras import Told, snapshot_tables, use_bitmaps, use_keys
from vms.rules.qcow2_header import Fault, Header, Read, Table, header_of, numbers_in

_OFFSET = 0x00FFFFFFFFFFFE00
_USED_ONCE, _COMPRESSED = 1 << 63, 1 << 62
_L1_RESERVED, _L2_RESERVED = 0x7F000000000001FF, 0x3F000000000001FE
_PARTS = 0xFFFFFFFF
_SECTOR = 512
_SECTORS_SINCE = 8
"""A compressed cluster has so many bits fewer for its sectors than the offset of a cluster has."""


def fault_in(read: Read, size: int, told: Told) -> str:
    """What is wrong first of all; "" if nothing is. It is read table by table. size: of the file in bytes; told: called
    after each table, what it raises ends it."""
    try:
        header = header_of(read)
        counts = Counts(header, size)
        counts.read(read, told)
        _Walk(header, read, told, counts).through_all()
    except Fault as fault:
        return str(fault)
    return ""


@dataclass(frozen=True, slots=True)
class _Walk:
    header: Header
    read: Read
    told: Told
    counts: Counts

    def through_all(self) -> None:
        self.counts.use(0, self.header.cluster, "header")
        self._through_l1(self.header.l1, is_active=True)
        for table in snapshot_tables(self.header, self.read, self.counts):
            self._through_l1(table, is_active=False)
        use_keys(self.header, self.counts)
        use_bitmaps(self.header, self.read, self.told, self.counts)
        self.counts.require_own_blocks()

    def _through_l1(self, table: Table, *, is_active: bool) -> None:
        """is_active: what the guest sees, and may write to."""
        self.counts.use(table.at, table.size, "L1 table")
        for entry in self._numbers_at(table.at, table.size):
            if entry:
                self._through_l2(entry, is_active=is_active)
                self.told()

    def _through_l2(self, l1_entry: int, *, is_active: bool) -> None:
        at = l1_entry & _OFFSET
        if l1_entry & _L1_RESERVED:
            raise Fault(f"entry of the L1 table has reserved bits set: {l1_entry:#x}")
        self.counts.use(at, self.header.cluster, "L2 table")
        if is_active:
            self._require_mark(l1_entry, at, "L2 table")
        for entry, parts in self._entries_of(self._numbers_at(at, self.header.cluster)):
            if entry & _COMPRESSED:
                self._use_compressed(entry, parts)
            elif entry or parts:
                self._use_cluster(entry, parts, is_active=is_active)

    def _entries_of(self, numbers: array[int]) -> Iterable[tuple[int, int]]:
        """Each with what it says of the parts of its cluster, which is 0 where clusters have no parts."""
        if self.header.extended_l2:
            return zip(numbers[::2], numbers[1::2], strict=True)
        return zip(numbers, repeat(0))

    def _use_cluster(self, entry: int, parts: int, *, is_active: bool) -> None:
        at = entry & _OFFSET
        if entry & _L2_RESERVED:
            raise Fault(f"entry of an L2 table has reserved bits set: {entry:#x}")
        if parts & (parts >> 32 if at or self.header.data_elsewhere else _PARTS):
            raise Fault(f"entry of an L2 table says of parts what cannot be: {entry:#x} {parts:#x}")
        if not at or self.header.data_elsewhere:
            return
        self.counts.use(at, self.header.cluster, "cluster")
        if is_active:
            self._require_mark(entry, at, "cluster")

    def _use_compressed(self, entry: int, parts: int) -> None:
        if entry & _USED_ONCE or parts or self.header.data_elsewhere:
            raise Fault(f"entry of an L2 table cannot be compressed: {entry:#x}")
        bits = 62 - (self.header.cluster_bits - _SECTORS_SINCE)
        at = entry & ((1 << bits) - 1)
        sectors = ((entry & (_COMPRESSED - 1)) >> bits) + 1
        self.counts.use_bytes(at, sectors * _SECTOR - at % _SECTOR, "compressed cluster")

    def _require_mark(self, entry: int, at: int, what: str) -> None:
        """Whoever writes there relies on it: what others use too is copied before."""
        if bool(entry & _USED_ONCE) != self.counts.is_used_once(at):
            raise Fault(f"{what} at {at:#x} is marked as used once, or not so, against what is counted")

    def _numbers_at(self, at: int, size: int) -> array[int]:
        return numbers_in(self.read(at, size).ljust(size, b"\0"))
