"""Streams that somebody asks for again, or that nobody works on, such as a new panel finds; and whose turn comes."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from vms.models import Operation, Vm
from vms.models.viewer import Viewer
from vms.operations.announcing import COUNTS, announce
from vms.operations.auditing import about_vm, asked_by, write
from vms.operations.permission import require_may
from vms.operations.settling import settle
from vms.operations.steps.checking import CHECKS_AT_ONCE
from vms.rules.actions import FILLS_DISKS, Action, Slot
from vms.rules.audit import Outcome
from vms.rules.kinds import Link
from vms.rules.progress import Phase
from vms.rules.status import Second


def promise_stream(vm: Vm, *, limit: int, by: Viewer | None) -> Operation | None:
    """None if there is nothing to stream, or another job is under way. limit: bytes per second, 0 for none.

    by: None for the panel itself.
    """
    if by is not None:
        require_may(by, Action.STREAM, vm)
    with transaction.atomic():
        vm = Vm.objects.select_for_update().get(pk=vm.pk)
        if not vm.link or vm.operations.filter(slot=Slot.JOB, finished_at=None).exists():
            return None
        Vm.objects.filter(pk=vm.pk).update(link=Link.STREAMING)
        operation = Operation.objects.create(
            vm=vm,
            node_id=vm.node_id,
            action=Action.STREAM,
            slot=Slot.JOB,
            second=Second.STREAMING,
            permille=0,
            limit=limit,
            **asked_by(by),
        )
        write(Action.STREAM, about_vm(vm), Outcome.ACCEPTED, by=by, operation=operation)
        settle(vm.uuid)
        announce(("operation", str(operation.pk)), ("vm", str(operation.vm_id)), COUNTS)
    return operation


def next_in_turn(ended: int) -> list[int]:
    """The operations that have waited longest for this one to end. Their bells are to be rung."""
    operation = Operation.objects.filter(pk=ended).exclude(finished_at=None).first()
    return [each.pk for each in _first_in_line(operation) if each.hurry()] if operation else []


def _first_in_line(ended: Operation) -> Iterable[Operation]:
    """Of those that need the same node for the same; of moves both nodes count."""
    waiting = Operation.objects.filter(phase=Phase.WAITING_FOR_TURN, finished_at=None).order_by("requested_at", "pk")
    if ended.action in FILLS_DISKS:
        return waiting.filter(node=ended.node_id, action__in=FILLS_DISKS)[: settings.STREAMS_PER_NODE]
    if ended.action == Action.BACK_UP:
        return waiting.filter(node=ended.node_id, action=Action.BACK_UP)[: settings.BACKUPS_PER_NODE]
    if ended.action == Action.CHECK_BACKUP:
        return waiting.filter(action=Action.CHECK_BACKUP)[:CHECKS_AT_ONCE]
    if ended.action == Action.MIGRATE:
        ends = [ended.arguments["home"], ended.arguments["to"]]
        moves = waiting.filter(Q(arguments__home__in=ends) | Q(arguments__to__in=ends), action=Action.MIGRATE)
        return moves[: len(ends) * settings.MIGRATIONS_PER_NODE]
    return []


def pick_up_streams(*, limit: int) -> list[int]:
    """The operations of streams that ought to go on and that nobody works on. Their bells are to be rung."""
    unfinished = Operation.objects.filter(finished_at=None)
    busy = unfinished.filter(slot=Slot.JOB) | unfinished.filter(action=Action.DELETE)
    idle = Vm.objects.all().present().filter(link=Link.STREAMING, gone_at=None, node__reachable=True)
    promised = (promise_stream(vm, limit=limit, by=None) for vm in idle.exclude(pk__in=busy.values("vm")))
    return [operation.pk for operation in promised if operation]
