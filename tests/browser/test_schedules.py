"""A schedule is made by hand, with its next runs in sight; it is run, and says what has become of its machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.faults.backups import laden
from tests.faults.desks import desk_of
from tests.stack import Stack
from tests.visitor import Visitor

pytestmark = pytest.mark.browser

NAME = "By the calendar"
PATIENCE = 60_000
SMALL = 8
"""MiB in a disk."""


@pytest.fixture(autouse=True)
def _no_schedule_is_left(stack: Stack) -> Iterator[None]:
    yield
    visitor = Visitor(stack)
    for link in visitor.get("/backups/schedules/").html.xpath(f"//table[@id='schedules']//th/a[text()='{NAME}']"):
        visitor.post(f"{link.get('href')}remove/")


def told(panel: Panel, part: str) -> Locator:
    return panel.page.locator(f"[data-words={part}]")


def save(panel: Panel) -> None:
    panel.page.get_by_role("button", name="Save", exact=True).click()
    expect(panel.page.locator("h1")).to_have_text(NAME)


def choose(panel: Panel, machine: str) -> None:
    panel.page.get_by_label("Chosen ones only").check()
    chosen = panel.page.get_by_role("group", name="These are backed up")
    chosen.get_by_label("Search machines").fill(machine)
    expect(chosen.locator("li:visible")).to_have_count(1)
    chosen.get_by_label(machine).check()


def test_what_comes_of_it_is_shown_as_one_types(stack: Stack, open_panel: OpenPanel) -> None:
    with desk_of(stack):
        panel = open_panel("/backups/schedules/add/")
    expect(told(panel, "times")).to_contain_text("Every day at 02:00")
    expect(panel.page.get_by_label("On day")).to_be_hidden()
    panel.page.get_by_label("Every month").check()
    panel.page.get_by_label("On day").fill("31")
    panel.page.locator("[name=time]").fill("04:05")
    expect(told(panel, "times")).to_contain_text("Every month on day 31 at 04:05, in shorter months on their last day")
    expect(told(panel, "times").locator("li")).to_have_count(5)
    panel.page.get_by_label("Months").fill("24")
    expect(told(panel, "keeps")).to_contain_text("one a month, for 24 months")
    panel.page.get_by_label("On day").fill("")
    expect(told(panel, "times")).to_contain_text("Enter a day of the month")
    panel.page.get_by_label("Every week").check()
    panel.page.get_by_label("On", exact=True).select_option("Wednesday")
    expect(told(panel, "times")).to_contain_text("Every week on Wednesday at 04:05")
    assert panel.axe() == []
    panel.page.get_by_label("Name").fill(NAME)
    save(panel)
    expect(panel.page.locator("#schedule")).to_contain_text("Every week on Wednesday at 04:05")
    assert panel.axe() == []


def test_it_runs_and_others_see_what_has_become_of_the_machine(stack: Stack, open_panel: OpenPanel) -> None:
    with desk_of(stack) as desk, laden(desk, "has-its-turn", begins="off", content=SMALL) as each:
        Visitor(stack).sees(each.machine, "Stopped")
        panel = open_panel("/backups/schedules/add/")
        panel.page.get_by_label("Name").fill(NAME)
        choose(panel, "has-its-turn")
        save(panel)
        onlooker = open_panel(panel.page.url.removeprefix(stack.url), width=360)
        panel.page.get_by_role("button", name="Run now").click()
        for tab in (panel, onlooker):
            result = tab.page.locator("#turns tbody", has_text="has-its-turn").locator(".status__text")
            expect(result).to_have_text("Done", timeout=PATIENCE)
        assert (onlooker.axe(), onlooker.overflow()) == ([], 0)
        assert each.rows()[0]["state"] == "good"

        panel.page.get_by_role("button", name="Switch off").click()
        expect(onlooker.page.locator("#schedule-state")).to_have_text("off", timeout=10_000)
        panel.page.get_by_role("link", name="Remove the schedule").click()
        expect(panel.dialog).to_contain_text("The backup that it has made stays")
        panel.confirm()
        expect(panel.page).to_have_url(f"{stack.url}/backups/schedules/")
        expect(onlooker.page.locator("main")).to_contain_text("This schedule is not there any more.", timeout=10_000)
        assert each.rows()[0]["schedule_id"] is None


def test_without_a_script_a_button_shows_the_next_runs(stack: Stack, open_panel: OpenPanel) -> None:
    with desk_of(stack):
        panel = open_panel("/backups/schedules/add/", java_script_enabled=False, width=360)
    panel.page.get_by_label("Every week").check()
    panel.page.get_by_label("Name").fill(NAME)
    panel.page.get_by_role("button", name="Show the next runs").click()
    expect(told(panel, "times")).to_contain_text("Every week on Sunday at 02:00")
    expect(panel.page.get_by_label("Name")).to_have_value(NAME)
    assert "csrf" not in panel.page.url
    save(panel)
