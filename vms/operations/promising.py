"""A person asks for something of a machine: it is checked and promised here. Whoever calls this rings the bell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction

from vms.models import Event, Operation, Vm
from vms.models.facts import facts_of
from vms.models.viewer import Viewer
from vms.operations.announcing import COUNTS, announce
from vms.operations.auditing import Refusal, about_vm, asked_by, write
from vms.operations.performing import finish
from vms.operations.permission import require_may
from vms.operations.recipes import RECIPES
from vms.operations.settling import settle
from vms.rules.actions import MAY_SUPERSEDE, SLOT, Action, Slot
from vms.rules.asking import possible
from vms.rules.audit import Outcome
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.reasons import Reason
from vms.rules.timeline import What


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for. key: the same for every submission of the same page, so that a second one does nothing;
    values: what the audit trail keeps of it; also: further fields of its operation."""

    action: Action
    arguments: dict[str, Any]
    key: UUID | None = None
    values: dict[str, Any] = field(default_factory=dict)
    also: dict[str, Any] = field(default_factory=dict)


class ActionRefused(Refusal):
    """Not possible now. holder: the operation that stands in the way, if one does."""

    reason: Reason

    def __init__(self, action: Action, reason: Reason, holder: Operation | None) -> None:
        super().__init__(f"{action} refused: {reason}")
        self.action = action
        self.reason = reason
        self.holder = holder


def promise(vm: Vm, order: Order, *, by: Viewer | None) -> Operation:
    """Write it down, without a bell. The operation may be an earlier one, if this is the same submitted again. by: None
    for the panel itself."""
    if by is not None:
        require_may(by, order.action, vm)
    with transaction.atomic():
        vm, under_way = held(vm)
        operation = _the_same_again(order, under_way, by) or _new(vm, order, under_way, by)
        write(order.action, about_vm(vm), Outcome.ACCEPTED, by=by, operation=operation, values=order.values)
    return operation


def _the_same_again(order: Order, under_way: list[Operation], by: Viewer | None) -> Operation | None:
    """Of two changes of what a machine is only the page can tell that they are the same."""
    asker = by.pk if by else None
    if order.key:
        submitted = Operation.objects.filter(request_key=order.key).first()
        if submitted and submitted.requested_by_id != asker:
            raise PermissionDenied
        if submitted:
            return submitted
    if SLOT.get(order.action) is Slot.CHANGE:
        return None
    mine = [op for op in under_way if op.requested_by_id == asker and op.action == order.action]
    return mine[0] if mine else None


def _new(vm: Vm, order: Order, under_way: list[Operation], by: Viewer | None) -> Operation:
    require_possible(vm, under_way, order.action)
    _supersede(vm, order.action, under_way, by)
    operation = Operation.objects.create(
        vm=vm,
        node=vm.node,
        action=order.action,
        slot=SLOT[order.action],
        arguments=order.arguments,
        request_key=order.key,
        **order.also,
        **asked_by(by),
    )
    write_down(operation)
    settle(vm.uuid)
    announce(("operation", str(operation.pk)), ("vm", str(operation.vm_id)), COUNTS)
    return operation


def held(vm: Vm) -> tuple[Vm, list[Operation]]:
    """The machine as it is, and what is under way. Nobody else changes it or its rights until the transaction ends."""
    vm = Vm.objects.select_for_update(of=("self",)).select_related("node").get(pk=vm.pk)
    return vm, list(vm.operations.filter(finished_at=None))


def require_possible(vm: Vm, under_way: list[Operation], action: Action) -> None:
    """ActionRefused. vm, under_way: from held()."""
    answer = possible(facts_of(vm, under_way), action)
    if not answer.allowed:
        raise ActionRefused(action, answer.reason or Reason.RUN_SLOT_TAKEN, holder_of(under_way, action))


def holder_of(under_way: list[Operation], action: Action) -> Operation | None:
    """The operation that stands in an action's way: the one in its own slot, else any. Work with its backups stands in
    nobody's."""
    at_machine = [operation for operation in under_way if operation.slot != Slot.BACKUPS]
    ordered = sorted(at_machine, key=lambda operation: operation.slot != SLOT.get(action, Slot.RUN))
    return ordered[0] if ordered else None


def _supersede(vm: Vm, action: Action, under_way: list[Operation], by: Viewer | None) -> None:
    for operation in under_way:
        if Action(operation.action) in MAY_SUPERSEDE.get(action, frozenset()):
            problem = Problem.DELETED_MEANWHILE if action is Action.DELETE else Problem.SUPERSEDED
            _end(operation, problem, {"person": str(by or "")})


def _end(operation: Operation, problem: Problem, values: dict[str, str]) -> None:
    """A backup that has begun is taken back first, before its machine goes off; one that is just being written down is
    let be."""
    if operation.action == Action.BACK_UP and operation.progress == Progress.WORKING:
        last = RECIPES[Action.BACK_UP].reversible
        operation.turn_back(Progress.CANCELLED, problem, before_step=last, problem_values=values)
    else:
        finish(operation, Progress.CANCELLED, problem, problem_values=values)


def write_down(operation: Operation) -> None:
    """In the machine's past: who asked for it."""
    if operation.is_routine:
        return
    Event.objects.create(
        what=What.REQUESTED,
        vm_id=operation.vm_id,
        node_id=operation.node_id,
        operation=operation,
        by_panel=True,
        values={"action": operation.action, "person": operation.requested_by_name},
    )
