"""Every code has its words, and the words ask for nothing that nobody gives them."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import pytest
from django.utils.functional import Promise

from directory.roles import Role
from vms import labels
from vms.operations.bulk import nothing_to_do
from vms.operations.giving import ACTION_FOR
from vms.operations.recipes import RECIPES
from vms.rules.actions import PLAIN, RISK, Action
from vms.rules.audit import Area, Outcome, Request, Subject, Why
from vms.rules.consoles import Ending
from vms.rules.contact import ContactStep, StepState
from vms.rules.differences import Hindrance, Part, When
from vms.rules.duty import Duty
from vms.rules.hardware import Beyond, Firmware
from vms.rules.images import FileKind, ImageFault
from vms.rules.kinds import Kind, Lifetime, Mode
from vms.rules.names import NameFault
from vms.rules.placing import Obstacle
from vms.rules.power import Power, PowerReason
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress
from vms.rules.reasons import Reason
from vms.rules.rights import Right
from vms.rules.status import Main, Second
from vms.rules.timeline import What

Table = Mapping[Any, Promise]

COMPLETE: list[tuple[Table, AbstractSet[Any]]] = [
    (labels.MAIN, set(Main)),
    (labels.MAIN_TIP, set(Main)),
    (labels.SECOND, set(Second)),
    (labels.MODE, set(Mode)),
    (labels.MODE_TIP, set(Mode)),
    (labels.KIND, set(Kind)),
    (labels.LIFETIME, set(Lifetime)),
    (labels.DUTY, set(Duty)),
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
    (labels.EVENT, set(What)),
    (labels.NAME_FAULT, set(NameFault)),
    (labels.FILE_KIND, set(FileKind)),
    (labels.IMAGE_FAULT, set(ImageFault)),
    (labels.OBSTACLE, set(Obstacle)),
    (labels.PART, set(Part)),
    (labels.WHEN, set(When)),
    (labels.HINDRANCE, set(Hindrance)),
    (labels.BEYOND, set(Beyond)),
    (labels.FIRMWARE, set(Firmware)),
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
    (labels.BULK_TITLE, PLAIN),
    (labels.BULK_CONSEQUENCE, PLAIN),
    (labels.STILL_COPY_FROM, set(Kind)),
    (labels.STAYS_LINKED, set(Kind)),
    (labels.BULK_WILL, PLAIN),
    (labels.BULK_ALREADY, {action for action in PLAIN if nothing_to_do(action)}),
    (labels.BOOT_DEVICE, {"cdrom", "hd", "network", "fd"}),
    (labels.SWITCH_TO, {"cdrom", "hd"}),
    (labels.WILL_BOOT_FROM, {"cdrom", "hd"}),
    (labels.DRIVE, {"cdrom", "floppy", "lun"}),
    (labels.PLUGGED_INTO, {"network", "bridge", "direct", "user"}),
]
SAYS_THE_SAME_TWICE: list[Table] = [labels.STEP, labels.BULK_ALREADY]
"""Where two codes are one thing to the reader."""

OF_A_PROBLEM = {"vm", "node", "users", "person", "path", "why"}
OF_A_CONFIRMATION = {"vm", "node"}
OF_AN_OBSTACLE = {"node", "free", "needed", "networks", "vm", "home"}
OF_AN_EVENT: Mapping[What, set[str]] = {
    What.FOUND: {"node"},
    What.GONE: {"node"},
    What.BACK: {"node"},
    What.RENAMED: {"old", "new"},
    What.MOVED: {"old", "new"},
    What.NODE_REMOVED: {"person", "node"},
    What.REQUESTED: {"action", "person"},
    What.OPERATION_ENDED: {"action", "progress"},
    What.MODE_CHANGED: {"old", "new", "person"},
    What.STANDS_ALONE: {"template"},
}
OF_A_SENTENCE: Mapping[str, set[str]] = {
    "STATUS_WITH_SECOND": {"main", "second"},
    "PERCENT": {"number"},
    "FOUND_SO_MANY": {"count"},
    "FOUND_MORE": {"count"},
    "RIGHT_BY": {"person", "since"},
    "RIGHTS_GIVEN": {"vm", "names"},
    "RIGHTS_CHANGED": {"vm", "names"},
    "RIGHTS_TAKEN": {"vm", "names"},
    "RIGHTS_HAD_ONE": {"vm", "names"},
    "RIGHTS_HAD_NONE": {"count"},
    "RIGHTS_UNCHANGED": {"vm"},
    "RIGHTS_OF": {"person", "vm"},
    "RIGHTS_OF_MINE": {"vm"},
    "THROUGH_ROLE": {"role"},
    "THROUGH_OWN": {"right", "given"},
    "THROUGH_GROUP": {"group", "right", "given"},
    "NOTHING_COUNTS_BLOCKED": {"person"},
    "NOTHING_COUNTS_GONE": {"person"},
    "HELD_BY": {"action", "person", "since"},
    "HELD_BY_WITH_PERCENT": {"action", "person", "since", "percent"},
    "HELD_BY_WITH_TIME_LEFT": {"action", "person", "since", "percent", "duration"},
    "ACTION_IS_OFF": {"action"},
    "STATE_SINCE": {"since"},
    "DISK_IS_FULL": {"disk"},
    "DISK_FAILS": {"disk"},
    "LAST_KNOWN": {"state", "since"},
    "VM_DELETED_BY": {"person", "node", "since"},
    "NODE_LOST_SINCE": {"node", "since"},
    "GONE_SINCE": {"node", "since"},
    "MODE_SET_BY": {"mode", "person", "since"},
    "MODE_IS_SO": {"vm", "mode"},
    "MODE_IS_BEING_SET": {"vm", "mode"},
    "MODE_CHANGED_MEANWHILE": {"vm", "mode"},
    "BECOMES_TEMPLATE": {"vm"},
    "TEMPLATE_IS_BEING_MADE": {"template"},
    "AND_MORE": {"names", "count"},
    "STILL_LINKED": {"names", "count"},
    "STILL_NEEDS": {"origin"},
    "STREAMS_AGAIN": {"vm"},
    "STANDS_ALONE_ALREADY": {"vm"},
    "STOP_STREAM": {"vm"},
    "STOP_MAKING": {"vm"},
    "STAYS_LINKED_TO_UNKNOWN": {"vm"},
    "MAKING_STOPS": {"vm"},
    "STREAM_STOPS": {"vm"},
    "MAKING_IS_STOPPED": {"vm"},
    "LIMIT_SET": {"vm", "speed"},
    "LIMIT_TAKEN_OFF": {"vm"},
    "NODE_IDENTITY": {"hostname", "libvirt", "hypervisor", "cpus", "memory"},
    "ACTION_REFUSED": {"action", "vm", "why"},
    "CONFIRM_ANY": {"action", "vm"},
    "DISK_USE": {"capacity", "used"},
    "DISK_IN_USE": {"disk"},
    "SHARE_OF": {"percent", "total"},
    "USED_OF": {"used", "total"},
    "BULK_REFUSED": {"count"},
    "BULK_NAME": {"action", "count"},
    "BULK_ENDED_WELL": {"bulk"},
    "BULK_ENDED": {"bulk", "done", "not_done"},
    "BULK_TYPE_THE_NUMBER": {"count"},
    "WRONG_CHECKSUM": {"found", "expected"},
    "PATH_IN_NO_POOL": {"node", "folders"},
    "UPLOAD_ARRIVING": {"done", "total", "speed", "left"},
    "OPERATION_ENDED_WELL": {"action", "vm"},
    "OPERATION_ENDED_BADLY": {"action", "vm", "problem"},
    "OPERATION_CANCELLED": {"action", "vm", "problem"},
    "OPERATION_NEEDS_A_LOOK": {"action", "vm", "problem"},
    "OPERATIONS_ENDED_WELL": {"count"},
    "SPEED": {"size"},
    "TIME_LEFT": {"duration"},
    "NODE_WITH_FREE": {"node", "free"},
    "POOL_WITH_FREE": {"pool", "free"},
    "NETWORK_AS_ORIGIN": {"vm", "networks"},
    "NETWORK_OF_NODES": {"network", "nodes"},
    "POOL_OF_ANOTHER_NODE": {"there", "node"},
    "SMALLER_DISK": {"vm", "size"},
    "DISK_IS_NO_FILE": {"disk", "path"},
    "DISK_FORMAT_UNKNOWN": {"disk", "path"},
    "CANNOT_BE_COPIED": {"vm"},
    "NAMES_TAKEN": {"count", "names"},
    "MAKE_VMS": {"count"},
    "VMS_ARE_BEING_MADE": {"count"},
    "COPY_STARTS": {"count"},
    "COPY_STAYS_OFF": {"count"},
    "COPY_MEMORY": {"needed", "free"},
    "COPY_EACH": {"count", "size"},
    "COPY_DISK": {"disk", "size"},
    "COPY_GROWS": {"used", "free"},
    "COPY_GROWS_UNKNOWN": {"free"},
    "COPY_TOO_FULL": {"used", "free", "pool"},
    "COPY_MANY_VCPUS": {"node", "cpus"},
    "COPY_OWN_BRIDGE": {"plugged", "node"},
    "AUDIT_OF": {"name"},
    "AUDIT_MANY": {"count"},
    "AUDIT_MORE_THAN": {"count"},
    "AUDIT_REFUSED_TO": {"action", "person"},
    "AUDIT_TAGS": {"added", "removed"},
}
OF_AN_AUDIT_LINE = {"owner", "right", "was"}
OF_OTHERS = {"template", "old", "new", "action", "progress", "count", "name", "names", "origin"}
OF_ANY = OF_A_PROBLEM | OF_AN_OBSTACLE | OF_OTHERS | OF_AN_AUDIT_LINE


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
]


@pytest.mark.parametrize("table", PLAIN_TEXTS)
def test_words_that_stand_alone_ask_for_nothing(table: Table):
    assert [str(text) for text in table.values() if "%" in str(text)] == []
