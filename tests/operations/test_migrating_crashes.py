"""Moves that lose their worker or a node, and what the watcher makes of it: the machine is in one place."""

from __future__ import annotations

from typing import cast

import pytest

from directory.models import Person
from tests.operations.migrating import (
    ALPHA,
    BETA,
    BROKE,
    COPY,
    NVRAM,
    SHARED,
    add_mover,
    arrive,
    assert_it_arrived,
    assert_it_stayed,
    come_to_the_move,
    ended,
    its_worker_died,
    nothing_moved_for_long,
    send,
    take_steps,
    where_it_is,
)
from tests.operations.working import fresh, look, step
from vms.hypervisor.errors import HypervisorError, NodeUnreachable
from vms.hypervisor.fake import FakeMachine, FakeNode, FakePool
from vms.hypervisor.migrating import CallState, Outcome
from vms.models import Event, Node, Operation, Vm
from vms.operations.reaching import reach
from vms.operations.steps.migrating import STEPS
from vms.rules.power import Power, PowerReason
from vms.rules.preflight import Way
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress
from vms.rules.timeline import What
from vms.watcher.looking import Lookout
from vms.watcher.news import AllListed
from vms.watcher.recording import record
from vms.watcher.watching import Watcher


def test_before_the_mark_it_is_sent_by_the_next_one(mover: Vm, to: Node, alpha: FakeNode, anna: Person):
    operation = send(mover, to, anna)
    its_worker_died(operation, steps_done=number_of("move"))
    come_to_the_move(operation, alpha)
    arrive(operation, alpha)
    assert_it_arrived(take_steps(operation))


def test_between_mark_and_call_it_is_sent_once_it_is_settled_that_it_stayed(
    mover: Vm, to: Node, alpha: FakeNode, anna: Person
):
    class Killed(BaseException):
        pass

    alpha.fail_next("send", cast("HypervisorError", Killed()))
    operation = send(mover, to, anna)
    with pytest.raises(Killed):
        take_steps(operation)
    its_worker_died(operation)
    take_steps(operation, 3)
    assert (operation.phase, alpha.machines[mover.pk].migration) == (Phase.FINDING_OUT, None)
    nothing_moved_for_long(operation)
    come_to_the_move(operation, alpha)
    arrive(operation, alpha)
    assert_it_arrived(take_steps(operation))
    assert operation.tries == 2


def test_after_the_call_the_next_one_sees_it_arrive(moving: Operation, alpha: FakeNode):
    its_worker_died(moving)
    take_steps(moving, 2)
    assert (moving.progress, moving.phase) == (Progress.WORKING, Phase.MOVING)
    arrive(moving, alpha)
    assert_it_arrived(take_steps(moving))
    assert moving.tries == 1


def test_after_the_call_a_move_that_failed_unseen_is_tried_again_but_not_for_ever(moving: Operation, alpha: FakeNode):
    for count in (1, 2, 3):
        come_to_the_move(moving, alpha)
        assert moving.tries == count
        its_worker_died(moving)
        alpha.break_migration(moving.vm_id, BROKE)
        take_steps(moving, 2)
        nothing_moved_for_long(moving)
        take_steps(moving, 2)
    take_steps(moving)
    assert ended(moving) == (Progress.FAILED, Problem.MIGRATION_BROKE)
    assert_it_stayed(moving)


@pytest.mark.parametrize("step_begun", ["change_node", "clear_up"])
def test_after_its_arrival_what_is_left_to_do_is_done(
    step_begun: str, local: Vm, to: Node, alpha: FakeNode, beta: FakeNode, anna: Person
):
    operation = come_to_the_move(send(local, to, anna, copies=COPY), alpha)
    arrive(operation, alpha)
    number = number_of(step_begun)
    while operation.steps_done < number:
        take_steps_of(operation)
    its_worker_died(operation, steps_done=number)
    assert_it_arrived(take_steps(operation))
    assert (list(alpha.images), list(beta.images)) == ([], [COPY["vda"]])


def number_of(name: str) -> int:
    return [step.__name__ for step in STEPS].index(name)


def take_steps_of(operation: Operation) -> None:
    """As far as its next rest, and back by one: as if it had died before the step was counted."""
    step(operation)
    operation.refresh_from_db()
    if operation.finished_at:
        Operation.objects.filter(pk=operation.pk).update(finished_at=None, progress=Progress.WORKING)
        operation.refresh_from_db()


# nodes go


def test_a_source_that_is_silent_is_waited_for(moving: Operation, alpha: FakeNode):
    alpha.be_unreachable()
    take_steps(moving, 2)
    assert (moving.progress, moving.phase) == (Progress.WORKING, Phase.WAITING_FOR_NODE)
    alpha.be_reachable()
    arrive(moving, alpha)
    assert_it_arrived(take_steps(moving))


def test_a_destination_that_only_the_panel_does_not_see_changes_nothing(
    moving: Operation, alpha: FakeNode, beta: FakeNode
):
    beta.be_unreachable()
    take_steps(moving, 1)
    assert (moving.progress, moving.phase) == (Progress.WORKING, Phase.MOVING)
    arrive(moving, alpha)
    take_steps(moving, 2)
    assert (moving.progress, moving.phase) == (Progress.WORKING, Phase.WAITING_FOR_NODE)
    beta.be_reachable()
    assert_it_arrived(take_steps(moving))


