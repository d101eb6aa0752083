"""When which machines are backed up by themselves, as people want it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from vms.models import BackupSchedule, BackupTarget, Vm
from vms.models.viewer import Viewer
from vms.operations.announcing import announce
from vms.operations.auditing import About, Refusal, noting_refusals, write
from vms.operations.clock import ZoneClock
from vms.operations.permission import require_may_manage_nodes
from vms.operations.turns import begin_run, end_waiting, machines_of, times_of
from vms.rules.audit import Outcome, Request, Subject, Why
from vms.rules.backups import Covers, Missed, Retention, Schedule, runs_after

SWITCH: Mapping[bool, Request] = {True: Request.SWITCH_ON_SCHEDULE, False: Request.SWITCH_OFF_SCHEDULE}


class ScheduleNameTaken(Refusal):
    reason = Why.NAMES_TAKEN


@dataclass(frozen=True, slots=True)
class ScheduleOrder:
    """machines: those it covers, if it does not cover all of a kind; excluded: those that it leaves out nevertheless.
    The rest is as in models.BackupSchedule."""

    name: str
    target: BackupTarget
    times: Schedule
    keep: Retention
    covers: Covers = Covers.VMS
    machines: tuple[Vm, ...] = ()
    excluded: tuple[Vm, ...] = ()
    spread: int = 60
    longest_chain: int = 6
    with_memory: bool = False
    check_every: int = 30


def next_runs(times: Schedule, count: int) -> list[datetime]:
    """The next moments, in the panel's time zone."""
    clock = ZoneClock.of_the_panel()
    moments = runs_after(timezone.now().timestamp(), times, clock)
    return [datetime.fromtimestamp(moment, clock.zone) for moment in islice(moments, count)]


def save_schedule(schedule: BackupSchedule | None, order: ScheduleOrder, *, by: Viewer) -> BackupSchedule:
    """Add one (None), or change it. ScheduleNameTaken. What was missed at other times is not made up for."""
    request = Request.CHANGE_SCHEDULE if schedule else Request.ADD_SCHEDULE
    about = about_schedule(schedule) if schedule else About(Subject.SCHEDULE, name=order.name)
    with noting_refusals(request, about, by=by), transaction.atomic():
        require_may_manage_nodes(by)
        saved = _saved(schedule or BackupSchedule(), order, by)
        saved.machines.set(order.machines)
        saved.excluded.set(order.excluded)
        write(request, about_schedule(saved), Outcome.ACCEPTED, by=by, values={"target": order.target.name})
        _tell(saved)
    return saved


def _saved(schedule: BackupSchedule, order: ScheduleOrder, by: Viewer) -> BackupSchedule:
    now = timezone.now()
    if schedule.pk is None or times_of(schedule) != order.times:
        schedule.last_run = now
    for field, value in {**_fields(order), "changed_at": now, "changed_by_name": str(by)}.items():
        setattr(schedule, field, value)
    try:
        with transaction.atomic():
            schedule.save()
    except IntegrityError as error:
        raise ScheduleNameTaken(order.name) from error
    return schedule


def _fields(order: ScheduleOrder) -> dict[str, Any]:
    return {
        "name": order.name,
        "target": order.target,
        "covers": order.covers,
        **asdict(order.times),
        **{f"keep_{span}": count for span, count in asdict(order.keep).items()},
        "spread": order.spread,
        "longest_chain": order.longest_chain,
        "with_memory": order.with_memory,
        "check_every": order.check_every,
    }


def switch(schedule: BackupSchedule, *, on: bool, by: Viewer) -> bool:
    """False if that was so already. Backups under way go on; while it is off no run is missed."""
    request, about = SWITCH[on], about_schedule(schedule)
    with noting_refusals(request, about, by=by), transaction.atomic():
        require_may_manage_nodes(by)
        changes = {"is_on": True, "last_run": timezone.now()} if on else {"is_on": False}
        if not BackupSchedule.objects.filter(pk=schedule.pk, is_on=not on).update(**changes):
            write(request, about, Outcome.REFUSED, by=by, reason=Why.NOTHING_TO_DO)
            return False
        if not on:
            end_waiting(schedule, Missed.SWITCHED_OFF)
        write(request, about, Outcome.ACCEPTED, by=by)
        _tell(schedule)
    return True


def remove(schedule: BackupSchedule, *, by: Viewer) -> None:
    """Its backups stay, and nothing deletes them by itself any more. Those under way go on. Pools that named it name
    none."""
    with noting_refusals(Request.REMOVE_SCHEDULE, about_schedule(schedule), by=by), transaction.atomic():
        require_may_manage_nodes(by)
        write(Request.REMOVE_SCHEDULE, about_schedule(schedule), Outcome.ACCEPTED, by=by)
        announce(("schedule", str(schedule.pk)), *(("pool", str(pool.pk)) for pool in schedule.vm_pools.all()))
        schedule.delete()


def run_now(schedule: BackupSchedule, *, by: Viewer) -> int:
    """Give its machines a turn at once, beside its usual times, but for those that it is just backing up. How many."""
    with noting_refusals(Request.RUN_SCHEDULE, about_schedule(schedule), by=by), transaction.atomic():
        require_may_manage_nodes(by)
        under_way = schedule.turns.filter(operation__finished_at=None).exclude(operation=None)
        machines = machines_of(schedule).exclude(pk__in=under_way.values("vm"))
        now = timezone.now()
        count = begin_run(schedule, machines, now, begins=now, spread=0)
        write(Request.RUN_SCHEDULE, about_schedule(schedule), Outcome.ACCEPTED, by=by, values={"count": count})
    return count


def about_schedule(schedule: BackupSchedule) -> About:
    return About(Subject.SCHEDULE, str(schedule.pk), schedule.name)


def _tell(schedule: BackupSchedule) -> None:
    announce(("schedule", str(schedule.pk)))
