"""Moves that fail or are cancelled: the machine is in one place, and nothing is left on the other."""

from __future__ import annotations

import pytest

from directory.models import Person
from tests.operations.migrating import (
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
    send,
    take_steps,
)
from tests.operations.working import fresh, status_of
from vms.hypervisor.errors import DiskInUse, NoSpace, Refused, TimedOut
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.migrating import CallState, Outcome
from vms.models import Node, Operation, Vm
from vms.operations.requesting import cancel
from vms.rules.power import Power, PowerReason, Wanted
from vms.rules.preflight import Lack, Way
from vms.rules.problems import Problem
from vms.rules.progress import Progress


def test_a_node_that_cannot_take_it_any_more_is_named_with_what_it_lacks(
    mover: Vm, to: Node, alpha: FakeNode, beta: FakeNode, anna: Person
):
    beta.lacks = frozenset({Lack.CPU})
    operation = take_steps(send(mover, to, anna))
    assert ended(operation) == (Progress.FAILED, Problem.NODE_CANNOT_TAKE_IT)
    assert (operation.problem_values["node"], operation.problem_values["against"]) == ("beta", [["lack", "cpu"]])
    assert_it_stayed(operation)
    assert "send" not in alpha.calls


def test_one_that_was_stopped_meanwhile_would_have_to_go_another_way(
    mover: Vm, to: Node, alpha: FakeNode, anna: Person
):
    operation = send(mover, to, anna)
    alpha.become(mover.pk, Power.OFF, PowerReason.SHUT_DOWN)
    take_steps(operation)
    assert ended(operation) == (Progress.FAILED, Problem.NO_LONGER_POSSIBLE)
    assert_it_stayed(operation, "Stopped")


def test_a_full_storage_stops_it_before_it_begins(local: Vm, to: Node, beta: FakeNode, anna: Person):
    beta.fail_next("make_image", NoSpace("No space left on device"))
    operation = take_steps(send(local, to, anna, copies=COPY))
    assert ended(operation) == (Progress.FAILED, Problem.NO_SPACE)
    assert_it_stayed(operation)


def test_a_storage_that_is_full_on_the_way_is_named_and_nothing_is_left_there(
    local: Vm, to: Node, alpha: FakeNode, beta: FakeNode, anna: Person
):
    operation = come_to_the_move(send(local, to, anna, copies=COPY), alpha)
    alpha.break_migration(local.pk, Outcome(CallState.FAILED, Problem.NO_SPACE, "No space left on device"))
    take_steps(operation)
    assert ended(operation) == (Progress.FAILED, Problem.NO_SPACE)
    assert (operation.problem_values["node"], operation.evidence) == ("beta", "No space left on device")
    assert_it_stayed(operation)
    assert (list(alpha.images), list(beta.images)) == (["/images/web1.qcow2"], [])


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        (Problem.REFUSED, Problem.MIGRATION_BROKE),
        (Problem.NODE_UNREACHABLE, Problem.NODES_APART),
        (Problem.NO_POST_COPY, Problem.NO_POST_COPY),
    ],
)
def test_what_the_nodes_said_of_a_move_that_failed_is_kept(
    told: Problem, problem: Problem, moving: Operation, alpha: FakeNode
):
    alpha.break_migration(moving.vm_id, Outcome(CallState.FAILED, told, "the nodes' own words"))
    take_steps(moving)
    assert (*ended(moving), moving.evidence) == (Progress.FAILED, problem, "the nodes' own words")
    assert_it_stayed(moving)


def test_one_that_was_held_has_no_process_left_when_its_move_failed(
    node: Node, to: Node, alpha: FakeNode, anna: Person
):
    vm = add_mover(node, alpha, f"{SHARED}/web1.qcow2", power=Power.OFF, os=NVRAM)
    operation = come_to_the_move(send(vm, to, anna, way=Way.HELD), alpha)
    alpha.break_migration(vm.pk, BROKE)
    take_steps(operation)
    assert ended(operation) == (Progress.FAILED, Problem.MIGRATION_BROKE)
    assert (alpha.machines[vm.pk].power, fresh(vm).wanted) == (Power.OFF, Wanted.OFF)
    assert_it_stayed(operation, "Stopped")


