"""Why a button is off and what a status means: said once for a page, whatever its rows; and how fresh the page is."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from vms.models import Heartbeat, Node, Operation, Vm
from vms.operations.settling import settle
from vms.rules.actions import Action, Slot
from vms.rules.kinds import Kind, Mode
from vms.rules.matrix import every_decision
from vms.rules.power import Power
from vms.rules.progress import Phase
from vms.web.presenters.buttons import ICON
from vms.web.presenters.tips import tips

MOST_BYTES = 100_000
MOST_BYTES_WHEN_ALL_IS_OFF = 105_000
ROWS = 50


@pytest.fixture
def browser(administrator: Person) -> Client:
    return browser_of(administrator)


def hold(vm: Vm, action: Action, slot: Slot, **fields: object) -> Operation:
    operation = Operation.objects.create(
        vm=vm, node=vm.node, action=action, slot=slot, requested_by_name="anna", **fields
    )
    settle(vm.uuid)
    return operation


def half_of_them_run(add_vm: AddVm) -> None:
    for number in range(ROWS):
        add_vm(f"web-{number:03}", Power.RUNNING if number % 2 else Power.OFF, memory=2**30)


def all_are_busy(add_vm: AddVm) -> None:
    for number in range(ROWS):
        vm = add_vm(f"web-{number:03}", Power.RUNNING, memory=2**30)
        hold(vm, Action.SHUTDOWN, Slot.RUN, phase=Phase.WAITING_FOR_GUEST)


def all_are_lost(add_vm: AddVm) -> None:
    half_of_them_run(add_vm)
    Node.objects.update(reachable=False, problem="node_unreachable", contact_since=timezone.now())
    for vm in Vm.objects.all():
        settle(vm.uuid)


@pytest.mark.broad
@pytest.mark.parametrize(
    ("fill", "status", "off", "most"),
    [
        (half_of_them_run, "Stopped", 2.5, MOST_BYTES),
        (all_are_busy, "Shutting down", 4, MOST_BYTES_WHEN_ALL_IS_OFF),
        (all_are_lost, "Unknown", 7, MOST_BYTES_WHEN_ALL_IS_OFF),
    ],
)
def test_fifty_rows_are_a_small_page_whatever_their_state(
    browser: Client, add_vm: AddVm, fill: Callable[[AddVm], None], status: str, off: float, most: int
) -> None:
    fill(add_vm)
    page = browser.get("/vms/").content.decode()
    assert page.count("<tbody") == ROWS
    assert f">{status}<" in page
    assert page.count("aria-disabled") == ROWS * off
    assert len(page.encode()) <= most


@pytest.mark.parametrize("kind", Kind)
def test_whatever_turns_a_button_off_has_its_reason_on_the_page(kind: Kind) -> None:
    said = {why.reason for why in tips(kind).reasons}
    decisions = [decision for decision in every_decision() if decision.kind is kind and decision.action in ICON]
    assert {decision.verdict.reason for decision in decisions} - {None} <= said
    assert {"run_slot_taken", "job_slot_taken", "gone_from_node", "not_permitted", "no_process_left"} <= said


def test_a_button_that_is_off_points_to_its_reason(browser: Client, running_vm: Vm) -> None:
    page = browser.get("/vms/").content.decode()
    assert re.search(r'<button [^>]*popovertarget="is_running">Start<', page)
    assert page.count('id="is_running"') == page.count("The machine is running already.") == 1


def test_who_holds_a_machine_is_told_with_the_time_left(browser: Client, running_vm: Vm) -> None:
    job = {"second": "backing up", "permille": 620, "bytes_left": 6 * 10**9, "bytes_per_second": 30 * 10**6}
    hold(running_vm, Action.BACK_UP, Slot.JOB, **job)
    page = browser.get("/vms/").content.decode()
    assert 'data-state="running-backing_up"' in page
    assert re.search(r'<small data-by="job">Back up by anna since [^,]+, \[62\.0 %\], about 3 min left\.</small>', page)
    assert 'id="is_backing_up" data-by="job"' in page


def test_a_template_says_in_which_of_the_tables_it_stands(browser: Client, add_vm: AddVm) -> None:
    add_vm("debian", kind=Kind.TEMPLATE, mode=Mode.MAINTENANCE)
    page = browser.get("/templates/").content.decode()
    assert 'data-state="stopped" data-mode="maintenance mode"' in page
    assert 'id="template-stopped"' in browser.get("/states/?mode=maintenance+mode").content.decode()


def test_the_table_of_states_has_a_place_for_every_tool_tip_to_lead_to(browser: Client) -> None:
    page = browser.get("/states/").content.decode()
    for place in ("vm-stopped", "vm-running-backing_up", "vm-powering_off", "template-stopped-streaming"):
        assert page.count(f'id="{place}"') == 1
    assert 'href="/states/"' not in page.partition('id="tips"')[2]


@pytest.mark.parametrize(("seconds", "state"), [(1, "live"), (90, "late"), (None, "late")])
def test_a_page_says_how_fresh_it_is(browser: Client, seconds: int | None, state: str) -> None:
    if seconds is not None:
        Heartbeat.objects.create(process="watcher", at=timezone.now() - datetime.timedelta(seconds=seconds))
    page = browser.get("/vms/").content.decode()
    assert f'id="fresh" data-state="{state}"' in page


def test_words_for_a_script_are_whole_sentences() -> None:
    said = tips(Kind.VM)
    assert (said.is_off, said.since) == ("{} is off", "Since {}")
    assert json.dumps(said.states).count("The machine is on.") == 1
