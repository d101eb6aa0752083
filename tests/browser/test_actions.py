"""Every button that is built: what it asks, what it does, and why it is off."""

from __future__ import annotations

import libvirt
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.stack import Machine, Stack
from tests.visitor import Visitor

pytestmark = pytest.mark.browser


def ask(panel: Panel, machine: Machine, action: str) -> None:
    panel.button(machine, action).click()
    expect(panel.dialog).to_be_visible()
    expect(panel.dialog.locator("#ask-title")).to_contain_text(machine.name)


def test_start_pause_go_on_reset_and_power_off(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("all-of-it") as machine:
        panel = open_panel(f"/vms/?open={machine.uuid}")
        panel.button(machine, "Start").click()
        panel.sees(machine, "Running")
        panel.button(machine, "Pause").click()
        panel.sees(machine, "Paused")
        assert machine.state == libvirt.VIR_DOMAIN_PAUSED
        panel.button(machine, "Start").click()
        panel.sees(machine, "Running")

        ask(panel, machine, "Reset")
        panel.confirm()
        expect(panel.dialog).to_be_hidden()
        Visitor(stack).sees_operation(machine, "Reset", "Done")

        ask(panel, machine, "Power off")
        panel.confirm()
        panel.sees(machine, "Stopped")
        assert machine.is_off


def test_a_real_guest_shuts_down_in_order(stack: Stack, open_panel: OpenPanel) -> None:
    """web-01 is the demo's little Linux; it reacts as soon as it has started."""
    panel = open_panel("/vms/?q=web-01")
    row = panel.page.locator("tbody", has_text="web-01")
    for _ in range(6):  # one that is just starting does not hear the first knock
        expect(row.locator(".status__text")).to_have_text("Running", timeout=15_000)
        row.get_by_role("link", name="Shutdown", exact=True).click()
        expect(panel.dialog).to_be_visible()
        panel.confirm()
        expect(row.locator(".status__text")).to_have_text("Shutting down", timeout=5_000)
        expect(row.locator(".status__text")).not_to_have_text("Shutting down", timeout=20_000)
        if row.locator(".status__text").text_content() == "Stopped":
            break
    expect(row.locator(".status__text")).to_have_text("Stopped")
    row.get_by_role("button", name="Start", exact=True).click()
    expect(row.locator(".status__text")).to_have_text("Running")


def test_a_question_is_safe_by_default(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("asked", begins="running") as machine:
        panel = open_panel()
        ask(panel, machine, "Power off")
        cancel = panel.dialog.get_by_role("link", name="Cancel")
        expect(cancel).to_be_focused()
        expect(panel.dialog).to_contain_text("alpha")

        panel.page.keyboard.press("Escape")
        expect(panel.dialog).to_be_hidden()
        expect(panel.button(machine, "Power off")).to_be_focused()

        ask(panel, machine, "Power off")
        panel.page.keyboard.press("Enter")
        expect(panel.dialog).to_be_hidden()
        panel.sees(machine, "Running")
        assert Visitor(stack).operations(machine) == []


def test_a_double_click_on_the_answer_is_one_operation(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("double", begins="running") as machine:
        panel = open_panel()
        ask(panel, machine, "Power off")
        panel.dialog.locator("form button[type=submit]").dblclick()
        panel.sees(machine, "Stopped")
        panel.button(machine, "Start").dblclick()
        panel.sees(machine, "Running")
        names = [each[0] for each in Visitor(stack).operations(machine)]
        assert names == ["Start", "Power off"]


def test_delete_asks_and_takes_the_row_away(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("doomed") as machine:
        panel = open_panel()
        ask(panel, machine, "Delete")
        panel.confirm()
        expect(panel.row(machine)).to_have_count(0, timeout=15_000)
        assert machine.state == -1
        expect(panel.page.locator("#main")).not_to_contain_text("doomed")


def test_a_button_that_is_off_says_why(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("off-and-on") as machine:
        panel = open_panel(f"/vms/?open={machine.uuid}")
        panel.sees(machine, "Stopped")
        for label in ("Shutdown", "Power off", "Pause", "Reset"):
            button = panel.button(machine, label)
            expect(button).to_have_attribute("aria-disabled", "true")
            assert button.get_attribute("aria-description")
            button.click(force=True)
        expect(panel.dialog).to_be_hidden()
        panel.sees(machine, "Stopped")
        assert Visitor(stack).operations(machine) == []


def test_a_question_that_is_out_of_date_is_answered_with_the_truth(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("too-late", begins="running") as machine:
        panel = open_panel(f"/vms/?open={machine.uuid}")
        ask(panel, machine, "Reset")
        machine.call("destroy")
        panel.sees(machine, "Stopped", within=3)
        panel.confirm()
        expect(panel.toasts).to_contain_text("too-late")
        panel.sees(machine, "Stopped")


def test_everything_works_from_the_machines_own_page(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("own-page") as machine:
        panel = open_panel(f"/vms/{machine.uuid}/") if _is_known(stack, machine) else open_panel()
        status = panel.page.locator("#vm-page .status__text").first
        panel.page.locator("#vm-actions").get_by_role("button", name="Start", exact=True).click()
        expect(status).to_have_text("Running")
        machine.call("destroy")
        expect(status).to_have_text("Stopped", timeout=5_000)


def _is_known(stack: Stack, machine: Machine) -> bool:
    Visitor(stack).sees(machine, "Stopped")
    return True
