"""A real node is freed of its machines: planned, begun, paused, and gone on with; one machine cannot go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

import pytest
from playwright.sync_api import Locator, expect

from demo.machines import Machine as Drawing
from demo.nodes import LocalNode
from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.faults.links import Far, far_node
from tests.faults.moves import key_of, looked_after
from tests.faults.streams import write_noise
from tests.nodes import define
from tests.stack import Machine, Stack
from tests.visitor import Visitor

pytestmark = pytest.mark.browser

PATIENCE = 60_000
CONTENT = 6
"""MiB of noise in a disk that is copied, at 2 MiB a second."""


@pytest.fixture(scope="module")
def gamma(stack: Stack) -> Iterator[Far]:
    with far_node(stack, "gamma") as found, looked_after(stack, found):
        yield found


@contextmanager
def machine_on(
    stack: Stack, node: LocalNode, name: str, *, runs: bool = True, snapshot: bool = False
) -> Iterator[Machine]:
    """Only its node sees its disk. At the end it is gone from wherever it is."""
    disk = node.images / f"{name}-a.qcow2"
    write_noise(stack, disk, CONTENT)
    with node.connected() as connection:
        domain = define(connection, Drawing(name, disks=(disk,)).xml())
        machine = Machine(node, UUID(domain.UUIDString()), name)
        if runs:
            domain.create()
        if snapshot:
            domain.snapshotCreateXML("<domainsnapshot/>")
    try:
        yield machine
    finally:
        for each in (stack.alpha, stack.beta, node):
            replace(machine, node=each).remove()
            for left in each.images.glob(f"{name}-*"):
                left.unlink()


def knows(stack: Stack, *machines: Machine) -> None:
    for each in machines:
        Visitor(stack).sees(each, "Running" if each.is_on else "Stopped")


def plan(panel: Panel, *, at_once: int = 1, limit: int = 2) -> None:
    """From the node's page on."""
    panel.page.get_by_role("link", name="Empty the node").click()
    panel.page.get_by_label("Migrations at once").fill(str(at_once))
    panel.page.get_by_label("Speed, at most, in MiB/s").fill(str(limit))
    panel.page.get_by_role("button", name="Make a plan").click()
    expect(state(panel)).to_have_text("Planned, not begun yet", timeout=PATIENCE)


def state(panel: Panel) -> Locator:
    return panel.page.locator(".emptying__head .status__text")


def row(panel: Panel, machine: Machine) -> Locator:
    return panel.page.locator("#emptying-items tbody").filter(has=panel.page.get_by_text(machine.name, exact=True))


def result(panel: Panel, machine: Machine) -> Locator:
    return row(panel, machine).locator(".status__text")


def press(panel: Panel, name: str) -> None:
    panel.page.locator(".toolbar").get_by_role("button", name=name, exact=True).click()


def test_planned_begun_paused_and_gone_on_with(stack: Stack, gamma: Far, open_panel: OpenPanel) -> None:
    with (
        machine_on(stack, gamma.node, "empties-one") as one,
        machine_on(stack, gamma.node, "empties-two") as two,
        machine_on(stack, gamma.node, "empties-not", runs=False, snapshot=True) as tied,
    ):
        knows(stack, one, two, tied)
        panel = open_panel(f"/nodes/{key_of(stack, gamma.node)}/")
        plan(panel)
        onlooker = open_panel(panel.page.url.removeprefix(stack.url))
        the_plan_says_what_goes_and_what_cannot(panel, tied)
        it_begins_with_one(panel, onlooker, one, two)
        paused_it_ends_what_it_has_begun(panel, onlooker, one, two)
        it_goes_on_to_its_end(panel, onlooker, two)
        assert [each.state for each in (one, two)] == [-1, -1]
        panel.go(f"/nodes/{key_of(stack, gamma.node)}/")
        expect(panel.page.locator("#node-state .badge")).to_have_text("maintenance")
        expect(panel.page.locator(".emptyings")).to_contain_text("Finished")
        expect(panel.page.locator("#node-timeline")).to_contain_text("began to empty it")


def the_plan_says_what_goes_and_what_cannot(panel: Panel, tied: Machine) -> None:
    expect(panel.page.get_by_role("alert")).to_contain_text("1 machine cannot go and stays on node gamma")
    expect(row(panel, tied)).to_contain_text("It has snapshots")
    expect(panel.page.locator("#emptying-items tbody th")).to_have_text(["empties-not", "empties-one", "empties-two"])
    assert panel.axe() == []
    assert panel.overflow() <= 0


def it_begins_with_one(panel: Panel, onlooker: Panel, one: Machine, two: Machine) -> None:
    press(panel, "Begin")
    expect(panel.page.locator("#messages, #toasts").first).to_contain_text("Node gamma is being emptied")
    for each in (panel, onlooker):
        expect(state(each)).to_have_text("Under way", timeout=PATIENCE)
        expect(row(each, one).locator("progress")).to_be_visible(timeout=PATIENCE)
        expect(result(each, two)).to_have_text("Waiting")
    assert panel.axe() == []


def paused_it_ends_what_it_has_begun(panel: Panel, onlooker: Panel, one: Machine, two: Machine) -> None:
    press(panel, "Pause")
    expect(state(panel)).to_have_text("Paused")
    for each in (panel, onlooker):
        expect(result(each, one)).to_have_text("Done", timeout=PATIENCE)
        expect(result(each, two)).to_have_text("Waiting")


def it_goes_on_to_its_end(panel: Panel, onlooker: Panel, two: Machine) -> None:
    press(panel, "Resume")
    for each in (panel, onlooker):
        expect(result(each, two)).to_have_text("Done", timeout=PATIENCE)
        expect(state(each)).to_have_text("Finished", timeout=PATIENCE)
    expect(panel.page.locator(".emptying__head")).to_contain_text("1 machine is still on node gamma.")


def test_without_a_script(stack: Stack, gamma: Far, open_panel: OpenPanel) -> None:
    with machine_on(stack, gamma.node, "empties-plainly") as plain:
        knows(stack, plain)
        panel = open_panel(f"/nodes/{key_of(stack, gamma.node)}/", java_script_enabled=False)
        plan(panel, limit=1)
        press(panel, "Begin")
        expect(state(panel)).to_have_text("Under way")
        expect(result(panel, plain)).to_have_text("Under way", timeout=PATIENCE)
        panel.page.locator(".toolbar").get_by_role("link", name="Cancel").click()
        expect(panel.page.locator(".ask")).to_contain_text("1 machine is on its way and goes on.")
        panel.page.get_by_role("button", name="Stop emptying it").click()
        expect(state(panel)).to_have_text("Cancelled")
        expect(result(panel, plain)).to_have_text("Done", timeout=PATIENCE)


def test_a_second_request_is_led_to_the_first_plan(stack: Stack, gamma: Far, open_panel: OpenPanel) -> None:
    with machine_on(stack, gamma.node, "empties-once", runs=False) as once:
        knows(stack, once)
        panel = open_panel(f"/nodes/{key_of(stack, gamma.node)}/")
        plan(panel)
        second = open_panel(f"/nodes/{key_of(stack, gamma.node)}/empty/")
        expect(second.page).to_have_url(panel.page.url)
        expect(second.page.locator("#messages, #toasts").first).to_contain_text("Here is that plan")
        panel.page.locator(".toolbar").get_by_role("link", name="Cancel").click()
        panel.confirm()
        for each in (panel, second):
            expect(state(each)).to_have_text("Cancelled", timeout=PATIENCE)
