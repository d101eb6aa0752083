"""A person wants to move a machine: where could it go, to that node please, and now at once."""

from __future__ import annotations

from django.db import transaction

from vms.models import Operation, Preflight, Vm
from vms.models.viewer import Viewer
from vms.operations.announcing import announce
from vms.operations.auditing import about_vm, noting_refusals, write
from vms.operations.moving import MigrationOrder, NodeIsOut, promise_migration
from vms.operations.permission import require_may, require_may_cancel
from vms.operations.preflights import prepared
from vms.operations.promising import ActionRefused
from vms.operations.tasks import ring_after_commit, try_preflight_after_commit
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Request, Why

__all__ = [
    "ActionRefused",
    "MigrationOrder",
    "NodeIsOut",
    "ask_for_post_copy",
    "ask_for_preflight",
    "request_migration",
]


def ask_for_preflight(vm: Vm, *, by: Viewer) -> Preflight:
    """Ask a worker to ask the nodes, unless one does or has just done so. The answer is written into the row that is
    returned, whatever the machine's state."""
    with noting_refusals(Action.MIGRATE, about_vm(vm), by=by), transaction.atomic():
        require_may(by, Action.MIGRATE, vm)
        preflight, is_new = prepared(vm)
        if is_new:
            try_preflight_after_commit(preflight.pk)
    return preflight


def request_migration(vm: Vm, order: MigrationOrder, *, by: Viewer) -> Operation:
    """Promise to move it. ActionRefused, NodeIsOut. The operation may be an earlier one, if this is a second submission
    of the same."""
    with noting_refusals(Action.MIGRATE, about_vm(vm), by=by), transaction.atomic():
        operation = promise_migration(vm, order, by=by)
        ring_after_commit(operation.pk)
    return operation


def ask_for_post_copy(operation: Operation, *, by: Viewer) -> bool:
    """Hand the guest over at the worker's next look, with the rest of its memory to follow. False if the move is over,
    was not allowed to do so, or was asked for this before."""
    about = about_vm(operation.vm)
    with noting_refusals(Request.POST_COPY, about, by=by), transaction.atomic():
        require_may_cancel(by, operation)
        asked = _ask_for_post_copy(operation.pk)
        outcome, reason = (Outcome.ACCEPTED, "") if asked else (Outcome.REFUSED, Why.TOO_LATE)
        write(Request.POST_COPY, about, outcome, by=by, operation=operation, reason=reason)
        operation.hurry()
        ring_after_commit(operation.pk)
        announce(("operation", str(operation.pk)), ("vm", str(operation.vm_id)))
    return asked


def _ask_for_post_copy(operation_id: int) -> bool:
    under_way = Operation.objects.select_for_update().filter(action=Action.MIGRATE, finished_at=None, ends_as="")
    operation = under_way.filter(pk=operation_id).first()
    if operation is None or not operation.arguments["post_copy"] or operation.measures.get("post_copy_asked"):
        return False
    operation.measures["post_copy_asked"] = True
    operation.save(update_fields=["measures"])
    return True
