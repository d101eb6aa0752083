"""Schedules keep their times: every machine has one turn in a run, whatever happens to clocks and workers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.schedules import (
    SetClock,
    ada,
    add_schedule,
    clock,
    end_backup,
    look,
    nightly,
    taken,
    target,
    waiting,
)
from tests.operations.test_racing import all_at_once
from vms.models import Backup, BackupSchedule, BackupTarget, BackupTurn, Operation, Vm
from vms.operations import turns
from vms.operations.schedules import ScheduleOrder, next_runs, remove, run_now, save_schedule, switch
from vms.operations.turns import begin_turns, due_schedules
from vms.rules.actions import Action, Slot
from vms.rules.backups import BackupState, Covers, Missed, Rhythm, Schedule
from vms.rules.kinds import Kind
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.reasons import Reason
from vms.rules.status import Second

__all__ = ["ada", "clock", "nightly", "target"]


@pytest.fixture
def two(add_vm: AddVm) -> list[Vm]:
    return [add_vm("web1"), add_vm("web2", Power.RUNNING)]


def hold(vm: Vm) -> Operation:
    """Something else is being done with it."""
    return Operation.objects.create(vm=vm, node=vm.node, action=Action.MIGRATE, slot=Slot.JOB, second=Second.MIGRATING)


def test_at_its_time_every_machine_is_backed_up(two: list[Vm], nightly: BackupSchedule, clock: SetClock) -> None:
    clock("2026-03-11T01:59")
    assert look() == []
    clock("2026-03-11T02:00")
    assert len(look()) == 2
    assert taken() == ["web1", "web2"]
    backup = Backup.objects.get(vm=two[0])
    assert (backup.schedule, backup.target, backup.requested_by_name) == (nightly, nightly.target, "")
    assert look() == []


def test_missed_runs_are_caught_up_once(two: list[Vm], nightly: BackupSchedule, clock: SetClock) -> None:
    clock("2026-03-15T09:30")
    look()
    assert [turn.run_at.day for turn in BackupTurn.objects.all()] == [15, 15]
    for vm in two:
        end_backup(vm)
    assert look() == []
    clock("2026-03-16T02:00")
    look()
    assert len(taken()) == 2


def test_what_was_missed_is_distributed_from_now_on(
    two: list[Vm], target: BackupTarget, ada: Person, clock: SetClock
) -> None:
    add_schedule(target, ada, spread=60)
    clock("2026-03-11T09:00")
    look()
    assert (len(taken()), len(waiting())) == (1, 1)
    clock("2026-03-11T09:30")
    look()
    assert waiting() == []


def test_a_clock_that_is_set_back_makes_no_run_twice(two: list[Vm], nightly: BackupSchedule, clock: SetClock) -> None:
    clock("2026-03-11T02:30")
    look()
    for vm in two:
        end_backup(vm)
    clock("2026-03-11T01:30")
    look()
    clock("2026-03-11T02:30")
    look()
    assert BackupTurn.objects.count() == 2


def test_a_clock_that_was_far_ahead_does_not_stop_backups(
    two: list[Vm], nightly: BackupSchedule, clock: SetClock
) -> None:
    clock("2027-01-01T02:00")
    hold(two[0])
    look()
    assert taken() == ["web2"]
    Operation.objects.filter(vm=two[0]).update(finished_at=timezone.now())
    clock("2026-03-12T02:00")
    look()
    look()
    assert taken() == ["web1", "web2"]
    early = BackupTurn.objects.get(vm=two[0], run_at__year=2027)
    assert early.finished_at is not None


@pytest.mark.django_db(transaction=True)
def test_two_clocks_at_once_make_one_turn_each(two: list[Vm], nightly: BackupSchedule, clock: SetClock) -> None:
    clock("2026-03-11T02:00")
    assert sorted(all_at_once(*[due_schedules] * 4)) == [[], [], [], [nightly.pk]]
    assert BackupTurn.objects.count() == 2
    begun = all_at_once(*[begin_turns] * 4)
    assert len([pk for found in begun for pk in found]) == 2
    assert Backup.objects.count() == 2


def test_what_has_become_of_runs_is_forgotten_after_more_than_a_year(
    vm: Vm, nightly: BackupSchedule, clock: SetClock
) -> None:
    for day in ("2026-03-11", "2027-04-14", "2027-04-16"):
        clock(f"{day}T02:00")
        look()
        end_backup(vm, Progress.FAILED)
        look()
    assert [f"{turn.run_at:%Y-%m-%d}" for turn in BackupTurn.objects.all()] == ["2027-04-16", "2027-04-14"]


def test_turns_are_spread_over_time(add_vm: AddVm, target: BackupTarget, ada: Person, clock: SetClock) -> None:
    for number in range(6):
        add_vm(f"web{number}")
    add_schedule(target, ada, spread=60)
    clock("2026-03-11T02:00")
    look()
    moments = sorted(turn.not_before for turn in BackupTurn.objects.filter(operation=None))
    assert [(moment - timezone.now()) / timedelta(minutes=1) for moment in moments] == [10, 20, 30, 40, 50]


def test_a_node_is_given_no_more_than_it_may_do_at_once(
    add_vm: AddVm, nightly: BackupSchedule, clock: SetClock, settings: Settings
) -> None:
    settings.BACKUPS_PER_NODE = 2
    vms = [add_vm(f"web{number}") for number in range(3)]
    clock("2026-03-11T02:00")
    look()
    assert (len(taken()), len(waiting())) == (2, 1)
    end_backup(next(vm for vm in vms if vm.name in taken()))
    look()
    assert (len(taken()), len(waiting())) == (2, 0)


@pytest.mark.parametrize(
    ("covers", "expected"),
    [
        (Covers.VMS, ["web1", "web2"]),
        (Covers.TEMPLATES, ["debian"]),
        (Covers.ALL, ["debian", "web1", "web2"]),
        (Covers.CHOSEN, ["web2"]),
    ],
)
def test_a_schedule_covers_what_was_chosen(
    two: list[Vm], add_vm: AddVm, target: BackupTarget, ada: Person, covers: Covers, expected: list[str]
) -> None:
    add_vm("debian", kind=Kind.TEMPLATE)
    add_vm("gone", deleted_at=timezone.now())
    schedule = add_schedule(target, ada, covers=covers, machines=(two[1],))
    assert sorted(turns.machines_of(schedule).values_list("name", flat=True)) == expected


def test_excluded_machines_have_no_turn(two: list[Vm], target: BackupTarget, ada: Person, clock: SetClock) -> None:
    add_schedule(target, ada, covers=Covers.CHOSEN, machines=(two[0], two[1]), excluded=(two[0],))
    clock("2026-03-11T02:00")
    look()
    assert taken() == ["web2"]


def test_what_is_refused_is_tried_again_until_the_next_run(vm: Vm, nightly: BackupSchedule, clock: SetClock) -> None:
    job = hold(vm)
    clock("2026-03-11T02:00")
    look()
    turn = BackupTurn.objects.get()
    assert (turn.refusal, taken()) == (Reason.IS_MIGRATING, [])
    clock("2026-03-11T02:00:30")
    assert look() == []
    Operation.objects.filter(pk=job.pk).update(finished_at=timezone.now())
    clock("2026-03-11T02:01")
    look()
    assert taken() == ["web1"]
    turn.refresh_from_db()
    assert turn.refusal == ""


def test_at_the_next_run_it_is_missed_with_the_reason(vm: Vm, nightly: BackupSchedule, clock: SetClock) -> None:
    hold(vm)
    for day in (11, 12):
        clock(f"2026-03-{day}T02:00")
        look()
    newest, first = BackupTurn.objects.all()
    assert (first.refusal, first.finished_at is None) == (Reason.IS_MIGRATING, False)
    assert newest.finished_at is None


def test_a_machine_that_is_deleted_meanwhile_is_done_with(
    vm: Vm, target: BackupTarget, ada: Person, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_schedule(target, ada)
    clock("2026-03-11T02:00")
    due_schedules()
    Vm.objects.filter(pk=vm.pk).update(deleted_at=timezone.now())
    look()
    turn = BackupTurn.objects.get()
    assert (turn.refusal, turn.finished_at is None, taken()) == (Missed.DELETED, False, [])


def test_a_backup_that_gave_way_is_begun_again(vm: Vm, nightly: BackupSchedule, clock: SetClock) -> None:
    clock("2026-03-11T02:00")
    look()
    end_backup(vm, Progress.CANCELLED, problem=Problem.SUPERSEDED)
    look()
    assert (BackupTurn.objects.get().refusal, taken()) == (Missed.INTERRUPTED, [])
    clock("2026-03-11T02:01")
    look()
    assert taken() == ["web1"]


@pytest.mark.parametrize("progress", [Progress.FAILED, Progress.CANCELLED])
def test_one_that_failed_or_was_cancelled_is_not(
    vm: Vm, nightly: BackupSchedule, clock: SetClock, progress: Progress
) -> None:
    clock("2026-03-11T02:00")
    look()
    end_backup(vm, progress)
    look()
    clock("2026-03-11T02:05")
    assert look() == []
    assert BackupTurn.objects.get().finished_at is not None


def test_a_worker_that_dies_between_promise_and_note_leaves_neither(
    vm: Vm, nightly: BackupSchedule, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock("2026-03-11T02:00")
    due_schedules()

    def die(*_subjects: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(turns, "announce", die)
        with pytest.raises(SystemExit):
            begin_turns()
    assert (Operation.objects.count(), Backup.objects.count()) == (0, 0)
    assert len(begin_turns()) == 1


def test_while_it_is_off_nothing_runs_and_nothing_is_missed(
    vm: Vm, nightly: BackupSchedule, ada: Person, clock: SetClock
) -> None:
    assert switch(nightly, on=False, by=ada)
    clock("2026-03-12T02:00")
    assert look() == []
    assert switch(nightly, on=True, by=ada)
    assert look() == []
    assert not switch(nightly, on=True, by=ada)


def test_switched_off_in_the_middle_those_that_wait_are_left(
    two: list[Vm], target: BackupTarget, ada: Person, clock: SetClock
) -> None:
    schedule = add_schedule(target, ada, spread=60)
    clock("2026-03-11T02:00")
    look()
    switch(schedule, on=False, by=ada)
    assert len(taken()) == 1
    missed = BackupTurn.objects.get(operation=None)
    assert (missed.refusal, missed.finished_at is None) == (Missed.SWITCHED_OFF, False)


def test_run_now_takes_every_machine_once(two: list[Vm], nightly: BackupSchedule, ada: Person) -> None:
    assert run_now(nightly, by=ada) == 2
    look()
    assert taken() == ["web1", "web2"]
    assert run_now(nightly, by=ada) == 0
    end_backup(two[0])
    assert run_now(nightly, by=ada) == 1


def test_at_other_times_nothing_is_made_up_for(
    vm: Vm, nightly: BackupSchedule, ada: Person, clock: SetClock, target: BackupTarget
) -> None:
    clock("2026-03-10T15:00")
    order = ScheduleOrder("Nightly", target, Schedule(Rhythm.DAILY, 14), turns.retention_of(nightly))
    save_schedule(nightly, order, by=ada)
    assert look() == []
    clock("2026-03-11T14:00")
    assert len(look()) == 1


def test_a_removed_schedule_leaves_its_backups(vm: Vm, nightly: BackupSchedule, ada: Person, clock: SetClock) -> None:
    clock("2026-03-11T02:00")
    look()
    end_backup(vm)
    remove(nightly, by=ada)
    backup = Backup.objects.get()
    assert (backup.state, backup.schedule) == (BackupState.GOOD, None)
    assert look() == []


def test_a_schedule_runs_on_the_clock_of_the_panel(
    vm: Vm, settings: Settings, target: BackupTarget, ada: Person, clock: SetClock
) -> None:
    settings.TIME_ZONE = "Europe/Zurich"
    clock("2026-03-28T12:00")
    assert [f"{run:%d %H:%M}" for run in next_runs(Schedule(Rhythm.DAILY, 2, 30), 3)] == [
        "29 03:30",
        "30 02:30",
        "31 02:30",
    ]


def test_a_machine_that_is_gone_from_its_node_keeps_no_other_waiting(
    two: list[Vm], nightly: BackupSchedule, clock: SetClock
) -> None:
    Vm.objects.filter(pk=two[0].pk).update(gone_at=timezone.now())
    clock("2026-03-11T02:00")
    look()
    assert BackupTurn.objects.get(vm=two[0]).refusal == Reason.GONE_FROM_NODE
    assert taken() == ["web2"]
