"""What a machine's node has to offer to it: storage, networks, images."""

from __future__ import annotations

from dataclasses import dataclass
from posixpath import dirname, normpath

from vms import labels
from vms.models import Interface, Network, Node, StoragePool, StoredFile, Vm
from vms.operations.editing import iso_path
from vms.rules.images import FileKind
from vms.web import formats


@dataclass(frozen=True, slots=True)
class Offer:
    """pools: those with a folder; bridges: those that machines of the node are plugged into; isos: those uploaded."""

    node: Node
    pools: tuple[StoragePool, ...]
    networks: tuple[str, ...]
    bridges: tuple[str, ...]
    isos: tuple[StoredFile, ...]

    @property
    def roomiest(self) -> StoragePool | None:
        return max(self.pools, key=lambda pool: pool.free, default=None)

    def pool_of(self, path: str) -> StoragePool | None:
        """That in whose folder this file is: not in one below it."""
        return next((pool for pool in self.pools if normpath(pool.folder) == dirname(path)), None)

    def pool(self, pk: int) -> StoragePool:
        """One of those offered."""
        return next(pool for pool in self.pools if pool.pk == pk)

    @property
    def pool_choices(self) -> list[tuple[int, str]]:
        words = str(labels.POOL_WITH_FREE)
        return [(pool.pk, words % {"pool": pool.name, "free": formats.size(pool.free)}) for pool in self.pools]

    def fault_in_path(self, path: str) -> str:
        """Only where the node itself would look: never anywhere among its files. A sentence, "" if it is fine."""
        if path == normpath(path) and self.pool_of(path):
            return ""
        folders = sorted({normpath(pool.folder) for pool in self.pools})
        return str(labels.PATH_IN_NO_POOL) % {"node": self.node.name, "folders": ", ".join(folders)}

    def path_for(self, iso: StoredFile, beside: str) -> str:
        """Where an uploaded file is brought to: the storage pool of another image, else that with most room."""
        pool = self.pool_of(beside) or self.roomiest
        return iso_path(iso, pool) if pool else ""


def offer_of(vm: Vm) -> Offer:
    on_bridges = Interface.objects.filter(vm__node=vm.node, vm__deleted_at=None, source_type="bridge")
    return Offer(
        node=vm.node,
        pools=tuple(StoragePool.objects.filter(node=vm.node).exclude(folder="")),
        networks=tuple(Network.objects.filter(node=vm.node).values_list("name", flat=True)),
        bridges=tuple(sorted(set(on_bridges.exclude(source="").values_list("source", flat=True)))),
        isos=tuple(StoredFile.objects.filter(kind=FileKind.ISO)),
    )
