"""Streaming before people's eyes: the template's list, its tool-tips, the speed, and the question before it ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.faults.streams import Template, Wish, comes_to, make, template
from tests.stack import Machine, Stack
from tests.visitor import Visitor

pytestmark = pytest.mark.browser

PATIENCE = 60_000
PERCENT = r"\[\d+\.\d %\]"


@pytest.fixture(scope="module")
def origin(stack: Stack) -> Iterator[Template]:
    """So large that nothing made from it is finished while it is looked at."""
    with template(stack, "streamed", sizes=(256,)) as origin:
        yield origin


@pytest.fixture(scope="module")
def machines(stack: Stack, origin: Template) -> list[Machine]:
    """Two that stream, and one that waits for its turn."""
    visitor = Visitor(stack)
    machines = make(stack, visitor, origin.uuid, Wish("away-%d", count=3, limit=1))
    for machine in machines[:2]:
        comes_to(visitor, machine, 0.1)
    return machines


def list_of(panel: Panel, origin: Template) -> Locator:
    return panel.row(origin.machine).locator(".clone")


def tip(panel: Panel) -> Locator:
    return panel.page.locator("#tip")


def speed(panel: Panel, machine: Machine) -> Locator:
    return panel.row(machine).get_by_label("Speed, at most")


def test_a_template_shows_who_streams_from_it_while_it_goes_on(
    open_panel: OpenPanel, origin: Template, machines: list[Machine]
) -> None:
    panel = open_panel(f"/templates/?open={origin.uuid}")
    panel.sees(origin.machine, "Stopped, streaming")
    expect(list_of(panel, origin)).to_have_count(3)
    expect(list_of(panel, origin).first).to_contain_text(re.compile(rf"away-1 {PERCENT}"))
    expect(list_of(panel, origin).last).to_contain_text("waits for its turn")
    before = list_of(panel, origin).first.locator(".status__percent").inner_text()
    expect(list_of(panel, origin).first.locator(".status__percent")).not_to_have_text(before, timeout=PATIENCE)

    panel.row(origin.machine).locator(".status").hover()
    expect(tip(panel)).to_contain_text(
        re.compile(rf"away-1 {PERCENT}, away-2 {PERCENT}, away-3 {PERCENT} still stream from this template\.")
    )
    panel.button(origin.machine, "Delete").hover()
    expect(tip(panel)).to_contain_text("Delete is off")
    expect(tip(panel)).to_contain_text(re.compile(rf"away-1 {PERCENT}, away-2"))
    expect(tip(panel)).not_to_contain_text("Wait until they have finished")
    list_of(panel, origin).first.get_by_role("link", name="away-1").click()
    expect(panel.page.locator("h1")).to_have_text("away-1")


def test_the_speed_is_changed_in_a_row_that_goes_on(open_panel: OpenPanel, machines: list[Machine]) -> None:
    machine = machines[0]
    panel = open_panel(f"/vms/?q=away&open={machine.uuid}")
    speed(panel, machine).fill("2")
    row = panel.row(machine).locator("td > .status .status__percent")
    expect(row).not_to_have_text(row.inner_text(), timeout=PATIENCE)
    expect(speed(panel, machine)).to_be_focused()
    expect(speed(panel, machine)).to_have_value("2")
    panel.page.keyboard.press("Enter")
    expect(panel.toasts).to_contain_text("The disks of away-1 are now copied with 2 MiB/s at most.")
    expect(speed(panel, machine)).to_be_focused()
    expect(panel.row(machine).locator("input[name=limit][value='2']")).to_be_visible()
    speed(panel, machine).fill("1")
    panel.row(machine).get_by_role("button", name="Change").click()
    expect(panel.toasts).to_contain_text("1 MiB/s at most")


def test_the_speed_is_changed_without_a_script(open_panel: OpenPanel, machines: list[Machine]) -> None:
    machine = machines[1]
    panel = open_panel(f"/vms/?q=away&open={machine.uuid}", java_script_enabled=False)
    speed(panel, machine).fill("2")
    panel.row(machine).get_by_role("button", name="Change").click()
    expect(panel.page.locator("#messages")).to_contain_text("The disks of away-2 are now copied with 2 MiB/s at most.")
    expect(speed(panel, machine)).to_have_value("2")
    assert "q=away" in panel.page.url


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_the_pages_can_be_read_by_everybody(
    open_panel: OpenPanel, origin: Template, machines: list[Machine], width: int, scheme: str
) -> None:
    for path in (
        f"/templates/?open={origin.uuid}",
        f"/vms/?q=away&open={machines[0].uuid}",
        f"/vms/{origin.uuid}/",
        f"/vms/{machines[2].uuid}/",
    ):
        panel = open_panel(path, width=width, color_scheme=scheme)
        assert (panel.axe(), panel.overflow()) == ([], 0), path


def test_it_is_stopped_after_one_question_and_goes_on_from_the_templates_list(
    open_panel: OpenPanel, origin: Template, machines: list[Machine]
) -> None:
    machine = machines[0]
    panel = open_panel(f"/vms/?q=away&open={machine.uuid}")
    panel.row(machine).locator(".work").get_by_role("link", name="Cancel").click()
    expect(panel.dialog).to_contain_text("away-1 stays linked to streamed, which can be neither started nor deleted")
    panel.confirm()
    expect(panel.toasts).to_contain_text("Streaming of away-1 is being stopped.")
    assert f"open={machine.uuid}" in panel.page.url
    expect(panel.row(machine)).to_contain_text(
        "Its disks still need streamed: streaming was stopped.", timeout=PATIENCE
    )
    panel.sees(machine, "Stopped")

    panel.go(f"/templates/?open={origin.uuid}")
    panel.sees(origin.machine, "Stopped, streaming")
    expect(list_of(panel, origin).first).to_contain_text("Linked: streaming was stopped")
    list_of(panel, origin).first.get_by_role("button", name="Stream away-1").click()
    expect(panel.toasts).to_contain_text("away-1 streams again.")
    expect(list_of(panel, origin).first.get_by_role("button")).to_have_count(0, timeout=PATIENCE)
