"""Why a button is off and what a status means, for mouse, keyboard and touch; and how fresh the page is."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.stack import Machine, Stack
from tests.visitor import Visitor

pytestmark = pytest.mark.browser


def tip(panel: Panel) -> Locator:
    return panel.page.locator("#tip")


def link(panel: Panel) -> Locator:
    return tip(panel).get_by_role("link", name="States & actions")


def visit(open_panel: OpenPanel, machine: Machine, path: str = "/vms/?q={name}", **options: object) -> Panel:
    panel = open_panel(path.format(name=machine.name, uuid=machine.uuid), **options)
    panel.sees(machine, "Stopped")
    return panel


def test_a_tool_tip_stays_under_the_mouse_and_goes_with_escape(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("tip-mouse") as machine:
        panel = visit(open_panel, machine)
        panel.button(machine, "Power off").hover()
        expect(tip(panel)).to_contain_text("Power off is off")
        expect(tip(panel)).to_contain_text("The machine is stopped.")
        link(panel).hover()
        panel.page.wait_for_timeout(600)
        expect(link(panel)).to_be_visible()
        panel.page.keyboard.press("Escape")
        expect(tip(panel)).to_be_hidden()

        panel.button(machine, "Start").hover()
        expect(tip(panel)).to_have_text("Start")
        panel.button(machine, "Power off").hover()
        link(panel).click()
        expect(panel.page).to_have_url(f"{stack.url}/states/#vm-stopped")
        expect(panel.page.locator("#vm-stopped")).to_be_in_viewport()


def test_the_link_of_a_tool_tip_is_the_next_stop_of_the_tab_key(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("tip-keys") as machine:
        panel = visit(open_panel, machine)
        keys = panel.page.keyboard
        panel.button(machine, "Start").focus()
        keys.press("Tab")
        expect(panel.button(machine, "Shutdown")).to_be_focused()
        expect(tip(panel)).to_contain_text("Shutdown is off")
        keys.press("Tab")
        expect(link(panel)).to_be_focused()
        keys.press("Escape")
        expect(tip(panel)).to_be_hidden()
        expect(panel.button(machine, "Shutdown")).to_be_focused()
        keys.press("Tab")
        expect(panel.button(machine, "Power off")).to_be_focused()
        keys.press("Tab")
        expect(link(panel)).to_be_focused()
        keys.press("Tab")
        expect(panel.button(machine, "Migrate")).to_be_focused()
        expect(tip(panel).get_by_text("Power off is off")).to_be_hidden()


def test_a_touch_opens_a_tool_tip_and_another_closes_it(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("tip-touch") as machine:
        panel = visit(open_panel, machine, width=360, has_touch=True)
        panel.button(machine, "Shutdown").tap(force=True)
        expect(link(panel)).to_be_visible()
        assert panel.overflow() <= 0
        panel.page.locator("h1").tap()
        expect(tip(panel)).to_be_hidden()
        panel.row(machine).locator(".status__text").tap()
        expect(tip(panel)).to_contain_text("The machine is off.")
        expect(tip(panel)).to_contain_text("Since")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_who_holds_a_machine_is_told_and_an_open_tool_tip_follows(
    stack: Stack, open_panel: OpenPanel, scheme: str
) -> None:
    with stack.machine("tip-held", begins="running") as machine:
        Visitor(stack).sees(machine, "Running")
        panel = open_panel("/vms/?q=tip-held", color_scheme=scheme)
        delete = panel.button(machine, "Delete")
        delete.hover()
        expect(tip(panel)).to_contain_text("The machine must be stopped.")
        Visitor(stack).act(machine, "shutdown")
        expect(tip(panel)).to_contain_text(f"Shutdown by {stack.user} since")
        assert f"Shutdown by {stack.user} since" in (delete.get_attribute("aria-description") or "")
        assert panel.axe() == []
        panel.row(machine).locator(".status").hover()
        expect(tip(panel)).to_contain_text("The guest was asked to shut down")


def test_without_a_script_a_button_that_is_off_opens_its_reason(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("tip-plain") as machine:
        Visitor(stack).sees(machine, "Stopped")
        panel = visit(open_panel, machine, java_script_enabled=False)
        reason = panel.page.locator("#is_stopped")
        expect(reason).to_be_hidden()
        panel.button(machine, "Shutdown").click(force=True)
        expect(reason).to_be_visible()
        panel.page.keyboard.press("Escape")
        expect(reason).to_be_hidden()
        expect(panel.page.locator("#fresh")).to_contain_text("as of")


def test_the_table_of_states_is_one_stop_and_the_arrows_go_on_from_there(open_panel: OpenPanel) -> None:
    panel = open_panel("/states/")
    expect(panel.page.locator("#all-vm td button[tabindex='0']")).to_have_count(1)
    panel.page.locator("#all-vm td button[tabindex='0']").focus()
    panel.page.keyboard.press("ArrowRight")
    expect(tip(panel)).to_contain_text("Power off is off")
    panel.page.keyboard.press("ArrowDown")
    expect(tip(panel)).to_contain_text("Power off is off")
    expect(panel.page.locator("#vm-stopped-streaming button:focus")).to_have_count(1)
    assert panel.axe() == []


HIDDEN_STOPS = """() => [...document.querySelectorAll("#sheet :is(a, input, button)")]
  .filter((it) => it.checkVisibility())
  .filter((it) => it.getBoundingClientRect().width < 9 || it.closest("thead")?.offsetHeight < 9)
  .map((it) => it.outerHTML)"""


def hidden_stops(page: Page) -> list[str]:
    """What the Tab key reaches in the list, and nobody sees."""
    found: list[str] = page.evaluate(HIDDEN_STOPS)
    return found


@pytest.mark.parametrize("path", ["/vms/", "/nodes/", "/operations/"])
def test_nothing_of_a_list_is_hidden_from_the_eye_but_not_from_the_tab_key(open_panel: OpenPanel, path: str) -> None:
    panel = open_panel(path, width=360)
    assert hidden_stops(panel.page) == []
    for width in (360, 600, 820, 1024, 1440, 2560):
        panel.page.set_viewport_size({"width": width, "height": 900})
        assert panel.overflow() <= 0, f"{width} px"


def test_all_rows_are_ticked_on_a_phone(open_panel: OpenPanel) -> None:
    panel = open_panel("/vms/", width=360)
    panel.page.locator("[data-tick-all]").check()
    expect(panel.page.locator("#vms tbody input:not(:checked)")).to_have_count(0)


def test_a_page_says_when_it_is_no_longer_live(open_panel: OpenPanel, complaints: list[str]) -> None:
    panel = open_panel("/vms/")
    fresh, said = panel.page.locator("#fresh"), panel.page.locator("#fresh-said")
    expect(fresh).to_have_text("live", use_inner_text=True)
    panel.page.context.set_offline(True)
    panel.page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(fresh).to_contain_text("connection lost, trying again", timeout=15_000, use_inner_text=True)
    expect(fresh.locator("time")).to_be_visible()
    expect(said).to_have_text("connection lost, trying again")
    panel.page.context.set_offline(False)
    expect(fresh).to_have_attribute("data-state", "live", timeout=40_000)
    expect(said).to_have_text("connected again")
    complaints[:] = [text for text in complaints if "net::ERR_" not in text]


def test_a_page_says_when_the_watcher_is_gone(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.frozen("watcher"):
        panel = open_panel("/vms/")
        expect(panel.page.locator("#fresh")).to_have_attribute("data-state", "late", timeout=40_000)
        assert panel.axe() == []
    stack.wait_until_well()
    expect(panel.page.locator("#fresh")).to_have_attribute("data-state", "live", timeout=40_000)
