"""Which files are taken: judged by their first bytes, and never by what they say they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.images import MIB, RAW, iso, qcow2
from vms.rules.images import HEAD_BYTES, LARGEST, FileKind, ImageFault, capacity_of, fault_in

NO_FAULT = None


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (FileKind.ISO, iso()),
        (FileKind.RAW, RAW),
        (FileKind.QCOW2, qcow2()),
        (FileKind.QCOW2, qcow2(version=2)),
        (FileKind.QCOW2, qcow2(version=2, features=1 << 40)),  # in version 2 there is something else
        (FileKind.QCOW2, qcow2(features=0b11001)),  # not closed, compressed by zstd, extended tables
        (FileKind.QCOW2, qcow2(capacity=LARGEST)),
    ],
)
def test_what_is_what_it_is_said_to_be_is_taken(kind: FileKind, content: bytes) -> None:
    assert fault_in(content[:HEAD_BYTES], len(content), kind) is NO_FAULT


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (RAW, ImageFault.NOT_QCOW2),
        (qcow2()[:60], ImageFault.DAMAGED),
        (qcow2(version=1), ImageFault.UNKNOWN_VERSION),
        (qcow2(version=4), ImageFault.UNKNOWN_VERSION),
        (qcow2(below=(512, 11)), ImageFault.HAS_IMAGE_BELOW),
        (qcow2(version=2, below=(512, 11)), ImageFault.HAS_IMAGE_BELOW),
        (qcow2(below=(0, 11)), ImageFault.HAS_IMAGE_BELOW),
        (qcow2(features=1 << 2), ImageFault.HAS_DATA_FILE),
        (qcow2(encryption=1), ImageFault.ENCRYPTED),
        (qcow2(encryption=2), ImageFault.ENCRYPTED),
        (qcow2(features=1 << 5), ImageFault.UNKNOWN_FEATURES),
        (qcow2(features=1 << 63), ImageFault.UNKNOWN_FEATURES),
        (qcow2(features=1 << 1), ImageFault.DAMAGED),
        (qcow2(cluster_bits=8), ImageFault.DAMAGED),
        (qcow2(cluster_bits=22), ImageFault.DAMAGED),
        (qcow2(capacity=0), ImageFault.NO_CAPACITY),
        (qcow2(capacity=LARGEST + 1), ImageFault.TOO_LARGE),
    ],
)
def test_a_qcow2_image_that_could_do_harm_is_refused(content: bytes, fault: ImageFault) -> None:
    assert fault_in(content, len(content), FileKind.QCOW2) is fault


@pytest.mark.parametrize(
    "begin",
    [
        *(b"QFI\xfb", b"QED\0", b"KDMV", b"COWD", b"# Disk DescriptorFile\n", b"vhdxfile", b"conectix"),
        *(b"WithoutFreeSpace", b"WithouFreSpacExt", bytes(64) + b"\x7f\x10\xda\xbe"),
    ],
)
def test_a_raw_image_that_begins_like_another_format_is_refused(begin: bytes) -> None:
    assert fault_in(begin.ljust(MIB, b"\0"), MIB, FileKind.RAW) is ImageFault.ANOTHER_FORMAT


@pytest.mark.parametrize(
    ("size", "fault"), [(511, ImageFault.NO_WHOLE_SECTORS), (513, ImageFault.NO_WHOLE_SECTORS), (512, NO_FAULT)]
)
def test_a_raw_image_has_whole_sectors(size: int, fault: ImageFault | None) -> None:
    assert fault_in(bytes(size), size, FileKind.RAW) is fault


def test_a_raw_image_can_be_too_large() -> None:
    assert fault_in(RAW, LARGEST + 512, FileKind.RAW) is ImageFault.TOO_LARGE


@pytest.mark.parametrize("content", [RAW, qcow2(), iso()[:32770], b"CD001"])
def test_an_iso_image_has_its_mark_where_it_belongs(content: bytes) -> None:
    assert fault_in(content, len(content), FileKind.ISO) is ImageFault.NOT_AN_ISO


@pytest.mark.parametrize("kind", FileKind)
def test_an_empty_file_is_refused_as_anything(kind: FileKind) -> None:
    assert fault_in(b"", 0, kind) is ImageFault.EMPTY


def test_the_capacity_is_what_a_guest_sees() -> None:
    assert capacity_of(qcow2(capacity=7 * MIB), 512, FileKind.QCOW2) == 7 * MIB
    assert capacity_of(RAW, MIB, FileKind.RAW) == MIB


@given(st.binary(max_size=200), st.booleans(), st.sampled_from(FileKind))
def test_no_bytes_whatever_can_upset_the_judge(content: bytes, like_qcow2: bool, kind: FileKind) -> None:
    content = qcow2()[:8] + content if like_qcow2 else content
    if fault_in(content, len(content), kind) is NO_FAULT:
        assert capacity_of(content, len(content), kind) > 0
