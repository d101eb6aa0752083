"""What an image's first bytes say, however it was made."""

from __future__ import annotations

import struct
from io import BytesIO

import pytest

from vms.hypervisor.image_head import Head, head_of
from vms.rules.images import HEAD_BYTES

GIB = 1024**3
EXTERNAL_DATA = 1 << 2


def qcow2(
    *, below: str = "", capacity: int = GIB, place: int = 512, version: int = 3, features: int = 0, data_file: str = ""
) -> bytes:
    """The head of an image, as somebody could write it by hand."""
    name = below.encode()
    start = struct.pack(">4sIQIIQ", b"QFI\xfb", version, place if below else 0, len(name), 16, capacity)
    head = start.ljust(72, b"\0") + struct.pack(">QQQII", features, 0, 0, 4, 104)
    if data_file:
        head += struct.pack(">II", 0x6803F857, 3) + b"abc".ljust(8, b"\0")
        head += struct.pack(">II", 0x44415441, len(data_file)) + data_file.encode()
    return head.ljust(place, b"\0") + name


def head_in(content: bytes) -> Head:
    return head_of("/images/a.qcow2", lambda count: BytesIO(content).read(count))


def test_one_that_stands_alone() -> None:
    assert head_in(qcow2()) == Head("qcow2", GIB, "")


@pytest.mark.parametrize(
    ("said", "below"),
    [
        ("/etc/shadow", "/etc/shadow"),
        ("base.qcow2", "/images/base.qcow2"),
        ("../base.qcow2", "/base.qcow2"),
        ("json:{}", "json:{}"),
        ("nbd://elsewhere/disk", "nbd://elsewhere/disk"),
        ("a/b:c", "/images/a/b:c"),
    ],
)
def test_what_is_below(said: str, below: str) -> None:
    assert head_in(qcow2(below=said)).below == below


def test_a_name_far_behind_is_found_too() -> None:
    assert head_in(qcow2(below="/far", place=HEAD_BYTES - 2)).below == "/far"
    assert head_in(qcow2(below="/far", place=2 * 1024 * 1024 - 8)).below == "/far"


def test_an_image_that_keeps_its_data_elsewhere_needs_that_file() -> None:
    assert head_in(qcow2(features=EXTERNAL_DATA, data_file="data.raw")).below == "/images/data.raw"
    assert head_in(qcow2(features=EXTERNAL_DATA)).below != ""
    assert head_in(qcow2(features=EXTERNAL_DATA, version=2)).below == ""


def test_an_old_one_is_told_from_a_new_one() -> None:
    assert head_in(qcow2(version=1)).format == "qcow"


@pytest.mark.parametrize("content", [b"", b"QFI\xfb", b"QFI\xfb" + bytes(20), bytes(HEAD_BYTES), b"CD001"])
def test_what_is_no_image_of_these_kinds_says_nothing(content: bytes) -> None:
    assert head_in(content) == Head("", None, "")


def test_a_cd() -> None:
    assert head_in(bytes(32769) + b"CD001").format == "iso"


@pytest.mark.parametrize("length", range(72, 640, 7))
def test_one_that_was_cut_off_is_read_as_far_as_it_goes(length: int) -> None:
    assert head_in(qcow2(below="/etc/shadow", features=EXTERNAL_DATA)[:length]).format == "qcow2"
