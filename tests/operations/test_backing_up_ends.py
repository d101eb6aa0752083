"""Backups that come to nothing: whatever ends them, nothing of them is left, and none is shown as good."""

from __future__ import annotations

from datetime import timedelta

import pytest

from directory.models import Person
from tests.operations.migrating import come_to_the_move, look_everywhere, send
from tests.operations.taking import (
    FOLDER,
    add_machine,
    add_target,
    ask_for_backup,
    assert_nothing_is_left,
    back_up,
    come_to_the_copy,
    end_copy,
    files_in,
    its_worker_died,
    take_steps,
)
from tests.operations.working import ask, fresh, status_of, step, work
from vms.hypervisor.errors import HypervisorError, NodeUnreachable, NoSpace, Refused, WrongState
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.migrating import CallState, Outcome
from vms.models import Backup, BackupTarget, Node, Operation, Vm
from vms.operations.requesting import ActionRefused, cancel, may_be_cancelled
from vms.operations.steps import backing_up, backup_undoing, power
from vms.operations.steps.backup_begin import begin_copy
from vms.rules.actions import Action
from vms.rules.backups import BackupState
from vms.rules.power import Power, PowerReason
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress


@pytest.fixture
def target(node: Node, alpha: FakeNode) -> BackupTarget:
    return add_target(node, alpha)


@pytest.fixture
def vm(node: Node, alpha: FakeNode) -> Vm:
    return add_machine(node, alpha)


@pytest.fixture
def taking(vm: Vm, target: BackupTarget, alpha: FakeNode, anna: Person) -> Operation:
    """On its way."""
    return come_to_the_copy(ask_for_backup(vm, target, anna), alpha)


def ended(operation: Operation) -> tuple[str, str]:
    return operation.progress, operation.problem


def test_cancel_before_it_began_leaves_no_row(vm: Vm, target: BackupTarget, alpha: FakeNode, anna: Person):
    operation = ask_for_backup(vm, target, anna)
    assert cancel(operation, by=anna)
    assert_nothing_is_left(operation, alpha, "Running")


def test_cancel_in_the_middle(taking: Operation, alpha: FakeNode, anna: Person):
    assert cancel(taking, by=anna)
    take_steps(taking)
    assert ended(taking) == (Progress.CANCELLED, "")
    assert_nothing_is_left(taking, alpha, "Running")
    assert alpha.machines[taking.vm_id].backups.checkpoints == {}


def test_cancel_of_one_that_is_off_ends_its_process(node: Node, target: BackupTarget, alpha: FakeNode, anna: Person):
    vm = add_machine(node, alpha, Power.OFF)
    operation = come_to_the_copy(ask_for_backup(vm, target, anna), alpha)
    cancel(operation, by=anna)
    take_steps(operation)
    assert_nothing_is_left(operation, alpha, "Stopped")
    assert alpha.machines[vm.uuid].power is Power.OFF


def test_it_cannot_be_cancelled_once_it_is_written_down(taking: Operation, alpha: FakeNode, anna: Person):
    end_copy(taking, alpha)
    last = backing_up.STEPS_BEFORE_IT_IS_GOOD
    Operation.objects.filter(pk=taking.pk).update(steps_done=last)
    taking.refresh_from_db()
    assert not may_be_cancelled(taking)
    assert not cancel(taking, by=anna)


@pytest.mark.parametrize(
    ("outcome", "problem"),
    [
        (Outcome(CallState.FAILED, Problem.NO_SPACE, "No space left on device"), Problem.NO_SPACE),
        (Outcome(CallState.FAILED, Problem.REFUSED, "I/O error"), Problem.BACKUP_BROKE),
        (Outcome(CallState.CANCELLED), Problem.BACKUP_BROKE),
    ],
)
def test_a_copy_that_fails(taking: Operation, alpha: FakeNode, outcome: Outcome, problem: Problem):
    end_copy(taking, alpha, outcome)
    take_steps(taking)
    assert (*ended(taking), taking.evidence) == (Progress.FAILED, problem, outcome.detail)
    assert_nothing_is_left(taking, alpha, "Running")


