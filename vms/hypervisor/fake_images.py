"""The storage of fake nodes: pools, images, and what stands on what."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from io import BytesIO
from posixpath import dirname
from typing import BinaryIO

from vms.hypervisor.contract import Image, ImageSize, StoragePool
from vms.hypervisor.errors import DiskExists, DiskMissing, NoSpace, Refused
from vms.hypervisor.fake_calls import FakeCalls
from vms.hypervisor.fake_node import FakeImage, FakeNode, FakePool
from vms.hypervisor.image_head import head_of

_PIECE = 1024 * 1024


class FakeImages(FakeCalls):
    def storage_pools(self) -> list[StoragePool]:
        with self._call("storage_pools") as node:
            return [pool.as_pool(folder) for folder, pool in node.pools.items()]

    def image_sizes(self, paths: Collection[str]) -> Mapping[str, ImageSize]:
        with self._call("image_sizes") as node:
            found = {path: node.images[path] for path in paths if path in node.images}
            return {path: ImageSize(image.capacity, image.allocation) for path, image in found.items()}

    def image(self, path: str) -> Image | None:
        with self._call("image") as node:
            _pool_of(path, node)
            found = node.images.get(path)
            return None if found is None else found.as_image(path)

    def make_image(self, path: str, capacity: int, *, on_top_of: str = "", format_below: str = "") -> None:
        with self._call("make_image") as node:
            require_room(path, 1, node)
            if on_top_of and not format_below:
                raise Refused("the format of the image below must be said")
            if on_top_of and on_top_of not in node.images:
                raise DiskMissing(f"there is no image {on_top_of}")
            node.images[path] = FakeImage(capacity=capacity, allocation=0, below=on_top_of)

    def first_bytes(self, path: str, count: int) -> bytes:
        with self._call("first_bytes") as node:
            return _content(path, node)[:count]

    def bytes_at(self, path: str, offset: int, count: int) -> bytes:
        with self._call("bytes_at") as node:
            return _content(path, node)[offset : offset + count]

    def upload(self, path: str, size: int, source: BinaryIO, told: Callable[[int], None]) -> None:
        with self._call("upload") as node:
            require_room(path, size, node)
        content = b"".join(self._sent(size, source, told))
        with self._standing() as node:
            _pool_of(path, node).free -= size
            node.images[path] = _uploaded(path, content)

    def disks_on_top_of(self, path: str) -> Sequence[str]:
        with self._call("disks_on_top_of") as node:
            return sorted(image for image in node.images if path in _below(image, node.images))

    def delete_disk(self, path: str) -> None:
        with self._call("delete_disk") as node:
            pool = _pool_of(path, node)
            if gone := node.images.pop(path, None):
                pool.free += gone.allocation

    def _sent(self, size: int, source: BinaryIO, told: Callable[[int], None]) -> Iterator[bytes]:
        sent = 0
        while sent < size:
            with self._standing():
                piece = source.read(min(_PIECE, size - sent))
            if not piece:
                raise Refused(f"the file ended after {sent} of {size} bytes")
            sent += len(piece)
            told(sent)
            yield piece


def _content(path: str, node: FakeNode) -> bytes:
    if path not in node.images:
        raise DiskMissing(f"there is no image {path}")
    return node.images[path].content


def _pool_of(path: str, node: FakeNode) -> FakePool:
    pool = node.pools.get(dirname(path))
    if pool is None:
        raise DiskMissing(f"no storage pool has the folder {dirname(path)}")
    return pool


def require_room(path: str, size: int, node: FakeNode) -> None:
    pool = _pool_of(path, node)
    if path in node.images:
        raise DiskExists(f"there is an image {path}")
    if size > pool.free:
        raise NoSpace("No space left on device")


def chain_at(path: str, node: FakeNode) -> list[FakeImage]:
    """An image and all that it needs, down to the last."""
    paths = [path, *_below(path, node.images)]
    if missing := [each for each in paths if each not in node.images]:
        raise DiskMissing(f"there is no image {missing[0]}")
    return [node.images[each] for each in paths]


def _uploaded(path: str, content: bytes) -> FakeImage:
    head = head_of(path, lambda count: BytesIO(content).read(count))
    capacity = len(content) if head.capacity is None else head.capacity
    return FakeImage(head.format or "raw", capacity, len(content), head.below, content)


def _below(path: str, images: Mapping[str, FakeImage]) -> list[str]:
    """All that this image needs, down to the last."""
    chain: list[str] = []
    while (image := images.get(path)) and (path := image.below) and path not in chain:
        chain.append(path)
    return chain
