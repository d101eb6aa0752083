"""Images as QEMU makes them are whole, and a field that is wrong is a fault wherever `qemu-img check` finds one."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.rules.test_qcow2 import fault, written

pytestmark = pytest.mark.live

WRITES = ("write -P 1 0 64k", "write -P 2 1M 300k", "write -P 3 9M 1M", "write -z 4M 128k", "discard 9M 128k")
RANDOM_CHANGES = 25

OFFSET = 0x00FF_FFFF_FFFF_FE00


@dataclass(frozen=True, slots=True)
class Kind:
    """How an image is made: options, what is written, and what is done with it then: {} is its path, {}.new that of
    another one which is taken instead of it if it is there."""

    options: str = "compat=1.1"
    writes: tuple[str, ...] = WRITES
    then: tuple[str, ...] = ()


def compressed(options: str = "compat=1.1") -> Kind:
    return Kind(then=(f"qemu-img convert -q -c -f qcow2 -O qcow2 -o {options} {{}} {{}}.new",))


OVERWRITE = "qemu-io -f qcow2 -c 'write -P 8 0 80k' {}"
ON_TOP = ("qemu-img create -q -f qcow2 -b {} -F qcow2 {}.new", "qemu-io -f qcow2 -c 'write -P 8 8M 80k' {}.new")
KINDS = {
    "plain": Kind(),
    "empty": Kind(writes=()),
    "old": Kind("compat=0.10", writes=WRITES[:3]),
    "small-clusters": Kind("cluster_size=4k"),
    "large-clusters": Kind("cluster_size=2M"),
    "lazy": Kind("lazy_refcounts=on"),
    "all-places": Kind("preallocation=metadata", writes=()),
    "parts": Kind("extended_l2=on", writes=(*WRITES, "write -P 7 12M 3k", "write -z 13M 5k", "write -z 9M 4k")),
    **{f"{bits}-bits": Kind(f"refcount_bits={bits},cluster_size=512") for bits in (1, 2, 4, 8, 16, 32, 64)},
    "snapshots": Kind(then=("qemu-img snapshot -c one {}", OVERWRITE, "qemu-img snapshot -c two {}")),
    "bitmaps": Kind(then=("qemu-img bitmap --add {} one", OVERWRITE, "qemu-img bitmap --add --disable {} two")),
    "on-top": Kind(then=ON_TOP),
    "compressed": compressed(),
    "compressed-otherwise": compressed("compression_type=zstd"),
    "compressed-parts": compressed("extended_l2=on"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("images")
    return {name: make(kind, folder / name) for name, kind in KINDS.items()}


def make(kind: Kind, path: Path) -> bytes:
    run(["qemu-img", "create", "-q", "-f", "qcow2", "-o", kind.options, str(path), "16M"])
    if kind.writes:
        run(["qemu-io", "-f", "qcow2", *(word for each in kind.writes for word in ("-c", each)), str(path)])
    for line in kind.then:
        run(["sh", "-c", line.format(*[path] * line.count("{}"))])
    new = path.with_name(f"{path.name}.new")
    return (new if new.exists() else path).read_bytes()


def run(words: Sequence[str]) -> None:
    subprocess.run(words, check=True, capture_output=True)


def qemu_finds_a_fault(content: bytes, folder: Path) -> bool:
    """Or cannot open it. Leaks are none."""
    path = folder / "image"
    path.write_bytes(content)
    words = ["qemu-img", "check", "-f", "qcow2", "--output=json", str(path)]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    found = json.loads(done.stdout) if done.stdout else {"check-errors": 1}
    return bool(found["check-errors"] or found.get("corruptions"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_qemu_makes_is_whole(kind: str, made: dict[str, bytes]) -> None:
    assert fault(made[kind]) == ""


Place = Callable[[bytes], int]


def number(content: bytes, at: int, size: int = 8) -> int:
    return int.from_bytes(content[at : at + size])


def header(at: int) -> Place:
    return lambda _content: at


def l1(entry: int) -> Place:
    return lambda content: number(content, 40) + 8 * entry


def l2(entry: int) -> Place:
    """Of the first table."""
    return lambda content: (number(content, l1(0)(content)) & OFFSET) + 8 * entry


def refcount_table(entry: int) -> Place:
    return lambda content: number(content, 48) + 8 * entry


def refcount(of: Place) -> Place:
    """That of the cluster in which this lies, of 16 bits."""
    return lambda content: number(content, refcount_table(0)(content)) + 2 * (of(content) >> number(content, 20, 4))


def data(of: Place) -> Place:
    """What an entry leads to."""
    return lambda content: number(content, of(content)) & OFFSET


def snapshots(at: int) -> Place:
    return lambda content: number(content, 64) + at


def bitmaps(at: int) -> Place:
    """Of their directory, of which the first extension tells."""
    return lambda content: number(content, content.index(b"\x23\x85\x28\x75\0\0\0\x18") + 24) + at


FAR, ODD = 0x7000_0000, 0x1_0200
COPIED, ZERO = 1 << 63, 1
IS_FAULT, IS_NONE = True, False


@pytest.mark.parametrize(
    ("kind", "place", "value", "size", "is_fault"),
    [
        ("plain", header(4), 4, 4, IS_FAULT),
        ("plain", header(8), FAR, 8, IS_FAULT),
        ("plain", header(20), 8, 4, IS_FAULT),
        ("plain", header(20), 15, 4, IS_FAULT),
        ("plain", header(24), 1 << 40, 8, IS_FAULT),
        ("plain", header(32), 9, 4, IS_FAULT),
        ("plain", header(36), 0, 4, IS_FAULT),
        ("plain", header(40), FAR, 8, IS_FAULT),
        ("plain", header(40), ODD, 8, IS_FAULT),
        ("plain", header(48), FAR, 8, IS_FAULT),
        ("plain", header(56), 0, 4, IS_FAULT),
        ("plain", header(60), 1, 4, IS_FAULT),
        ("plain", header(72), 1 << 0, 8, IS_NONE),
        ("plain", header(72), 1 << 3, 8, IS_FAULT),
        ("plain", header(72), 1 << 9, 8, IS_FAULT),
        ("plain", header(80), 1 << 9, 8, IS_NONE),
        ("plain", header(96), 9, 4, IS_FAULT),
        ("plain", header(96), 3, 4, IS_FAULT),
        ("plain", header(100), 96, 4, IS_FAULT),
        ("plain", refcount_table(0), 0, 8, IS_FAULT),
        ("plain", refcount_table(0), FAR, 8, IS_FAULT),
        ("plain", refcount_table(0), ODD, 8, IS_FAULT),
        ("plain", refcount_table(1), FAR, 8, IS_FAULT),
        ("plain", refcount(header(0)), 0, 2, IS_FAULT),
        ("plain", refcount(header(0)), 2, 2, IS_NONE),
        ("plain", refcount(l1(0)), 0, 2, IS_FAULT),
        ("plain", refcount(l2(0)), 0, 2, IS_FAULT),
        ("plain", refcount(data(l2(0))), 0, 2, IS_FAULT),
        ("plain", refcount(data(l2(0))), 2, 2, IS_FAULT),  # and marked as used once
        ("plain", refcount(lambda content: len(content) + (1 << 20)), 1, 2, IS_NONE),
        ("plain", l1(0), 0, 8, IS_NONE),  # what it led to is lost, and counted for nothing
        ("plain", l1(0), COPIED | FAR, 8, IS_FAULT),
        ("plain", l1(0), COPIED | ODD, 8, IS_FAULT),
        ("plain", l1(0), COPIED, 8, IS_FAULT),
        ("plain", l2(0), 0, 8, IS_NONE),
        ("plain", l2(0), ZERO, 8, IS_NONE),
        ("plain", l2(0), COPIED | FAR, 8, IS_FAULT),
        ("plain", l2(0), COPIED | ODD, 8, IS_FAULT),
        ("plain", l2(0), 1 << 60, 8, IS_FAULT),
        ("plain", l2(0), 1 << 62 | FAR, 8, IS_FAULT),
        ("old", refcount(l2(0)), 0, 2, IS_FAULT),
        ("old", l2(0), COPIED | FAR, 8, IS_FAULT),
        ("small-clusters", l2(0), COPIED | FAR, 8, IS_FAULT),
        ("large-clusters", l2(0), COPIED | FAR, 8, IS_FAULT),
        ("large-clusters", refcount(data(l2(0))), 0, 2, IS_FAULT),
        ("on-top", l2(128), COPIED | FAR, 8, IS_FAULT),
        ("parts", l2(1), 0xFFFFFFFF_FFFFFFFF, 8, IS_FAULT),
        ("parts", l2(1), 0x0000FFFF_FFFF0000, 8, IS_NONE),
        ("parts", l2(401), 1, 8, IS_FAULT),
        ("parts", header(20), 13, 4, IS_FAULT),
        ("compressed", l2(0), 0, 8, IS_NONE),
        ("compressed", l2(0), 3 << 62 | 0x5_0000, 8, IS_FAULT),
        ("compressed", l2(0), 1 << 62 | FAR, 8, IS_FAULT),
        ("compressed-otherwise", header(104), 0, 1, IS_FAULT),
        ("compressed-otherwise", header(104), 2, 1, IS_FAULT),
        ("compressed-parts", l2(1), 1, 8, IS_FAULT),
        ("snapshots", snapshots(0), FAR, 8, IS_FAULT),
        ("snapshots", snapshots(0), ODD, 8, IS_FAULT),
        ("snapshots", snapshots(36), 4, 4, IS_FAULT),
        ("snapshots", refcount(snapshots(0)), 0, 2, IS_FAULT),
        ("snapshots", refcount(data(snapshots(0))), 0, 2, IS_FAULT),
        ("snapshots", refcount(data(l2(16))), 1, 2, IS_FAULT),
        ("bitmaps", bitmaps(0), FAR, 8, IS_FAULT),
        ("bitmaps", bitmaps(0), ODD, 8, IS_FAULT),
        ("bitmaps", bitmaps(8), 0, 4, IS_FAULT),
        ("bitmaps", bitmaps(12), 1 << 9, 4, IS_FAULT),
        ("bitmaps", bitmaps(18), 900, 2, IS_FAULT),
        ("bitmaps", refcount(bitmaps(0)), 0, 2, IS_FAULT),
        ("bitmaps", data(bitmaps(0)), FAR, 8, IS_FAULT),
        ("bitmaps", data(bitmaps(0)), 1, 8, IS_NONE),
        ("bitmaps", data(bitmaps(0)), 1 << 60, 8, IS_FAULT),
        ("bitmaps", header(88), 0, 8, IS_NONE),
    ],
)
def test_a_field_that_is_wrong_is_a_fault_wherever_qemu_finds_one(
    kind: str, place: Place, value: int, size: int, is_fault: bool, made: dict[str, bytes], tmp_path: Path
) -> None:
    content = written(place(made[kind]), value, size, into=made[kind])
    assert (qemu_finds_a_fault(content, tmp_path), bool(fault(content))) == (is_fault, is_fault), fault(content)


@pytest.mark.parametrize("kind", ["plain", "parts", "snapshots", "compressed", "1-bits", "64-bits"])
def test_so_does_any_bit_of_its_tables(kind: str, made: dict[str, bytes], tmp_path: Path) -> None:
    content, chance = made[kind], random.Random(kind)
    tables = [
        (l1(0)(content), 8),
        (l2(0)(content), 256),
        (refcount_table(0)(content), 16),
        (data(refcount_table(0))(content), 8),
    ]
    for _change in range(RANDOM_CHANGES):
        table, length = chance.choice(tables)
        at = table + chance.randrange(length)
        changed = written(at, content[at] ^ 1 << chance.randrange(8), 1, into=content)
        assert bool(fault(changed)) == qemu_finds_a_fault(changed, tmp_path), (hex(at), changed[at], fault(changed))


def test_one_that_is_marked_as_corrupt_is_no_backup_though_qemu_would_read_it(
    made: dict[str, bytes], tmp_path: Path
) -> None:
    content = written(72, 1 << 1, into=made["plain"])
    assert not qemu_finds_a_fault(content, tmp_path)
    assert fault(content) == "it is marked as corrupt by who wrote it last"


def test_one_that_was_cut_off_is_not_whole(made: dict[str, bytes], tmp_path: Path) -> None:
    content = made["plain"][: -2 * 65536]
    assert qemu_finds_a_fault(content, tmp_path)
    assert fault(content).endswith("lies outside of the file")
