"""From a request to a changed machine: each action, its status on the way, and how it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.working import AFTER, BEFORE, ask, fresh, look, status_of, step, work
from vms.hypervisor.errors import DiskLocked, HypervisorError, NotEnoughMemory
from vms.hypervisor.fake import FakeNode
from vms.models import Event, Heartbeat, Operation, Vm
from vms.operations.performing import advance
from vms.operations.requesting import cancel
from vms.operations.tasks import perform, sweep
from vms.rules.actions import Action
from vms.rules.power import Power, PowerReason, Wanted
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress
from vms.rules.timeline import What


@pytest.mark.parametrize("action", AFTER)
def test_an_action_ends_with_the_machine_as_it_was_asked_to_be(
    action: Action, add_vm: AddVm, alpha: FakeNode, anna: Person
):
    vm = add_vm(power=BEFORE[action])
    operation = work(ask(vm, action, anna))
    power, wanted, status = AFTER[action]
    assert operation.progress == Progress.SUCCEEDED
    assert alpha.machines[vm.pk].power is power
    assert (fresh(vm).power, fresh(vm).wanted, status_of(vm)) == (power, wanted, status)


@pytest.mark.parametrize("action", AFTER)
def test_an_action_ends_even_if_no_watcher_runs(action: Action, add_vm: AddVm, anna: Person):
    vm = add_vm(power=BEFORE[action])
    operation = ask(vm, action, anna)
    step(operation)
    with time_machine.travel(timezone.now() + timedelta(seconds=4), tick=False):
        work(operation, watched=False)
    assert operation.progress == Progress.SUCCEEDED
    assert status_of(vm) == AFTER[action][2]


@pytest.mark.parametrize(
    ("action", "status"),
    [
        (Action.START, "Starting"),
        (Action.SHUTDOWN, "Shutting down"),
        (Action.POWER_OFF, "Powering off"),
        (Action.DELETE, "Deleting"),
        (Action.RESET, "Running"),
        (Action.PAUSE, "Running"),
    ],
)
def test_the_status_tells_what_is_under_way_from_the_click_on(action: Action, status: str, add_vm: AddVm, anna: Person):
    vm = add_vm(power=BEFORE[action])
    ask(vm, action, anna)
    assert status_of(vm) == status


@pytest.mark.parametrize("action", AFTER)
def test_what_people_want_changes_with_success_only(action: Action, add_vm: AddVm, alpha: FakeNode, anna: Person):
    vm = add_vm(power=BEFORE[action])
    before = vm.wanted
    operation = ask(vm, action, anna)
    assert fresh(vm).wanted == before
    alpha.fail_next("machine", DiskLocked("locked"))
    alpha.fail_next("reset", DiskLocked("locked"))
    work(operation)
    assert operation.progress == Progress.FAILED
    assert fresh(vm).wanted == before


def test_start_lets_a_paused_machine_go_on(add_vm: AddVm, alpha: FakeNode, anna: Person):
    vm = add_vm(power=Power.PAUSED, reason=PowerReason.BY_REQUEST)
    work(ask(vm, Action.START, anna))
    assert "resume" in alpha.calls
    assert "start" not in alpha.calls
    assert status_of(vm) == "Running"


def test_start_after_a_guest_panic_clears_the_process_that_was_kept_away_first(
    add_vm: AddVm, alpha: FakeNode, anna: Person
):
    vm = add_vm(power=Power.CRASHED, wanted=Wanted.RUNNING)
    assert work(ask(vm, Action.START, anna)).progress == Progress.SUCCEEDED
    assert alpha.machines[vm.pk].power is Power.RUNNING


def test_power_off_clears_the_process_of_a_crashed_machine_away(add_vm: AddVm, anna: Person):
    vm = add_vm(power=Power.CRASHED, wanted=Wanted.RUNNING)
    work(ask(vm, Action.POWER_OFF, anna))
    assert status_of(vm) == "Stopped"


def test_the_hypervisors_refusal_becomes_a_named_problem_and_its_words_are_kept(vm: Vm, alpha: FakeNode, anna: Person):
    alpha.fail_next("start", NotEnoughMemory("cannot set up guest memory 'pc.ram'"))
    operation = work(ask(vm, Action.START, anna))
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.NOT_ENOUGH_MEMORY)
    assert operation.evidence == "cannot set up guest memory 'pc.ram'"
    assert status_of(vm) == "Stopped"


def test_a_machine_that_goes_off_right_after_its_start_was_not_started(vm: Vm, alpha: FakeNode, anna: Person):
    operation = ask(vm, Action.START, anna)
    step(operation)
    alpha.become(vm.pk, Power.OFF, PowerReason.PROCESS_DIED)
    step(operation)
    with time_machine.travel(timezone.now() + timedelta(seconds=3), tick=False):
        work(operation)
    assert operation.problem == Problem.DID_NOT_STAY_ON
    assert status_of(vm) == "Stopped"


def test_a_guest_that_ignores_a_shutdown_runs_on_and_people_are_told(
    running_vm: Vm, alpha: FakeNode, anna: Person, settings
):
    alpha.machines[running_vm.pk].obeys = False
    operation = ask(running_vm, Action.SHUTDOWN, anna)
    step(operation)
    assert operation.vm.operations.get().phase == Phase.WAITING_FOR_GUEST
    with time_machine.travel(timezone.now() + timedelta(seconds=settings.SHUTDOWN_TIME_LIMIT + 1), tick=False):
        work(operation)
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.GUEST_DID_NOT_REACT)
    assert (status_of(running_vm), fresh(running_vm).wanted) == ("Running", Wanted.RUNNING)


def test_a_guest_that_takes_its_time_is_waited_for(running_vm: Vm, alpha: FakeNode, anna: Person, settings):
    alpha.machines[running_vm.pk].obeys = False
    operation = ask(running_vm, Action.SHUTDOWN, anna)
    step(operation)
    with time_machine.travel(timezone.now() + timedelta(seconds=settings.SHUTDOWN_TIME_LIMIT - 5), tick=False):
        step(operation)
        alpha.become(running_vm.pk, Power.OFF, PowerReason.SHUT_DOWN)
        work(operation)
    assert operation.progress == Progress.SUCCEEDED
    assert alpha.calls.count("ask_to_shut_down") == 1


def test_power_off_takes_the_machine_over_from_a_shutdown(running_vm: Vm, alpha: FakeNode, anna: Person, berta: Person):
    alpha.machines[running_vm.pk].obeys = False
    shutdown = ask(running_vm, Action.SHUTDOWN, anna)
    step(shutdown)
    power_off = ask(running_vm, Action.POWER_OFF, berta)
    shutdown.refresh_from_db()
    assert (shutdown.progress, shutdown.problem) == (Progress.CANCELLED, Problem.SUPERSEDED)
    assert shutdown.problem_values == {"person": "berta"}
    assert status_of(running_vm) == "Powering off"
    assert work(power_off).progress == Progress.SUCCEEDED
    assert status_of(running_vm) == "Stopped"


@pytest.mark.parametrize("action", [Action.START, Action.SHUTDOWN])
def test_what_was_superseded_never_acts_again(action: Action, add_vm: AddVm, alpha: FakeNode, anna: Person):
    vm = add_vm(power=BEFORE[action])
    superseded = ask(vm, action, anna)
    ask(vm, Action.POWER_OFF, anna)
    assert step(superseded) is None
    assert alpha.calls == []


def test_power_off_waits_until_the_one_before_has_let_go(vm: Vm, alpha: FakeNode, anna: Person):
    start = ask(vm, Action.START, anna)
    start.claim("another worker", seconds=15)
    power_off = ask(vm, Action.POWER_OFF, anna)
    assert step(power_off) is not None
    assert alpha.calls == []
    power_off.refresh_from_db()
    assert (power_off.progress, power_off.phase) == (Progress.QUEUED, Phase.WAITING_FOR_PREVIOUS)
    start.release()
    assert work(power_off).progress == Progress.SUCCEEDED


def test_an_operation_that_ended_in_the_middle_of_a_call_gives_its_lease_back(
    running_vm: Vm, alpha: FakeNode, anna: Person
):
    """Superseded while its worker is at it: who comes next must not wait for the lease to run out."""
    shutdown = ask(running_vm, Action.SHUTDOWN, anna)
    shutdown.claim("another worker", seconds=15)
    ask(running_vm, Action.POWER_OFF, anna)
    shutdown.rest(seconds=1)
    shutdown.release()
    shutdown.refresh_from_db()
    assert shutdown.lease_until is None


def test_what_is_no_longer_possible_when_its_turn_comes_fails(running_vm: Vm, alpha: FakeNode, anna: Person):
    operation = ask(running_vm, Action.RESET, anna)
    alpha.become(running_vm.pk, Power.OFF, PowerReason.SHUT_DOWN)
    look(running_vm)
    work(operation)
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.NO_LONGER_POSSIBLE)
    assert "reset" not in alpha.calls


@pytest.mark.parametrize("action", [Action.START, Action.SHUTDOWN, Action.POWER_OFF, Action.PAUSE])
def test_what_is_so_already_when_its_turn_comes_succeeds_without_doing_anything(
    action: Action, add_vm: AddVm, alpha: FakeNode, anna: Person
):
    vm = add_vm(power=BEFORE[action])
    operation = ask(vm, action, anna)
    power, wanted, status = AFTER[action]
    alpha.become(vm.pk, power, PowerReason.BY_REQUEST if power is Power.PAUSED else PowerReason.SHUT_DOWN)
    look(vm)
    assert work(operation).progress == Progress.SUCCEEDED
    assert set(alpha.calls) <= {"machine", "machines", "definition"}
    assert (fresh(vm).wanted, status_of(vm)) == (wanted, status)


def test_a_redelivered_bell_does_nothing_a_second_time(vm: Vm, alpha: FakeNode, anna: Person):
    operation = work(ask(vm, Action.START, anna))
    assert step(operation) is None
    assert alpha.calls.count("start") == 1


def test_a_bell_rung_while_another_worker_is_at_it_does_nothing(vm: Vm, alpha: FakeNode, anna: Person):
    operation = ask(vm, Action.START, anna)
    operation.claim("another worker", seconds=15)
    assert advance(operation.pk) is None
    assert alpha.calls == []


def test_a_bell_rung_too_early_does_nothing(vm: Vm, alpha: FakeNode, anna: Person):
    operation = ask(vm, Action.START, anna)
    operation.claim("me", seconds=15)
    operation.rest(seconds=60)
    assert advance(operation.pk) is None
    assert alpha.calls == []


def test_a_cancelled_shutdown_is_forgotten_and_the_guest_runs_on(running_vm: Vm, alpha: FakeNode, anna: Person):
    alpha.machines[running_vm.pk].obeys = False
    operation = ask(running_vm, Action.SHUTDOWN, anna)
    step(operation)
    assert cancel(operation, by=anna)
    assert step(operation) is None
    assert status_of(running_vm) == "Running"


def test_the_end_of_an_operation_is_a_line_in_the_timeline(vm: Vm, anna: Person):
    operation = work(ask(vm, Action.START, anna))
    asked, ended = Event.objects.filter(operation=operation).order_by("at")
    assert (asked.what, asked.values) == (What.REQUESTED, {"action": "start", "person": "anna"})
    assert ended.what == What.OPERATION_ENDED
    assert ended.values["progress"] == Progress.SUCCEEDED


def test_what_the_panel_did_itself_is_marked_as_its_own(vm: Vm, anna: Person):
    work(ask(vm, Action.START, anna))
    assert Event.objects.get(vm=vm, what=What.STARTED).by_panel


def test_a_success_forgets_the_traces_of_the_last_crash(add_vm: AddVm, anna: Person):
    vm = add_vm(power=Power.OFF, reason=PowerReason.PROCESS_DIED, last_log_lines="terminating on signal 9")
    assert status_of(vm) == "Crashed"
    work(ask(vm, Action.START, anna))
    assert (fresh(vm).last_log_lines, status_of(vm)) == ("", "Running")


@pytest.mark.usefixtures("every_bell_is_heard_at_once")
def test_from_the_click_to_the_end_by_bells_alone(
    vm: Vm, alpha: FakeNode, anna: Person, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        operation = ask(vm, Action.START, anna)
    assert alpha.machines[vm.pk].power is Power.RUNNING
    operation.refresh_from_db()
    assert operation.progress == Progress.WORKING
    Operation.objects.filter(pk=operation.pk).update(next_step_at=timezone.now() + timedelta(seconds=60))
    with django_capture_on_commit_callbacks(execute=True):
        look(vm)
    operation.refresh_from_db()
    assert operation.progress == Progress.SUCCEEDED


def test_a_bug_in_the_panel_ends_the_operation_and_frees_the_machine(vm: Vm, alpha: FakeNode, anna: Person):
    operation = ask(vm, Action.START, anna)
    alpha.fail_next("start", cast("HypervisorError", ZeroDivisionError("a bug")))
    with pytest.raises(ZeroDivisionError):
        perform(operation.pk)
    operation.refresh_from_db()
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.BUG)
    assert (operation.lease_until, status_of(vm)) == (None, "Stopped")
    assert work(ask(vm, Action.START, anna)).progress == Progress.SUCCEEDED


def test_a_database_that_goes_away_in_a_step_leaves_the_operation_to_be_taken_up_again(
    vm: Vm, alpha: FakeNode, anna: Person
):
    operation = ask(vm, Action.START, anna)
    lost = OperationalError("server closed the connection unexpectedly")
    alpha.fail_next("start", cast("HypervisorError", lost))
    with pytest.raises(OperationalError):
        perform(operation.pk)
    operation.refresh_from_db()
    assert (operation.progress, operation.lease_until) == (Progress.WORKING, None)
    assert work(operation).progress == Progress.SUCCEEDED


@pytest.mark.usefixtures("every_bell_is_heard_at_once")
def test_the_sweep_shows_that_the_worker_lives_and_takes_up_what_was_left(vm: Vm, alpha: FakeNode, anna: Person):
    ask(vm, Action.START, anna)
    with time_machine.travel(timezone.now() + timedelta(seconds=5)):
        sweep()
    assert Heartbeat.is_fresh("worker", seconds=10)
    assert alpha.machines[vm.pk].power is Power.RUNNING
