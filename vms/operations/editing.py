"""From what a person changed in the form of a machine to a machine that is being changed."""

from __future__ import annotations

from posixpath import dirname, join
from typing import Any
from uuid import uuid4

from django.db import transaction

from vms.models import Operation, StoragePool, StoredFile, Vm
from vms.models.pooling import claim_on, held_pool_of
from vms.models.viewer import Viewer
from vms.operations.auditing import Refusal, about_vm, noting_refusals
from vms.operations.making import NamesTaken, taken_names
from vms.operations.permission import require_may
from vms.operations.pooling import require_places, require_room
from vms.operations.promising import ActionRefused, Order, promise
from vms.operations.storing import FileGone, name_at_node, require_kept
from vms.operations.tasks import ring_after_commit
from vms.rules.actions import Action, Slot
from vms.rules.audit import Why
from vms.rules.differences import Change
from vms.rules.edits import EditOrder, disturbing_a_job
from vms.rules.making import DiskPlan
from vms.rules.names import image_name
from vms.rules.reasons import Reason

__all__ = [
    "ActionRefused",
    "EditOrder",
    "FileGone",
    "ImpossibleEdit",
    "NamesTaken",
    "iso_path",
    "new_disk",
    "request_edit",
]


class ImpossibleEdit(Refusal):
    """changes: those that cannot be made, with their hindrances."""

    reason = Why.NOT_VALID

    def __init__(self, changes: list[Change]) -> None:
        self.changes = changes
        super().__init__(", ".join(change.part for change in changes))


def request_edit(vm: Vm, order: EditOrder, *, by: Viewer) -> Operation:
    """Promise to change it. ActionRefused, ImpossibleEdit, NamesTaken, FileGone, PoolIsFull, OutsideOfPool. vm: as the
    person was shown it.

    The operation returned may be an earlier one, if this is a second submission of the same.
    """
    with noting_refusals(Action.EDIT, about_vm(vm), by=by), transaction.atomic():
        require_may(by, Action.EDIT, vm)
        _require_possible(order)
        _require_free_name(vm, order)
        if order.file is not None:
            require_kept(order.file)
        arguments = {**order.as_arguments(), **_claim(vm, order)}
        asked = Order(Action.EDIT, arguments, order.key, order.in_short())
        operation = promise(vm, asked, by=by)
        _require_no_job(vm, order)
        ring_after_commit(operation.pk)
    return operation


def new_disk(vm: Vm, pool: StoragePool, target: str, capacity: int) -> DiskPlan:
    """An empty image for a new disk, in a file that nobody has: neither another machine nor a disk that this one had
    before. capacity in bytes."""
    return DiskPlan(target, join(pool.folder, image_name(vm.display_name, uuid4(), target)), capacity)


def iso_path(file: StoredFile, pool: StoragePool) -> str:
    """Where an uploaded ISO image lies in a pool, for all machines there."""
    return join(pool.folder, name_at_node(file))


def _require_possible(order: EditOrder) -> None:
    if order.impossible:
        raise ImpossibleEdit(order.impossible)


def _claim(vm: Vm, order: EditOrder) -> dict[str, Any]:
    """On its pool, if what the machine is to have is more than what it has."""
    pool, after = held_pool_of(vm), order.after
    if pool is None:
        return {}
    folders, plugs = _new_places(order)
    require_places(pool, None, folders, plugs)
    require_room(pool, memory=after.memory - vm.memory, vcpus=after.vcpus - vm.vcpus)
    return claim_on(pool, max(after.memory, vm.memory), max(after.vcpus, vm.vcpus))


def _new_places(order: EditOrder) -> tuple[set[str], set[str]]:
    """The folders of disks, and what interfaces are plugged into, as far as they are new."""
    before, after = order.before, order.after
    disks = {drive.source for drive in after.drives if not drive.is_removable and drive.source.startswith("/")}
    own = {drive.source for drive in before.drives}
    plugs = {each.source for each in after.interfaces} - {each.source for each in before.interfaces}
    return {dirname(path) for path in disks - own}, plugs - {""}


def _require_no_job(vm: Vm, order: EditOrder) -> None:
    job = vm.operations.filter(slot=Slot.JOB, finished_at=None).first()
    if job is not None and disturbing_a_job(order.changes):
        raise ActionRefused(Action.EDIT, Reason.JOB_SLOT_TAKEN, job)


def _require_free_name(vm: Vm, order: EditOrder) -> None:
    name = order.display_name[1] if order.display_name else vm.display_name
    if name.lower() != vm.display_name.lower() and taken_names([name], other_than=vm):
        raise NamesTaken([name])
