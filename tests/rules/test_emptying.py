"""Which machine of a node goes where, in which order, and which cannot."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from heapq import nlargest
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vms.rules.duty import Duty
from vms.rules.emptying import ENDED, PASSES, TURNS, Filled, Leaver, Placement, State, Turn, planned
from vms.rules.placing import NodeFacts, Obstacle
from vms.rules.preflight import Judgement, Lack, Tie, Way
from vms.rules.reasons import Reason

GIB = 1024**3
LOCAL, SHARED = "/local", "/shared"
BETA = NodeFacts(2, True, Duty.ACTIVE, 8 * GIB, frozenset({LOCAL, SHARED}), frozenset({SHARED}), frozenset())
GAMMA = replace(BETA, key=3, memory_free=4 * GIB)
FREE = {(2, LOCAL): 10 * GIB, (3, LOCAL): 10 * GIB, (2, SHARED): 20 * GIB, (3, SHARED): 20 * GIB}


def to(node: NodeFacts, way: Way = Way.LIVE, *, copy: int = 0, **more: Any) -> Judgement:
    """copy: GiB to copy."""
    fields = {"obstacles": (), "lacks": (), "ties": (), **more}
    folders = (SHARED, LOCAL) if copy else ()
    return Judgement(node, way, ("vda",) if copy else (), folders, to_copy=copy * GIB, **fields)


def machine(name: str, memory: int, *judgements: Judgement) -> Leaver:
    """memory: GiB."""
    return Leaver(name, name, memory * GIB, judgements)


def told(placements: list[Placement]) -> list[tuple[str, int]]:
    return [(each.leaver.name, each.goes.node.key if each.goes else 0) for each in placements]


def test_a_machine_goes_to_where_most_memory_is_left() -> None:
    assert told(planned([machine("a", 1, to(BETA), to(GAMMA))], FREE, 2)) == [("a", 2)]


def test_memory_is_counted_down_from_one_machine_to_the_next() -> None:
    machines = [machine(name, 3, to(BETA), to(GAMMA)) for name in "abc"]
    assert told(planned(machines, FREE, 2)) == [("a", 2), ("b", 2), ("c", 3)]


def test_the_largest_are_placed_first_so_that_they_find_room() -> None:
    small, large = [machine(f"s{n}", 2, to(GAMMA)) for n in range(2)], machine("large", 4, to(GAMMA))
    assert told(planned([*small, large], FREE, 2)) == [("s0", 0), ("s1", 0), ("large", 3)]


def test_the_fewest_disks_to_copy_count_before_memory() -> None:
    assert told(planned([machine("a", 1, to(BETA, copy=1), to(GAMMA))], FREE, 2)) == [("a", 3)]


def test_what_is_full_by_others_of_the_plan_is_told_apart_from_what_never_was_possible() -> None:
    first = machine("a", 4, to(GAMMA))
    second = machine("b", 3, to(GAMMA), to(BETA, obstacles=(Obstacle.NOT_ENOUGH_MEMORY,)))
    cannot = planned([first, second], FREE, 2)[0]
    assert (cannot.leaver.name, cannot.filled) == ("b", {3: frozenset({Filled.MEMORY})})


@pytest.mark.parametrize(
    "against", [{"ties": (Tie.SNAPSHOTS,)}, {"lacks": (Lack.CPU,)}, {"obstacles": (Obstacle.UNREACHABLE,)}]
)
def test_a_machine_that_can_go_nowhere_stays(against: dict[str, Any]) -> None:
    (placement,) = planned([machine("a", 1, to(BETA, **against))], FREE, 2)
    assert (placement.goes, placement.filled) == (None, {})


def test_without_another_node_nothing_goes() -> None:
    assert told(planned([machine("a", 1)], {}, 2)) == [("a", 0)]


def test_copies_go_to_the_roomiest_folder_and_are_counted_down() -> None:
    machines = [machine(name, 0, to(BETA, copy=9)) for name in "abcd"]
    placements = planned(machines, FREE, 2)
    assert [(each.leaver.name, each.folder) for each in placements if each.goes] == [
        *(("a", SHARED), ("b", SHARED), ("c", LOCAL)),
    ]
    assert placements[0].filled == {2: frozenset({Filled.STORAGE})}


def test_a_shared_folder_is_the_same_storage_whichever_node_it_is_reached_by() -> None:
    only_shared = {(2, SHARED): 10 * GIB, (3, SHARED): 10 * GIB}
    machines = [machine("a", 0, to(BETA, copy=8)), machine("b", 0, to(GAMMA, copy=8))]
    assert told(planned(machines, only_shared, 2)) == [("b", 0), ("a", 2)]


def test_what_runs_goes_first_then_what_is_quickly_gone() -> None:
    machines = [
        machine("off", 1, to(BETA, Way.OFFLINE)),
        machine("copied", 1, to(BETA, copy=2)),
        machine("small", 1, to(BETA)),
        machine("large", 2, to(BETA)),
    ]
    assert [name for name, _node in told(planned(machines, FREE, 2))] == ["large", "small", "copied", "off"]


def test_what_moves_without_a_process_needs_no_memory() -> None:
    assert told(planned([machine("a", 100, to(BETA, Way.OFFLINE))], FREE, 2)) == [("a", 2)]


def test_machines_that_are_held_need_memory_only_as_many_as_are_on_their_way() -> None:
    machines = [machine(f"h{n}", 2, to(GAMMA, Way.HELD)) for n in range(6)]
    assert all(key for _name, key in told(planned(machines, FREE, 2)))
    assert not any(key for _name, key in told(planned([machine("big", 5, to(GAMMA, Way.HELD))], FREE, 2)))


def test_room_for_those_that_are_held_is_not_given_to_others() -> None:
    machines = [machine("held", 3, to(GAMMA, Way.HELD)), machine("live", 2, to(GAMMA))]
    assert told(planned(machines, FREE, 2)) == [("live", 0), ("held", 3)]


JUDGEMENTS = st.builds(
    lambda node, way, copy, lacks: to(node, way, copy=copy, lacks=lacks),
    st.sampled_from([BETA, GAMMA, replace(GAMMA, key=4, shared_folders=frozenset[str]())]),
    st.sampled_from(Way),
    st.integers(0, 6),
    st.sampled_from([(), (), (), (Lack.CPU,)]),
)
NODES_ONCE = st.lists(JUDGEMENTS, max_size=3, unique_by=lambda each: each.node.key)
MACHINES = st.lists(st.tuples(st.integers(0, 5), NODES_ONCE), max_size=14).map(
    lambda drawn: [machine(f"m{n}", memory, *judgements) for n, (memory, judgements) in enumerate(drawn)]
)
ROOM = {**FREE, (4, LOCAL): 3 * GIB, (4, SHARED): 5 * GIB}


@given(MACHINES, st.integers(1, 4))
def test_every_machine_is_planned_exactly_once(machines: list[Leaver], at_once: int) -> None:
    placed = Counter(each.leaver.key for each in planned(machines, ROOM, at_once))
    assert placed == Counter(each.key for each in machines)


@given(MACHINES, st.integers(1, 4))
def test_no_node_is_given_more_memory_than_it_has(machines: list[Leaver], at_once: int) -> None:
    going = [each for each in planned(machines, ROOM, at_once) if each.goes]
    for node in {each.goes.node for each in going if each.goes}:
        here = [(each.goes.way, each.leaver.memory) for each in going if each.goes and each.goes.node == node]
        live = sum(memory for way, memory in here if way is Way.LIVE)
        held = nlargest(at_once, (memory for way, memory in here if way is Way.HELD))
        assert live + sum(held) <= node.memory_free


@given(MACHINES, st.integers(1, 4))
def test_no_storage_is_given_more_than_it_has(machines: list[Leaver], at_once: int) -> None:
    used: Counter[tuple[int, str]] = Counter()
    for each in planned(machines, ROOM, at_once):
        if each.goes and each.goes.copies:
            shared = each.folder in each.goes.node.shared_folders
            used[0 if shared else each.goes.node.key, each.folder] += each.goes.to_copy
    room = {**ROOM, (0, SHARED): 20 * GIB}
    assert all(size <= room[place] for place, size in used.items())


@given(MACHINES, st.integers(1, 4))
def test_what_goes_goes_to_a_node_that_is_possible(machines: list[Leaver], at_once: int) -> None:
    for each in planned(machines, ROOM, at_once):
        assert each.goes is None or (each.goes in each.leaver.judgements and each.goes.is_possible)


def test_every_turn_is_in_the_table_and_none_leaves_an_end() -> None:
    assert set(TURNS) == set(Turn)
    assert not any(before & ENDED for before, _after in TURNS.values())


def test_every_state_can_be_left_but_the_ends() -> None:
    assert {state for before, _after in TURNS.values() for state in before} == set(State) - ENDED


@pytest.mark.parametrize("reason", [Reason.NOT_PERMITTED, Reason.GONE_FROM_NODE, Reason.IS_CRASHED])
def test_what_does_not_pass_by_itself_is_not_waited_for(reason: Reason) -> None:
    assert reason not in PASSES
