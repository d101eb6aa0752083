"""Every code has its words, and the words ask for nothing that nobody gives them."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import pytest
from django.utils.functional import Promise

from directory.roles import Role
from tests.house.words_given import (
    AGAINST_A_MOVE,
    OF_A_CONFIRMATION,
    OF_A_PROBLEM,
    OF_A_SENTENCE,
    OF_AN_EVENT,
    OF_AN_OBSTACLE,
    OF_ANY,
)
from vms import labels
from vms.hypervisor.migrating import Stage
from vms.labels import dynamic, golden_images, pool_rights, pooling, pools, taking
from vms.operations.bulk import nothing_to_do
from vms.operations.giving import ACTION_FOR
from vms.operations.recipes import RECIPES
from vms.rules.actions import OF_A_DOUBLE, PLAIN, RISK, Action
from vms.rules.audit import Area, Outcome, Request, Subject, Why
from vms.rules.backups import BackupState, Consistency, Covers, Damage, Missed, Rhythm
from vms.rules.consoles import Ending
from vms.rules.contact import ContactStep, StepState
from vms.rules.differences import Hindrance, Part, When
from vms.rules.doubles import Peril
from vms.rules.duty import Duty
from vms.rules.emptying import Filled, Halt, Turn
from vms.rules.emptying import State as EmptyingState
from vms.rules.golden_images import NoPlace
from vms.rules.hardware import PREFIX_OF_BUS, Beyond, Firmware
from vms.rules.hindrances import GRAPHICS, WATCHDOG_ACTIONS
from vms.rules.images import FileKind, ImageFault
from vms.rules.kinds import Kind, Mode
from vms.rules.lasting import Because
from vms.rules.names import NameFault
from vms.rules.placing import Obstacle
from vms.rules.pooling import Limit
from vms.rules.pooling import Part as PoolPart
from vms.rules.pools import PoolKind
from vms.rules.power import Power, PowerReason
from vms.rules.preflight import Lack, Tie, Way
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress
from vms.rules.reasons import Reason
from vms.rules.rights import Right
from vms.rules.status import Main, Second
from vms.rules.taking import Shut
from vms.rules.timeline import What
from vms.web.lists.machine_filters import DIMENSIONS

Table = Mapping[Any, Promise | str]

COMPLETE: list[tuple[Table, AbstractSet[Any]]] = [
    (labels.MAIN, set(Main)),
    (labels.MAIN_TIP, set(Main)),
    (labels.SECOND, set(Second)),
    (labels.MODE, set(Mode)),
    (labels.MODE_TIP, set(Mode)),
    (labels.KIND, set(Kind)),
    (labels.DUTY, set(Duty)),
    (labels.DUTY_TITLE, set(Duty)),
    (labels.DUTY_MEANS, set(Duty)),
    (labels.DUTY_BUTTON, set(Duty)),
    (labels.DUTY_SET, set(Duty)),
    (labels.DUTY_IS_SO, set(Duty)),
    (labels.ACTION, set(Action)),
    (labels.ACTION_TIP, set(Action)),
    (labels.CONFIRM_TITLE, set(RISK)),
    (labels.CONSEQUENCE, set(RISK)),
    (labels.REASON, set(Reason)),
    (labels.POWER, set(Power)),
    (labels.POWER_REASON, set(PowerReason) - {PowerReason.NONE}),
    (labels.PROGRESS, set(Progress)),
    (labels.PHASE, set(Phase)),
    (labels.PROBLEM, set(Problem)),
    (
        labels.PROBLEM_OF,
        {
            (Action.EDIT, Problem.GUEST_DID_NOT_REACT),
            (Action.BACK_UP, Problem.NO_SPACE),
            (Action.DELETE_BACKUP, Problem.DISK_IN_USE),
            (Action.RESTORE, Problem.STREAM_BROKE),
            (Action.RESTORE_AS_NEW, Problem.STREAM_BROKE),
        },
    ),
    (labels.AUDIT_EDIT, {"name", "mode"}),
    (labels.EVENT, set(What)),
    (labels.NAME_FAULT, set(NameFault)),
    (labels.FILE_KIND, set(FileKind)),
    (labels.IMAGE_FAULT, set(ImageFault)),
    (labels.OBSTACLE, set(Obstacle)),
    (labels.BACKUP_STATE, set(BackupState)),
    (labels.CONSISTENCY, set(Consistency)),
    (labels.CONSISTENCY_TIP, set(Consistency)),
    (labels.DAMAGE, set(Damage)),
    (labels.RHYTHM, set(Rhythm)),
    (labels.COVERS, set(Covers)),
    (labels.SCHEDULE_TIMES, set(Rhythm)),
    (labels.MISSED, set(Missed)),
    (labels.SCHEDULE_SWITCHED, {True, False}),
    (labels.SCHEDULE_WAS_SO, {True, False}),
    (labels.EMPTYING_STATE, set(EmptyingState)),
    (labels.EMPTYING_MEANS, set(EmptyingState)),
    (labels.EMPTYING_HALT, set(Halt)),
    (labels.EMPTYING_FILLED, set(Filled)),
    (labels.TURN, set(Turn)),
    (labels.TURN_DONE, set(Turn)),
    (labels.MOVE_OBSTACLE, set(Obstacle) - {Obstacle.DISKS_ELSEWHERE}),
    (labels.LACK, set(Lack)),
    (labels.TIE, set(Tie)),
    (labels.WAY, set(Way)),
    (labels.STAGE, set(Stage)),
    (labels.DOUBLE_NOTE, set(Peril)),
    (labels.DOUBLE_TITLE, set(Peril)),
    (labels.DOUBLE_MEANS, set(Peril) - {Peril.NONE}),
    (labels.DOUBLE_ASKS, OF_A_DOUBLE),
    (labels.DOUBLE_CONSEQUENCE, OF_A_DOUBLE),
    (labels.DOUBLE_BEGINS, OF_A_DOUBLE),
    (labels.PART, set(Part)),
    (labels.WHEN, set(When)),
    (labels.HINDRANCE, set(Hindrance)),
    (labels.BEYOND, set(Beyond)),
    (labels.FIRMWARE, set(Firmware)),
    (labels.WATCHDOG, WATCHDOG_ACTIONS),
    (labels.SCREEN, GRAPHICS),
    (labels.DRIVE_NAMED, {"disk", "cdrom", "floppy", "lun"}),
    (labels.DEVICE_PART, {part for part in Part if part in labels.DEVICE_PART}),
    (labels.VALUE_YES_NO, {True, False}),
    (labels.LINK, {True, False}),
    (labels.DEFINITION, {"saved", "live"}),
    (labels.COPY_TITLE, {Action.PERSISTENT, Action.CLONE}),
    (labels.COPY_LEAD, {Action.PERSISTENT, Action.CLONE}),
    (labels.COPY_HOLDS, {Action.PERSISTENT, Action.CLONE}),
    (labels.CONSOLE_ENDING, set(Ending)),
    (labels.CONTACT_STEP, set(ContactStep)),
    (labels.STEP_STATE, set(StepState)),
    (labels.STEP, {step.__name__ for recipe in RECIPES.values() for step in (*recipe.steps, *recipe.way_back)}),
    (labels.RIGHT, set(Right)),
    (labels.RIGHT_TIP, set(Right)),
    (labels.WHO_MAY_USE, set(ACTION_FOR.values())),
    (pool_rights.WHO_MAY_USE, set(ACTION_FOR.values())),
    (pool_rights.NOBODY_MAY_YET, set(ACTION_FOR.values())),
    (pool_rights.USE_TIP, set(PoolKind)),
    (pool_rights.OPERATE_TIP, set(PoolKind)),
    (labels.TYPE_A_NAME, set(ACTION_FOR.values())),
    (labels.NOTHING_FOUND, set(ACTION_FOR.values())),
    (labels.NOBODY_MAY_YET, set(ACTION_FOR.values())),
    (labels.IS_LOCAL, set(ACTION_FOR.values())),
    (labels.ROLE, set(Role)),
    (labels.AUDIT_OUTCOME, set(Outcome)),
    (labels.AUDIT_AREA, set(Area)),
    (labels.AUDIT_SUBJECT, set(Subject)),
    (labels.AUDIT_REQUEST, {*Request, *(name for name in labels.AUDIT_REQUEST if ":" in name)}),
    (labels.AUDIT_WHY, {*Why, Reason.NOT_PERMITTED, *(f"http_{code}" for code in (403, 404, 405, 409, 500))}),
    (labels.AUDIT_RIGHT, {"given", "changed", "taken"}),
    (labels.IS_BEING_MADE, set(Kind) - {Kind.DYNAMIC}),
    (labels.CREATE_TITLE, {Kind.VM, Kind.TEMPLATE}),
    (labels.CREATE_LEAD, {Kind.VM, Kind.TEMPLATE}),
    (labels.BULK_TITLE, PLAIN),
    (labels.BULK_CONSEQUENCE, PLAIN),
    (labels.STILL_COPY_FROM, set(Kind) - {Kind.DYNAMIC}),
    (labels.STAYS_LINKED, {Kind.VM, Kind.TEMPLATE}),
    (labels.BULK_WILL, PLAIN),
    (labels.BULK_ALREADY, {action for action in PLAIN if nothing_to_do(action)}),
    (labels.BOOT_DEVICE, {"cdrom", "hd", "network", "fd"}),
    (labels.SWITCH_TO, {"cdrom", "hd"}),
    (labels.WILL_BOOT_FROM, {"cdrom", "hd"}),
    (labels.DRIVE, {"cdrom", "floppy", "lun"}),
    (labels.BUS, set(PREFIX_OF_BUS)),
    (labels.SCREENS, {"", *GRAPHICS, "vnc+spice"}),
    (labels.PROTECTION_IS, {True, False}),
    (labels.PLUGGED_INTO, {"network", "bridge", "direct", "user"}),
    (pooling.FULL, set(Limit)),
    (pooling.OUTSIDE, set(PoolPart)),
    (pooling.WHAT_A_POOL_DOES, {Kind.VM, Kind.TEMPLATE}),
    (golden_images.NO_PLACE, set(NoPlace)),
    (taking.SHUT, set(Shut)),
    (taking.WARNING, set(Because)),
    (taking.THROWN_AWAY, {Action.SHUTDOWN, Action.POWER_OFF}),
    (dynamic.HELD_AS, {"assigned", "free"}),
    (dynamic.SEARCH, set(DIMENSIONS)),
    (dynamic.NOTHING_YET, set(DIMENSIONS)),
    (dynamic.WHY_NOTHING_YET, set(DIMENSIONS)),
    (dynamic.IMAGE_STATE, {Mode.READY_FOR_USE, Mode.MAINTENANCE}),
    (pools.POOL_KIND, set(PoolKind)),
    (pools.POOL_KIND_MEANS, set(PoolKind)),
    (pools.LIMIT_REACHED, set(Limit)),
    (pools.POOL_SWITCHED, {True, False}),
    (pools.POOL_WAS_SO, {True, False}),
]
SAYS_THE_SAME_TWICE: list[Table] = [labels.STEP, labels.BULK_ALREADY]
"""Where two codes are one thing to the reader."""


@pytest.mark.parametrize(("table", "codes"), COMPLETE)
def test_every_code_has_its_words_and_no_words_are_left_over(table: Table, codes: set[Any]):
    assert set(table) == codes


def test_every_table_of_the_room_is_looked_at_here():
    tables = [value for name, value in vars(labels).items() if name.isupper() and isinstance(value, Mapping)]
    assert [table for table in tables if not any(table is known for known, _ in COMPLETE)] == []


class Given(dict[str, Any]):
    """What a page gives to a text, and what of it was asked for. A count is a number, the rest are words."""

    def __init__(self, names: set[str]) -> None:
        super().__init__({name: 2 if name == "count" else name for name in names})
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)


@pytest.mark.parametrize("table", [table for table, _ in COMPLETE])
def test_no_words_are_empty_and_no_two_codes_say_the_same(table: Table):
    words = [text % Given(OF_ANY) for text in table.values()]
    assert all(words)
    assert len(set(words)) == len(words) or table in SAYS_THE_SAME_TWICE


def asked_for(text: Any, given: set[str]) -> set[str]:
    """The placeholders of the text, after a proof that it can be filled in with no more than what is given."""
    values = Given(given)
    assert text % values
    return values.asked


@pytest.mark.parametrize("problem", Problem)
def test_a_problem_asks_for_what_every_operation_knows(problem: Problem):
    assert asked_for(labels.PROBLEM[problem], OF_A_PROBLEM) <= OF_A_PROBLEM


@pytest.mark.parametrize("what", What)
def test_a_line_of_the_timeline_asks_for_what_was_written_down(what: What):
    given = OF_AN_EVENT.get(what, set())
    assert asked_for(labels.EVENT[what], given) == given


@pytest.mark.parametrize("action", RISK)
def test_a_confirmation_names_the_machine(action: Action):
    assert asked_for(labels.CONFIRM_TITLE[action], OF_A_CONFIRMATION) == {"vm"}
    assert "vm" in asked_for(labels.CONSEQUENCE[action], OF_A_CONFIRMATION)


@pytest.mark.parametrize("name", [name for name, value in vars(labels).items() if isinstance(value, Promise)])
def test_a_sentence_asks_for_what_its_page_gives_it(name: str):
    given = OF_A_SENTENCE.get(name, set())
    assert asked_for(getattr(labels, name), given) == given


@pytest.mark.parametrize("table", [labels.MOVE_OBSTACLE, labels.LACK])
def test_what_stands_against_a_move_asks_for_what_is_known_of_it(table: Table):
    for text in table.values():
        assert asked_for(text, AGAINST_A_MOVE) <= AGAINST_A_MOVE


@pytest.mark.parametrize("obstacle", Obstacle)
def test_an_obstacle_names_the_node(obstacle: Obstacle):
    assert "node" in asked_for(labels.OBSTACLE[obstacle], OF_AN_OBSTACLE)


COUNTED = [labels.BULK_TITLE, labels.BULK_WILL, labels.BULK_ALREADY]


@pytest.mark.parametrize("table", COUNTED)
def test_a_heading_over_many_machines_counts_them(table: Table):
    assert all(asked_for(text, {"count"}) == {"count"} for text in table.values())


@pytest.mark.parametrize(("kind", "text"), labels.PLUGGED_INTO.items())
def test_an_interface_names_what_it_is_plugged_into(kind: str, text: Promise):
    assert asked_for(text, {"name"}) == (set() if kind == "user" else {"name"})


PLAIN_TEXTS = [
    labels.STEP,
    labels.DRIVE,
    labels.BULK_CONSEQUENCE,
    labels.FILE_KIND,
    labels.IMAGE_FAULT,
    labels.REASON,
    labels.ACTION,
    labels.ACTION_TIP,
    labels.MAIN,
    labels.MAIN_TIP,
    labels.POWER_REASON,
    labels.PHASE,
    labels.TIE,
    labels.WAY,
    labels.STAGE,
]


@pytest.mark.parametrize("table", PLAIN_TEXTS)
def test_words_that_stand_alone_ask_for_nothing(table: Table):
    assert [str(text) for text in table.values() if "%" in str(text)] == []
