"""What is wrong with the structure of an image is said in a sentence, and only tables are read."""

from __future__ import annotations

from io import BytesIO

import pytest

from vms.hypervisor.fake_content import EMPTY_IMAGE
from vms.rules.qcow2 import fault_in

CLUSTER = 4096
REFCOUNT_TABLE, REFCOUNTS, L1 = CLUSTER, 2 * CLUSTER, 3 * CLUSTER
FAR = 0x7000_0000
MIB = 1024 * 1024


def ignore() -> None:
    """Not everybody wants to know how far it is."""


def fault(content: bytes) -> str:
    def read(offset: int, count: int) -> bytes:
        file = BytesIO(content)
        file.seek(offset)
        return file.read(count)

    return fault_in(read, len(content), ignore)


def written(at: int, value: int, size: int = 8, *, into: bytes = EMPTY_IMAGE) -> bytes:
    return into[:at] + value.to_bytes(size) + into[at + size :]


def with_an_l2_table(*entries: int) -> bytes:
    """With these entries. The table is the fifth cluster, and a sixth is there to be used."""
    content = written(L1, 1 << 63 | 4 * CLUSTER, into=EMPTY_IMAGE + bytes(2 * CLUSTER))
    content = written(REFCOUNTS + 8, 0x0001_0001, 4, into=content)
    for number, entry in enumerate(entries):
        content = written(4 * CLUSTER + 8 * number, entry, into=content)
    return content


def test_an_empty_image_is_whole() -> None:
    assert fault(EMPTY_IMAGE) == ""


@pytest.mark.parametrize("content", [b"", b"QFI\xfb", EMPTY_IMAGE[:71], bytes(CLUSTER)])
def test_what_is_no_image_is_none(content: bytes) -> None:
    assert fault(content) == "it does not begin like a qcow2 image"


@pytest.mark.parametrize(
    ("at", "value", "size", "sentence"),
    [
        (4, 4, 4, "version 4 of the format is unknown"),
        (20, 22, 4, "clusters cannot have 2^22 bytes"),
        (20, 0xFFFFFFFF, 4, "clusters cannot have 2^4294967295 bytes"),
        (32, 3, 4, "encryption 3 is unknown"),
        (8, FAR, 8, "the name of the image below lies outside of the header, at 0x70000000"),
        (36, 0, 4, "its L1 table has 0 entries, and needs 512"),
        (36, 0xFFFFFFFF, 4, "its L1 table is too long: 4294967295 entries"),
        (40, FAR, 8, "L1 table at 0x70000000 lies outside of the file"),
        (40, L1 + 8, 8, "L1 table at 0x3008 does not begin where a cluster does"),
        (40, 0, 8, "L1 table at 0x0 is used more often than it is counted: 1"),
        (48, FAR, 8, "refcount table at 0x70000000 lies outside of the file"),
        (56, 0, 4, "header at 0x0 is used, but counted as free"),
        (56, 0xFFFFFFFF, 4, "its refcount table is too long: 17592186040320 bytes"),
        (60, 0xFFFFFFFF, 4, "it cannot have 4294967295 snapshots"),
        (60, 1 << 64 | (1 << 64) - 8, 12, "table of snapshots at 0xfffffffffffffff8 lies outside of the file"),
        (72, 1 << 5, 8, "it needs features that are unknown: 0x20"),
        (72, 1 << 1, 8, "it is marked as corrupt by who wrote it last"),
        (72, 1 << 3, 8, "its kind of compression is not what its features say"),
        (72, 1 << 4, 8, "clusters of 2^12 bytes have no parts"),
        (96, 7, 4, "counts cannot have 2^7 bits"),
        (100, 8, 4, "its header cannot have 8 bytes"),
        (104, 0x23852875_00FFFFFF, 8, "extension 0x23852875 of its header is too long: 16777215 bytes"),
        (104, 0x23852875_00000000, 8, ""),
        (REFCOUNT_TABLE, FAR, 8, "refcount block at 0x70000000 lies outside of the file"),
        (REFCOUNT_TABLE, REFCOUNTS | 1, 8, "entry 0 of the refcount table has reserved bits set: 0x2001"),
        (REFCOUNT_TABLE, REFCOUNT_TABLE, 8, "refcount table at 0x1000 is used, but counted as free"),
        (REFCOUNTS + 6, 0, 2, "L1 table at 0x3000 is used, but counted as free"),
        (REFCOUNTS + 6, 2, 2, ""),
        (L1, 0x50000, 8, "L2 table at 0x50000 lies outside of the file"),
        (L1, 1 << 62, 8, "entry of the L1 table has reserved bits set: 0x4000000000000000"),
    ],
)
def test_one_field_that_is_wrong_is_named(at: int, value: int, size: int, sentence: str) -> None:
    assert fault(written(at, value, size)) == sentence


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (1 << 63 | 5 * CLUSTER, ""),
        (1, ""),
        (5 * CLUSTER, "cluster at 0x5000 is marked as used once, or not so, against what is counted"),
        (1 << 63 | 6 * CLUSTER, "cluster at 0x6000 lies outside of the file"),
        (1 << 63 | 5 * CLUSTER + 512, "cluster at 0x5200 does not begin where a cluster does"),
        (1 << 63 | L1, "cluster at 0x3000 is used more often than it is counted: 1"),
        (1 << 61, "entry of an L2 table has reserved bits set: 0x2000000000000000"),
        (1 << 62 | 5 * CLUSTER, ""),
        (1 << 62 | 6 * CLUSTER - 100, ""),
        (1 << 62 | 1 << 58 | 6 * CLUSTER - 100, "compressed cluster at 0x5f9c lies outside of the file"),
        (3 << 62 | 5 * CLUSTER, "entry of an L2 table cannot be compressed: 0xc000000000005000"),
    ],
)
def test_what_an_entry_says_of_its_cluster_must_be_possible(entry: int, sentence: str) -> None:
    assert fault(with_an_l2_table(entry)) == sentence


def test_a_cluster_is_used_once_only() -> None:
    entry = 1 << 63 | 5 * CLUSTER
    assert fault(with_an_l2_table(entry, entry)) == "cluster at 0x5000 is used more often than it is counted: 1"


def test_clusters_that_nothing_counts_are_free() -> None:
    content = with_an_l2_table(1 << 63 | 2048 * CLUSTER) + bytes(2048 * CLUSTER)
    assert fault(content) == "cluster at 0x800000 is used, but counted as free"


def test_an_image_that_was_cut_off_is_not_whole() -> None:
    assert fault(with_an_l2_table(1 << 63 | 5 * CLUSTER)[: 5 * CLUSTER]) == "cluster at 0x5000 lies outside of the file"


def test_of_its_last_cluster_a_part_is_enough() -> None:
    assert fault(with_an_l2_table(1 << 63 | 5 * CLUSTER)[: 5 * CLUSTER + 1]) == ""


class Stopped(Exception):
    """Whoever reads has had enough."""


def test_whoever_is_told_can_end_it() -> None:
    def stop() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        fault_in(lambda offset, count: EMPTY_IMAGE[offset : offset + count], len(EMPTY_IMAGE), stop)


def test_what_the_guest_has_is_not_read() -> None:
    content, asked = with_an_l2_table(1 << 63 | 5 * CLUSTER), []

    def read(offset: int, count: int) -> bytes:
        asked.append((offset, count))
        return content[offset : offset + count]

    assert fault_in(read, len(content), ignore) == ""
    assert all(offset + count <= 5 * CLUSTER for offset, count in asked)
    assert max(count for _offset, count in asked) == CLUSTER