def test_of_what_nobody_knows_nothing_is_kept(taking: Operation, alpha: FakeNode, monkeypatch: pytest.MonkeyPatch):
    """The node's libvirtd was restarted after the end."""
    end_copy(taking, alpha)
    alpha.machines[taking.vm_id].backups.outcome = None
    take_steps(taking, 2)
    assert taking.finished_at is None
    monkeypatch.setattr(backing_up, "OUTCOME_SHOWS_WITHIN", timedelta(0))
    take_steps(taking)
    assert ended(taking) == (Progress.FAILED, Problem.BACKUP_BROKE)
    assert_nothing_is_left(taking, alpha, "Running")


@pytest.mark.parametrize("reason", [PowerReason.PROCESS_DIED, PowerReason.SHUT_DOWN, PowerReason.POWERED_OFF])
def test_a_machine_that_goes_off_in_the_middle(taking: Operation, alpha: FakeNode, reason: PowerReason):
    alpha.become(taking.vm_id, Power.OFF, reason)
    look_everywhere()
    take_steps(taking)
    assert ended(taking) == (Progress.FAILED, Problem.BACKUP_BROKE)
    assert_nothing_is_left(taking, alpha, "Crashed" if reason is PowerReason.PROCESS_DIED else "Stopped")


def test_a_target_that_goes_away_leaves_no_row(taking: Operation, alpha: FakeNode, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(backup_undoing, "FILES_GO_WITHIN", timedelta(0))
    pool = alpha.pools.pop(FOLDER)
    end_copy(taking, alpha)
    take_steps(taking)
    assert taking.progress == Progress.FAILED
    assert not Backup.objects.exists()
    alpha.pools[FOLDER] = pool
    assert not any(path.endswith("backup.json") for path in files_in(alpha))


@pytest.mark.parametrize(
    "error", [NoSpace("No space left on device"), Refused("no"), WrongState("it has a job under way")]
)
def test_one_that_cannot_begin(vm: Vm, target: BackupTarget, alpha: FakeNode, anna: Person, error: HypervisorError):
    alpha.fail_next("begin_backup", error)
    operation = take_steps(ask_for_backup(vm, target, anna))
    assert (operation.progress, operation.evidence) == (Progress.FAILED, str(error))
    assert_nothing_is_left(operation, alpha, "Running")


def test_a_worker_that_dies_while_it_is_copied_is_followed_by_one_that_goes_on(taking: Operation, alpha: FakeNode):
    its_worker_died(taking)
    end_copy(taking, alpha)
    take_steps(taking)
    assert (ended(taking), taking.tries) == ((Progress.SUCCEEDED, ""), 1)


def test_one_that_dies_in_the_very_moment_is_followed_by_one_that_begins_anew(taking: Operation, alpha: FakeNode):
    """The copy may have been begun, and its guest's file systems may be at rest yet."""
    machine = alpha.machines[taking.vm_id]
    machine.agent_answers = machine.backups.is_frozen = True
    taking.refresh_from_db()
    begin = backing_up.STEPS.index(begin_copy)
    Operation.objects.filter(pk=taking.pk).update(steps_done=begin)
    its_worker_died(taking, began=None)
    take_steps(taking, 2)
    assert not machine.backups.is_frozen
    come_to_the_copy(taking, alpha)
    assert (taking.tries, list(machine.backups.checkpoints)) == (2, [taking.measures["begun"]])
    end_copy(taking, alpha)
    take_steps(taking)
    assert ended(taking) == (Progress.SUCCEEDED, "")


def test_an_agent_that_never_answers_again_is_not_waited_for_when_nothing_is_frozen(
    vm: Vm, target: BackupTarget, alpha: FakeNode, anna: Person
):
    alpha.machines[vm.uuid].agent_answers = False
    operation = come_to_the_copy(ask_for_backup(vm, target, anna), alpha)
    alpha.machines[vm.uuid].backups.is_frozen = False
    asked = alpha.calls.count("thaw")
    cancel(operation, by=anna)
    take_steps(operation, 5)
    assert (operation.progress, alpha.calls.count("thaw")) == (Progress.CANCELLED, asked)


def test_three_attempts_are_enough(vm: Vm, target: BackupTarget, alpha: FakeNode, anna: Person):
    for _ in range(5):
        alpha.fail_next("begin_backup", NodeUnreachable("it broke"))
    operation = take_steps(ask_for_backup(vm, target, anna))
    assert (*ended(operation), operation.tries) == (Progress.FAILED, Problem.BACKUP_BROKE, 3)
    assert_nothing_is_left(operation, alpha, "Running")


def test_a_worker_that_dies_after_it_was_written_down_harms_nothing(taking: Operation, alpha: FakeNode):
    end_copy(taking, alpha)
    take_steps(taking)
    listed = {path for path in files_in(alpha) if path.endswith("backup.json")}
    Operation.objects.filter(pk=taking.pk).update(
        progress=Progress.WORKING, finished_at=None, steps_done=backing_up.STEPS_BEFORE_IT_IS_GOOD
    )
    its_worker_died(taking)
    take_steps(taking)
    assert ended(taking) == (Progress.SUCCEEDED, "")
    assert {path for path in files_in(alpha) if path.endswith("backup.json")} == listed
    assert Backup.objects.get().state == BackupState.GOOD


def test_a_node_that_is_away_is_waited_for(taking: Operation, alpha: FakeNode):
    alpha.be_unreachable()
    take_steps(taking, 2)
    assert taking.phase == Phase.WAITING_FOR_NODE
    alpha.be_reachable()
    end_copy(taking, alpha)
    assert take_steps(taking).progress == Progress.SUCCEEDED


@pytest.mark.parametrize("action", [Action.SHUTDOWN, Action.POWER_OFF])
def test_shutdown_and_power_off_call_it_off_and_wait_for_that(
    taking: Operation, alpha: FakeNode, anna: Person, action: Action
):
    run = ask(taking.vm, action, anna)
    step(run)
    run.refresh_from_db()
    assert (run.phase, alpha.machines[taking.vm_id].power) == (Phase.WAITING_FOR_PREVIOUS, Power.RUNNING)
    take_steps(taking)
    assert ended(taking) == (Progress.CANCELLED, Problem.SUPERSEDED)
    assert take_steps(run).progress == Progress.SUCCEEDED
    assert_nothing_is_left(taking, alpha, "Stopped")


def test_they_do_not_wait_for_ever(taking: Operation, alpha: FakeNode, anna: Person, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(power, "A_BACKUP_ENDS_WITHIN", timedelta(0))
    run = ask(taking.vm, Action.POWER_OFF, anna)
    assert work(run).progress == Progress.SUCCEEDED
    take_steps(taking)
    assert ended(taking) == (Progress.CANCELLED, Problem.SUPERSEDED)
    assert_nothing_is_left(taking, alpha, "Stopped")


def test_one_that_waits_for_its_worker_just_ends(vm: Vm, target: BackupTarget, alpha: FakeNode, anna: Person):
    operation = ask_for_backup(vm, target, anna)
    run = work(ask(vm, Action.POWER_OFF, anna))
    operation.refresh_from_db()
    assert (run.progress, ended(operation)) == (Progress.SUCCEEDED, (Progress.CANCELLED, Problem.SUPERSEDED))
    assert_nothing_is_left(operation, alpha, "Stopped")


def test_a_machine_that_is_gone_from_its_node(taking: Operation, alpha: FakeNode):
    del alpha.machines[taking.vm_id]
    take_steps(taking)
    assert taking.progress == Progress.FAILED
    assert (files_in(alpha), Backup.objects.count()) == ({}, 0)


def test_a_move_forgets_all_moments(node: Node, to: Node, target: BackupTarget, alpha: FakeNode, anna: Person):
    vm = add_machine(node, alpha, Power.RUNNING, "/shared/web1.qcow2")
    back_up(vm, target, alpha, anna)
    machine = alpha.machines[vm.uuid]
    assert machine.backups.checkpoints
    machine.backups.checkpoints["somebody-elses"] = next(iter(machine.backups.checkpoints.values()))
    come_to_the_move(send(fresh(vm), to, anna), alpha)
    assert list(machine.backups.checkpoints) == ["somebody-elses"]


def test_a_second_one_meanwhile_is_refused(
    taking: Operation, vm: Vm, target: BackupTarget, anna: Person, berta: Person
):
    with pytest.raises(ActionRefused):
        ask_for_backup(vm, target, berta)
    assert status_of(vm) == "Running, backing up"
