"""Facts in, one status out: each rule of the specification, their order, and that nothing falls through."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from tests.rules.facts import ALL_FACTS
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.rules.power import PAUSED_BY_FAULT, STOPPED_ON_PURPOSE, Power, PowerReason, Wanted
from vms.rules.status import Facts, Main, Second, Status, all_statuses, status_of

OFF = Facts(Kind.VM, Power.OFF)
RUNNING = Facts(Kind.VM, Power.RUNNING, wanted=Wanted.RUNNING)
PAUSED = Facts(Kind.VM, Power.PAUSED, PowerReason.BY_REQUEST, wanted=Wanted.PAUSED)
TEMPLATE = Facts(Kind.TEMPLATE, Power.OFF)

SHOWN_WHILE_UNDER_WAY = {
    Action.START: Main.STARTING,
    Action.SHUTDOWN: Main.SHUTTING_DOWN,
    Action.POWER_OFF: Main.POWERING_OFF,
}


def name_of(facts: Facts) -> str:
    return status_of(facts).name


@given(ALL_FACTS)
def test_every_combination_of_facts_is_a_status_its_kind_can_have(facts: Facts):
    assert status_of(facts) in all_statuses(facts.kind)


@given(ALL_FACTS)
def test_first_a_delete_under_way_whatever_else_is_true(facts: Facts):
    assert name_of(replace(facts, run=Action.DELETE)) == "Deleting"


@given(ALL_FACTS)
def test_only_a_delete_under_way_is_shown_as_deleting(facts: Facts):
    assert (status_of(facts).main is Main.DELETING) == (facts.run is Action.DELETE)


@given(ALL_FACTS)
def test_second_a_node_that_cannot_be_asked(facts: Facts):
    for lost in (replace(facts, node_reachable=False), replace(facts, known_to_node=False)):
        assert name_of(lost) == ("Deleting" if facts.run is Action.DELETE else "Unknown")


@given(ALL_FACTS)
def test_third_what_is_being_done_to_the_power(facts: Facts):
    for run, main in SHOWN_WHILE_UNDER_WAY.items():
        known = replace(facts, node_reachable=True, known_to_node=True, run=run)
        assert status_of(known).main is main


@given(ALL_FACTS)
def test_a_reset_or_a_pause_under_way_changes_no_status(facts: Facts):
    idle = replace(facts, run=None)
    assert status_of(replace(facts, run=Action.RESET)) == status_of(idle)
    assert status_of(replace(facts, run=Action.PAUSE)) == status_of(idle)


@given(ALL_FACTS)
def test_starting_is_shown_only_while_a_start_is_under_way(facts: Facts):
    shown = status_of(facts).main
    for action, main in SHOWN_WHILE_UNDER_WAY.items():
        by_power = main is Main.SHUTTING_DOWN and facts.power is Power.SHUTTING_DOWN
        assert shown is not main or facts.run is action or by_power


@given(ALL_FACTS)
def test_a_crash_is_never_said_of_a_machine_that_has_a_living_process(facts: Facts):
    if status_of(facts).main is Main.CRASHED:
        assert facts.power in {Power.OFF, Power.CRASHED}


@given(ALL_FACTS)
def test_what_is_off_on_purpose_or_wanted_off_has_not_crashed(facts: Facts):
    if facts.power is Power.OFF and (facts.wanted is Wanted.OFF or facts.power_reason in STOPPED_ON_PURPOSE):
        assert status_of(facts).main is not Main.CRASHED


@given(ALL_FACTS)
def test_only_a_running_machine_is_frozen(facts: Facts):
    if status_of(facts).main is Main.FROZEN:
        assert facts.power is Power.RUNNING


@given(ALL_FACTS)
def test_a_mode_is_no_part_of_the_status(facts: Facts):
    assert status_of(facts) == status_of(replace(facts, mode=None))


@given(ALL_FACTS)
def test_a_second_state_is_a_job_that_is_there(facts: Facts):
    second = status_of(facts).second
    behind_pause = facts.power is Power.PAUSED and facts.power_reason in {
        PowerReason.SAVING_MEMORY,
        PowerReason.MIGRATING,
    }
    dependants = facts.has_dependants and second is Second.STREAMING
    assert second is None or second is facts.job or behind_pause or dependants


@pytest.mark.parametrize(
    ("power", "name"),
    [
        (Power.OFF, "Stopped"),
        (Power.RUNNING, "Running"),
        (Power.PAUSED, "Paused"),
        (Power.SHUTTING_DOWN, "Shutting down"),
        (Power.CRASHED, "Crashed"),
        (Power.UNKNOWN, "Unknown"),
    ],
)
def test_else_the_power_as_the_node_reports_it(power: Power, name: str):
    assert name_of(Facts(Kind.VM, power)) == name


@pytest.mark.parametrize("run", SHOWN_WHILE_UNDER_WAY)
def test_deleting_even_when_the_node_is_lost(run: Action):
    lost = replace(RUNNING, node_reachable=False)
    assert name_of(replace(lost, run=Action.DELETE)) == "Deleting"
    assert name_of(replace(lost, run=run)) == "Unknown"


# a pause that nobody wanted


@pytest.mark.parametrize("reason", [PowerReason.STARTING_UP, PowerReason.BY_REQUEST, PowerReason.NONE])
@pytest.mark.parametrize(
    ("job", "name"),
    [
        (Second.STREAMING, "Stopped, streaming"),
        (Second.BACKING_UP, "Stopped, backing up"),
        (Second.MIGRATING, "Stopped, migrating"),
    ],
)
def test_a_stopped_vm_whose_process_only_serves_a_job_is_stopped(reason: PowerReason, job: Second, name: str):
    technically_paused = Facts(Kind.VM, Power.PAUSED, reason, wanted=Wanted.OFF, job=job)
    assert name_of(technically_paused) == name
    assert name_of(replace(technically_paused, job=None)) == "Paused"


def test_a_vm_that_somebody_paused_while_it_streams_is_paused():
    assert name_of(replace(PAUSED, job=Second.STREAMING)) == "Paused"


def test_paused_while_its_memory_is_saved():
    saving = Facts(Kind.VM, Power.PAUSED, PowerReason.SAVING_MEMORY, wanted=Wanted.RUNNING)
    assert name_of(saving) == "Paused, backing up"
    assert name_of(replace(saving, job=Second.BACKING_UP, wanted=Wanted.OFF)) == "Paused, backing up"


def test_paused_for_a_moment_by_its_backup_is_no_crash():
    held = Facts(Kind.VM, Power.PAUSED, PowerReason.BY_REQUEST, wanted=Wanted.RUNNING, job=Second.BACKING_UP)
    assert name_of(replace(held, job_pauses=True)) == "Paused, backing up"
    assert name_of(held) == "Crashed"


def test_paused_while_it_arrives_from_another_node():
    arriving = Facts(Kind.VM, Power.PAUSED, PowerReason.MIGRATING, wanted=Wanted.RUNNING)
    assert name_of(arriving) == "Paused, migrating"
    assert name_of(replace(arriving, job=Second.MIGRATING)) == "Paused, migrating"


@pytest.mark.parametrize("reason", sorted(PAUSED_BY_FAULT))
def test_a_fault_is_shown_as_a_pause_even_while_a_job_is_under_way(reason: PowerReason):
    faulty = Facts(Kind.VM, Power.PAUSED, reason, wanted=Wanted.RUNNING)
    assert name_of(faulty) == "Paused"
    assert name_of(replace(faulty, wanted=Wanted.OFF, job=Second.STREAMING)) == "Paused"


# crashed or stopped


@pytest.mark.parametrize("reason", sorted(STOPPED_ON_PURPOSE))
def test_a_guest_that_shuts_itself_down_is_stopped(reason: PowerReason):
    assert name_of(Facts(Kind.VM, Power.OFF, reason, wanted=Wanted.RUNNING)) == "Stopped"


@pytest.mark.parametrize("wanted", [Wanted.RUNNING, Wanted.PAUSED])
@pytest.mark.parametrize("reason", [PowerReason.PROCESS_DIED, PowerReason.NODE_RESTARTED, PowerReason.NONE])
def test_off_although_it_was_wanted_on_is_a_crash(wanted: Wanted, reason: PowerReason):
    assert name_of(Facts(Kind.VM, Power.OFF, reason, wanted=wanted)) == "Crashed"


def test_a_process_that_died_when_the_vm_was_wanted_off_is_no_crash():
    assert name_of(Facts(Kind.VM, Power.OFF, PowerReason.PROCESS_DIED, wanted=Wanted.OFF)) == "Stopped"


@pytest.mark.parametrize(
    ("job", "name"),
    [
        (Second.CREATING, "Stopped, creating"),
        (Second.RESTORING, "Stopped, restoring"),
        (Second.MIGRATING, "Stopped, migrating"),
    ],
)
def test_a_job_that_needs_the_vm_off_makes_no_crash_of_it(job: Second, name: str):
    assert name_of(Facts(Kind.VM, Power.OFF, wanted=Wanted.RUNNING, job=job)) == name


# frozen


def test_frozen_after_three_silent_checks_of_an_agent_that_used_to_answer():
    silent = replace(RUNNING, agent_used_to_answer=True)
    assert [name_of(replace(silent, agent_silent_checks=n)) for n in range(4)] == ["Running"] * 3 + ["Frozen"]


def test_an_agent_that_never_answered_freezes_nothing():
    assert name_of(replace(RUNNING, agent_silent_checks=3)) == "Running"


def test_frozen_when_the_watchdog_fired():
    assert name_of(replace(RUNNING, watchdog_fired=True)) == "Frozen"
    assert name_of(replace(PAUSED, watchdog_fired=True)) == "Paused"


# second states


@pytest.mark.parametrize("job", [Second.STREAMING, Second.BACKING_UP, Second.MIGRATING])
def test_a_running_vm_shows_its_job(job: Second):
    assert status_of(replace(RUNNING, job=job)) == Status(Main.RUNNING, job)


def test_a_starting_vm_shows_streaming_and_backing_up_only():
    starting = replace(OFF, run=Action.START)
    names = {name_of(replace(starting, job=job)) for job in Second}
    assert names == {"Starting", "Starting, streaming", "Starting, backing up"}


def test_a_frozen_vm_shows_no_second_state():
    assert name_of(replace(RUNNING, watchdog_fired=True, job=Second.STREAMING)) == "Frozen"


def test_a_stopped_template_that_vms_stream_from_says_so():
    assert name_of(replace(TEMPLATE, has_dependants=True)) == "Stopped, streaming"
    assert name_of(replace(TEMPLATE, has_dependants=True, job=Second.BACKING_UP)) == "Stopped, backing up"


def test_the_name_is_the_documents_text_without_a_percentage():
    assert Status(Main.STOPPED, Second.STREAMING).name == "Stopped, streaming"
    assert Status(Main.POWERING_OFF).name == "Powering off"
