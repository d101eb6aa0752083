"""Where machines of a pool may be, as choices of a form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from posixpath import normpath

from vms.labels import pools as words
from vms.models import Network, Node, StoragePool, VmPool

Choices = list[tuple[str, str]]


class Folders:
    """Folders of storage pools in which disks can be put, and which nodes have them."""

    def __init__(self) -> None:
        """One query."""
        self._pools: dict[str, list[StoragePool]] = {}
        for pool in StoragePool.objects.exclude(folder="").select_related("node").order_by("folder", "node__name"):
            if not pool.is_target:
                self._pools.setdefault(normpath(pool.folder), []).append(pool)

    def choices(self, kept: str) -> Choices:
        """kept: the one that the pool has, also if no node has it now."""
        known = {folder: _said(folder, pools) for folder, pools in self._pools.items()}
        return [("", str(words.EVERY_FOLDER)), *({kept: kept} | known if kept else known).items()]

    def nodes_without(self, folder: str, nodes: Iterable[Node]) -> list[str]:
        having = {pool.node_id for pool in self._pools.get(folder, [])}
        return [node.name for node in nodes if node.pk not in having]

    def nodes_not_sharing(self, folder: str, nodes: Iterable[Node]) -> list[str]:
        sharing = {pool.node_id for pool in self._pools.get(folder, []) if pool.shared}
        return [node.name for node in nodes if node.pk not in sharing]


def _said(folder: str, pools: Sequence[StoragePool]) -> str:
    text = words.FOLDER_SHARED if all(pool.shared for pool in pools) else words.FOLDER_OF_NODES
    return str(text) % {"folder": folder, "nodes": ", ".join(pool.node.name for pool in pools)}


def network_choices(pool: VmPool) -> Choices:
    """Those that nodes have, and those of the pool that none has now. One query."""
    known = list(Network.objects.order_by("name").values_list("name", flat=True).distinct())
    gone = sorted({*pool.networks, *([pool.network] if pool.network else [])} - set(known))
    lost = [(name, str(words.NETWORK_IS_NOT_THERE) % {"network": name}) for name in gone]
    return [*((name, name) for name in known), *lost]
