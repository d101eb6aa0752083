"""A person says which pool a machine belongs to, by itself or as it becomes a template."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction

from vms.models import Operation, Vm, VmPool
from vms.models.pooling import claim_on, folders_of, plugs_of
from vms.models.viewer import Viewer
from vms.operations.auditing import about_vm, noting_refusals
from vms.operations.permission import require_may
from vms.operations.pooling import NoSuchPool, OutsideOfPool, PoolIsFull, hold, require_places, require_room
from vms.operations.promising import ActionRefused, Order, promise
from vms.operations.tasks import ring_after_commit
from vms.rules.actions import Action
from vms.rules.kinds import Kind, Mode

__all__ = [
    "ActionRefused",
    "NoSuchPool",
    "OutsideOfPool",
    "PoolIsFull",
    "request_template",
    "request_to_move",
]


def request_to_move(vm: Vm, pool: VmPool | None, key: UUID | None, *, by: Viewer) -> Operation:
    """Promise to move it to a pool, or out of its own (None). ActionRefused, PoolIsFull, OutsideOfPool, NoSuchPool."""
    arguments = {"pool": str(pool.pk) if pool else None}
    values = {"pool": pool.name if pool else ""}
    return _request(vm, pool, Kind(vm.kind), Order(Action.MOVE_TO_POOL, arguments, key, values), by)


def request_template(vm: Vm, mode: Mode, pool: VmPool | None, key: UUID | None, *, by: Viewer) -> Operation:
    """Promise to make a VM a template, in a pool for these or in none. Raises as request_to_move()."""
    arguments = {"mode": mode, "was": vm.mode, "pool": str(pool.pk) if pool else None}
    return _request(vm, pool, Kind.TEMPLATE, Order(Action.MAKE_TEMPLATE, arguments, key), by)


def _request(vm: Vm, pool: VmPool | None, kind: Kind, order: Order, by: Viewer) -> Operation:
    """The pool is held before the machine is. The operation may be an earlier one, if this is the same again."""
    with noting_refusals(order.action, about_vm(vm), by=by), transaction.atomic():
        require_may(by, order.action, vm)
        claim = {} if pool is None else _claim(vm, hold(pool.pk, kind, by=by), order.key)
        operation = promise(vm, replace(order, arguments={**order.arguments, **claim}), by=by)
        ring_after_commit(operation.pk)
    return operation


def _claim(vm: Vm, pool: VmPool, key: UUID | None) -> dict[str, Any]:
    """What the machine will have of the pool. What is submitted again needs no more room than before."""
    was_asked = key is not None and Operation.objects.filter(request_key=key).exists()
    if not was_asked:
        require_places(pool, vm.node, folders_of(vm), plugs_of(vm))
        if vm.pool_id != pool.pk:
            require_room(pool, vms=1, memory=vm.memory, vcpus=vm.vcpus)
    return claim_on(pool, vm.memory, vm.vcpus)