def test_half_a_machine_that_two_restarts_left_is_ended(moving: Operation, alpha: FakeNode, beta: FakeNode):
    half = beta.machines[moving.vm_id]
    alpha.break_migration(moving.vm_id, Outcome(CallState.LOST, Problem.NODE_UNREACHABLE, "the connection ended"))
    beta.machines[moving.vm_id] = half
    take_steps(moving, 2)
    assert where_it_is(moving.vm_id) == [*ALPHA, *BETA]
    nothing_moved_for_long(moving)
    take_steps(moving, 2)
    nothing_moved_for_long(moving)
    take_steps(moving)
    assert ended(moving) == (Progress.FAILED, Problem.MIGRATION_BROKE)
    assert_it_stayed(moving)


def test_what_a_node_said_before_it_was_silent_does_not_count(moving: Operation, alpha: FakeNode):
    its_worker_died(moving)
    alpha.break_migration(moving.vm_id, BROKE)
    take_steps(moving, 1)
    nothing_moved_for_long(moving)
    alpha.be_unreachable(NodeUnreachable("restarting"))
    take_steps(moving, 1)
    alpha.be_reachable()
    take_steps(moving, 1)
    assert (moving.phase, moving.tries) == (Phase.FINDING_OUT, 1)


def test_a_guest_that_was_held_for_the_hand_over_is_let_go_on(moving: Operation, alpha: FakeNode):
    alpha.break_migration(moving.vm_id, BROKE)
    alpha.become(moving.vm_id, Power.PAUSED, PowerReason.MIGRATING)
    take_steps(moving)
    assert ended(moving) == (Progress.FAILED, Problem.MIGRATION_BROKE)
    assert_it_stayed(moving)
    told = set(Event.objects.values_list("what", flat=True))
    assert told.isdisjoint({What.PAUSED, What.RESUMED, What.CRASHED, What.STOPPED})


def test_what_is_left_on_its_source_after_it_runs_elsewhere_is_dropped(moving: Operation, alpha: FakeNode):
    left = alpha.machines[moving.vm_id]
    arrive(moving, alpha)
    alpha.machines[moving.vm_id] = FakeMachine(left.uuid, left.name, left.xml, Power.OFF, PowerReason.MOVED_AWAY)
    assert_it_arrived(take_steps(moving))


def test_one_that_both_nodes_say_they_run_is_left_to_a_person(moving: Operation, alpha: FakeNode, beta: FakeNode):
    left = alpha.machines[moving.vm_id]
    arrive(moving, alpha)
    alpha.machines[moving.vm_id] = FakeMachine(left.uuid, left.name, left.xml, Power.RUNNING)
    take_steps(moving)
    assert ended(moving) == (Progress.UNCLEAR, Problem.ON_WHICH_NODE)
    assert moving.problem_values == {"home": "alpha", "to": "beta"}
    assert where_it_is(moving.vm_id) == [*ALPHA, *BETA]


def test_a_memory_that_was_torn_apart_is_left_to_a_person_once_nothing_moves_any_more(
    mover: Vm, to: Node, alpha: FakeNode, beta: FakeNode, anna: Person
):
    operation = come_to_the_move(send(mover, to, anna, post_copy=True), alpha)
    operation.measure({"post_copy_asked": True})
    take_steps(operation, 2)
    alpha.machines[mover.pk].reason = PowerReason.POSTCOPY_FAILED
    take_steps(operation, 2)
    assert operation.progress == Progress.WORKING
    nothing_moved_for_long(operation)
    take_steps(operation, 1)
    assert ended(operation) == (Progress.UNCLEAR, Problem.MIGRATION_TORN)


# the watcher meanwhile


def test_it_is_neither_gone_nor_elsewhere_to_the_watcher_while_it_moves(
    moving: Operation, node: Node, alpha: FakeNode, beta: FakeNode, to: Node
):
    arrive(moving, alpha)
    for each in (node, to):
        look(Vm(pk=moving.vm_id, node=each))
    vm = fresh(moving.vm)
    assert (vm.node, vm.gone_at, vm.status.name) == (node, None, "Running, migrating")


def test_its_progress_is_measured_by_its_own_steps_not_by_the_watcher(moving: Operation):
    watcher = Watcher()
    watcher._look_at_jobs()
    assert watcher._jobs == {}


def test_what_the_old_node_told_too_late_changes_nothing(
    node: Node, to: Node, alpha: FakeNode, beta: FakeNode, anna: Person
):
    vm = add_mover(node, alpha, f"{SHARED}/web1.qcow2", power=Power.OFF, os=NVRAM)
    operation = come_to_the_move(send(vm, to, anna, way=Way.HELD), alpha)
    late = [*Lookout(node, reach(node)).everything(), AllListed(to.pk, frozenset())]
    arrive(operation, alpha)
    take_steps(operation)
    for news in late:
        record(news)
    assert_it_arrived(operation, "Stopped")
    assert (fresh(vm).node, fresh(vm).gone_at) == (to, None)


def test_a_pool_of_the_old_node_that_is_gone_keeps_what_it_has(local: Vm, to: Node, alpha: FakeNode, anna: Person):
    operation = come_to_the_move(send(local, to, anna, copies=COPY), alpha)
    arrive(operation, alpha)
    alpha.pools = {SHARED: FakePool("shared")}
    assert_it_arrived(take_steps(operation))
