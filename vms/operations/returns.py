"""A person asks for a backup to come back: into its machine here, where it is just checked for a new one. Whoever calls
this rings the bell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import join, normpath
from uuid import UUID, uuid4

from django.db import transaction

from vms.models import Backup, Node, Operation, StoragePool, Vm
from vms.models.facts import pools_with_folders
from vms.models.keeping import usable_backups
from vms.models.viewer import Viewer
from vms.operations.promising import ActionRefused, Order, held, promise
from vms.rules.actions import Action
from vms.rules.backing_up import Return
from vms.rules.backups import Consistency
from vms.rules.making import DiskPlan
from vms.rules.names import image_name
from vms.rules.reasons import Reason
from vms.rules.status import Second


@dataclass(frozen=True, slots=True)
class ReturnOrder:
    """pool: for the disks, at the machine's node. limit: bytes per second, 0 for none. with_memory: the guest goes on
    where it was. key: the same for every submission of the same page."""

    pool: StoragePool
    limit: int = 0
    with_memory: bool = False
    key: UUID | None = None


def promise_return(backup: Backup, order: ReturnOrder, *, by: Viewer) -> Operation:
    """Write down that its machine becomes again what it was. ActionRefused. The operation may be an earlier one, if
    this is the same submitted again."""
    with transaction.atomic():
        vm, _under_way = held(backup.vm)
        operation = promise(vm, _asked(backup, vm, order), by=by)
        if operation.arguments["backup"] != backup.pk:
            raise ActionRefused(Action.RESTORE, Reason.IS_RESTORING, operation)
        if operation.finished_at is None and order.pool.node_id != vm.node_id:
            raise ActionRefused(Action.RESTORE, Reason.IS_ON_ANOTHER_NODE, None)
        require_can_come_back(Action.RESTORE, backup, vm.node)
    return operation


def require_can_come_back(action: Action, backup: Backup, node: Node) -> None:
    """ActionRefused if its files are no good, or this node has not got them. Nobody deletes them until the transaction
    ends."""
    if not Backup.objects.select_for_update().filter(pk=backup.pk).exists():
        raise ActionRefused(action, Reason.BACKUP_GONE, None)
    if reason := why_not(backup, node):
        raise ActionRefused(action, reason, None)


def why_not(backup: Backup, node: Node) -> Reason | None:
    """What stands against bringing it back there, beside what its machine is at; None if nothing does."""
    if not backup.files or backup.pk not in {each.pk for each in usable_backups(backup.vm_id)}:
        return Reason.BACKUP_UNUSABLE
    folders = {normpath(pool.folder) for pool in pools_with_folders(node)}
    return None if normpath(backup.target.folder) in folders else Reason.TARGET_NOT_ON_NODE


def disks_from(backup: Backup, name: str, folder: str, unique: UUID) -> Iterator[DiskPlan]:
    """New images on top of its own, in files that nobody has."""
    for target, file in backup.files.items():
        path = join(folder, image_name(name, unique, target))
        yield DiskPlan(target, path, file["capacity"], file["path"], file["format"])


def _asked(backup: Backup, vm: Vm, order: ReturnOrder) -> Order:
    """Shown as a machine that is restored from the first moment on."""
    disks = tuple(disks_from(backup, vm.display_name, order.pool.folder, uuid4()))
    return Order(
        Action.RESTORE,
        Return(backup.pk, disks, order.with_memory and backup.consistency == Consistency.WITH_MEMORY).to_arguments(),
        order.key,
        values={"backup": backup.stem},
        also={"second": Second.RESTORING, "permille": 0, "limit": order.limit},
    )
