"""Whether a pool has room for machines, and whether they may be where they are to be. Asked while its row is held."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import PermissionDenied

from vms.models import Node, VmPool
from vms.models.pooling import PoolUse, held_pool, most_of, places_of, use_of
from vms.models.viewer import Viewer
from vms.operations.auditing import Refusal
from vms.rules.audit import Why
from vms.rules.kinds import Kind
from vms.rules.pooling import POOL_FOR, Limit, Part, folders_outside, limit_reached, networks_outside


class PoolIsFull(Refusal):
    """limit: the one that would be passed; most, used and, beyond that, wanted: of it, memory in bytes."""

    reason = Why.POOL_IS_FULL

    def __init__(self, pool: VmPool, limit: Limit, used: PoolUse, wanted: PoolUse) -> None:
        self.pool, self.limit = pool, limit
        self.most, self.used, self.wanted = most_of(pool).of(limit), used.of(limit), wanted.of(limit)
        super().__init__(f"{pool}: {self.used} + {self.wanted} {limit}, at most {self.most}")


class OutsideOfPool(Refusal):
    """names: of the first part of a machine that lies elsewhere than the pool allows."""

    reason = Why.NOT_OF_THE_POOL

    def __init__(self, pool: VmPool, part: Part, names: Iterable[str]) -> None:
        self.pool, self.part, self.names = pool, part, tuple(names)
        super().__init__(f"{pool}: {part} {', '.join(self.names)}")


class NoSuchPool(Refusal):
    """It was removed meanwhile, or is for machines of another kind."""

    reason = Why.NOT_VALID


def hold(pk: UUID, kind: Kind, *, by: Viewer | None) -> VmPool:
    """A pool into which a machine of this kind is to come, held until the transaction ends. NoSuchPool. by: None for
    the panel itself."""
    try:
        pool = held_pool(pk)
    except VmPool.DoesNotExist as error:
        raise NoSuchPool(str(pk)) from error
    if pool.kind != POOL_FOR[kind]:
        raise NoSuchPool(f"{pool} is not for {kind}")
    if by is not None and not VmPool.objects.all().visible_to(by).filter(pk=pk).exists():
        raise PermissionDenied
    return pool


def require_room(pool: VmPool, *, vms: int = 0, memory: int = 0, vcpus: int = 0) -> None:
    """For so much more. Memory in bytes. PoolIsFull."""
    used, wanted = use_of([pool])[pool.pk], PoolUse(vms, memory, vcpus)
    limit = limit_reached(most_of(pool), used, wanted)
    if limit is not None:
        raise PoolIsFull(pool, limit, used, wanted)


def require_places(pool: VmPool, node: Node | None, folders: Iterable[str], networks: Iterable[str]) -> None:
    """node: None if that is not asked; folders: of all its disks. OutsideOfPool."""
    places = places_of(pool)
    if node is not None and not places.have_node(node.pk):
        raise OutsideOfPool(pool, Part.NODE, [node.name])
    if outside := folders_outside(places, folders):
        raise OutsideOfPool(pool, Part.FOLDER, outside)
    if outside := networks_outside(places, networks):
        raise OutsideOfPool(pool, Part.NETWORK, outside)
