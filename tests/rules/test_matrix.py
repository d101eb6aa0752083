"""The whole table of what may be asked and when, against the user's document and the specification."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.rules import tables
from vms.rules.actions import Action
from vms.rules.kinds import Kind, Mode
from vms.rules.matrix import COLUMNS, MATRIX, every_decision, modes_of, verdict
from vms.rules.reasons import Reason
from vms.rules.status import Main, Second, Status, all_statuses

DECISIONS = list(every_decision())
OFF_MAINS = {Main.STOPPED, Main.CRASHED}

DOCUMENT_VM = ["start", "shutdown", "power_off", "migrate", "edit", "delete", "use", "users", "groups"]
DOCUMENT_TEMPLATE = [
    *("start", "shutdown", "power_off", "migrate"),
    *("edit", "delete", "toggle", "use", "persistent", "dynamic"),
]
OF_THE_PANEL = {Kind.GOLDEN_IMAGE: {Action.PROVIDE}}
"""What nobody is shown: only the panel itself asks for it."""


def test_every_kind_status_mode_and_action_is_decided_once():
    cells = Counter((d.kind, d.status, d.mode, d.action) for d in DECISIONS)
    wanted = {
        (kind, status, mode, action)
        for kind in Kind
        for status in all_statuses(kind)
        for mode in modes_of(kind)
        for action in COLUMNS[kind]
    }
    assert set(cells) == wanted
    assert set(cells.values()) == {1}


def test_a_template_may_have_every_mode_or_none_and_a_vm_has_none():
    assert set(modes_of(Kind.TEMPLATE)) == {None, *Mode}
    assert modes_of(Kind.VM) == (None,)


def test_every_decision_is_either_allowed_or_has_a_reason():
    assert [d for d in DECISIONS if d.verdict.allowed == (d.verdict.reason is not None)] == []


def test_only_what_is_allowed_can_be_restricted():
    assert [d for d in DECISIONS if d.verdict.restricted and not d.verdict.allowed] == []


@pytest.mark.parametrize("kind", Kind)
def test_the_rows_of_the_table_are_the_statuses_there_are(kind: Kind):
    assert {status for status, _ in MATRIX[kind]} == {status.name for status in all_statuses(kind)}


@pytest.mark.parametrize("kind", Kind)
def test_every_row_has_every_column(kind: Kind):
    columns = set(COLUMNS[kind]) | OF_THE_PANEL.get(kind, set())
    assert {action for _, action in MATRIX[kind]} == columns
    assert len(MATRIX[kind]) == len(all_statuses(kind)) * len(columns)


def test_the_columns_stand_in_the_order_of_the_document():
    assert list(COLUMNS[Kind.VM])[: len(DOCUMENT_VM)] == DOCUMENT_VM
    assert list(COLUMNS[Kind.TEMPLATE])[: len(DOCUMENT_TEMPLATE)] == DOCUMENT_TEMPLATE


def test_row_1_of_the_document_for_vms():
    on = [a for a in DOCUMENT_VM if verdict(Kind.VM, Status(Main.STOPPED), None, Action(a)).allowed]
    assert on == ["start", "migrate", "edit", "delete", "users", "groups"]


def test_row_1_of_the_document_for_templates():
    stopped = Status(Main.STOPPED)
    on = [a for a in DOCUMENT_TEMPLATE if verdict(Kind.TEMPLATE, stopped, Mode.READY_FOR_USE, Action(a)).allowed]
    assert on == ["start", "migrate", "edit", "delete", "toggle", "persistent", "dynamic"]


def test_vms_have_the_statuses_of_the_specification():
    assert sorted(status.name for status in all_statuses(Kind.VM)) == sorted(tables.VM_STATUSES)


def test_templates_have_the_statuses_of_the_specification():
    assert sorted(status.name for status in all_statuses(Kind.TEMPLATE)) == sorted(tables.TEMPLATE_STATUSES)


@pytest.mark.parametrize("action", COLUMNS[Kind.VM])
def test_where_an_action_on_a_vm_is_possible(action: Action):
    decided = [d for d in DECISIONS if d.kind is Kind.VM and d.action is action]
    restricted = tables.EDIT_RESTRICTED_FOR_VMS if action is Action.EDIT else ()
    assert {d.status.name for d in decided if d.verdict.restricted} == set(restricted)
    assert {d.status.name for d in decided if d.verdict.allowed} == {*tables.VM_ON[action], *restricted}


def turned_off_by_mode(status: Status, mode: Mode | None) -> set[Action]:
    """The specification's second table, in other words."""
    on = status.main not in OFF_MAINS
    if mode is Mode.READY_FOR_USE:
        return {Action.TOGGLE} if on else set()
    hand_out = {Action.PERSISTENT, Action.DYNAMIC}
    stays_here = on or mode in {None, Mode.DO_NOT_USE}
    return hand_out | {Action.MIGRATE} if stays_here else hand_out


