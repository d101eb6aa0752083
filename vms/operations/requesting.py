"""What people ask for, and what they take back. Nothing has happened to the machine yet when this returns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from vms.hypervisor.migrating import Stage
from vms.models import Operation, Vm
from vms.models.viewer import Viewer
from vms.operations.announcing import COUNTS, announce
from vms.operations.auditing import PANEL, More, about_vm, noting_refusals, write
from vms.operations.making import MakingOrder, NamesTaken, NewMachine, promise_machines
from vms.operations.performing import finish
from vms.operations.permission import require_may_cancel
from vms.operations.promising import ActionRefused, Order, holder_of, promise
from vms.operations.recipes import RECIPES
from vms.operations.resuming import promise_stream
from vms.operations.tasks import ring_after_commit
from vms.rules.actions import HAS_A_LIMIT, Action
from vms.rules.audit import Outcome, Request, Why
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress

__all__ = [
    "ActionRefused",
    "MakingOrder",
    "NamesTaken",
    "NewMachine",
    "Order",
    "acknowledge",
    "acknowledge_failures",
    "cancel",
    "change_limit",
    "close_unclear",
    "holder_of",
    "may_be_cancelled",
    "request_action",
    "request_machines",
    "request_stream",
]


def request_action(vm: Vm, order: Order, *, by: Viewer) -> Operation:
    """Promise to do it. The operation returned may be an earlier one, if this is a second submission of the same."""
    with noting_refusals(order.action, about_vm(vm), by=by), transaction.atomic():
        operation = promise(vm, order, by=by)
        ring_after_commit(operation.pk)
    return operation


def request_machines(order: MakingOrder, origin: Vm | None, *, by: Viewer) -> list[Operation]:
    """Promise to make them, all or none. ActionRefused, NamesTaken."""
    about = about_vm(origin) if origin else PANEL
    with noting_refusals(order.action, about, by=by), transaction.atomic():
        operations = promise_machines(order, origin, by=by)
        for operation in operations:
            ring_after_commit(operation.pk)
    return operations


def request_stream(vm: Vm, *, limit: int, by: Viewer) -> Operation | None:
    """Let it stream again. None if there is nothing to stream, or another job is under way."""
    with noting_refusals(Action.STREAM, about_vm(vm), by=by), transaction.atomic():
        operation = promise_stream(vm, limit=limit, by=by)
        if operation is not None:
            ring_after_commit(operation.pk)
        else:
            write(Action.STREAM, about_vm(vm), Outcome.REFUSED, by=by, reason=Why.NOTHING_TO_DO)
    return operation


def change_limit(operation: Operation, limit: int, *, by: Viewer) -> None:
    """How fast a job may copy, in bytes per second, 0 for no limit. The worker keeps it from its next look on."""
    _require_may_change(Request.LIMIT, operation, by)
    under_way = Operation.objects.filter(pk=operation.pk, action__in=HAS_A_LIMIT, finished_at=None)
    _write_down(Request.LIMIT, operation, by, done=bool(under_way.update(limit=limit)), values={"limit": limit})
    announce(("operation", str(operation.pk)), ("vm", str(operation.vm_id)))


def cancel(operation: Operation, *, by: Viewer) -> bool:
    """Stop it, or waiting for it. One that has begun to change something takes that back first. False if it has ended,
    or has come too far to be taken back."""
    _require_may_change(Request.CANCEL, operation, by)
    return _write_down(Request.CANCEL, operation, by, done=may_be_cancelled(operation) and _cancel(operation))


def _cancel(operation: Operation) -> bool:
    begun = operation.progress == Progress.WORKING and RECIPES[Action(operation.action)].way_back
    return _turn_back(operation) if begun else finish(operation, Progress.CANCELLED)


def _turn_back(operation: Operation) -> bool:
    with transaction.atomic():
        most = RECIPES[Action(operation.action)].reversible
        turned = operation.turn_back(Progress.CANCELLED, before_step=most)
        ring_after_commit(operation.pk)
        announce(("operation", str(operation.pk)), ("vm", str(operation.vm_id)))
    return turned


def may_be_cancelled(operation: Operation) -> bool:
    """Before it began; a shutdown as long as the guest has not gone; what knows its way back, until it is on it; no
    machine whose guest was handed over to another node."""
    over = operation.finished_at is not None or operation.phase == Phase.ENDING
    over = over or operation.measures.get("stage") == Stage.HANDED_OVER
    if over or operation.progress == Progress.UNCLEAR or operation.ends_as:
        return False
    action = Action(operation.action)
    knows_its_way_back = action in RECIPES and RECIPES[action].can_go_back(operation.steps_done)
    return operation.progress == Progress.QUEUED or action is Action.SHUTDOWN or knows_its_way_back


def close_unclear(operation: Operation, *, by: Viewer) -> bool:
    """A person has looked at the machine: the operation no longer holds it."""
    _require_may_change(Request.CLOSE, operation, by)
    done = operation.progress == Progress.UNCLEAR and finish(
        operation, Progress.FAILED, Problem(operation.problem or Problem.WORKER_DIED), acknowledged_at=timezone.now()
    )
    return _write_down(Request.CLOSE, operation, by, done=done)


def acknowledge(operation: Operation, *, by: Viewer) -> None:
    """Its failure was read. Nothing happens if somebody else has read it already."""
    _require_may_change(Request.ACKNOWLEDGE, operation, by)
    unread = Operation.objects.filter(pk=operation.pk, acknowledged_at=None).exclude(finished_at=None)
    _write_down(Request.ACKNOWLEDGE, operation, by, done=bool(unread.update(acknowledged_at=timezone.now())))
    announce(("operation", str(operation.pk)), ("vm", str(operation.vm_id)), COUNTS)


def acknowledge_failures(failures: Iterable[Operation], *, by: Viewer) -> None:
    """Those that a person was shown. What has not failed for good is left alone."""
    for operation in failures:
        if operation.progress == Progress.FAILED:
            acknowledge(operation, by=by)


def _require_may_change(request: Request, operation: Operation, by: Viewer) -> None:
    with noting_refusals(request, about_vm(operation.vm), by=by):
        require_may_cancel(by, operation)


def _write_down(
    request: Request, operation: Operation, by: Viewer, *, done: bool, values: dict[str, Any] | None = None
) -> bool:
    outcome, reason = (Outcome.ACCEPTED, "") if done else (Outcome.REFUSED, Why.TOO_LATE)
    more = More(operation=operation, reason=reason, values=values or {})
    write(request, about_vm(operation.vm), outcome, by=by, **more)
    return done
