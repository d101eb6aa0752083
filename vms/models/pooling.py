"""Questions about pools of virtual machines: how much their machines have, and where these may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from posixpath import dirname
from typing import Any
from uuid import UUID

from django.db.models import Count, Sum

from vms.models.operation import Operation
from vms.models.vm import Vm
from vms.models.vm_pool import VmPool
from vms.rules.kinds import Kind
from vms.rules.pooling import EVERYWHERE, Places
from vms.rules.pooling import PoolUse as PoolUse

CLAIM = "claim"
"""In the arguments of an operation: what of a pool its machine will have when it has ended, from claim_on()."""


def use_of(pools: Iterable[VmPool]) -> dict[UUID, PoolUse]:
    """What the machines of each have together, golden images aside: also of those that are just being made, and what
    was promised to others. Two queries however many pools."""
    uses = {pool.pk: PoolUse() for pool in pools}
    machines = Vm.objects.all().present().filter(pool__in=list(uses)).exclude(kind=Kind.GOLDEN_IMAGE)
    sums = machines.order_by().values("pool_id").annotate(vms=Count("pk"), ram=Sum("memory"), cpus=Sum("vcpus"))
    uses |= {each["pool_id"]: PoolUse(each["vms"], each["ram"], each["cpus"]) for each in sums}
    for key, more in _claimed(uses):
        uses[key] += more
    return uses


def _claimed(pools: Iterable[UUID]) -> Iterator[tuple[UUID, PoolUse]]:
    claims = Operation.objects.filter(finished_at=None, arguments__claim__pool__in=[str(key) for key in pools])
    for operation in claims.exclude(vm__deleted_at__isnull=False).select_related("vm"):
        claim, vm = operation.arguments[CLAIM], operation.vm
        key = UUID(claim["pool"])
        is_in = vm is not None and vm.pool_id == key
        has = PoolUse(1, vm.memory, vm.vcpus) if vm is not None and is_in else PoolUse()
        yield key, PoolUse(1, claim["memory"], claim["vcpus"]).beyond(has)


def claim_on(pool: VmPool, memory: int, vcpus: int) -> dict[str, Any]:
    """For the arguments of an operation after which a machine has so much of the pool. Memory in bytes."""
    return {CLAIM: {"pool": str(pool.pk), "memory": memory, "vcpus": vcpus}}


def held_pool(pk: UUID) -> VmPool:
    """VmPool.DoesNotExist. Nobody else changes the pool, or makes machines in it, until the transaction ends."""
    return VmPool.objects.select_for_update(of=("self",)).get(pk=pk)


def held_pool_of(vm: Vm) -> VmPool | None:
    """The pool that it belongs to by now, held likewise."""
    return VmPool.objects.select_for_update(of=("self",)).filter(vms=vm).first()


def most_of(pool: VmPool) -> PoolUse:
    """Its limits, 0 for none."""
    return PoolUse(pool.most_vms, pool.most_memory, pool.most_vcpus)


def places_of(pool: VmPool) -> Places:
    """pool: best with its nodes fetched."""
    nodes = frozenset(node.pk for node in pool.nodes.all())
    return Places(nodes, pool.folder, frozenset(pool.networks))


def places_for(vm: Vm) -> Places:
    """Where it may be."""
    return EVERYWHERE if vm.pool is None else places_of(vm.pool)


def plugs_of(vm: Vm | None, network: str | None = None) -> frozenset[str]:
    """The networks, bridges and devices that its interfaces are plugged into. network: into which the first one shall
    be plugged, None for what it has."""
    interfaces = list(vm.interfaces.all()) if vm else []
    kept = interfaces if network is None else interfaces[1:]
    return frozenset({*(each.source for each in kept), network or ""} - {""})


def folders_of(vm: Vm) -> frozenset[str]:
    """Where its own disks are; not what lies in its drives."""
    disks = vm.disks.filter(device="disk", path__startswith="/")
    return frozenset(dirname(disk.path) for disk in disks)
