"""What a change that nobody asked the panel for tells about people's wishes."""

from __future__ import annotations

import pytest

from vms.rules.following import first_wish, what_happened, wish_behind
from vms.rules.kinds import Kind
from vms.rules.power import PAUSED_BY_FAULT, STOPPED_ON_PURPOSE, Power, PowerReason, Wanted
from vms.rules.status import Facts, Main, status_of
from vms.rules.timeline import What


def wish(power: Power, reason: PowerReason = PowerReason.NONE, wanted: Wanted = Wanted.RUNNING) -> Wanted | None:
    return wish_behind(Power.RUNNING, power, reason, wanted, has_job=False)


def test_a_machine_seen_running_is_wanted_so():
    assert wish(Power.RUNNING, wanted=Wanted.OFF) is Wanted.RUNNING


@pytest.mark.parametrize("reason", sorted(STOPPED_ON_PURPOSE))
def test_a_machine_that_was_stopped_on_purpose_is_wanted_off(reason: PowerReason):
    assert wish(Power.OFF, reason) is Wanted.OFF


@pytest.mark.parametrize("reason", sorted(set(PowerReason) - STOPPED_ON_PURPOSE))
def test_nobody_wants_a_machine_to_go_off_otherwise(reason: PowerReason):
    assert wish(Power.OFF, reason) is None


def test_a_pause_by_hand_is_a_wish_and_a_fault_is_none():
    assert wish(Power.PAUSED, PowerReason.BY_REQUEST) is Wanted.PAUSED
    assert [wish(Power.PAUSED, reason) for reason in sorted(PAUSED_BY_FAULT)] == [None] * len(PAUSED_BY_FAULT)


def test_the_pause_of_a_stopped_machine_that_serves_a_job_is_no_wish():
    by_request = (Power.PAUSED, PowerReason.BY_REQUEST)
    assert wish_behind(Power.OFF, *by_request, Wanted.OFF, has_job=True) is None
    assert wish_behind(Power.OFF, *by_request, Wanted.RUNNING, has_job=True) is None
    assert wish_behind(Power.RUNNING, *by_request, Wanted.RUNNING, has_job=True) is Wanted.PAUSED


def test_nor_is_that_of_a_guest_that_the_job_itself_holds_for_a_moment():
    changed = (Power.RUNNING, Power.PAUSED, PowerReason.BY_REQUEST, Wanted.RUNNING)
    assert wish_behind(*changed, has_job=True, job_pauses=True) is None


@pytest.mark.parametrize("power", [Power.SHUTTING_DOWN, Power.CRASHED, Power.UNKNOWN])
def test_what_happens_to_a_machine_is_no_wish(power: Power):
    assert wish(power) is None


@pytest.mark.parametrize(
    ("power", "reason", "main"),
    [
        (Power.OFF, PowerReason.NONE, Main.STOPPED),
        (Power.OFF, PowerReason.SHUT_DOWN, Main.STOPPED),
        (Power.OFF, PowerReason.PROCESS_DIED, Main.CRASHED),
        (Power.RUNNING, PowerReason.NONE, Main.RUNNING),
        (Power.PAUSED, PowerReason.BY_REQUEST, Main.PAUSED),
        (Power.PAUSED, PowerReason.IO_ERROR, Main.PAUSED),
        (Power.CRASHED, PowerReason.NONE, Main.CRASHED),
    ],
)
def test_a_machine_seen_for_the_first_time_is_shown_as_it_is(power: Power, reason: PowerReason, main: Main):
    facts = Facts(Kind.VM, power, reason, wanted=first_wish(power, reason))
    assert status_of(facts).main is main


@pytest.mark.parametrize(
    ("before", "power", "reason", "what"),
    [
        (Power.OFF, Power.RUNNING, PowerReason.NONE, What.STARTED),
        (Power.PAUSED, Power.RUNNING, PowerReason.NONE, What.RESUMED),
        (Power.RUNNING, Power.OFF, PowerReason.SHUT_DOWN, What.STOPPED),
        (Power.RUNNING, Power.OFF, PowerReason.PROCESS_DIED, What.CRASHED),
        (Power.RUNNING, Power.CRASHED, PowerReason.NONE, What.CRASHED),
        (Power.RUNNING, Power.PAUSED, PowerReason.IO_ERROR, What.PAUSED),
        (Power.RUNNING, Power.SHUTTING_DOWN, PowerReason.NONE, None),
    ],
)
def test_what_the_timeline_says(before: Power, power: Power, reason: PowerReason, what: What | None):
    assert what_happened(before, PowerReason.NONE, power, reason) is what


@pytest.mark.parametrize("power", Power)
def test_a_new_reason_for_the_same_power_is_no_new_line(power: Power):
    assert what_happened(power, PowerReason.BY_REQUEST, power, PowerReason.NONE) is None


def test_the_moment_in_which_a_machine_is_handed_from_node_to_node_is_no_line():
    handed_over = (Power.PAUSED, PowerReason.MIGRATING)
    assert what_happened(Power.RUNNING, PowerReason.NONE, *handed_over) is None
    assert what_happened(*handed_over, Power.RUNNING, PowerReason.NONE) is None
    assert what_happened(*handed_over, Power.OFF, PowerReason.PROCESS_DIED) is What.CRASHED


def test_a_start_seen_half_way_is_one_start():
    half_way = (Power.PAUSED, PowerReason.STARTING_UP)
    assert what_happened(Power.OFF, PowerReason.NONE, *half_way) is None
    assert what_happened(*half_way, Power.RUNNING, PowerReason.NONE) is What.STARTED
