"""What may be asked now: never more than the table, and less where the moment forbids it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.facts import ALL_FACTS
from vms.rules.actions import FILLS_DISKS, MAY_SUPERSEDE, SLOT, Action, Slot
from vms.rules.asking import already_so, possible
from vms.rules.kinds import Kind, Mode
from vms.rules.matrix import Verdict, verdict
from vms.rules.power import Power, PowerReason, Wanted
from vms.rules.reasons import Reason
from vms.rules.status import Facts, Second, status_of

OFF = Facts(Kind.VM, Power.OFF)
RUNNING = Facts(Kind.VM, Power.RUNNING, wanted=Wanted.RUNNING)
JOBS = [action for action, slot in SLOT.items() if slot is Slot.JOB]
CHANGES = [action for action, slot in SLOT.items() if slot is Slot.CHANGE]
RUNS = [action for action, slot in SLOT.items() if slot is Slot.RUN]

ANY_ACTION = st.sampled_from(Action)


@given(ALL_FACTS, ANY_ACTION)
def test_nothing_is_possible_that_the_table_refuses(facts: Facts, action: Action):
    if possible(facts, action).allowed:
        assert verdict(facts.kind, status_of(facts), facts.mode, action).allowed


@given(ALL_FACTS, ANY_ACTION)
def test_every_answer_is_either_yes_or_a_reason(facts: Facts, action: Action):
    answer = possible(facts, action)
    assert answer.allowed == (answer.reason is None)


@given(ALL_FACTS, st.sampled_from(RUNS))
def test_while_one_run_operation_is_under_way_no_other_may_begin_unless_it_supersedes(facts: Facts, action: Action):
    if facts.run is not None and possible(facts, action).allowed:
        assert facts.run in MAY_SUPERSEDE[action]


@given(ALL_FACTS, st.sampled_from([*JOBS, Action.DELETE]))
def test_no_job_and_no_delete_beside_a_job_except_a_delete_that_ends_streaming(facts: Facts, action: Action):
    if facts.job is not None and possible(facts, action).allowed:
        assert (action, facts.job) == (Action.DELETE, Second.STREAMING)


def test_power_off_supersedes_start_and_shutdown_and_delete_what_fills_disks():
    assert dict(MAY_SUPERSEDE) == {
        Action.SHUTDOWN: {Action.BACK_UP},
        Action.POWER_OFF: {Action.START, Action.SHUTDOWN, Action.BACK_UP},
        Action.DELETE: FILLS_DISKS,
    }


@pytest.mark.parametrize("run", RUNS)
def test_power_off_while_something_is_under_way(run: Action):
    answer = possible(replace(RUNNING, run=run), Action.POWER_OFF)
    assert answer.allowed == (run in {Action.START, Action.SHUTDOWN})


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (Action.START, Reason.IS_STARTING),
        (Action.SHUTDOWN, Reason.IS_SHUTTING_DOWN),
        (Action.RESET, Reason.RUN_SLOT_TAKEN),
        (Action.DELETE, Reason.IS_DELETING),
    ],
)
def test_a_shutdown_waits_for_whatever_holds_the_machine(run: Action, reason: Reason):
    assert possible(replace(RUNNING, run=run), Action.SHUTDOWN) == Verdict(allowed=False, reason=reason)


def test_actions_that_need_no_slot_do_not_wait_for_one():
    paused_soon = replace(RUNNING, run=Action.PAUSE)
    assert possible(paused_soon, Action.USE).allowed
    assert possible(paused_soon, Action.EDIT).allowed


def test_a_crashed_vm_without_a_process_has_nothing_to_power_off():
    died = Facts(Kind.VM, Power.OFF, PowerReason.PROCESS_DIED, wanted=Wanted.RUNNING)
    assert possible(died, Action.POWER_OFF) == Verdict(allowed=False, reason=Reason.NO_PROCESS_LEFT)
    assert possible(died, Action.START).allowed


def test_a_crashed_vm_whose_process_was_kept_can_be_powered_off():
    assert possible(Facts(Kind.VM, Power.CRASHED, wanted=Wanted.RUNNING), Action.POWER_OFF).allowed


def test_a_machine_its_node_no_longer_knows_says_that_instead_of_unknown():
    assert possible(replace(OFF, known_to_node=False), Action.START).reason is Reason.GONE_FROM_NODE
    assert possible(replace(OFF, node_reachable=False), Action.START).reason is Reason.IS_UNKNOWN


def test_a_job_that_the_status_does_not_show_still_holds_its_slot():
    died_while_backed_up = Facts(
        Kind.VM, Power.OFF, PowerReason.PROCESS_DIED, wanted=Wanted.RUNNING, job=Second.BACKING_UP
    )
    assert possible(died_while_backed_up, Action.DELETE).reason is Reason.JOB_SLOT_TAKEN
    assert possible(died_while_backed_up, Action.BACK_UP).reason is Reason.JOB_SLOT_TAKEN


def test_a_vm_that_streams_may_be_deleted():
    assert possible(replace(OFF, job=Second.STREAMING), Action.DELETE).allowed


def test_a_templates_mode_is_asked_too():
    template = Facts(Kind.TEMPLATE, Power.OFF, mode=Mode.MAINTENANCE)
    assert possible(template, Action.PERSISTENT).reason is Reason.MODE_IS_MAINTENANCE
    assert possible(replace(template, mode=Mode.READY_FOR_USE), Action.PERSISTENT).allowed


@pytest.mark.parametrize(
    ("facts", "action"),
    [
        (RUNNING, Action.START),
        (OFF, Action.SHUTDOWN),
        (OFF, Action.POWER_OFF),
        (Facts(Kind.VM, Power.OFF, PowerReason.PROCESS_DIED, wanted=Wanted.RUNNING), Action.POWER_OFF),
        (Facts(Kind.VM, Power.PAUSED, wanted=Wanted.PAUSED), Action.PAUSE),
    ],
)
def test_what_is_so_already_is_told_apart_from_what_cannot_be(facts: Facts, action: Action):
    assert already_so(action, possible(facts, action).reason)


@pytest.mark.parametrize(
    ("facts", "action"),
    [
        (RUNNING, Action.DELETE),
        (OFF, Action.RESET),
        (replace(RUNNING, node_reachable=False), Action.START),
        (replace(RUNNING, run=Action.DELETE), Action.START),
    ],
)
def test_what_cannot_be_is_not_so_already(facts: Facts, action: Action):
    assert not already_so(action, possible(facts, action).reason)


@given(ALL_FACTS, ANY_ACTION)
def test_what_is_possible_is_not_so_already(facts: Facts, action: Action):
    answer = possible(facts, action)
    assert not (answer.allowed and already_so(action, answer.reason))


@given(ALL_FACTS, st.sampled_from([*CHANGES, Action.DELETE, Action.MIGRATE]))
def test_while_a_definition_is_written_nobody_else_writes_it_or_takes_it_away(facts: Facts, action: Action):
    assert not possible(replace(facts, changes=True), action).allowed


@pytest.mark.parametrize("action", [Action.START, Action.BACK_UP, Action.CLONE])
def test_a_change_of_what_it_is_holds_up_nothing_else(action: Action):
    assert possible(replace(OFF, changes=True), action).allowed


@given(ALL_FACTS)
def test_what_is_protected_is_never_deleted(facts: Facts):
    assert not possible(replace(facts, protected=True), Action.DELETE).allowed


@given(ALL_FACTS, ANY_ACTION)
def test_the_protection_forbids_nothing_else(facts: Facts, action: Action):
    if action is not Action.DELETE:
        assert possible(replace(facts, protected=True), action) == possible(replace(facts, protected=False), action)


@pytest.mark.parametrize("kind", Kind)
def test_a_protected_machine_says_so(kind: Kind):
    protected = Facts(kind, Power.OFF, protected=True)
    assert possible(protected, Action.DELETE) == Verdict(allowed=False, reason=Reason.IS_PROTECTED)


def test_a_crashed_vm_whose_process_was_kept_is_not_restored_under_it():
    crashed = Facts(Kind.VM, Power.OFF, PowerReason.PROCESS_DIED, wanted=Wanted.RUNNING)
    assert possible(crashed, Action.RESTORE).allowed
    kept = Facts(Kind.VM, Power.CRASHED, wanted=Wanted.RUNNING)
    assert possible(kept, Action.RESTORE).reason is Reason.MUST_BE_STOPPED


@pytest.mark.parametrize(
    "facts", [replace(OFF, doubled=True), replace(OFF, has_dependants=True), replace(OFF, changes=True)]
)
def test_a_machine_is_not_restored_while_others_hang_on_what_it_is(facts: Facts):
    assert not possible(facts, Action.RESTORE).allowed
