"""A node that goes away in the middle: wait, go on where it was, and give up in the end."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.working import AFTER, BEFORE, ask, status_of, step, work
from vms.hypervisor.errors import LoginRefused, NodeDoesNotAnswer, NodeUnreachable
from vms.hypervisor.fake import FakeNode
from vms.models import Node, Operation, Vm
from vms.operations.reaching import CALLS_AT_ONCE, a_turn_at
from vms.operations.recipes import RECIPES
from vms.rules.actions import Action
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress

STEPS = [(action, done) for action in BEFORE for done in range(len(RECIPES[action].steps))]


def ask_and_come_as_far_as(vm: Vm, action: Action, done: int, by: Person) -> Operation:
    """With so many steps done, as a worker would leave it between two looks."""
    operation = ask(vm, action, by)
    Operation.objects.filter(pk=operation.pk).update(
        progress=Progress.WORKING, steps_done=done, step_began_at=None, started_at=timezone.now()
    )
    operation.refresh_from_db()
    return operation


@pytest.mark.parametrize(("action", "done"), STEPS)
def test_a_node_that_is_away_is_waited_for_at_every_step(
    action: Action, done: int, add_vm: AddVm, alpha: FakeNode, anna: Person
):
    vm = add_vm(power=BEFORE[action])
    operation = ask_and_come_as_far_as(vm, action, done, anna)
    alpha.be_unreachable()
    assert step(operation) is not None
    operation.refresh_from_db()
    assert (operation.progress, operation.phase) == (Progress.WORKING, Phase.WAITING_FOR_NODE)
    assert (operation.steps_done, operation.lease_until) == (done, None)
    assert operation.node_silent_since is not None


@pytest.mark.parametrize(("action", "done"), STEPS)
def test_after_long_enough_it_fails_and_says_that_it_was_the_node(
    action: Action, done: int, add_vm: AddVm, alpha: FakeNode, anna: Person, settings
):
    vm = add_vm(power=BEFORE[action])
    operation = ask_and_come_as_far_as(vm, action, done, anna)
    alpha.be_unreachable(NodeDoesNotAnswer("keepalive timeout"))
    step(operation)
    with time_machine.travel(timezone.now() + timedelta(seconds=settings.NODE_PATIENCE + 1), tick=False):
        step(operation)
    operation.refresh_from_db()
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.NODE_DOES_NOT_ANSWER)
    assert operation.evidence == "keepalive timeout"


@pytest.mark.parametrize("action", AFTER)
def test_it_goes_on_when_the_node_is_back(action: Action, add_vm: AddVm, alpha: FakeNode, anna: Person):
    vm = add_vm(power=BEFORE[action])
    operation = ask(vm, action, anna)
    alpha.be_unreachable()
    step(operation)
    alpha.be_reachable()
    work(operation)
    assert operation.progress == Progress.SUCCEEDED
    assert operation.node_silent_since is None
    assert status_of(vm) == AFTER[action][2]


def test_the_patience_begins_anew_after_the_node_answered_in_between(
    running_vm: Vm, alpha: FakeNode, anna: Person, settings
):
    alpha.machines[running_vm.pk].obeys = False
    settings.SHUTDOWN_TIME_LIMIT = 3600
    operation = ask(running_vm, Action.SHUTDOWN, anna)
    began = timezone.now()
    for minutes in range(4):
        with time_machine.travel(began + timedelta(minutes=minutes), tick=False):
            alpha.be_unreachable()
            step(operation)
            alpha.be_reachable()
            step(operation)
    operation.refresh_from_db()
    assert operation.progress == Progress.WORKING


@pytest.mark.parametrize("call", ["machine", "start"])
def test_a_connection_that_breaks_during_a_call_is_no_failure(call: str, vm: Vm, alpha: FakeNode, anna: Person):
    operation = ask(vm, Action.START, anna)
    alpha.fail_next(call, NodeUnreachable("end of file while reading data"))
    assert step(operation) is not None
    assert work(operation).progress == Progress.SUCCEEDED


def test_a_reset_whose_connection_breaks_is_not_repeated_but_asked_about(running_vm: Vm, alpha: FakeNode, anna: Person):
    operation = ask(running_vm, Action.RESET, anna)
    alpha.fail_next("reset", NodeUnreachable("end of file while reading data"))
    work(operation)
    assert operation.progress == Progress.UNCLEAR
    assert alpha.calls.count("reset") == 1


def test_a_refused_login_is_told_as_such(vm: Vm, alpha: FakeNode, anna: Person, settings):
    operation = ask(vm, Action.START, anna)
    alpha.be_unreachable(LoginRefused("authentication failed"))
    step(operation)
    with time_machine.travel(timezone.now() + timedelta(seconds=settings.NODE_PATIENCE + 1), tick=False):
        step(operation)
    operation.refresh_from_db()
    assert operation.problem == Problem.NODE_REFUSED_LOGIN


def test_a_node_that_is_known_to_be_lost_is_waited_for_as_well(vm: Vm, alpha: FakeNode, anna: Person):
    operation = ask(vm, Action.START, anna)
    vm.node.lost(timezone.now(), Problem.NODE_UNREACHABLE, "no route to host")
    alpha.be_unreachable()
    assert step(operation) is not None
    operation.refresh_from_db()
    assert operation.progress == Progress.WORKING


def test_only_so_many_threads_wait_for_one_node(node: Node, second_node: Node):
    turns = [a_turn_at(node) for _ in range(CALLS_AT_ONCE)]
    for turn in turns:
        turn.__enter__()
    with pytest.raises(NodeDoesNotAnswer), a_turn_at(node):
        pass
    with a_turn_at(second_node) as other:
        assert other.is_alive()
    for turn in turns:
        turn.__exit__(None, None, None)
    with a_turn_at(node) as again:
        assert again.is_alive()


def test_a_turn_is_given_back_when_the_node_cannot_be_reached(node: Node, alpha: FakeNode):
    alpha.be_unreachable()
    for _ in range(CALLS_AT_ONCE + 1):
        with pytest.raises(NodeUnreachable, match="no connection"), a_turn_at(node):
            pass
