"""A machine's screen and serial console, used in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from demo.account import nodes_account
from demo.guest import built_guest
from demo.machines import guest_xml, tiny_machine_xml
from demo.places import reachable
from demo.settings import ROOT
from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.nodes import wait_until
from tests.stack import Machine, Stack

pytestmark = pytest.mark.browser

COLOURS = """() => {
  const canvas = document.querySelector("#panel-screen canvas");
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
}"""
BOOTS_WITHIN = 90_000


@pytest.fixture(autouse=True)
def _a_ticket_that_is_refused_is_no_complaint(open_panel: OpenPanel, complaints: list[str]) -> Iterator[None]:
    """A page asks for one again when its machine is taken away at the end of a test."""
    yield
    complaints[:] = [each for each in complaints if "/use/ticket/" not in each]


@contextmanager
def linux(stack: Stack, name: str) -> Iterator[Machine]:
    guest = built_guest(reachable(ROOT / "var" / "guest", nodes_account()))
    with stack.machine(name, guest_xml(name, guest, graphics=True), begins="on") as machine:
        yield machine


def use(panel: Panel, machine: Machine, rest: str = "") -> None:
    """Its page, once the panel knows that it runs."""
    panel.go("/vms/")
    panel.sees(machine, "Running")
    panel.go(f"/vms/{machine.uuid}/use/{rest}")


def is_in_state(page: Page, state: str, *, within: float = 20) -> None:
    expect(page.locator("#console")).to_have_attribute("data-state", state, timeout=within * 1000)


def test_what_is_typed_into_the_serial_console_is_answered_there(stack: Stack, open_panel: OpenPanel) -> None:
    with linux(stack, "typed") as machine:
        panel = open_panel()
        use(panel, machine, "#serial")
        is_in_state(panel.page, "open")
        rows = panel.page.locator(".xterm-rows")
        expect(rows).to_contain_text("is ready", timeout=BOOTS_WITHIN)
        panel.page.locator("#panel-serial").click()
        panel.page.keyboard.type("echo answer-$((6*7))\n")
        expect(rows).to_contain_text("answer-42", timeout=20_000)


def test_the_screen_shows_a_picture_and_takes_keys(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("seen", tiny_machine_xml("seen", graphics=True), begins="on") as machine:
        panel = open_panel()
        use(panel, machine)
        page = panel.page
        is_in_state(page, "open")
        assert wait_until(lambda: page.evaluate(f"({COLOURS})()") > 1, seconds=20)
        page.locator("#console").get_by_role("button", name="Keys").click()
        page.get_by_role("button", name="Ctrl Alt Del", exact=True).click()
        is_in_state(page, "open")
        page.keyboard.press("Tab")
        expect(page.locator("#panel-screen canvas")).to_be_focused()
        page.keyboard.press("Control+Alt+Home")
        expect(page.locator("#tab-screen")).to_be_focused()


def test_a_machine_that_is_switched_off_says_so_and_comes_back(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("comes-back", tiny_machine_xml("comes-back", graphics=True), begins="on") as machine:
        panel = open_panel()
        use(panel, machine)
        page = panel.page
        is_in_state(page, "open")
        machine.call("destroy")
        expect(page.locator("#console-cover")).to_contain_text(re.compile("shut down|off", re.IGNORECASE))
        page.locator("#use-off").get_by_role("button", name="Start").click()
        is_in_state(page, "open", within=40)
        machine.call("reset")
        is_in_state(page, "open")


def test_a_stopped_machine_has_nothing_to_see(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("dark", tiny_machine_xml("dark", graphics=True)) as machine:
        panel = open_panel()
        panel.sees(machine, "Stopped")
        panel.go(f"/vms/{machine.uuid}/use/")
        is_in_state(panel.page, "off")
        expect(panel.page.locator("#use-off")).to_be_visible()
        assert panel.axe() == []


def test_a_serial_console_that_is_taken_can_be_taken_over(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("shared", begins="on") as machine:
        first, second = open_panel(), open_panel()
        use(first, machine, "#serial")
        is_in_state(first.page, "open")
        use(second, machine, "#serial")
        is_in_state(second.page, "ended")
        second.page.get_by_role("button", name="Take it over").click()
        is_in_state(second.page, "open")
        is_in_state(first.page, "ended")
        expect(first.page.locator("#console-why")).to_contain_text("taken over")


def test_a_machine_without_a_screen_leads_to_its_serial_console(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("no-screen", begins="on") as machine:
        panel = open_panel()
        use(panel, machine)
        is_in_state(panel.page, "ended")
        expect(panel.page.locator("#console-why")).to_contain_text("no screen")
        panel.page.get_by_role("tab", name="Serial console").click()
        is_in_state(panel.page, "open")


@pytest.mark.parametrize("width", [360, 768, 1920])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_fits_every_window(stack: Stack, open_panel: OpenPanel, width: int, theme: str) -> None:
    with stack.machine("fits", tiny_machine_xml("fits", graphics=True), begins="on") as machine:
        panel = open_panel(width=width, color_scheme=theme)
        use(panel, machine)
        is_in_state(panel.page, "open")
        assert panel.overflow() <= 0
        assert panel.axe() == []


def test_without_javascript_it_says_what_it_needs(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("plain", tiny_machine_xml("plain", graphics=True), begins="on") as machine:
        panel = open_panel()
        panel.sees(machine, "Running")
        plain = open_panel(f"/vms/{machine.uuid}/use/", java_script_enabled=False)
        expect(plain.page.locator("#console-cover")).to_contain_text("needs JavaScript")
        plain.page.locator("summary").click()
        plain.page.get_by_role("link", name="File for virt-viewer").click()
        expect(plain.page.locator(".alert")).to_contain_text("no file for virt-viewer")
