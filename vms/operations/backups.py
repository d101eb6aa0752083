"""A person, a schedule or the panel asks for a backup, or for something to be done with one. Whoever calls this rings
the bell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from vms.models import Backup, BackupSchedule, BackupTarget, Node, Operation, Vm
from vms.models.keeping import (
    homes_without,
    needed_by,
    node_for,
    only_seen_by,
    refresh_last_backup,
    returns_of,
    standing_on,
)
from vms.models.viewer import Viewer
from vms.operations.announcing import announce
from vms.operations.auditing import about_vm, asked_by, write
from vms.operations.performing import finish
from vms.operations.permission import require_may_with_backup
from vms.operations.promising import ActionRefused, Order, held, promise, write_down
from vms.rules.actions import Action, Slot
from vms.rules.audit import Outcome
from vms.rules.backing_up import Taking, stem_of
from vms.rules.backups import BackupState
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.reasons import Reason
from vms.rules.status import Second

__all__ = [
    "BackupOrder",
    "leave_backups_to_others",
    "needed_by",
    "node_for",
    "pick_up_checks",
    "promise_backup",
    "promise_check",
    "promise_deletion",
    "refresh_last_backup",
]

MIB = 1024 * 1024

MOST_IN_LINE = 4
"""Checks that wait for their turn look again and again: others are promised when these have had it."""


@dataclass(frozen=True, slots=True)
class BackupOrder:
    """whole, longest_chain, with_memory, freezes: as in rules.backing_up.Taking. limit: bytes per second of each disk,
    0 for none, None for that of the target. key: the same for every submission of the same page. schedule: which asks
    for it."""

    target: BackupTarget
    whole: bool = False
    longest_chain: int = 6
    with_memory: bool = False
    freezes: bool = True
    limit: int | None = None
    key: UUID | None = None
    schedule: BackupSchedule | None = None


def promise_backup(vm: Vm, order: BackupOrder, *, by: Viewer | None) -> Operation:
    """Write it down. ActionRefused. by: None for the panel itself. The operation may be an earlier one, if this is the
    same submitted again."""
    with transaction.atomic():
        vm, _under_way = held(vm)
        backup = _write_row(vm, order, by)
        operation = promise(vm, _asked(vm, order, backup), by=by)
        if operation.arguments["backup"] == backup.pk:
            Backup.objects.filter(pk=backup.pk).update(operation=operation)
        else:
            backup.delete()
            _require_the_same(operation, order)
    return operation


def _write_row(vm: Vm, order: BackupOrder, by: Viewer | None) -> Backup:
    if not BackupTarget.objects.select_for_update().filter(pk=order.target.pk).exists():
        raise ActionRefused(Action.BACK_UP, Reason.TARGET_GONE, None)
    asker = asked_by(by)
    return Backup.objects.create(
        vm=vm,
        target=order.target,
        schedule=order.schedule,
        node=vm.node,
        stem=stem_of(vm.display_name, uuid4(), f"{timezone.now():%Y%m%dT%H%M%SZ}"),
        machine_name=vm.display_name,
        requested_by_id=asker["requested_by_id"],
        requested_by_name=asker["requested_by_name"],
    )


def _asked(vm: Vm, order: BackupOrder, backup: Backup) -> Order:
    """Shown as a machine that is backed up from the first moment on."""
    taking = Taking(backup.pk, order.target.folder, order.whole, order.longest_chain, order.with_memory, order.freezes)
    return Order(
        Action.BACK_UP,
        taking.to_arguments(),
        order.key,
        values={"backup": backup.stem, "target": order.target.name},
        also={"second": Second.BACKING_UP, "permille": 0, "limit": _limit_of(order)},
    )


def _limit_of(order: BackupOrder) -> int:
    if order.limit is not None:
        return order.limit
    return order.target.limit or settings.BACKUP_LIMIT * MIB


def _require_the_same(operation: Operation, order: BackupOrder) -> None:
    """One that is under way for another target or schedule is not what was asked for."""
    backup = Backup.objects.filter(pk=operation.arguments["backup"]).first()
    asked = order.target.pk, order.schedule.pk if order.schedule else None
    if operation.finished_at is None and backup and (backup.target_id, backup.schedule_id) != asked:
        raise ActionRefused(Action.BACK_UP, Reason.IS_BACKING_UP, operation)


def promise_check(backup: Backup, *, by: Viewer | None) -> Operation:
    """Compare its files with their sums, or make those. ActionRefused. by: None for the panel itself. The operation may
    be an earlier one, if the same is under way."""
    return _promise(Action.CHECK_BACKUP, [backup], {"backup": backup.pk}, by)


def promise_deletion(backups: Sequence[Backup], *, by: Viewer | None) -> Operation:
    """Delete these backups of one machine, in this order: one that stands on another comes before it. ActionRefused.
    by: None for the panel itself."""
    return _promise(Action.DELETE_BACKUP, backups, {"backups": [each.pk for each in backups]}, by)


def _promise(action: Action, backups: Sequence[Backup], arguments: dict[str, Any], by: Viewer | None) -> Operation:
    if by is not None:
        for backup in backups:
            require_may_with_backup(by, action, backup)
    with transaction.atomic():
        vm, under_way = held(backups[0].vm)
        in_the_way = next((each for each in under_way if each.slot == Slot.BACKUPS), None)
        if in_the_way and (in_the_way.action, in_the_way.arguments) == (action, arguments):
            return in_the_way
        if in_the_way:
            raise ActionRefused(action, Reason.BACKUPS_BUSY, in_the_way)
        return _new(vm, action, _held(action, backups), arguments, by)


def _held(action: Action, backups: Sequence[Backup]) -> list[Backup]:
    """As they are. Nobody changes them until the transaction ends."""
    keys = [each.pk for each in backups]
    rows = Backup.objects.select_for_update(of=("self",)).select_related("target", "node").filter(pk__in=keys)
    by_key = {row.pk: row for row in rows.exclude(state=BackupState.MAKING).order_by("pk")}
    if len(by_key) != len(keys):
        raise ActionRefused(action, Reason.BACKUP_GONE, None)
    return [by_key[key] for key in keys]


def _new(vm: Vm, action: Action, backups: list[Backup], arguments: dict[str, Any], by: Viewer | None) -> Operation:
    if action is Action.DELETE_BACKUP:
        _require_free(backups)
    node = node_for(backups[0].target, backups[0].node)
    if node is None:
        raise ActionRefused(action, Reason.TARGET_OUT_OF_REACH, None)
    operation = Operation.objects.create(
        vm=vm, node=node, action=action, slot=Slot.BACKUPS, permille=0, arguments=arguments, **asked_by(by)
    )
    write_down(operation)
    values = {"backup": ", ".join(each.stem for each in backups)}
    write(action, about_vm(vm), Outcome.ACCEPTED, by=by, operation=operation, values=values)
    announce(("operation", str(operation.pk)), ("vm", str(vm.pk)))
    return operation


def _require_free(backups: list[Backup]) -> None:
    keys = {each.pk for each in backups}
    if standing_on(keys).exists():
        raise ActionRefused(Action.DELETE_BACKUP, Reason.BACKUP_IS_NEEDED, None)
    if holder := returns_of(keys).first():
        raise ActionRefused(Action.DELETE_BACKUP, Reason.BACKUP_IN_USE, holder)


def leave_backups_to_others(node: Node) -> None:
    """It is going to be removed. Machines that were deleted from it, but have backups, belong to another node that sees
    these from now on; what no other one sees is forgotten, the files stay."""
    for backup in only_seen_by(node):
        backup.delete()
        refresh_last_backup(backup.vm_id)
    for backup, home in homes_without(node).items():
        Vm.objects.filter(pk=backup.vm_id, node=node).exclude(deleted_at=None).update(node=home)
    for operation in Operation.objects.filter(node=node, slot=Slot.BACKUPS, finished_at=None):
        finish(operation, Progress.FAILED, Problem.NO_LONGER_POSSIBLE)


def pick_up_checks() -> list[int]:
    """The operations of checks that follow new backups. Their bells are to be rung. What was tried once and came to
    nothing is left to people and schedules."""
    checks = Operation.objects.filter(action=Action.CHECK_BACKUP)
    waiting = checks.filter(finished_at=None, node_silent_since=None).count()
    if waiting >= MOST_IN_LINE:
        return []
    new = Backup.objects.good().filter(checked_at=None).select_related("vm").order_by("finished_at", "pk")
    earlier = checks.filter(arguments__backup__in=[backup.pk for backup in new])
    tried = set(earlier.values_list("arguments__backup", flat=True))
    promised = (_check_if_possible(backup) for backup in new if backup.pk not in tried)
    return [operation.pk for operation in islice(filter(None, promised), MOST_IN_LINE - waiting)]


def _check_if_possible(backup: Backup) -> Operation | None:
    try:
        return promise_check(backup, by=None)
    except ActionRefused:
        return None  # it is looked at again
