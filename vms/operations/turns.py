"""Schedules keep their times: which machines have their turn, which backups go afterwards, which are checked again.

Called by the clock, again and again and in any number of workers: what there is to be done stands in the database, and
each part of it is taken by one conditional update. Whoever calls this rings the bells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from vms.models import Backup, BackupSchedule, BackupTurn, Operation, Vm
from vms.models.keeping import as_kept
from vms.operations.announcing import announce
from vms.operations.auditing import Refusal
from vms.operations.backups import BackupOrder, promise_backup, promise_check, promise_deletion
from vms.operations.clock import ZoneClock
from vms.rules.actions import Action, Slot
from vms.rules.backups import (
    BackupState,
    Covers,
    Missed,
    Retention,
    Rhythm,
    Schedule,
    chain_of,
    due_run,
    may_go,
)
from vms.rules.kinds import Kind
from vms.rules.problems import Problem
from vms.rules.progress import Progress

ANOTHER_TRY_AFTER = timedelta(minutes=1)
ANOTHER_LOOK_AFTER = timedelta(seconds=10)
LATE = timedelta(minutes=1)
"""A run that begins later than this is distributed from now on, not from its own moment on."""
REMEMBERED = timedelta(days=400)
"""So long it can be read what has become of a run."""
BEGUN_AT_A_LOOK = 50
CHECKS_AT_ONCE = 2
CHECKS_LOOKED_AT = 20
FIRST_CHECK_WITHIN = timedelta(hours=6)
"""By itself a backup is checked as soon as it is made. Where that came to nothing it is made up for."""
CLOCKS_DIFFER = timedelta(days=1)

KIND: Mapping[str, Kind] = {Covers.VMS: Kind.VM, Covers.TEMPLATES: Kind.TEMPLATE}

WAITS = Q(operation=None, finished_at=None)


def times_of(schedule: BackupSchedule) -> Schedule:
    return Schedule(Rhythm(schedule.rhythm), schedule.hour, schedule.minute, schedule.weekday, schedule.day)


def retention_of(schedule: BackupSchedule) -> Retention:
    return Retention(schedule.keep_last, schedule.keep_daily, schedule.keep_weekly, schedule.keep_monthly)


def machines_of(schedule: BackupSchedule) -> QuerySet[Vm]:
    """Those that have a turn in its next run: what it covers itself, and all of the pools that name it."""
    machines = Vm.objects.all().to_back_up().exclude(pk__in=schedule.excluded.values("pk"))
    if schedule.covers == Covers.ALL:
        return machines
    return machines.filter(_covered(schedule) | Q(pool__in=schedule.vm_pools.values("pk")))


def _covered(schedule: BackupSchedule) -> Q:
    if schedule.covers == Covers.CHOSEN:
        return Q(pk__in=schedule.machines.values("pk"))
    return Q(kind=KIND[schedule.covers])


# A run: every machine gets a turn


def due_schedules() -> list[int]:
    """Give the machines of every schedule whose time has come their turns. The keys of those schedules."""
    return [schedule.pk for schedule in BackupSchedule.objects.filter(is_on=True) if _begin_due_run(schedule)]


def _begin_due_run(schedule: BackupSchedule) -> bool:
    now = timezone.now()
    clock = ZoneClock.of_the_panel()
    due = due_run(times_of(schedule), schedule.last_run.timestamp(), now.timestamp(), clock)
    if due is None:
        return False
    run_at = datetime.fromtimestamp(due, UTC)
    with transaction.atomic():
        as_read = BackupSchedule.objects.filter(pk=schedule.pk, is_on=True, last_run=schedule.last_run)
        if not as_read.update(last_run=run_at):
            return False
        begins = now if now - run_at > LATE else run_at
        begin_run(schedule, machines_of(schedule), run_at, begins=begins, spread=schedule.spread)
    return True


def begin_run(
    schedule: BackupSchedule, machines: QuerySet[Vm], run_at: datetime, *, begins: datetime, spread: int
) -> int:
    """How many have a turn. What is left of earlier runs and has not begun is missed. spread: minutes."""
    end_waiting(schedule, Missed.NOT_YET)
    schedule.turns.filter(run_at__lt=run_at - REMEMBERED, finished_at__isnull=False).delete()
    keys = list(machines.order_by("pk").values_list("pk", flat=True))
    apart = timedelta(minutes=spread) / max(1, len(keys))
    turns = [
        BackupTurn(schedule=schedule, vm_id=key, run_at=run_at, not_before=begins + number * apart)
        for number, key in enumerate(keys)
    ]
    BackupTurn.objects.bulk_create(turns, batch_size=500, ignore_conflicts=True)
    announce(("schedule", str(schedule.pk)))
    return len(keys)


def end_waiting(schedule: BackupSchedule, why: Missed) -> None:
    """The turns that have not been taken yet. Each keeps the reason for which it was refused, if it was."""
    waiting = schedule.turns.filter(WAITS)
    waiting.filter(refusal="").update(refusal=why)
    waiting.update(finished_at=timezone.now())


# A turn: one machine is backed up


def begin_turns() -> list[int]:
    """Begin the backups whose moment has come, as long as their nodes are not busy with others. The operations."""
    under_way = Operation.objects.filter(action=Action.BACK_UP, finished_at=None).exclude(node=None)
    busy = Counter(under_way.order_by().values_list("node", flat=True))
    full = [node for node, count in busy.items() if count >= settings.BACKUPS_PER_NODE]
    due = BackupTurn.objects.filter(WAITS, not_before__lte=timezone.now(), vm__deleted_at=None)
    due = due.exclude(vm__node__in=full).select_related("schedule__target", "vm").order_by("not_before", "pk")
    return list(_begun(due[:BEGUN_AT_A_LOOK], busy))


def _begun(turns: Iterable[BackupTurn], busy: Counter[int]) -> Iterator[int]:
    for turn in turns:
        node = turn.vm.node_id
        if busy[node] < settings.BACKUPS_PER_NODE and (operation := _begin(turn)):
            busy[node] += 1
            yield operation.pk


def _begin(turn: BackupTurn) -> Operation | None:
    """None if it was refused, or somebody else has just begun it."""
    try:
        return _promise(turn)
    except Refusal as refused:
        _try_again(turn, refused.reason)
    return None


def _promise(turn: BackupTurn) -> Operation | None:
    """The request and the note that it was made are one transaction: a worker that dies leaves both or neither."""
    with transaction.atomic():
        as_read = BackupTurn.objects.filter(WAITS, pk=turn.pk, not_before=turn.not_before)
        if not as_read.update(not_before=timezone.now()):
            return None
        operation = promise_backup(turn.vm, _order(turn.schedule), by=None)
        BackupTurn.objects.filter(pk=turn.pk).update(operation=operation, refusal="")
        announce(("schedule", str(turn.schedule_id)))
    return operation


def _order(schedule: BackupSchedule) -> BackupOrder:
    return BackupOrder(
        target=schedule.target,
        whole=schedule.longest_chain == 0,
        longest_chain=schedule.longest_chain,
        with_memory=schedule.with_memory,
        freezes=True,
        limit=None,
        key=None,
        schedule=schedule,
    )


def _try_again(turn: BackupTurn, why: str) -> None:
    unfinished = BackupTurn.objects.filter(pk=turn.pk, operation=turn.operation_id, finished_at=None)
    if unfinished.update(operation=None, refusal=why, not_before=timezone.now() + ANOTHER_TRY_AFTER):
        announce(("schedule", str(turn.schedule_id)))


# Afterwards: what is kept, and what is not


def end_turns() -> list[int]:
    """Note which backups have ended, and let those go that nothing keeps any more. The operations that delete them."""
    now = timezone.now()
    of_deleted = BackupTurn.objects.filter(WAITS).exclude(vm__deleted_at=None)
    of_deleted.update(refusal=Missed.DELETED, finished_at=now)
    ended = BackupTurn.objects.filter(finished_at=None, not_before__lte=now).exclude(operation__finished_at=None)
    found = ended.select_related("schedule", "vm", "operation").order_by("not_before", "pk")[:BEGUN_AT_A_LOOK]
    return [operation.pk for turn in found if (operation := _end(turn))]


def _end(turn: BackupTurn) -> Operation | None:
    operation = turn.operation
    if operation is None or operation.problem == Problem.SUPERSEDED:
        _try_again(turn, Missed.INTERRUPTED)
        return None
    try:
        return _ended(turn, tidies=operation.progress == Progress.SUCCEEDED)
    except Refusal:  # something is being done with the machine's backups, such as the check of the new one
        later = timezone.now() + ANOTHER_LOOK_AFTER
        BackupTurn.objects.filter(pk=turn.pk, finished_at=None).update(not_before=later)
    return None


def _ended(turn: BackupTurn, *, tidies: bool) -> Operation | None:
    with transaction.atomic():
        unfinished = BackupTurn.objects.filter(pk=turn.pk, operation=turn.operation_id, finished_at=None)
        if not unfinished.update(finished_at=timezone.now()):
            return None
        announce(("schedule", str(turn.schedule_id)))
        outdated = outdated_backups(turn.schedule, turn.vm) if tidies else []
        together = [backup for backup in outdated if backup.target_id == outdated[0].target_id]
        return promise_deletion(together, by=None) if together else None


def outdated_backups(schedule: BackupSchedule, vm: Vm) -> list[Backup]:
    """Those that the schedule has made of the machine and keeps no longer, in the order in which they may be deleted.
    What others have made neither goes nor counts. What cannot be restored is left to people: it may be that just its
    target is away."""
    retention = retention_of(schedule)
    if retention == Retention():
        return []
    there = vm.backups.filter(state__in=(BackupState.GOOD, BackupState.DAMAGED)).order_by("made_at", "pk")
    by_key = {backup.pk: backup for backup in there}
    found = [as_kept(backup) for backup in by_key.values()]
    others = {key for key, backup in by_key.items() if backup.schedule_id != schedule.pk}
    broken = {each.number for each in found if chain_of(each, found) is None}
    judged = [replace(each, is_kept=True) if each.number in others | broken else each for each in found]
    return [by_key[each.number] for each in may_go(judged, retention, ZoneClock.of_the_panel())]


# Now and then: are they still what they were?


def promise_checks() -> list[int]:
    """Check backups of schedules again whose last check is too long ago, a few at a time. The operations."""
    under_way = Operation.objects.filter(action=Action.CHECK_BACKUP, finished_at=None).count()
    promised: list[int] = []
    for backup in _due_for_a_check() if under_way < CHECKS_AT_ONCE else []:
        operation = _promise_check(backup)
        promised += [operation.pk] if operation else []
        if under_way + len(promised) >= CHECKS_AT_ONCE:
            break
    return promised


def _due_for_a_check() -> Iterator[Backup]:
    """Those first that were never checked. One that was checked in the future was so by a wrong clock."""
    now = timezone.now()
    busy = Operation.objects.filter(slot=Slot.BACKUPS, finished_at=None)
    for schedule in BackupSchedule.objects.filter(check_every__gt=0):
        old = Q(checked_at__lt=now - timedelta(days=schedule.check_every)) | Q(checked_at__gt=now + CLOCKS_DIFFER)
        never = Q(checked_at=None, finished_at__lt=now - FIRST_CHECK_WITHIN)
        due = schedule.backups.filter(old | never, state=BackupState.GOOD).exclude(vm__in=busy.values("vm"))
        yield from due.order_by(F("checked_at").asc(nulls_first=True), "pk")[:CHECKS_LOOKED_AT]


def _promise_check(backup: Backup) -> Operation | None:
    try:
        return promise_check(backup, by=None)
    except Refusal:
        return None
