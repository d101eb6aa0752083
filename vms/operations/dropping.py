"""What a node still has of a machine that is on another one: promised to be ended, by a person or by the panel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from vms.models import Double, Node, Operation, Vm
from vms.models.viewer import Viewer
from vms.operations.announcing import COUNTS, announce
from vms.operations.auditing import about_vm, asked_by, write
from vms.operations.permission import require_may
from vms.operations.promising import ActionRefused, held, holder_of, write_down
from vms.operations.settling import settle
from vms.rules.actions import Action, Slot
from vms.rules.audit import Outcome
from vms.rules.doubles import against_ending
from vms.rules.moving import Move
from vms.rules.power import Power, PowerReason
from vms.rules.progress import Progress
from vms.rules.reasons import Reason

SEEN_AT_ONCE = timedelta(seconds=90)
"""So long after its return a node has told of all the machines that it has."""


@dataclass(frozen=True, slots=True)
class Ending:
    """there: the node that is to end what it has, kept: the one whose machine stays as it is."""

    action: Action
    there: Node
    kept: Node
    key: UUID | None = None


def promise_ending(vm: Vm, ending: Ending, *, by: Viewer | None) -> Operation:
    """ActionRefused. by: None for the panel itself. The operation may be an earlier one, if this is the same again."""
    if by is not None:
        require_may(by, ending.action, vm)
    with transaction.atomic():
        vm, under_way = held(vm)
        return _the_same_again(ending, under_way) or _new(vm, ending, under_way, by)


def _the_same_again(ending: Ending, under_way: list[Operation]) -> Operation | None:
    same = (operation for operation in under_way if operation.action == ending.action)
    return next((each for each in same if each.arguments["there"] == ending.there.pk), None)


def _new(vm: Vm, ending: Ending, under_way: list[Operation], by: Viewer | None) -> Operation:
    if reason := against(vm, ending, under_way):
        raise ActionRefused(ending.action, reason, holder_of(under_way, ending.action))
    operation = Operation.objects.create(
        vm=vm,
        node=ending.there,
        action=ending.action,
        slot=Slot.CHANGE,
        arguments={"there": ending.there.pk, "kept": ending.kept.pk},
        request_key=ending.key,
        **asked_by(by),
    )
    write_down(operation)
    values = {"there": ending.there.name, "kept": ending.kept.name}
    write(ending.action, about_vm(vm), Outcome.ACCEPTED, by=by, operation=operation, values=values)
    settle(vm.uuid)
    announce(("operation", str(operation.pk)), ("vm", str(vm.pk)), COUNTS)
    return operation


def against(vm: Vm, ending: Ending, under_way: list[Operation]) -> Reason | None:
    """Why it cannot be asked for now. vm: with its node."""
    double = Double.objects.filter(vm=vm, node__in=[ending.there.pk, ending.kept.pk]).exclude(node=vm.node_id).first()
    if double is None or {ending.there.pk, ending.kept.pk} != {vm.node_id, double.node_id}:
        return Reason.GONE_FROM_NODE
    if not (ending.there.reachable and ending.kept.reachable):
        return Reason.IS_UNKNOWN
    powers = {vm.node_id: Power(vm.power), double.node_id: Power(double.power)}
    hindrance = against_ending(ending.action, powers[ending.there.pk], powers[ending.kept.pk])
    return hindrance or _held_by(vm, ending, {Slot(operation.slot) for operation in under_way})


def _held_by(vm: Vm, ending: Ending, slots: set[Slot]) -> Reason | None:
    if Slot.CHANGE in slots:
        return Reason.IS_BEING_CHANGED
    if Slot.RUN in slots:
        return Reason.RUN_SLOT_TAKEN
    return Reason.JOB_SLOT_TAKEN if Slot.JOB in slots and ending.there.pk == vm.node_id else None


def drop_what_was_left() -> list[int]:
    """Definitions that a node has brought back with it, of machines that the panel had moved away from there. The ids
    of operations whose bells are to be rung."""
    off = Double.objects.filter(power=Power.OFF, node__reachable=True, vm__node__reachable=True)
    left = [double for double in off.select_related("node", "vm__node") if _was_left_by_a_move(double)]
    return [operation.pk for double in left if (operation := _drop(double))]


def _was_left_by_a_move(double: Double) -> bool:
    """And nobody can have defined it there anew: it was there already when the node came back."""
    ended = double.vm.operations.filter(action=Action.MIGRATE).exclude(finished_at=None)
    last, back = ended.order_by("-finished_at").first(), double.node.contact_since
    if last is None or last.finished_at is None or back is None or last.progress != Progress.SUCCEEDED:
        return False
    move = Move.from_arguments(last.arguments)
    came_with_it = last.finished_at < back <= double.found_at < back + SEEN_AT_ONCE
    is_that_move = (move.home, move.to) == (double.node_id, double.vm.node_id)
    return is_that_move and came_with_it and double.power_reason != PowerReason.SAVED


def _drop(double: Double) -> Operation | None:
    """Once: what does not work is left to people."""
    ending = Ending(Action.FORGET_DOUBLE, there=double.node, kept=double.vm.node)
    tried = double.vm.operations.filter(action=ending.action, requested_at__gte=double.found_at)
    if tried.exists():
        return None
    try:
        return promise_ending(double.vm, ending, by=None)
    except ActionRefused:
        return None  # something else is being done with it; it is looked at again
