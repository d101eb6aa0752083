"""What is next for a machine on its way: every combination of what two nodes and the call can say."""

from __future__ import annotations

from itertools import product

import pytest

from vms.rules.power import HAS_PROCESS, Power, PowerReason
from vms.rules.whereabouts import TABLE, Call, Next, Side, Whereabouts, next_step, side_of

EVERY = [Whereabouts(*each) for each in product(Call, Side, Side, (True, False), (True, False))]
OVER = (Call.SUCCEEDED, Call.FAILED, Call.UNKNOWN)

KNOWS_IT = frozenset({Side.OFF, Side.RUNNING, Side.PAUSED, Side.HANDING})
MAY_BE_FORGOTTEN = frozenset({Side.OFF, Side.PAUSED, Side.HANDING})


def all_that_lead_to(step: Next) -> list[Whereabouts]:
    return [found for found in EVERY if next_step(found) is step]


def test_the_table_is_complete() -> None:
    assert set(TABLE) == set(product(Side, Side))
    assert all(set(answers) == set(OVER) for answers in TABLE.values())


def test_everything_has_an_answer_and_every_answer_is_given() -> None:
    assert len(EVERY) == len(Call) * len(Side) ** 2 * 4
    assert {next_step(found) for found in EVERY} == set(Next)


def test_memory_that_stays_torn_apart_is_for_a_person() -> None:
    torn = [found for found in EVERY if is_torn(found)]
    assert {next_step(found) for found in torn if found.settled} == {Next.ASK}
    assert {next_step(found) for found in torn if not found.settled} == {Next.LOOK_AGAIN}


def test_nothing_is_touched_while_the_call_is_under_way() -> None:
    under_way = [found for found in EVERY if found.call is Call.UNDER_WAY and not is_torn(found)]
    assert {next_step(found) for found in under_way if not is_in_the_dark(found)} == {Next.WAIT}


def test_a_source_that_was_not_told_of_the_arrival_is_dropped_before_its_guest_runs_again() -> None:
    in_the_dark = [found for found in EVERY if is_in_the_dark(found)]
    assert {next_step(found) for found in in_the_dark if found.settled} == {Next.DROP_SOURCE}
    assert {next_step(found) for found in in_the_dark if not found.settled} == {Next.WAIT}


def is_in_the_dark(found: Whereabouts) -> bool:
    runs_there = found.call is Call.UNDER_WAY and found.destination is Side.RUNNING
    return runs_there and found.source in {Side.HANDING, Side.OFF}


def test_nothing_is_touched_while_a_call_of_which_nothing_is_known_may_still_arrive() -> None:
    early = [found for found in EVERY if found.call is Call.UNKNOWN and not found.settled]
    assert {next_step(found) for found in early} == {Next.LOOK_AGAIN, Next.ARRIVED}


def is_torn(found: Whereabouts) -> bool:
    return Side.TORN in {found.source, found.destination}


def test_nothing_is_concluded_about_a_node_that_says_nothing() -> None:
    unseen = [found for found in EVERY if Side.UNSEEN in {found.source, found.destination}]
    assert {next_step(found) for found in unseen} == {Next.WAIT, Next.LOOK_AGAIN, Next.ASK}


def test_it_has_arrived_when_the_source_has_forgotten_it() -> None:
    for found in all_that_lead_to(Next.ARRIVED):
        assert found.source is Side.ABSENT
        assert found.destination in KNOWS_IT
    gone = [found for found in EVERY if found.source is Side.ABSENT and found.call in OVER]
    assert all(next_step(found) is Next.ARRIVED for found in gone if found.destination in KNOWS_IT)


def test_it_stayed_when_the_destination_has_nothing_of_it() -> None:
    for found in all_that_lead_to(Next.STAYED) + all_that_lead_to(Next.RESUME_SOURCE):
        assert found.source in KNOWS_IT
        assert found.destination is Side.ABSENT


def test_only_a_hand_over_that_did_not_happen_is_taken_back() -> None:
    assert {found.source for found in all_that_lead_to(Next.RESUME_SOURCE)} == {Side.HANDING}
    assert Side.HANDING not in {found.source for found in all_that_lead_to(Next.STAYED)}


