"""A machine is backed up by hand, found in the list, looked at, kept, verified and deleted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.faults.backups import Laden, backed_up, laden
from tests.faults.desks import desk_of
from tests.stack import Stack
from tests.visitor import Visitor

pytestmark = pytest.mark.browser

PATIENCE = 40_000
SMALL = 8
"""MiB in a disk."""


@pytest.fixture
def stopped(stack: Stack) -> Iterator[Laden]:
    with desk_of(stack) as desk, laden(desk, "put-aside", begins="off", content=SMALL) as each:
        Visitor(stack).sees(each.machine, "Stopped")
        yield each


def press(panel: Panel, label: str) -> None:
    panel.page.get_by_role("button", name=label, exact=True).click()


def is_said(panel: Panel, sentence: str) -> None:
    """On the page that was loaded, or in a message beside one that was not."""
    said = panel.page.locator("#messages, #toasts").filter(has_text=sentence)
    expect(said.first).to_be_visible()


def list_of(each: Laden) -> str:
    return f"/backups/?vm={each.machine.uuid}"


def show_the_newest(panel: Panel, each: Laden) -> None:
    panel.go(list_of(each))
    panel.page.locator("#backups tbody th a").first.click()


def test_it_is_backed_up_and_everybody_sees_how_far_it_is(stack: Stack, open_panel: OpenPanel, stopped: Laden) -> None:
    everybody = open_panel(list_of(stopped))
    expect(everybody.page.locator(".empty")).to_contain_text("Nothing found")
    panel = open_panel(f"/vms/?q=put-aside&open={stopped.machine.uuid}")
    panel.button(stopped.machine, "Back up").click()
    expect(panel.page.locator("h1")).to_have_text("Back up put-aside")
    panel.page.get_by_label("All that is on the disks").check()
    press(panel, "Back up")
    expect(panel.page.locator("h1")).to_have_text("put-aside")
    is_said(panel, "put-aside is being backed up to")
    expect(everybody.page.locator("#backups tbody")).to_have_count(1, timeout=PATIENCE)
    row = everybody.page.locator("#backups tbody")
    for words in ("put-aside", "Good", "Whole", "Machine was off", "admin"):
        expect(row).to_contain_text(words)
    expect(row.locator("[data-label=Verified] time")).to_be_visible(timeout=PATIENCE)


def test_one_of_them_is_kept_written_about_verified_and_deleted(
    stack: Stack, open_panel: OpenPanel, stopped: Laden
) -> None:
    backed_up(Visitor(stack), stopped, "Stopped")
    panel = open_panel()
    show_the_newest(panel, stopped)
    buttons = panel.page.locator("#backup-buttons")
    press(panel, "Keep for good")
    is_said(panel, "No schedule deletes this backup of put-aside any more.")
    expect(buttons.get_by_role("button", name="Do not keep for good")).to_be_visible()
    expect(panel.page.locator("#backup-page .badge", has_text="kept")).to_be_visible()
    panel.page.get_by_label("Notes").fill("before the upgrade")
    press(panel, "Save the notes")
    expect(panel.page.get_by_label("Notes")).to_have_value("before the upgrade")
    press(panel, "Verify")
    is_said(panel, "The backup of put-aside is being verified.")
    expect(panel.page.locator("#backup-page .kv dd", has_text=f", by {stack.user}")).to_be_visible(timeout=PATIENCE)
    buttons.get_by_role("link", name="Delete").click(timeout=PATIENCE)
    expect(panel.dialog).to_contain_text("Delete this backup of put-aside?")
    expect(panel.dialog).to_contain_text("Afterwards there is no good backup of put-aside any more.")
    assert panel.axe() == []
    panel.confirm()
    expect(panel.page.locator("h1")).to_have_text("Backups")
    panel.go(list_of(stopped))
    expect(panel.page.locator(".empty")).to_contain_text("Nothing found", timeout=PATIENCE)


def test_all_of_it_without_a_script(stack: Stack, open_panel: OpenPanel, stopped: Laden) -> None:
    panel = open_panel(f"/vms/{stopped.machine.uuid}/back-up/", java_script_enabled=False)
    press(panel, "Back up")
    is_said(panel, "put-aside is being backed up to")
    assert stopped.how_it_ended() == "succeeded"
    stopped.is_checked()
    show_the_newest(panel, stopped)
    press(panel, "Keep for good")
    is_said(panel, "No schedule deletes this backup of put-aside any more.")
    press(panel, "Verify")
    is_said(panel, "The backup of put-aside is being verified.")
    Visitor(stack).sees(stopped.machine, "Stopped")
    press(panel, "Do not keep for good")
    panel.page.get_by_label("Notes").fill("kept a while")
    press(panel, "Save the notes")
    expect(panel.page.get_by_label("Notes")).to_have_value("kept a while")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_pages_can_be_read_by_everybody(stack: Stack, open_panel: OpenPanel, stopped: Laden, scheme: str) -> None:
    backed_up(Visitor(stack), stopped, "Stopped")
    pk = stopped.rows()[0]["id"]
    paths = ("/backups/", f"/backups/{pk}/", f"/backups/{pk}/delete/", f"/vms/{stopped.machine.uuid}/back-up/")
    panel = open_panel(color_scheme=scheme, reduced_motion="reduce")  # a message may come just now
    for path in paths:
        panel.go(path)
        for width in (360, 1920):
            panel.page.set_viewport_size({"width": width, "height": 900})
            assert panel.axe() == [], path
            assert panel.overflow() <= 0, path
