"""What an operation's row guarantees by itself."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from vms.models import Operation, Vm
from vms.rules.actions import Action, Slot
from vms.rules.problems import Problem
from vms.rules.progress import FINISHED, MAY_BECOME, Progress


def make(vm: Vm, slot: Slot = Slot.RUN, progress: Progress = Progress.QUEUED) -> Operation:
    finished_at = timezone.now() if progress in FINISHED else None
    return Operation.objects.create(vm=vm, action=Action.START, slot=slot, progress=progress, finished_at=finished_at)


def test_a_machine_has_one_unfinished_operation_in_each_slot(vm: Vm):
    make(vm)
    make(vm, Slot.JOB)
    make(vm, Slot.CHANGE)
    make(vm, Slot.BACKUPS)
    for slot in Slot:
        with pytest.raises(IntegrityError), transaction.atomic():
            make(vm, slot)


def test_any_number_of_operations_may_have_ended(vm: Vm):
    for _ in range(3):
        make(vm, progress=Progress.SUCCEEDED)
    assert make(vm).pk


def test_two_machines_do_not_stand_in_each_others_way(vm: Vm, add_vm: AddVm):
    make(vm)
    assert make(add_vm("web2")).pk


@pytest.mark.parametrize("before", Progress)
@pytest.mark.parametrize("after", Progress)
def test_it_becomes_only_what_the_table_allows(before: Progress, after: Progress, vm: Vm):
    operation = make(vm, progress=before)
    assert operation.become(after) == (after in MAY_BECOME[before])
    assert operation.progress == (after if after in MAY_BECOME[before] else before)


@pytest.mark.parametrize("end", sorted(FINISHED))
def test_its_end_has_a_time_and_frees_the_slot(end: Progress, vm: Vm):
    operation = make(vm, progress=Progress.WORKING)
    operation.become(end, Problem.BUG)
    assert (operation.finished_at is None, operation.problem) == (False, Problem.BUG)
    assert make(vm).pk


def test_only_one_of_two_moves_it_on(vm: Vm):
    first = make(vm, progress=Progress.WORKING)
    second = Operation.objects.get(pk=first.pk)
    assert first.become(Progress.SUCCEEDED)
    assert not second.become(Progress.FAILED, Problem.BUG)
    assert (second.progress, second.problem) == (Progress.SUCCEEDED, "")


def test_a_step_is_counted_once(vm: Vm):
    first = make(vm, progress=Progress.WORKING)
    second = Operation.objects.get(pk=first.pk)
    assert first.count_step()
    assert not second.count_step()
    assert second.steps_done == 1


def test_nothing_is_noted_after_the_end(vm: Vm):
    operation = make(vm, progress=Progress.WORKING)
    operation.become(Progress.CANCELLED)
    assert not operation.note(evidence="too late")
    assert not operation.rest(seconds=1)
    assert not operation.hurry()


def test_a_percentage_has_one_decimal_or_is_not_known(vm: Vm):
    assert [Operation(permille=permille).percent for permille in (None, 0, 51, 1000)] == [None, 0.0, 5.1, 100.0]


def test_who_sees_every_machine_sees_every_operation_and_others_none(vm: Vm, anna: Person, nobody: Person):
    operation = make(vm)
    assert list(Operation.objects.all().visible_to(anna)) == [operation]
    assert list(Operation.objects.all().visible_to(nobody)) == []
    Vm.objects.filter(pk=vm.pk).update(deleted_at=timezone.now())
    assert list(Operation.objects.all().visible_to(anna)) == [operation]


def test_several_counts_cost_one_query(vm: Vm, django_assert_num_queries):
    make(vm)
    make(vm, progress=Progress.FAILED)
    with django_assert_num_queries(1):
        counts = Operation.objects.all().counted({"all": Q(), "open": Q(finished_at=None), "none": Q(pk=0)})
    assert counts == {"all": 2, "open": 1, "none": 0}
