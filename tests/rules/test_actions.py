"""Slots, risks and recovery: every action that is carried out has its row."""

from __future__ import annotations

from vms.operations.permission import PERMISSION_FOR
from vms.operations.recipes import RECIPES
from vms.rules.actions import MAY_SUPERSEDE, RISK, SLOT, Action, Risk, Slot, risk_of
from vms.rules.recovery import RECOVERY, Recovery


def test_every_action_that_is_carried_out_has_a_slot_a_right_and_a_row_of_recovery():
    assert set(RECOVERY) | {Action.CREATE} == set(RECIPES) | {Action.CREATE}
    assert {action for action in PERMISSION_FOR if action in SLOT} | {Action.CREATE} == set(RECIPES) | {Action.CREATE}
    assert set(RECIPES) <= set(SLOT)


def test_what_supersedes_takes_the_run_slot_and_no_job_is_ended_but_by_delete_and_a_backup_s():
    for action, others in MAY_SUPERSEDE.items():
        assert SLOT[action] is Slot.RUN
        ended = {SLOT[other] for other in others - {Action.BACK_UP}}
        assert ended <= {Slot.JOB if action is Action.DELETE else Slot.RUN}


def test_an_action_never_supersedes_itself():
    assert all(action not in others for action, others in MAY_SUPERSEDE.items())


def test_a_reset_is_never_done_twice_without_asking():
    assert RECOVERY[Action.RESET] is Recovery.ASK


def test_what_stops_a_machine_is_asked_about_first():
    assert {action for action in Action if risk_of(action) is not Risk.NONE} == set(RISK)
    assert {Action.SHUTDOWN, Action.POWER_OFF, Action.RESET, Action.DELETE} <= set(RISK)


def test_looking_and_starting_cost_nothing():
    assert risk_of(Action.START) is risk_of(Action.USE) is Risk.NONE
