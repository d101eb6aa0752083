"""Images in a node's storage pools: looked at, made, uploaded, read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import current_thread
from types import SimpleNamespace
from typing import cast
from uuid import uuid4

import libvirt
import pytest

from demo.nodes import LocalNode
from tests.hypervisor.conftest import REAL
from tests.hypervisor.places import Place
from tests.hypervisor.test_image_head import qcow2
from vms.hypervisor import fake
from vms.hypervisor.errors import DiskExists, DiskMissing, InvalidXml, NodeUnreachable, NoSpace, Refused
from vms.hypervisor.libvirt_driver import offering

MIB = 1024 * 1024
CONTENT = bytes(range(256)) * (3 * 4096) + b"and an odd end"

with_files = pytest.mark.parametrize("place", ["fake", REAL], indirect=True)
PathFor = Callable[[str], str]


@pytest.fixture
def path_for(place: Place) -> Iterator[PathFor]:
    """A path in the pool, with a name of its own; what is there at the end is deleted."""
    made: list[str] = []

    def path(name: str) -> str:
        made.append(f"{place.images}/{uuid4()}-{name}")
        return made[-1]

    yield path
    for each in made:
        place.connect().delete_disk(each)


def ignore(_sent: int) -> None:
    """Not everybody wants to know how far it is."""


def put(place: Place, path: str, content: bytes) -> None:
    place.connect().upload(path, len(content), BytesIO(content), ignore)


def test_a_pool_tells_its_folder_and_its_room(place: Place) -> None:
    pool = next(pool for pool in place.connect().storage_pools() if pool.name == "images")
    assert pool.folder == place.images
    assert 0 < pool.free <= pool.capacity
    assert not pool.over_network


def test_networks_are_told_by_name(place: Place) -> None:
    assert all(isinstance(name, str) for name in place.connect().networks())


@pytest.mark.parametrize("place", ["fake", "test"], indirect=True)
def test_a_node_without_kvm_says_so(place: Place) -> None:
    assert place.connect().offers_kvm() is False


@pytest.mark.parametrize(("arch", "offered"), [("x86_64", True), ("i686", False)])
def test_kvm_counts_for_the_own_architecture(arch: str, offered: bool) -> None:
    xml = f"""<capabilities><host><cpu><arch>{arch}</arch></cpu></host>
        <guest><arch name='i686'><domain type='qemu'/></arch></guest>
        <guest><arch name='x86_64'><domain type='qemu'/><domain type='kvm'/></arch></guest></capabilities>"""
    node = cast("libvirt.virConnect", SimpleNamespace(getCapabilities=lambda: xml))
    assert offering.offers_kvm(node) is offered


def test_an_image_that_is_not_there_is_none(place: Place) -> None:
    assert place.connect().image(f"{place.images}/gone.qcow2") is None


def test_outside_all_pools_nothing_is_looked_at_or_made(place: Place) -> None:
    hypervisor, path = place.connect(), "/no/pool/here/disk.qcow2"
    for call in (
        lambda: hypervisor.image(path),
        lambda: hypervisor.first_bytes(path, 4),
        lambda: hypervisor.bytes_at(path, 4, 4),
        lambda: hypervisor.make_image(path, MIB),
        lambda: hypervisor.upload(path, 4, BytesIO(b"1234"), ignore),
    ):
        with pytest.raises(DiskMissing):
            call()


def test_what_is_there_is_not_made_again(place: Place, path_for: PathFor) -> None:
    path = path_for("one.qcow2")
    place.connect().make_image(path, MIB)
    with pytest.raises(DiskExists):
        place.connect().make_image(path, MIB)
    with pytest.raises(DiskExists):
        put(place, path, CONTENT)


@pytest.mark.parametrize("place", [REAL], indirect=True)
def test_what_the_pool_has_not_seen_yet_is_not_made_again(
    place: Place, path_for: PathFor, live_node: LocalNode
) -> None:
    live_node.account.run("touch", path := path_for("one.qcow2"))
    with pytest.raises(DiskExists):
        place.connect().make_image(path, MIB)


@with_files
def test_a_new_image_is_thin_and_stands_alone(place: Place, path_for: PathFor) -> None:
    path = path_for("one.qcow2")
    place.connect().make_image(path, 20 * 1024 * MIB)
    image = place.connect().image(path)
    assert image is not None
    assert (image.path, image.format, image.capacity, image.below) == (path, "qcow2", 20 * 1024 * MIB, "")
    assert image.allocation < MIB
    assert place.connect().first_bytes(path, 4) == b"QFI\xfb"


@with_files
def test_an_image_on_top_of_another_tells_which(place: Place, path_for: PathFor) -> None:
    hypervisor, base, top = place.connect(), path_for("base & <b>.qcow2"), path_for("top.qcow2")
    hypervisor.make_image(base, 64 * MIB)
    hypervisor.make_image(top, 128 * MIB, on_top_of=base, format_below="qcow2")
    image = hypervisor.image(top)
    assert image is not None
    assert (image.below, image.capacity) == (base, 128 * MIB)
    assert list(hypervisor.disks_on_top_of(base)) == [top]


@with_files
def test_the_format_of_what_is_below_is_never_guessed(place: Place, path_for: PathFor) -> None:
    base, top = path_for("base.qcow2"), path_for("top.qcow2")
    place.connect().make_image(base, MIB)
    with pytest.raises(Refused):
        place.connect().make_image(top, MIB, on_top_of=base)
    assert place.connect().image(top) is None


@with_files
def test_nothing_is_made_on_top_of_what_is_not_there(place: Place, path_for: PathFor) -> None:
    with pytest.raises(DiskMissing):
        place.connect().make_image(path_for("top"), MIB, on_top_of=path_for("gone"), format_below="qcow2")


@pytest.mark.parametrize("place", [REAL], indirect=True)
def test_a_name_that_cannot_be_written_down_is_refused(place: Place) -> None:
    with pytest.raises(InvalidXml):
        place.connect().make_image(f"{place.images}/a\x01b", MIB)


@pytest.mark.parametrize("place", [REAL], indirect=True)
def test_images_are_made_and_looked_for_at_the_same_time(place: Place, path_for: PathFor) -> None:
    def make_and_look(number: int) -> bool:
        path = path_for(f"{number}.qcow2")
        place.connect().make_image(path, MIB)
        place.connect().disks_on_top_of(path)
        return place.connect().image(path_for("gone")) is None

    with ThreadPoolExecutor(4) as people:
        assert all(people.map(make_and_look, range(8)))


@with_files
def test_a_file_is_uploaded_byte_by_byte(place: Place, path_for: PathFor) -> None:
    path = path_for("file.bin")
    told: list[int] = []
    place.connect().upload(path, len(CONTENT), BytesIO(CONTENT + b"nobody wants this"), told.append)
    assert place.connect().first_bytes(path, len(CONTENT) + 100) == CONTENT
    assert place.connect().first_bytes(path, 7) == CONTENT[:7]
    assert place.connect().first_bytes(path, 0) == b""
    assert told == sorted(told)
    assert told[-1] == len(CONTENT)
    image = place.connect().image(path)
    assert image is not None
    assert (image.format, image.capacity, image.below) == ("raw", len(CONTENT), "")


@with_files
def test_a_piece_of_a_file_is_read_from_anywhere(place: Place, path_for: PathFor) -> None:
    put(place, path := path_for("file.bin"), CONTENT)
    hypervisor, end = place.connect(), len(CONTENT)
    assert hypervisor.bytes_at(path, 0, 7) == CONTENT[:7]
    assert hypervisor.bytes_at(path, MIB - 3, MIB) == CONTENT[MIB - 3 : 2 * MIB - 3]
    assert hypervisor.bytes_at(path, end - 3, 100) == CONTENT[-3:]
    assert hypervisor.bytes_at(path, 5, 0) == b""
    assert hypervisor.bytes_at(path, end, 5) == b""
    assert hypervisor.bytes_at(path, end + MIB, 5) == b""


@with_files
def test_an_empty_file_is_uploaded_too(place: Place, path_for: PathFor) -> None:
    put(place, path := path_for("empty"), b"")
    assert place.connect().first_bytes(path, 10) == b""


@with_files
def test_how_far_an_upload_is_is_told_in_the_thread_that_asked(place: Place, path_for: PathFor) -> None:
    threads = set()
    place.connect().upload(
        path_for("a"), len(CONTENT), BytesIO(CONTENT), lambda _sent: threads.add(current_thread().name)
    )
    assert threads == {current_thread().name}


@with_files
@pytest.mark.parametrize(
    ("content", "image_format", "below"),
    [
        (bytes(32769) + b"CD001" + bytes(4096), "iso", ""),
        (qcow2(below="/etc/shadow").ljust(MIB, b"\0"), "qcow2", "/etc/shadow"),
    ],
)
def test_an_uploaded_image_is_known_by_what_it_is(
    content: bytes, image_format: str, below: str, place: Place, path_for: PathFor
) -> None:
    put(place, path := path_for("image"), content)
    image = place.connect().image(path)
    assert image is not None
    assert (image.format, image.below) == (image_format, below)


class Broken(BytesIO):
    """A file that can be read by half only."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > MIB:
            raise OSError("the other side has gone")
        return super().read(size)


