"""Schedules whose clock is set by hand, and backups that end as a test says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from directory.models import Person
from vms.models import Backup, BackupSchedule, BackupTarget, BackupTurn, Node, Operation, StoragePool, Vm
from vms.operations.schedules import ScheduleOrder, save_schedule
from vms.operations.turns import begin_turns, due_schedules, end_turns
from vms.rules.actions import Action
from vms.rules.backups import BackupState, Retention, Rhythm, Schedule
from vms.rules.progress import Progress

SetClock = Callable[[str], None]
TWO_AT_NIGHT = Schedule(Rhythm.DAILY, 2)


@pytest.fixture
def ada(db: None) -> Person:
    return Person.objects.create_user("ada", is_administrator=True)


@pytest.fixture
def target(node: Node) -> BackupTarget:
    StoragePool.objects.create(node=node, name="backups", folder="/backups")
    return BackupTarget.objects.create(name="Vault", folder="/backups")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Sets the panel's clock, in the panel's time zone; it is noon at first."""

    def set_clock(at: str) -> None:
        moment = datetime.fromisoformat(at).replace(tzinfo=timezone.get_default_timezone())
        monkeypatch.setattr(timezone, "now", lambda: moment)

    set_clock("2026-03-10T12:00")
    return set_clock


@pytest.fixture
def nightly(clock: SetClock, target: BackupTarget, ada: Person) -> BackupSchedule:
    return add_schedule(target, ada)


def add_schedule(target: BackupTarget, by: Person, name: str = "Nightly", **order: Any) -> BackupSchedule:
    wanted = {"times": TWO_AT_NIGHT, "keep": Retention(daily=7), "spread": 0, **order}
    return save_schedule(None, ScheduleOrder(name, target, **wanted), by=by)


def look() -> list[int]:
    """What the clock does every few seconds. The backups that were begun."""
    due_schedules()
    end_turns()
    return begin_turns()


def taken() -> list[str]:
    """The machines that are being backed up."""
    under_way = Operation.objects.filter(action=Action.BACK_UP, finished_at=None).order_by("vm__display_name")
    return list(under_way.values_list("vm__display_name", flat=True))


def waiting() -> list[str]:
    turns = BackupTurn.objects.filter(operation=None, finished_at=None).order_by("vm__display_name")
    return list(turns.values_list("vm__display_name", flat=True))


def end_backup(vm: Vm, progress: Progress = Progress.SUCCEEDED, **also: Any) -> None:
    """As a worker does at the end of it."""
    operation = Operation.objects.get(vm=vm, action=Action.BACK_UP, finished_at=None)
    operation.become(Progress.WORKING)
    assert operation.become(progress, **also)
    backup = Backup.objects.get(operation=operation)
    now = timezone.now()
    if progress is Progress.SUCCEEDED:
        assert backup.become(BackupState.GOOD, made_at=now, finished_at=now, checked_at=now)
    else:
        backup.delete()


def add_backup(vm: Vm, schedule: BackupSchedule | None, target: BackupTarget, days_ago: float, **also: Any) -> Backup:
    at = timezone.now() - timedelta(days=days_ago)
    number = Backup.objects.count()
    fields = {"state": BackupState.GOOD, "made_at": at, "finished_at": at, "checked_at": at, **also}
    return Backup.objects.create(
        vm=vm,
        target=target,
        schedule=schedule,
        node=vm.node,
        stem=f"{vm.display_name}-{number}",
        machine_name=vm.display_name,
        **fields,
    )
