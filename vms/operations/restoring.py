"""A person wants a backup back, in its machine or as a new one, and now at once."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.db import transaction

from vms.models import Backup, Operation
from vms.models.pooling import plugs_of
from vms.models.viewer import Viewer
from vms.operations.auditing import about_vm, noting_refusals
from vms.operations.permission import require_may_with_backup
from vms.operations.planning import Wish, new_machine
from vms.operations.pooling import require_places
from vms.operations.requesting import ActionRefused, MakingOrder, NamesTaken, NewMachine, request_machines
from vms.operations.returns import ReturnOrder, disks_from, promise_return, require_can_come_back, why_not
from vms.operations.tasks import ring_after_commit
from vms.rules.actions import Action
from vms.rules.making import Plan

__all__ = [
    "ActionRefused",
    "NamesTaken",
    "ReturnOrder",
    "request_restore",
    "request_restore_as_new",
    "why_not",
]


def request_restore(backup: Backup, order: ReturnOrder, *, by: Viewer) -> Operation:
    """Promise to make its machine again what it was then. ActionRefused. The operation may be an earlier one, if this
    is a second submission of the same."""
    with noting_refusals(Action.RESTORE, about_vm(backup.vm), by=by), transaction.atomic():
        operation = promise_return(backup, order, by=by)
        ring_after_commit(operation.pk)
    return operation


def request_restore_as_new(backup: Backup, wish: Wish, key: UUID | None, *, by: Viewer) -> Operation:
    """Promise to make a machine of its own from it. ActionRefused, NamesTaken, PoolIsFull, OutsideOfPool, NoSuchPool.
    wish: the machine is made with the memory and the vCPUs that the backup has; what it says of them is shown until
    then."""
    order = MakingOrder(Action.RESTORE_AS_NEW, wish.pool.node, [_planned(backup, wish)], key)
    with transaction.atomic():
        with noting_refusals(Action.RESTORE_AS_NEW, about_vm(backup.vm), by=by):
            require_may_with_backup(by, Action.RESTORE_AS_NEW, backup)
            require_can_come_back(Action.RESTORE_AS_NEW, backup, wish.pool.node)
            _require_place(backup, wish)
        return request_machines(order, None, by=by)[0]


def _require_place(backup: Backup, wish: Wish) -> None:
    """As far as its machine of today tells what the backup is plugged into."""
    if wish.vm_pool is not None:
        require_places(wish.vm_pool, wish.pool.node, [wish.pool.folder], plugs_of(backup.vm, wish.network))


def _planned(backup: Backup, wish: Wish) -> NewMachine:
    uuid = uuid4()
    disks = tuple(disks_from(backup, wish.name, wish.pool.folder, uuid))
    plan = Plan(disks, wish.memory, wish.vcpus, network=wish.network, start=wish.start, backup=backup.pk)
    return new_machine(uuid, plan, wish)