def stop_half_way(sent: int) -> None:
    if sent > MIB:
        raise KeyboardInterrupt


@with_files
@pytest.mark.parametrize(
    ("source", "told", "error"),
    [
        (Broken(CONTENT), ignore, OSError),
        (BytesIO(CONTENT), stop_half_way, KeyboardInterrupt),
        (BytesIO(CONTENT[: 2 * MIB]), ignore, Refused),
    ],
)
def test_nothing_is_left_of_an_upload_that_ends_half_way(
    source: BytesIO, told: Callable[[int], None], error: type[BaseException], place: Place, path_for: PathFor
) -> None:
    path = path_for("half")
    source.seek(0)
    with pytest.raises(error):
        place.connect().upload(path, len(CONTENT), source, told)
    assert place.connect().image(path) is None
    put(place, path, CONTENT)
    assert place.connect().first_bytes(path, len(CONTENT)) == CONTENT


@pytest.mark.parametrize("place", [REAL], indirect=True)
def test_an_upload_ends_when_its_node_dies(place: Place, path_for: PathFor, live_node: LocalNode) -> None:
    path = path_for("half")
    try:
        with pytest.raises(NodeUnreachable):
            place.connect().upload(path, len(CONTENT), BytesIO(CONTENT), lambda _sent: live_node.kill_daemon())
    finally:
        live_node.start()


@pytest.mark.parametrize("place", ["fake"], indirect=True)
def test_a_full_pool_takes_nothing_more(place: Place) -> None:
    node = fake._nodes[place.uri]
    put(place, "/images/first", CONTENT)
    node.pools["/images"].free = MIB
    with pytest.raises(NoSpace):
        put(place, "/images/second", CONTENT)
    place.connect().delete_disk("/images/first")
    put(place, "/images/second", CONTENT)
    node.pools["/images"].free = 0
    with pytest.raises(NoSpace):
        place.connect().make_image("/images/third", MIB)