def test_a_running_source_is_never_dropped_nor_one_without_another() -> None:
    dropped = all_that_lead_to(Next.DROP_SOURCE)
    assert {found.source for found in dropped} <= MAY_BE_FORGOTTEN
    assert {found.destination for found in dropped} <= KNOWS_IT


def test_only_what_never_ran_is_dropped_on_the_destination() -> None:
    dropped = all_that_lead_to(Next.DROP_DESTINATION)
    assert {found.destination for found in dropped if found.live} == {Side.HALF}
    assert {found.destination for found in dropped if not found.live} == {Side.HALF, Side.OFF}
    assert {found.source for found in dropped} == KNOWS_IT


def test_what_runs_twice_is_for_a_person() -> None:
    for call, live, settled in product(OVER, (True, False), (True, False)):
        found = Whereabouts(call, Side.RUNNING, Side.RUNNING, live=live, settled=settled)
        expected = Next.LOOK_AGAIN if call is Call.UNKNOWN and not settled else Next.ASK
        assert next_step(found) is expected


@pytest.mark.parametrize(
    ("call", "step"),
    [
        (Call.SUCCEEDED, Next.DROP_SOURCE),
        (Call.UNKNOWN, Next.DROP_SOURCE),
        (Call.FAILED, Next.DROP_DESTINATION),
    ],
)
def test_two_definitions_after_an_offline_move_become_one(call: Call, step: Next) -> None:
    assert next_step(Whereabouts(call, Side.OFF, Side.OFF, live=False, settled=True)) is step


def test_two_machines_that_do_not_run_after_a_live_move_are_for_a_person_unless_it_is_known_to_be_done() -> None:
    for source, destination in product(MAY_BE_FORGOTTEN, MAY_BE_FORGOTTEN):
        if (source, destination) == (Side.OFF, Side.OFF) or source is not Side.OFF:
            steps = {call: next_step(Whereabouts(call, source, destination, live=True, settled=True)) for call in OVER}
            assert steps == {
                Call.SUCCEEDED: Next.DROP_SOURCE,
                Call.FAILED: Next.ASK,
                Call.UNKNOWN: Next.ASK,
            }


def test_only_a_node_that_says_nothing_is_looked_at_for_ever() -> None:
    settled = [found for found in EVERY if found.settled and found.call in OVER]
    looked_at = [found for found in settled if next_step(found) in {Next.LOOK_AGAIN, Next.WAIT}]
    assert all(Side.UNSEEN in {found.source, found.destination} for found in looked_at)


def test_every_state_is_a_side() -> None:
    for power, reason, defined in product(Power, PowerReason, (True, False)):
        side = side_of(power, reason, defined=defined)
        assert side is not Side.ABSENT
        assert (side is Side.UNSEEN) == (power is Power.UNKNOWN)
        assert (side is Side.OFF) == (power not in HAS_PROCESS and power is not Power.UNKNOWN)
        assert side not in {Side.HANDING, Side.LEFT, Side.HALF} or power is Power.PAUSED


@pytest.mark.parametrize(
    ("reason", "defined", "side"),
    [
        (PowerReason.MIGRATING, True, Side.HANDING),
        (PowerReason.MIGRATING, False, Side.HALF),
        (PowerReason.STARTING_UP, False, Side.HALF),
        (PowerReason.BY_REQUEST, True, Side.PAUSED),
        (PowerReason.IO_ERROR, True, Side.PAUSED),
        (PowerReason.POSTCOPY, True, Side.LEFT),
        (PowerReason.POSTCOPY_FAILED, True, Side.TORN),
        (PowerReason.POSTCOPY_FAILED, False, Side.TORN),
    ],
)
def test_why_a_machine_is_paused_tells_where_it_belongs(reason: PowerReason, defined: bool, side: Side) -> None:
    assert side_of(Power.PAUSED, reason, defined=defined) is side


def test_a_guest_that_runs_is_running_whatever_the_node_remembers() -> None:
    assert {side_of(Power.RUNNING, reason, defined=True) for reason in PowerReason} == {Side.RUNNING, Side.TORN}
