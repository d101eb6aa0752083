"""A click: who may, whether it is possible, and that a second one changes nothing."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.working import BEFORE, ask, status_of, step, work
from vms.hypervisor.fake import FakeNode
from vms.models import Event, Operation, Vm
from vms.operations.permission import PERMISSION_FOR, may, may_cancel
from vms.operations.recovering import recover
from vms.operations.requesting import ActionRefused, acknowledge, cancel, close_unclear, may_be_cancelled
from vms.rules.actions import PLAIN, Action
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.reasons import Reason


def test_a_request_is_a_promise_and_nothing_has_happened_yet(vm: Vm, alpha: FakeNode, anna: Person):
    operation = ask(vm, Action.START, anna)
    assert (operation.progress, operation.requested_by, operation.requested_by_name) == ("queued", anna, "anna")
    assert alpha.calls == []


def test_a_second_click_of_the_same_person_gets_the_first_operation(vm: Vm, anna: Person):
    first = ask(vm, Action.START, anna)
    assert ask(vm, Action.START, anna) == first
    assert Operation.objects.count() == 1


def test_the_same_page_submitted_twice_does_nothing_twice_even_after_the_end(
    running_vm: Vm, alpha: FakeNode, anna: Person
):
    key = uuid4()
    first = work(ask(running_vm, Action.RESET, anna, key=key))
    assert ask(running_vm, Action.RESET, anna, key=key) == first
    assert alpha.calls.count("reset") == 1


def test_a_new_page_asks_anew(running_vm: Vm, alpha: FakeNode, anna: Person):
    work(ask(running_vm, Action.RESET, anna, key=uuid4()))
    work(ask(running_vm, Action.RESET, anna, key=uuid4()))
    assert alpha.calls.count("reset") == 2


def test_somebody_elses_key_is_no_way_to_their_operation(vm: Vm, running_vm: Vm, anna: Person, berta: Person):
    key = uuid4()
    ask(vm, Action.START, anna, key=key)
    with pytest.raises(PermissionDenied):
        ask(running_vm, Action.RESET, berta, key=key)


def test_the_second_administrator_is_told_who_holds_the_machine(vm: Vm, anna: Person, berta: Person):
    first = ask(vm, Action.START, anna)
    with pytest.raises(ActionRefused) as refused:
        ask(vm, Action.START, berta)
    assert (refused.value.reason, refused.value.holder) == (Reason.IS_STARTING, first)


def test_what_the_table_refuses_is_refused_and_leaves_no_trace(running_vm: Vm, anna: Person):
    with pytest.raises(ActionRefused) as refused:
        ask(running_vm, Action.DELETE, anna)
    assert (refused.value.reason, refused.value.holder) == (Reason.MUST_BE_STOPPED, None)
    assert not Operation.objects.exists()
    assert not Event.objects.exists()


def test_a_machine_is_free_again_when_an_operation_has_ended(vm: Vm, anna: Person, berta: Person):
    work(ask(vm, Action.START, anna))
    assert work(ask(vm, Action.SHUTDOWN, berta)).progress == Progress.SUCCEEDED


@pytest.mark.parametrize("action", sorted(PLAIN))
def test_nobody_does_anything_without_the_right_to(action: Action, add_vm: AddVm, alpha: FakeNode, nobody: Person):
    vm = add_vm(power=BEFORE[action])
    with pytest.raises(PermissionDenied):
        ask(vm, action, nobody)
    assert not Operation.objects.exists()
    assert alpha.calls == []


def test_who_may_start_and_stop_may_not_delete(vm: Vm, otto: Person):
    assert may(otto, Action.START, vm)
    assert not may(otto, Action.DELETE, vm)
    with pytest.raises(PermissionDenied):
        ask(vm, Action.DELETE, otto)


def test_an_administrator_may_do_all_that_is_built(vm: Vm, db: None):
    root = Person.objects.create_user("root", is_administrator=True)
    assert {action for action in Action if may(root, action, vm)} == set(PERMISSION_FOR)


def test_a_deleted_machine_can_be_asked_nothing(vm: Vm, anna: Person):
    Vm.objects.filter(pk=vm.pk).update(deleted_at=timezone.now())
    with pytest.raises(PermissionDenied):
        ask(vm, Action.START, anna)


def test_before_it_began_everything_can_be_cancelled_by_who_asked(vm: Vm, alpha: FakeNode, anna: Person):
    operation = ask(vm, Action.DELETE, anna)
    assert cancel(operation, by=anna)
    assert step(operation) is None
    assert (status_of(vm), alpha.calls) == ("Stopped", [])


def test_a_start_that_began_cannot_be_cancelled(vm: Vm, anna: Person):
    operation = ask(vm, Action.START, anna)
    step(operation)
    operation.refresh_from_db()
    assert not may_be_cancelled(operation)
    assert not cancel(operation, by=anna)
    assert work(operation).progress == Progress.SUCCEEDED


def test_what_has_ended_cannot_be_cancelled(vm: Vm, anna: Person):
    operation = work(ask(vm, Action.START, anna))
    assert not cancel(operation, by=anna)
    operation.refresh_from_db()
    assert operation.progress == Progress.SUCCEEDED


def test_an_operator_may_cancel_what_others_asked_for_and_nobody_else_may(
    vm: Vm, anna: Person, otto: Person, nobody: Person
):
    operation = ask(vm, Action.START, anna)
    with pytest.raises(PermissionDenied):
        cancel(operation, by=nobody)
    assert cancel(operation, by=otto)


def test_the_operation_of_a_person_who_left_belongs_to_nobody(vm: Vm, anna: Person, nobody: Person):
    operation = ask(vm, Action.START, anna)
    anna.delete()
    operation.refresh_from_db()
    assert (operation.requested_by, operation.requested_by_name) == (None, "anna")
    assert not may_cancel(nobody, operation)
    assert not may_cancel(AnonymousUser(), operation)


def test_an_unclear_operation_holds_the_machine_until_a_person_closed_it(running_vm: Vm, anna: Person, nobody: Person):
    operation = ask(running_vm, Action.RESET, anna)
    Operation.objects.filter(pk=operation.pk).update(progress=Progress.UNCLEAR)
    operation.refresh_from_db()
    with pytest.raises(ActionRefused) as refused:
        ask(running_vm, Action.SHUTDOWN, anna)
    assert (refused.value.reason, refused.value.holder) == (Reason.RUN_SLOT_TAKEN, operation)
    with pytest.raises(PermissionDenied):
        close_unclear(operation, by=nobody)
    assert close_unclear(operation, by=anna)
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.WORKER_DIED)
    assert work(ask(running_vm, Action.SHUTDOWN, anna)).progress == Progress.SUCCEEDED


def test_only_what_has_ended_can_be_acknowledged(vm: Vm, anna: Person):
    operation = ask(vm, Action.START, anna)
    acknowledge(operation, by=anna)
    operation.refresh_from_db()
    assert operation.acknowledged_at is None
    work(operation)
    acknowledge(operation, by=anna)
    operation.refresh_from_db()
    assert operation.acknowledged_at is not None


def test_without_a_broker_the_request_succeeds_and_the_sweep_rings_later(
    vm: Vm, anna: Person, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
):
    with django_capture_on_commit_callbacks(execute=True) as sent:
        operation = ask(vm, Action.START, anna)
    assert sent
    assert recover() == []
    Operation.objects.filter(pk=operation.pk).update(next_step_at=timezone.now() - timedelta(seconds=3))
    assert recover() == [operation.pk]
    assert work(operation).progress == Progress.SUCCEEDED


def test_a_node_that_is_lost_refuses_at_the_click(vm: Vm, anna: Person):
    vm.node.lost(timezone.now(), Problem.NODE_UNREACHABLE, "no route to host")
    with pytest.raises(ActionRefused) as refused:
        ask(vm, Action.START, anna)
    assert refused.value.reason is Reason.IS_UNKNOWN


def test_power_off_of_a_machine_that_is_off_is_refused_with_a_reason(vm: Vm, anna: Person):
    assert vm.power == Power.OFF
    with pytest.raises(ActionRefused) as refused:
        ask(vm, Action.POWER_OFF, anna)
    assert refused.value.reason is Reason.IS_STOPPED
