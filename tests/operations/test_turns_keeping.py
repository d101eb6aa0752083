"""After a backup of a schedule: which ones go, and which ones are checked again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.schedules import (
    SetClock,
    ada,
    add_backup,
    add_schedule,
    clock,
    end_backup,
    look,
    nightly,
    target,
)
from vms.models import Backup, BackupSchedule, BackupTarget, BackupTurn, Operation, Vm
from vms.operations.turns import end_turns, outdated_backups, promise_checks
from vms.rules.actions import Action, Slot
from vms.rules.backups import BackupState, Retention
from vms.rules.progress import Progress

__all__ = ["ada", "clock", "nightly", "target"]


@pytest.fixture
def three(target: BackupTarget, ada: Person, clock: SetClock) -> BackupSchedule:
    """It keeps the last three."""
    return add_schedule(target, ada, keep=Retention(last=3))


def stems(backups: list[Backup]) -> list[str]:
    return [each.stem for each in backups]


def deletions() -> list[list[int]]:
    return [op.arguments["backups"] for op in Operation.objects.filter(action=Action.DELETE_BACKUP)]


def test_after_a_good_backup_the_outdated_ones_are_deleted(vm: Vm, three: BackupSchedule, clock: SetClock) -> None:
    old = [add_backup(vm, three, three.target, days) for days in (4, 3, 2)]
    clock("2026-03-11T02:00")
    look()
    assert deletions() == []
    end_backup(vm)
    assert len(end_turns()) == 1
    assert deletions() == [[old[0].pk]]
    assert Operation.objects.get(action=Action.DELETE_BACKUP).requested_by is None
    assert BackupTurn.objects.get().finished_at is not None
    assert end_turns() == []


@pytest.mark.parametrize("progress", [Progress.FAILED, Progress.CANCELLED])
def test_after_one_that_is_not_good_nothing_goes(
    vm: Vm, three: BackupSchedule, clock: SetClock, progress: Progress
) -> None:
    for days in (5, 4, 3, 2):
        add_backup(vm, three, three.target, days)
    clock("2026-03-11T02:00")
    look()
    end_backup(vm, progress)
    assert (end_turns(), deletions()) == ([], [])


def test_it_waits_for_the_check_of_the_new_one(vm: Vm, three: BackupSchedule, clock: SetClock) -> None:
    old = [add_backup(vm, three, three.target, days) for days in (4, 3, 2)]
    clock("2026-03-11T02:00")
    look()
    end_backup(vm)
    check = Operation.objects.create(
        vm=vm, node=vm.node, action=Action.CHECK_BACKUP, slot=Slot.BACKUPS, arguments={"backup": 0}
    )
    assert (end_turns(), BackupTurn.objects.get().finished_at) == ([], None)
    Operation.objects.filter(pk=check.pk).update(finished_at=timezone.now())
    clock("2026-03-11T02:01")
    assert len(end_turns()) == 1
    assert deletions() == [[old[0].pk]]


def test_what_a_kept_one_stands_on_stays(vm: Vm, three: BackupSchedule) -> None:
    below = None
    for days in (5, 4, 3, 2, 1):
        below = add_backup(vm, three, three.target, days, below=below)
    assert outdated_backups(three, vm) == []


def test_a_chain_that_nothing_keeps_goes_from_the_top(vm: Vm, three: BackupSchedule) -> None:
    whole = add_backup(vm, three, three.target, 6)
    changes = add_backup(vm, three, three.target, 5, below=whole)
    for days in (3, 2, 1):
        add_backup(vm, three, three.target, days)
    assert outdated_backups(three, vm) == [changes, whole]


def test_what_people_and_other_schedules_made_neither_goes_nor_counts(
    vm: Vm, three: BackupSchedule, target: BackupTarget, ada: Person
) -> None:
    other = add_schedule(target, ada, "Other")
    mine = [add_backup(vm, three, target, days) for days in (9, 8, 7, 6)]
    for days in (5, 4, 3, 2):
        add_backup(vm, None, target, days)
        add_backup(vm, other, target, days)
    assert outdated_backups(three, vm) == mine[:1]


def test_one_that_somebody_wants_to_stay_stays_with_all_below_it(
    vm: Vm, three: BackupSchedule, target: BackupTarget
) -> None:
    whole = add_backup(vm, three, target, 9)
    add_backup(vm, three, target, 8, below=whole, kept=True)
    gone = add_backup(vm, three, target, 7)
    for days in (3, 2, 1):
        add_backup(vm, three, target, days)
    assert outdated_backups(three, vm) == [gone]


def test_what_is_damaged_is_left_to_people(vm: Vm, three: BackupSchedule, target: BackupTarget) -> None:
    damaged = add_backup(vm, three, target, 9, state=BackupState.DAMAGED)
    add_backup(vm, three, target, 8, below=damaged)
    for days in (3, 2, 1):
        add_backup(vm, three, target, days)
    assert outdated_backups(three, vm) == []


def test_a_schedule_that_keeps_all_deletes_none(vm: Vm, target: BackupTarget, ada: Person, clock: SetClock) -> None:
    schedule = add_schedule(target, ada, keep=Retention())
    for days in range(100):
        add_backup(vm, schedule, target, days)
    assert outdated_backups(schedule, vm) == []


def test_backups_in_an_earlier_target_count_too_but_go_by_themselves(
    vm: Vm, three: BackupSchedule, clock: SetClock
) -> None:
    other = BackupTarget.objects.create(name="Other", folder="/elsewhere")
    old = [add_backup(vm, three, other, days) for days in (9, 8)]
    here = [add_backup(vm, three, three.target, days) for days in (7, 3, 2)]
    clock("2026-03-11T02:00")
    look()
    end_backup(vm)
    assert outdated_backups(three, vm)[:3] == [*old, here[0]]
    BackupTarget.objects.filter(pk=other.pk).update(folder="/backups/")
    end_turns()
    assert deletions() == [[backup.pk for backup in old]]


def test_old_backups_are_checked_again_the_oldest_check_first(vm: Vm, nightly: BackupSchedule, add_vm: AddVm) -> None:
    add_backup(vm, nightly, nightly.target, 29)
    older = add_backup(vm, nightly, nightly.target, 40)
    oldest = add_backup(add_vm("web2"), nightly, nightly.target, 50)
    promised = promise_checks()
    asked = [Operation.objects.get(pk=pk).arguments["backup"] for pk in promised]
    assert asked == [oldest.pk, older.pk]
    assert promise_checks() == []


def test_of_one_machine_one_is_checked_at_a_time(vm: Vm, nightly: BackupSchedule) -> None:
    for days in (40, 50):
        add_backup(vm, nightly, nightly.target, days)
    assert len(promise_checks()) == 1
    assert promise_checks() == []


def test_a_check_by_a_wrong_clock_is_not_believed(vm: Vm, nightly: BackupSchedule) -> None:
    add_backup(vm, nightly, nightly.target, 5, checked_at=timezone.now() + timedelta(days=400))
    assert len(promise_checks()) == 1


@pytest.mark.parametrize(
    "fields", [{"state": BackupState.DAMAGED}, {"state": BackupState.GOING}, {"schedule": None}, {"checked_at": "now"}]
)
def test_others_are_not_checked(vm: Vm, nightly: BackupSchedule, fields: dict[str, object]) -> None:
    backup = add_backup(vm, nightly, nightly.target, 50)
    now = {"checked_at": timezone.now()} if "checked_at" in fields else {}
    Backup.objects.filter(pk=backup.pk).update(**{**fields, **now})
    assert promise_checks() == []


def test_a_schedule_may_ask_for_no_checks(vm: Vm, target: BackupTarget, ada: Person, clock: SetClock) -> None:
    add_backup(vm, add_schedule(target, ada, check_every=0), target, 500)
    assert promise_checks() == []
