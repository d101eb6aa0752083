"""How many machines of a dynamic pool are made and ended: single rules, then whole lives of pools."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from vms.rules.actions import Action
from vms.rules.names import fault_in_machine_name
from vms.rules.pools import (
    LONGEST_PAUSE,
    NO_LIMIT,
    Due,
    Failure,
    Machine,
    Place,
    Role,
    Wish,
    decide,
    due,
    dynamic_name,
    goes_off_at,
    is_resting,
    next_try_at,
    role_of,
    room_for,
    spread,
    wanted_free,
)
from vms.rules.status import Main

PROVIDING = frozenset({Action.PROVIDE})


def machine(main: Main = Main.RUNNING, **facts: Any) -> Machine:
    return replace(Machine(uuid4(), 1, main), **facts)


@pytest.mark.parametrize(
    ("seen", "role"),
    [
        (machine(), Role.READY),
        (machine(up_to_date=False), Role.OLD),
        (machine(in_place=False), Role.OLD),
        (machine(taken=True), Role.TAKEN),
        (machine(taken=True, up_to_date=False), Role.TAKEN),
        (machine(Main.UNKNOWN, taken=True, reachable=False), Role.TAKEN),
        (machine(Main.UNKNOWN, reachable=False), Role.AWAY),
        (machine(Main.UNKNOWN, known=False), Role.USED_UP),
        (machine(Main.UNKNOWN, known=False, taken=True), Role.USED_UP),
        (machine(Main.UNKNOWN), Role.AWAY),
        (machine(Main.STOPPED), Role.USED_UP),
        (machine(Main.STOPPED, taken=True), Role.USED_UP),
        (machine(Main.CRASHED), Role.USED_UP),
        (machine(Main.PAUSED), Role.BROKEN),
        (machine(Main.FROZEN), Role.BROKEN),
        (machine(Main.PAUSED, taken=True), Role.TAKEN),
        (machine(Main.STOPPED, under_way=PROVIDING), Role.COMING),
        (machine(Main.STOPPED, under_way=PROVIDING, taken=True), Role.TAKEN),
        (machine(Main.STOPPED, under_way=PROVIDING, up_to_date=False), Role.AWAY),
        (machine(Main.UNKNOWN, under_way=PROVIDING, reachable=False), Role.AWAY),
        (machine(Main.DELETING, under_way=frozenset({Action.DELETE})), Role.GOING),
        (machine(Main.SHUTTING_DOWN, taken=True, under_way=frozenset({Action.SHUTDOWN})), Role.TAKEN),
        (machine(Main.SHUTTING_DOWN, under_way=frozenset({Action.SHUTDOWN})), Role.GOING),
        (machine(Main.POWERING_OFF, taken=True, under_way=frozenset({Action.POWER_OFF})), Role.GOING),
        (machine(Main.SHUTTING_DOWN), Role.GOING),
        (machine(Main.STARTING), Role.AWAY),
    ],
)
def test_each_machine_has_one_role(seen: Machine, role: Role):
    assert role_of(seen) is role


def test_so_many_are_wanted_for_nobody_yet():
    assert wanted_free(Wish(minimum=5, pre_started=2, room=9), taken=1) == 4
    assert wanted_free(Wish(minimum=5, pre_started=2, room=9), taken=7) == 2
    assert wanted_free(Wish(minimum=5, pre_started=2, room=9, is_on=False), taken=0) == 0


def test_room_is_what_the_scarcest_leaves():
    assert room_for([(10, 4, 1), (16, 8, 3), (0, 999, 5)]) == 2
    assert room_for([(10, 12, 1)]) == 0
    assert room_for([(0, 3, 1)]) == NO_LIMIT


def test_what_is_too_much_goes_where_most_are():
    seen = [machine(node=node) for node in (1, 1, 1, 2, 2, 3)]
    ended = decide(seen, Wish(minimum=0, pre_started=3, room=9)).end
    assert Counter(each.node for each in seen if each.key not in ended) == {1: 1, 2: 1, 3: 1}


def test_new_ones_are_spread_where_the_fewest_are_and_memory_is_left():
    places = [Place(1, 2, 100), Place(2, 0, 25), Place(3, 0, 90)]
    assert spread(places, 6, 10) == [3, 2, 3, 2, 1, 3]
    assert spread([Place(1, 0, 25)], 5, 10) == [1, 1]
    assert spread([], 5, 10) == []


def test_a_node_that_failed_is_tried_last_and_not_with_many():
    places = [Place(1, 0, 99, has_failed=True, most=1), Place(2, 5, 20)]
    assert spread(places, 9, 10) == [2, 2, 1]


@pytest.mark.parametrize(
    ("pool", "name"),
    [
        ("Class room", "Class-room-7"),
        ("a/b", "a-b-7"),
        ("...", "vm-7"),
        ("x" * 63, "x" * 61 + "-7"),
        ("教室", "教室-7"),
    ],
)
def test_names_tell_the_pool_and_a_number(pool: str, name: str):
    assert dynamic_name(pool, 7) == name


@pytest.mark.parametrize("pool", ["𝔸" * 63, "/" * 63, ".x", "é" * 63, " "])
def test_every_name_can_be_given(pool: str):
    assert fault_in_machine_name(dynamic_name(pool, 123456)) is None


def test_what_fails_again_and_again_is_tried_later_and_later():
    failures: list[Failure] = []
    now, pauses = 0.0, []
    for _ in range(9):
        failures.append(Failure(now, now))
        again = next_try_at(failures)
        assert again is not None
        pauses.append(again - now)
        now = again
    assert pauses == [10, 20, 40, 80, 160, 300, 300, 300, LONGEST_PAUSE]


def test_those_that_were_asked_for_together_count_once():
    together = [Failure(0.0, 5.0 + number) for number in range(20)]
    assert next_try_at(together) == 24.0 + 10.0
    assert not is_resting([], 0.0)
    assert is_resting(together, 33.0)
    assert not is_resting(together, 34.0)


WARNING = 300.0


@pytest.mark.parametrize(
    ("over", "warned_at", "now", "what"),
    [
        (None, None, 0.0, None),
        (None, -9.0, 0.0, Due.TAKE_BACK),
        (301.0, None, 0.0, None),
        (300.0, None, 0.0, Due.WARN),
        (-900.0, None, 0.0, Due.WARN),
        (300.0, 0.0, 299.0, None),
        (300.0, 0.0, 300.0, Due.END),
        (100.0, 0.0, 299.0, None),
        (100.0, 0.0, 300.0, Due.END),
        (900.0, 0.0, 300.0, Due.TAKE_BACK),
    ],
)
def test_who_has_one_is_warned_before_it_ends(
    over: float | None, warned_at: float | None, now: float, what: Due | None
):
    assert due(over, warned_at, WARNING, now) is what


def test_who_is_warned_late_has_the_whole_warning():
    assert goes_off_at(0.0, None, WARNING) == 0.0
    assert goes_off_at(0.0, 60.0, WARNING) == 360.0


NODES = (1, 2, 3)


class Pools(RuleBasedStateMachine):
    """A pool whose keeper looks now and then, while people, nodes and faults do as they like."""

    def __init__(self) -> None:
        super().__init__()
        self.most, self.minimum, self.pre_started, self.is_on, self.has_image = 6, 2, 2, True, True
        self.there: dict[UUID, Machine] = {}
        self.cut_by_the_keeper: set[UUID] = set()

    @property
    def wish(self) -> Wish:
        room = max(0, self.most - len(self.there))
        return Wish(self.minimum, self.pre_started, room, self.is_on, self.has_image)

    def change(self, seen: Machine, **facts: Any) -> None:
        self.there[seen.key] = replace(seen, **facts)

    def some(self, data: st.DataObject, *roles: Role) -> Machine | None:
        found = [each for each in self.there.values() if role_of(each) in roles]
        return data.draw(st.sampled_from(found)) if found else None

    def keep(self) -> None:
        decision = decide(self.there.values(), self.wish)
        for key in (*decision.end, *decision.delete):
            seen = self.there[key]
            assert not (seen.taken and role_of(seen) is not Role.USED_UP), "somebody has it"
            action = Action.DELETE if key in decision.delete else Action.POWER_OFF
            self.change(seen, under_way=frozenset({action}))
        for number in range(decision.make):
            new = Machine(uuid4(), NODES[number % 3], Main.STOPPED, PROVIDING)
            self.there[new.key] = new

    def work(self) -> None:
        for seen in list(self.there.values()):
            if not seen.reachable:
                continue
            if Action.DELETE in seen.under_way:
                del self.there[seen.key]
            elif Action.POWER_OFF in seen.under_way:
                self.change(seen, main=Main.STOPPED, under_way=frozenset())
            elif Action.PROVIDE in seen.under_way:
                self.change(seen, main=Main.RUNNING, under_way=frozenset())

    @rule()
    def the_keeper_looks(self) -> None:
        self.keep()

    @rule()
    def workers_work(self) -> None:
        self.work()

    @rule(data=st.data())
    def one_is_taken(self, data: st.DataObject) -> None:
        if seen := self.some(data, Role.READY, Role.OLD, Role.COMING):
            self.change(seen, taken=True)

    @rule(data=st.data(), main=st.sampled_from([Main.STOPPED, Main.CRASHED, Main.PAUSED, Main.FROZEN]))
    def one_changes_by_itself(self, data: st.DataObject, main: Main) -> None:
        if seen := self.some(data, Role.READY, Role.OLD, Role.TAKEN):
            self.change(seen, main=main)

    @rule(data=st.data())
    def one_is_forgotten(self, data: st.DataObject) -> None:
        if seen := self.some(data, Role.READY, Role.OLD, Role.BROKEN):
            self.change(seen, known=False, main=Main.UNKNOWN)

    @rule(node=st.sampled_from(NODES), reachable=st.booleans())
    def a_node_comes_or_goes(self, node: int, reachable: bool) -> None:
        for seen in list(self.there.values()):
            if seen.node == node and seen.reachable != reachable:
                running = Action.PROVIDE not in seen.under_way and seen.main is Main.UNKNOWN and seen.known
                main = Main.UNKNOWN if not reachable else Main.RUNNING if running else seen.main
                self.change(seen, reachable=reachable, main=main)

    @rule(most=st.integers(1, 9), minimum=st.integers(0, 9), pre_started=st.integers(0, 9), is_on=st.booleans())
    def the_pool_is_changed(self, most: int, minimum: int, pre_started: int, is_on: bool) -> None:
        self.most = max(most, len(self.there))
        self.minimum, self.pre_started, self.is_on = minimum, pre_started, is_on

    @rule(has_image=st.booleans())
    def another_image_is_activated(self, has_image: bool) -> None:
        self.has_image = has_image
        for seen in list(self.there.values()):
            self.change(seen, up_to_date=False)

    @invariant()
    def there_are_never_too_many(self) -> None:
        assert len(self.there) <= self.most

    @precondition(lambda self: self.has_image)
    @rule()
    def left_alone_it_becomes_what_it_should_be(self) -> None:
        for seen in list(self.there.values()):
            if not seen.reachable:
                self.change(seen, reachable=True, main=Main.RUNNING if seen.known else seen.main)
        for _ in range(4 * 9 + 4):
            self.keep()
            self.work()
        roles = Counter(role_of(seen) for seen in self.there.values())
        wanted = wanted_free(self.wish, roles[Role.TAKEN])
        assert roles[Role.READY] == min(wanted, self.most - roles[Role.TAKEN])
        assert set(roles) <= {Role.READY, Role.TAKEN}


Pools.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestPools = Pools.TestCase
