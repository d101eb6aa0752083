"""What a node offers to its machines: storage pools and networks, and how much of them is in use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from posixpath import normpath

from django.db.models import Count, Q, Value
from django.db.models.functions import Left, StrIndex, Substr
from django.db.models.lookups import Exact

from vms import labels
from vms.models import Disk, Interface, Node, StoragePool
from vms.web import formats

NETWORK = "network"


@dataclass(frozen=True, slots=True)
class PoolView:
    """percent: how full it is, None if it has no size. disks: of the panel's machines, on whichever node."""

    name: str
    folder: str
    label: str
    percent: int | None
    use: str
    free: str
    is_shared: bool
    reach: str
    disks: int


@dataclass(frozen=True, slots=True)
class NetworkView:
    """interfaces: how many of the machines on the node are plugged into it."""

    name: str
    interfaces: int


def pool_views(node: Node) -> list[PoolView]:
    """Two queries, however many there are."""
    pools = list(node.storage_pools.all())
    disks = _disks_in(pools)
    return [pool_view(pool, disks.get(pool.pk, 0)) for pool in pools]


def pool_view(pool: StoragePool, disks: int) -> PoolView:
    used, total = formats.size(max(0, pool.capacity - pool.free)), formats.size(pool.capacity)
    return PoolView(
        name=pool.name,
        folder=pool.folder,
        label=str(labels.POOL_IN_USE) % {"pool": pool.name},
        percent=round(100 * max(0, pool.capacity - pool.free) / pool.capacity) if pool.capacity else None,
        use=str(labels.USED_OF) % {"used": used, "total": total} if pool.capacity else "",
        free=formats.size(pool.free) if pool.capacity else "",
        is_shared=pool.shared,
        reach=str(labels.POOL_SHARED if pool.shared else labels.POOL_LOCAL),
        disks=disks,
    )


def _disks_in(pools: Sequence[StoragePool]) -> dict[int, int]:
    """By the key of the pool."""
    known = {f"pool{pool.pk}": pool for pool in pools if pool.folder}
    if not known:
        return {}
    disks = Disk.objects.all().in_use().filter(device="disk").order_by()
    counted = disks.aggregate(**{name: Count("pk", filter=_lies_in(pool)) for name, pool in known.items()})
    return {pool.pk: counted[name] for name, pool in known.items()}


def _lies_in(pool: StoragePool) -> Q:
    """In its folder, not in one below that; on any node that sees the same files there."""
    folder = f"{normpath(pool.folder)}/"
    below = Substr("path", len(folder) + 1)
    in_folder = Q(Exact(Left("path", len(folder)), folder)) & Q(Exact(StrIndex(below, Value("/")), 0))
    return in_folder & (_sees_it(pool) if pool.shared else Q(vm__node=pool.node_id))


def _sees_it(pool: StoragePool) -> Q:
    return Q(vm__node__in=StoragePool.objects.filter(folder=pool.folder, shared=True).values("node"))


def network_views(node: Node) -> list[NetworkView]:
    """The node's own, then what machines are plugged into beside them. Two queries."""
    plugged = Interface.objects.filter(vm__node=node, vm__deleted_at=None).order_by("source_type", "source")
    grouped = plugged.values_list("source_type", "source").annotate(Count("pk"))
    counted = {(kind, source): count for kind, source, count in grouped}
    return list(_networks([network.name for network in node.networks.all()], counted))


def _networks(own: Sequence[str], counted: dict[tuple[str, str], int]) -> Iterator[NetworkView]:
    for name in own:
        yield NetworkView(name, counted.get((NETWORK, name), 0))
    for (kind, source), count in counted.items():
        if kind != NETWORK or source not in own:
            yield NetworkView(labels.plugged_into(kind, source), count)
