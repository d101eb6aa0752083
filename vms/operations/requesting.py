"""What people ask for, and what they take back. Nothing has happened to the machine yet when this returns."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from vms.models import Operation, Vm
from vms.models.viewer import Viewer
from vms.operations.announcing import COUNTS, announce
from vms.operations.performing import finish
from vms.operations.permission import may_cancel
from vms.operations.promising import ActionRefused, Order, holder_of, promise
from vms.operations.tasks import ring_after_commit
from vms.rules.actions import Action
from vms.rules.problems import Problem
from vms.rules.progress import Progress

__all__ = [
    "ActionRefused",
    "Order",
    "acknowledge",
    "acknowledge_failures",
    "cancel",
    "close_unclear",
    "holder_of",
    "may_be_cancelled",
    "request_action",
]


def request_action(vm: Vm, order: Order, *, by: Viewer) -> Operation:
    """Promise to do it. The operation returned may be an earlier one, if this is a second submission of the same."""
    with transaction.atomic():
        operation = promise(vm, order, by=by)
        ring_after_commit(operation.pk)
    return operation


def cancel(operation: Operation, *, by: Viewer) -> bool:
    """Stop waiting for it. False if it has ended, or has come too far to be taken back."""
    if not may_cancel(by, operation):
        raise PermissionDenied
    return may_be_cancelled(operation) and finish(operation, Progress.CANCELLED)


def may_be_cancelled(operation: Operation) -> bool:
    """Before it began; and a shutdown as long as the guest has not gone."""
    if operation.finished_at is not None or operation.progress == Progress.UNCLEAR:
        return False
    return operation.progress == Progress.QUEUED or operation.action == Action.SHUTDOWN


def close_unclear(operation: Operation, *, by: Viewer) -> bool:
    """A person has looked at the machine: the operation no longer holds it."""
    if not may_cancel(by, operation):
        raise PermissionDenied
    unclear = operation.progress == Progress.UNCLEAR
    return unclear and finish(
        operation, Progress.FAILED, Problem(operation.problem or Problem.WORKER_DIED), acknowledged_at=timezone.now()
    )


def acknowledge(operation: Operation) -> None:
    Operation.objects.filter(pk=operation.pk, acknowledged_at=None).exclude(finished_at=None).update(
        acknowledged_at=timezone.now()
    )
    announce(("operation", str(operation.pk)), COUNTS)


def acknowledge_failures(failures: Iterable[Operation]) -> None:
    """Those that a person was shown. What has not failed for good is left alone."""
    for operation in failures:
        if operation.progress == Progress.FAILED:
            acknowledge(operation)
