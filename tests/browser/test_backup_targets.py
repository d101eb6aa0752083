"""A folder for backups is added, looked at, renamed and removed; machines without a backup are found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.stack import Stack
from tests.visitor import Visitor

pytestmark = pytest.mark.browser

NAME, NEW_NAME = "By hand", "Looked after"


@pytest.fixture(autouse=True)
def _no_target_is_left(stack: Stack) -> Iterator[None]:
    yield
    visitor = Visitor(stack)
    for name in (NAME, NEW_NAME):
        for link in visitor.get("/backups/targets/").html.xpath(f"//table[@id='targets']//th/a[text()='{name}']"):
            visitor.post(f"{link.get('href')}remove/")


@pytest.fixture
def panel(stack: Stack, open_panel: OpenPanel) -> Panel:
    """On the page of a target that was just added."""
    panel = open_panel("/backups/targets/add/")
    expect(panel.page.locator(f"option[value='{stack.alpha.images}']")).to_contain_text("(alpha), ")
    panel.page.locator("[name=name]").fill(NAME)
    panel.page.locator("[name=folder]").select_option(str(stack.alpha.images))
    panel.page.locator("[name=limit]").fill("30")
    assert panel.axe() == []
    panel.page.get_by_role("button", name="Add the target").click()
    expect(panel.page.locator("h1")).to_have_text(NAME)
    return panel


def test_the_page_of_a_target_tells_where_it_is(panel: Panel) -> None:
    expect(panel.page.locator("#target")).to_contain_text("storage pool images")
    expect(panel.page.locator("#target .gauge")).to_have_count(1)
    assert panel.axe() == []


def test_a_target_is_changed_and_removed_and_others_see_it_at_once(
    stack: Stack, panel: Panel, open_panel: OpenPanel
) -> None:
    onlooker = open_panel("/backups/targets/", width=360)
    expect(onlooker.page.locator("#targets tbody", has_text=NAME)).to_contain_text("30 MiB/s")
    assert (onlooker.axe(), onlooker.overflow()) == ([], 0)

    panel.page.locator("[name=name]").fill(NEW_NAME)
    panel.page.get_by_role("button", name="Save").click()
    expect(panel.page.locator("h1")).to_have_text(NEW_NAME)
    expect(onlooker.page.locator("#targets tbody", has_text=NEW_NAME)).to_have_count(1, timeout=10_000)

    other = open_panel(panel.page.url.removeprefix(stack.url))
    panel.page.get_by_role("link", name="Remove the target").click()
    expect(panel.dialog).to_contain_text(f"No backup is made to {stack.alpha.images} any more.")
    panel.confirm()
    expect(panel.page).to_have_url(f"{stack.url}/backups/targets/")
    expect(onlooker.page.locator("main")).not_to_contain_text(NEW_NAME, timeout=10_000)
    expect(other.page.locator("main")).to_contain_text("This target for backups is not there any more.", timeout=10_000)


def test_machines_without_a_good_backup_are_found_and_say_so(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("never-backed-up") as machine:
        panel = open_panel("/vms/")
        panel.page.get_by_role("button", name="Backups").click()
        panel.page.get_by_role("link", name="No good backup for 24 h").click()
        expect(panel.page.locator("#chips")).to_contain_text("Backups: No good backup for 24 h")
        panel.row(machine).locator("[aria-expanded]").click()
        expect(panel.row(machine).locator(".row-detail")).to_contain_text("Never backed up")