@pytest.mark.parametrize("mode", modes_of(Kind.TEMPLATE))
@pytest.mark.parametrize("action", COLUMNS[Kind.TEMPLATE])
def test_where_an_action_on_a_template_is_possible(action: Action, mode: Mode | None):
    restricted = tables.EDIT_RESTRICTED_FOR_TEMPLATES if action is Action.EDIT else ()
    on = {*tables.TEMPLATE_ON[action], *restricted}
    expected = {
        status.name
        for status in all_statuses(Kind.TEMPLATE)
        if status.name in on and action not in turned_off_by_mode(status, mode)
    }
    decided = [d for d in DECISIONS if (d.kind, d.mode, d.action) == (Kind.TEMPLATE, mode, action)]
    assert {d.status.name for d in decided if d.verdict.allowed} == expected
    assert {d.status.name for d in decided if d.verdict.restricted} == set(restricted)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("kind", Kind)
def test_a_status_that_is_not_in_the_table_allows_nothing(kind: Kind, action: Action):
    strange = Status(Main.UNKNOWN, Second.RESTORING)
    answer = verdict(kind, strange, None, action)
    assert not answer.allowed
    assert answer.reason


@pytest.mark.parametrize("kind", Kind)
def test_an_action_that_is_no_column_is_never_possible(kind: Kind):
    for action in set(Action) - set(COLUMNS[kind]) - OF_THE_PANEL.get(kind, set()):
        for status in all_statuses(kind):
            answer = verdict(kind, status, Mode.READY_FOR_USE, action)
            assert not answer.allowed
            assert answer.reason


def test_a_mode_changes_nothing_for_a_vm():
    for status in all_statuses(Kind.VM):
        for action in Action:
            answers = {verdict(Kind.VM, status, mode, action) for mode in (None, *Mode)}
            assert len(answers) == 1


@pytest.mark.parametrize(
    ("status", "action", "reason"),
    [
        (Status(Main.RUNNING), Action.START, Reason.IS_RUNNING),
        (Status(Main.STOPPED), Action.SHUTDOWN, Reason.IS_STOPPED),
        (Status(Main.STOPPED), Action.POWER_OFF, Reason.IS_STOPPED),
        (Status(Main.STOPPED), Action.USE, Reason.NO_SCREEN_WHILE_STOPPED),
        (Status(Main.RUNNING), Action.DELETE, Reason.MUST_BE_STOPPED),
        (Status(Main.PAUSED), Action.PAUSE, Reason.IS_PAUSED),
        (Status(Main.STOPPED, Second.STREAMING), Action.MIGRATE, Reason.IS_STREAMING),
        (Status(Main.STOPPED, Second.BACKING_UP), Action.DELETE, Reason.IS_BACKING_UP),
        (Status(Main.RUNNING, Second.MIGRATING), Action.POWER_OFF, Reason.IS_MIGRATING),
        (Status(Main.STARTING), Action.START, Reason.IS_STARTING),
        (Status(Main.SHUTTING_DOWN), Action.SHUTDOWN, Reason.IS_SHUTTING_DOWN),
        (Status(Main.DELETING), Action.USERS, Reason.IS_DELETING),
        (Status(Main.UNKNOWN), Action.START, Reason.IS_UNKNOWN),
    ],
)
def test_the_reason_says_what_stands_in_the_way(status: Status, action: Action, reason: Reason):
    assert verdict(Kind.VM, status, None, action).reason is reason


@pytest.mark.parametrize(
    ("status", "mode", "action", "reason"),
    [
        (Status(Main.STOPPED), Mode.MAINTENANCE, Action.PERSISTENT, Reason.MODE_IS_MAINTENANCE),
        (Status(Main.STOPPED), Mode.FIRST_INSTALLATION, Action.DYNAMIC, Reason.MODE_IS_FIRST_INSTALLATION),
        (Status(Main.STOPPED), None, Action.MIGRATE, Reason.MODE_IS_DO_NOT_USE),
        (Status(Main.RUNNING), Mode.READY_FOR_USE, Action.TOGGLE, Reason.MODE_IS_READY),
        (Status(Main.STOPPED, Second.STREAMING), Mode.READY_FOR_USE, Action.START, Reason.TEMPLATE_IS_STREAMED_FROM),
        (Status(Main.RUNNING), Mode.READY_FOR_USE, Action.PERSISTENT, Reason.MUST_BE_STOPPED),
    ],
)
def test_the_reason_of_a_template(status: Status, mode: Mode | None, action: Action, reason: Reason):
    assert verdict(Kind.TEMPLATE, status, mode, action).reason is reason
