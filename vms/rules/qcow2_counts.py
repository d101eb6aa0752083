"""How often each cluster of a qcow2 image is used, and how often it should be by the image's own counts."""

from __future__ import annotations

from array import array
from collections.abc import Callable

from vms.rules.qcow2_header import Fault, Header, Read, numbers_in, turned

MOST = 65535
"""Counts of more than 16 bits, which no image needs, are taken for this, and are then not told apart."""

_RESERVED = 0x1FF
_KINDS = {3: "B", 4: "H", 5: "I", 6: "Q"}
"""Of arrays of whole bytes, by refcount order."""


class Counts:
    """Four bytes of memory for each cluster that is counted: 64 MiB for a file of a TiB with clusters of 64 KiB. size:
    of the file; only a part of its last cluster may be there."""

    def __init__(self, header: Header, size: int) -> None:
        self._header = header
        self._clusters = (size + header.cluster - 1) >> header.cluster_bits
        self._a_block = header.cluster * 8 >> header.refcount_order
        self._counted = array("H")
        self._used = array("H")
        self._blocks: list[int] = []

    def read(self, read: Read, told: Callable[[], None]) -> None:
        """All that the image has counted. Then what holds the counts is itself seen used."""
        table = self._header.refcounts
        self._require_place(table.at, table.size, "refcount table")
        entries = numbers_in(read(table.at, table.size).ljust(table.size, b"\0"))
        blocks = {number: entry for number, entry in enumerate(entries) if entry}
        self._make_room((max(blocks, default=-1) + 1) * self._a_block)
        for number, entry in blocks.items():
            self._read_block(number, entry, read)
            told()
        self.use(table.at, table.size, "refcount table")
        for block in self._blocks:
            self.use(block, self._header.cluster, "refcount block")

    def use(self, at: int, size: int, what: str) -> None:
        """Fault if a table or cluster does not begin with a cluster, is not within the file, or is used more often than
        it is counted."""
        self._require_begin(at, what)
        self.use_bytes(at, size, what)

    def use_bytes(self, at: int, size: int, what: str) -> None:
        """As use(), of what may begin anywhere."""
        if not size:
            return
        self.require_inside(at, size, what)
        bits, used, counted = self._header.cluster_bits, self._used, self._counted
        last = (at + size - 1) >> bits
        if last >= len(used):
            raise Fault(_too_often(what, last << bits, 0))
        for cluster in range(at >> bits, last + 1):
            if used[cluster] == counted[cluster] < MOST:
                raise Fault(_too_often(what, cluster << bits, counted[cluster]))
            used[cluster] += used[cluster] < MOST

    def require_inside(self, at: int, size: int, what: str) -> None:
        if size and (at + size - 1) >> self._header.cluster_bits >= self._clusters:
            raise Fault(f"{what} at {at:#x} lies outside of the file")

    def is_used_once(self, at: int) -> bool:
        """By what the image has counted."""
        return self._counted[at >> self._header.cluster_bits] == 1

    def require_own_blocks(self) -> None:
        """At the end: counts that anything else is written over would soon be wrong."""
        for block in self._blocks:
            if self._used[block >> self._header.cluster_bits] != 1:
                raise Fault(f"refcount block at {block:#x} is used for something else too")

    def _require_place(self, at: int, size: int, what: str) -> None:
        self._require_begin(at, what)
        self.require_inside(at, size, what)

    def _require_begin(self, at: int, what: str) -> None:
        if at & (self._header.cluster - 1):
            raise Fault(f"{what} at {at:#x} does not begin where a cluster does")

    def _make_room(self, counted: int) -> None:
        """For so many clusters, as far as the file has them."""
        room = bytes(2 * min(counted, self._clusters))
        self._counted, self._used = array("H", room), array("H", room)

    def _read_block(self, number: int, entry: int, read: Read) -> None:
        if entry & _RESERVED:
            raise Fault(f"entry {number} of the refcount table has reserved bits set: {entry:#x}")
        self._require_place(entry, self._header.cluster, "refcount block")
        self._blocks.append(entry)
        width = 1 << self._header.refcount_order
        first = number * self._a_block
        count = max(0, min(self._a_block, len(self._counted) - first))
        size = (count * width + 63) // 64 * 8
        found = _counts_in(read(entry, size).ljust(size, b"\0"), self._header.refcount_order)
        self._counted[first : first + count] = found[:count]


def _counts_in(block: bytes, order: int) -> array[int]:
    if order not in _KINDS:
        width = 1 << order
        mask = (1 << width) - 1
        return array("H", (byte >> shift & mask for byte in block for shift in range(0, 8, width)))
    found = turned(array(_KINDS[order], block))
    return found if order == 4 else array("H", (min(each, MOST) for each in found))  # noqa: PLR2004 - 16 bits


def _too_often(what: str, at: int, counted: int) -> str:
    if not counted:
        return f"{what} at {at:#x} is used, but counted as free"
    return f"{what} at {at:#x} is used more often than it is counted: {counted}"
