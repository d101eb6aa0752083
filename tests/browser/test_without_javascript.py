"""Everything can be done without a script."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel, log_in
from tests.stack import Machine, Stack, wait_until
from tests.visitor import Visitor

pytestmark = pytest.mark.browser


def refresh_until(panel: Panel, machine: Machine, status: str) -> None:
    def it_says_so() -> bool:
        panel.page.get_by_label("Refresh").click()
        return panel.row(machine).locator(".status__text").text_content() == status

    assert wait_until(it_says_so, seconds=15)


def test_start_and_power_off(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("no-script") as machine:
        Visitor(stack).sees(machine, "Stopped")
        panel = open_panel("/vms/?q=no-script", java_script_enabled=False)

        panel.button(machine, "Start").click()
        expect(panel.page).to_have_url(f"{stack.url}/vms/?q=no-script")
        refresh_until(panel, machine, "Running")

        panel.button(machine, "Power off").click()
        expect(panel.page.get_by_role("heading", level=2)).to_contain_text("no-script")
        panel.page.locator("main form button[type=submit]").click()
        panel.go("/vms/?q=no-script")
        refresh_until(panel, machine, "Stopped")
        assert machine.is_off


def test_a_refusal_is_said(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("refused", begins="running") as machine:
        Visitor(stack).sees(machine, "Running")
        panel = open_panel(f"/vms/?q=refused&open={machine.uuid}", java_script_enabled=False)
        machine.call("destroy")
        Visitor(stack).sees(machine, "Stopped")

        panel.button(machine, "Pause").click()

        expect(panel.page.get_by_role("alert")).to_contain_text("refused")


def test_search_sort_open_language_theme_and_login(stack: Stack, open_panel: OpenPanel) -> None:
    panel = open_panel("/vms/", anonymous=True, java_script_enabled=False)
    log_in(panel.page, stack)
    panel.search.fill("web-01")
    panel.search.press("Enter")
    expect(panel.page.locator("#vms tbody")).to_have_count(1)
    panel.page.locator("a[aria-expanded]").click()
    expect(panel.page.locator(".row-detail")).to_be_visible()
    panel.go("/vms/")
    panel.page.locator("thead").get_by_role("link", name="Name").click()
    expect(panel.page.locator("thead [aria-sort=descending]")).to_have_text("Name")

    panel.page.locator("[popovertarget=menu-theme]").click()
    panel.page.get_by_role("button", name="Dark", exact=True).click()
    expect(panel.page.locator("html")).to_have_attribute("data-theme", "dark")
    panel.page.locator("[popovertarget=menu-language]").click()
    panel.page.locator("#menu-language [value=de]").click()
    expect(panel.page.locator("html")).to_have_attribute("lang", "de")
