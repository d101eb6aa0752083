"""A worker that died: nothing is lost, nothing is done twice that must not be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.working import AFTER, BEFORE, ask, fresh, leave_to_a_dead_worker, look, status_of, work
from vms.hypervisor.fake import FakeNode
from vms.models import Operation, Vm
from vms.operations.reaching import reach
from vms.operations.recipes import RECIPES
from vms.operations.recovering import recover
from vms.operations.steps.work import Work
from vms.rules.actions import Action
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.progress import Progress

DEATHS = [
    (action, step, carried_out)
    for action in BEFORE
    if action is not Action.RESET
    for step in range(len(RECIPES[action].steps))
    for carried_out in (False, True)
]


def carry_out(operation: Operation, steps: int) -> None:
    """What the dead worker had done to the node before it died."""
    for step in RECIPES[Action(operation.action)].steps[:steps]:
        vm = fresh(operation.vm)
        step(Work(reach(vm.node), vm, operation))


@pytest.mark.parametrize(("action", "step", "carried_out"), DEATHS)
def test_whatever_step_a_worker_died_in_another_one_brings_it_to_its_end(
    action: Action, step: int, carried_out: bool, add_vm: AddVm, alpha: FakeNode, anna: Person
):
    vm = add_vm(power=BEFORE[action])
    operation = ask(vm, action, anna)
    carry_out(operation, step + carried_out)
    leave_to_a_dead_worker(operation, steps_done=step, step_began_at=timezone.now())
    assert recover() == [operation.pk]
    assert work(operation).progress == Progress.SUCCEEDED
    if action is Action.DELETE:
        assert alpha.machines == {}
    else:
        assert (fresh(vm).power, fresh(vm).wanted, status_of(vm)) == AFTER[action]


@pytest.mark.parametrize("action", BEFORE)
def test_a_worker_that_died_between_two_steps_leaves_no_doubt(action: Action, add_vm: AddVm, anna: Person):
    vm = add_vm(power=BEFORE[action])
    operation = ask(vm, action, anna)
    carry_out(operation, 1)
    leave_to_a_dead_worker(operation, steps_done=1, step_began_at=None)
    assert recover() == [operation.pk]
    assert work(operation).progress == Progress.SUCCEEDED


def test_a_worker_that_died_before_it_did_anything(vm: Vm, alpha: FakeNode, anna: Person):
    operation = ask(vm, Action.START, anna)
    operation.claim("gone:1:1", seconds=-1)
    assert recover() == [operation.pk]
    assert work(operation).progress == Progress.SUCCEEDED
    assert alpha.calls.count("start") == 1


def test_a_reset_whose_worker_died_in_the_call_waits_for_a_person(running_vm: Vm, alpha: FakeNode, anna: Person):
    operation = ask(running_vm, Action.RESET, anna)
    leave_to_a_dead_worker(operation, steps_done=0, step_began_at=timezone.now())
    assert recover() == []
    operation.refresh_from_db()
    assert (operation.progress, operation.problem) == (Progress.UNCLEAR, Problem.WORKER_DIED)
    assert operation.lease_until is None
    assert alpha.calls == []


def test_what_waits_for_a_person_is_rung_for_no_more(running_vm: Vm, anna: Person):
    operation = ask(running_vm, Action.RESET, anna)
    leave_to_a_dead_worker(operation, steps_done=0, step_began_at=timezone.now())
    recover()
    Operation.objects.filter(pk=operation.pk).update(next_step_at=timezone.now() - timedelta(hours=1))
    assert recover() == []


def test_a_living_workers_operation_is_left_alone(vm: Vm, anna: Person):
    operation = ask(vm, Action.START, anna)
    operation.claim("alive:1:1", seconds=15)
    Operation.objects.filter(pk=operation.pk).update(next_step_at=timezone.now() - timedelta(hours=1))
    assert recover() == []


def test_a_worker_that_renewed_its_lease_in_the_last_moment_keeps_it(vm: Vm, anna: Person):
    """The sweep had read the row already when the heartbeat came late."""
    operation = ask(vm, Action.START, anna)
    leave_to_a_dead_worker(operation, steps_done=0)
    read_before = Operation.objects.get(pk=operation.pk)
    Operation.objects.get(pk=operation.pk).renew(seconds=15)
    assert not read_before.take_from_the_dead()
    operation.refresh_from_db()
    assert operation.lease_owner == "gone:1:1"


def test_a_bell_that_was_lost_is_rung_again_after_a_while(vm: Vm, anna: Person):
    operation = ask(vm, Action.START, anna)
    assert recover() == []
    Operation.objects.filter(pk=operation.pk).update(next_step_at=timezone.now() - timedelta(seconds=3))
    assert recover() == [operation.pk]


def test_what_has_ended_is_rung_for_no_more(vm: Vm, anna: Person):
    operation = work(ask(vm, Action.START, anna))
    Operation.objects.filter(pk=operation.pk).update(next_step_at=timezone.now() - timedelta(hours=1))
    assert recover() == []


def test_a_worker_that_comes_back_from_the_dead_does_not_meddle(vm: Vm, anna: Person):
    """It stood still for a while; meanwhile its lease ran out and another one took over."""
    operation = ask(vm, Action.START, anna)
    operation.claim("back from the dead", seconds=-1)
    back_from_the_dead = operation
    recover()
    successor = Operation.objects.get(pk=operation.pk)
    assert successor.claim("successor", seconds=15)
    assert not back_from_the_dead.note(evidence="I was here")
    assert not back_from_the_dead.note(evidence="and once more")
    assert not back_from_the_dead.rest(seconds=1)
    assert not back_from_the_dead.release()
    successor.refresh_from_db()
    assert (successor.lease_owner, successor.evidence) == ("successor", "")


def test_a_delete_that_died_after_the_machine_was_gone_is_not_taken_for_a_disappearance(
    vm: Vm, alpha: FakeNode, anna: Person
):
    operation = ask(vm, Action.DELETE, anna)
    carry_out(operation, len(RECIPES[Action.DELETE].steps) - 1)
    leave_to_a_dead_worker(operation, steps_done=len(RECIPES[Action.DELETE].steps) - 1, step_began_at=timezone.now())
    look(vm)
    recover()
    assert work(operation).progress == Progress.SUCCEEDED
    assert fresh(vm).deleted_at is not None


def test_a_worker_killed_in_a_shutdown_does_not_make_the_guest_wait_twice_as_long(
    running_vm: Vm, alpha: FakeNode, anna: Person, settings
):
    alpha.machines[running_vm.pk].obeys = False
    operation = ask(running_vm, Action.SHUTDOWN, anna)
    began = timezone.now() - timedelta(seconds=settings.SHUTDOWN_TIME_LIMIT + 1)
    leave_to_a_dead_worker(operation, steps_done=1, step_began_at=began)
    recover()
    assert work(operation).problem == Problem.GUEST_DID_NOT_REACT
    assert alpha.machines[running_vm.pk].power is Power.RUNNING
