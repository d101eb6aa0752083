"""Rows change by themselves, in every tab, and nothing that somebody types or opens is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPanel
from tests.stack import Stack

pytestmark = pytest.mark.browser


def test_a_status_changes_in_two_tabs_after_a_click_and_behind_the_panels_back(
    stack: Stack, open_panel: OpenPanel
) -> None:
    with stack.machine("two-tabs") as machine:
        mine, hers = open_panel(), open_panel()
        for panel in (mine, hers):
            panel.sees(machine, "Stopped")
            panel.page.evaluate("() => { window.wasNotReloaded = true }")
        hers.search.fill("half a wo")
        hers.row(machine).locator("a[aria-expanded]").click()
        expect(hers.row(machine).locator(".row-detail")).to_be_visible()

        mine.button(machine, "Start").click()
        for panel in (mine, hers):
            panel.sees(machine, "Running")

        machine.call("suspend")
        for panel in (mine, hers):
            panel.sees(machine, "Paused", within=1)
        machine.call("resume")
        for panel in (mine, hers):
            panel.sees(machine, "Running", within=1)
        machine.call("destroy")
        for panel in (mine, hers):
            panel.sees(machine, "Stopped", within=1)
            assert panel.page.evaluate("() => window.wasNotReloaded")
        expect(hers.search).to_have_value("half a wo")
        expect(hers.row(machine).locator(".row-detail")).to_be_visible()


def test_a_new_machine_appears_and_one_that_vanishes_says_so(stack: Stack, open_panel: OpenPanel) -> None:
    panel = open_panel()
    with stack.machine("newcomer") as machine:
        panel.sees(machine, "Stopped", within=5)
        machine.call("undefine")
        panel.sees(machine, "Unknown", within=2)
        expect(panel.row(machine)).to_contain_class("is-stale")
        expect(panel.row(machine).locator(".status__note")).to_contain_text("no longer knows it")


def test_a_lost_node_greys_its_rows_and_comes_back(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("on-beta", on="beta", begins="running") as machine:
        panel, nodes = open_panel(), open_panel("/nodes/")
        panel.sees(machine, "Running")

        stack.beta.kill_daemon()

        panel.sees(machine, "Unknown", within=5)
        expect(panel.row(machine)).to_contain_class("is-stale")
        expect(panel.row(machine).locator(".status__note")).to_contain_text("since")
        expect(nodes.page.locator("tbody", has_text="beta").locator(".status__text")).to_have_text("Unreachable")
        panel.sees(machine, "Running", within=30)
        expect(nodes.page.locator("tbody", has_text="beta").locator(".status__text")).to_have_text("Reachable")


def test_a_page_that_was_cut_off_catches_up(stack: Stack, open_panel: OpenPanel, complaints: list[str]) -> None:
    with stack.machine("cut-off") as machine:
        panel = open_panel()
        panel.sees(machine, "Stopped")

        panel.page.context.set_offline(True)
        machine.call("create")
        stack.kill("web")
        stack.wait_until_well()
        panel.page.context.set_offline(False)

        panel.sees(machine, "Running", within=15)
        expect(panel.page.locator("#fresh")).to_have_attribute("data-state", "live")
    complaints[:] = [text for text in complaints if "net::ERR_" not in text]


def test_a_page_whose_broker_died_catches_up(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("broker-gone") as machine:
        panel = open_panel()
        panel.sees(machine, "Stopped")

        with stack.without("redis"):
            machine.call("create")
            fresh = open_panel()
            fresh.sees(machine, "Running")

        panel.sees(machine, "Running", within=30)
        machine.call("destroy")
        panel.sees(machine, "Stopped", within=30)
        fresh.sees(machine, "Stopped", within=30)
    stack.wait_until_well()


def test_counts_and_operations_follow(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("counted") as machine:
        panel, operations = open_panel(), open_panel("/operations/")
        panel.button(machine, "Start").click()
        first = operations.page.locator("#operations tbody").first
        expect(first).to_contain_text("counted", timeout=10_000)
        expect(first.locator(".status__text")).to_have_text("Done", timeout=10_000)
