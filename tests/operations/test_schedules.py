"""People say when which machines are backed up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from directory.models import Person
from tests.operations.schedules import TWO_AT_NIGHT, SetClock, ada, add_schedule, clock, nightly, target
from vms.models import AuditLine, BackupSchedule, BackupTarget, Vm
from vms.operations.schedules import ScheduleNameTaken, ScheduleOrder, remove, run_now, save_schedule, switch
from vms.rules.audit import Outcome, Request, Subject
from vms.rules.backups import Covers, Retention, Rhythm, Schedule

__all__ = ["ada", "clock", "nightly", "target"]


def test_a_schedule_is_written_down_as_it_was_asked_for(vm: Vm, target: BackupTarget, ada: Person) -> None:
    order = ScheduleOrder(
        "Weekly",
        target,
        Schedule(Rhythm.WEEKLY, 23, 15, weekday=4),
        Retention(1, 2, 3, 4),
        covers=Covers.CHOSEN,
        machines=(vm,),
        longest_chain=0,
        with_memory=True,
        check_every=14,
    )
    schedule = save_schedule(None, order, by=ada)
    schedule.refresh_from_db()
    assert (schedule.rhythm, schedule.hour, schedule.minute, schedule.weekday) == ("weekly", 23, 15, 4)
    assert (schedule.keep_last, schedule.keep_daily, schedule.keep_weekly, schedule.keep_monthly) == (1, 2, 3, 4)
    assert (list(schedule.machines.all()), schedule.longest_chain, schedule.with_memory) == ([vm], 0, True)
    assert (schedule.check_every, schedule.changed_by_name) == (14, "ada")
    line = AuditLine.objects.get(request=Request.ADD_SCHEDULE)
    assert (line.subject, line.subject_name, line.outcome) == (Subject.SCHEDULE, "Weekly", Outcome.ACCEPTED)


def test_two_have_not_the_same_name(nightly: BackupSchedule, target: BackupTarget, ada: Person) -> None:
    with pytest.raises(ScheduleNameTaken):
        add_schedule(target, ada, "NIGHTLY")
    assert AuditLine.objects.filter(request=Request.ADD_SCHEDULE, outcome=Outcome.REFUSED).count() == 1


def test_what_was_changed_beside_its_times_makes_up_for_what_was_missed(
    nightly: BackupSchedule, target: BackupTarget, ada: Person, clock: SetClock
) -> None:
    since = nightly.last_run
    clock("2026-03-12T12:00")
    saved = save_schedule(nightly, ScheduleOrder("At night", target, TWO_AT_NIGHT, Retention()), by=ada)
    assert (saved.name, saved.last_run) == ("At night", since)


@pytest.mark.parametrize(
    "change",
    [
        lambda schedule, by: save_schedule(
            schedule, ScheduleOrder("Mine", schedule.target, TWO_AT_NIGHT, Retention()), by=by
        ),
        lambda schedule, by: switch(schedule, on=False, by=by),
        lambda schedule, by: run_now(schedule, by=by),
        lambda schedule, by: remove(schedule, by=by),
    ],
)
def test_only_who_manages_nodes_may(
    nightly: BackupSchedule, anna: Person, change: Callable[[BackupSchedule, Person], Any]
) -> None:
    with pytest.raises(PermissionDenied):
        change(nightly, anna)
    refused = AuditLine.objects.get(outcome=Outcome.REFUSED)
    assert (refused.subject_name, refused.person_name) == ("Nightly", "anna")
    assert BackupSchedule.objects.filter(name="Nightly", is_on=True).exists()