def test_a_guest_that_dies_on_the_way_has_crashed_where_it_was(moving: Operation, alpha: FakeNode):
    alpha.become(moving.vm_id, Power.OFF, PowerReason.PROCESS_DIED)
    take_steps(moving)
    assert moving.progress == Progress.FAILED
    assert_it_stayed(moving, "Crashed")


def test_a_call_that_is_refused_is_no_call(mover: Vm, to: Node, alpha: FakeNode, anna: Person):
    alpha.fail_next("send", Refused("not today"))
    operation = take_steps(send(mover, to, anna))
    assert (*ended(operation), operation.evidence) == (Progress.FAILED, Problem.REFUSED, "not today")
    assert_it_stayed(operation)


def test_a_node_that_is_too_busy_to_tell_says_it_later(moving: Operation, alpha: FakeNode):
    alpha.fail_next("migration", TimedOut("cannot acquire state change lock"))
    take_steps(moving, 1)
    assert moving.progress == Progress.WORKING
    arrive(moving, alpha)
    assert_it_arrived(take_steps(moving))


# cancelled


def test_cancelled_while_it_waits_nothing_has_happened(mover: Vm, to: Node, anna: Person):
    operation = send(mover, to, anna)
    assert cancel(operation, by=anna)
    assert take_steps(operation).progress == Progress.CANCELLED
    assert_it_stayed(operation)


def test_cancelled_on_its_way_it_stays_and_its_copies_are_removed(
    local: Vm, to: Node, alpha: FakeNode, beta: FakeNode, anna: Person
):
    operation = come_to_the_move(send(local, to, anna, copies=COPY), alpha)
    assert cancel(operation, by=anna)
    assert take_steps(operation).progress == Progress.CANCELLED
    assert_it_stayed(operation)
    assert (list(alpha.images), list(beta.images)) == (["/images/web1.qcow2"], [])


def test_a_copy_that_cannot_be_removed_at_once_is_removed_a_moment_later(
    local: Vm, to: Node, alpha: FakeNode, beta: FakeNode, anna: Person
):
    operation = come_to_the_move(send(local, to, anna, copies=COPY), alpha)
    beta.fail_next("delete_disk", DiskInUse("something writes it"))
    cancel(operation, by=anna)
    assert take_steps(operation).progress == Progress.CANCELLED
    assert list(beta.images) == []


def test_cancelled_when_it_had_arrived_it_stays_where_it_runs(moving: Operation, alpha: FakeNode, anna: Person):
    arrive(moving, alpha)
    assert cancel(moving, by=anna)
    assert_it_arrived(take_steps(moving))


def test_once_handed_over_it_cannot_be_cancelled_and_cancelled_at_that_moment_goes_on_to_its_end(
    mover: Vm, to: Node, alpha: FakeNode, anna: Person
):
    operation = come_to_the_move(send(mover, to, anna, post_copy=True), alpha)
    as_it_was_shown = Operation.objects.get(pk=operation.pk)
    operation.measure({"post_copy_asked": True})
    take_steps(operation, 2)
    assert not cancel(operation, by=anna)
    assert cancel(as_it_was_shown, by=anna)
    take_steps(operation, 2)
    assert (operation.progress, status_of(mover)) == (Progress.WORKING, "Running, migrating")
    arrive(operation, alpha)
    assert_it_arrived(take_steps(operation))


def test_cancelled_by_somebody_with_another_tool_it_has_failed(moving: Operation, alpha: FakeNode):
    alpha.break_migration(moving.vm_id, Outcome(CallState.CANCELLED, None, "canceled by client"))
    take_steps(moving)
    assert ended(moving) == (Progress.FAILED, Problem.MIGRATION_BROKE)
    assert_it_stayed(moving)
