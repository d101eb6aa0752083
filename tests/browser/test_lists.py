"""Lists: found, opened, ticked, kept and asked of many at once, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, expect

from demo.examples import EXAMPLES
from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.stack import Machine, Stack
from tests.visitor import Visitor

pytestmark = pytest.mark.browser

EXAMPLE = EXAMPLES[0]
PATIENCE = 30_000


@pytest.fixture
def three(stack: Stack) -> Iterator[list[Machine]]:
    """That are off, have no disks, and are known to the panel. Their names begin as no others do."""
    word = uuid4().hex[:6]
    with ExitStack() as gone_at_the_end:
        machines = [gone_at_the_end.enter_context(stack.machine(f"{word}-{number}")) for number in (1, 2, 3)]
        visitor = Visitor(stack)
        for machine in machines:
            visitor.sees(machine, "Stopped", seconds=30)
        yield machines


def only(three: list[Machine]) -> str:
    """The list of just these."""
    return f"/vms/?q={three[0].name[:-1]}"


def tick(panel: Panel, machine: Machine) -> Locator:
    return panel.row(machine).locator("input[name=vm]")


def details(panel: Panel, machine: Machine) -> Locator:
    return panel.row(machine).locator(".row-detail")


def facet(panel: Panel, label: str) -> Locator:
    return panel.page.locator("#facets > a", has_text=label)


def message(panel: Panel, text: str) -> None:
    expect(panel.page.locator("#messages, #toasts").filter(has_text=text).first).to_be_visible(timeout=PATIENCE)


# found


def test_a_filter_narrows_the_list_and_its_count_is_live(open_panel: OpenPanel, three: list[Machine]) -> None:
    panel = open_panel(only(three))
    for machine in three:
        panel.sees(machine, "Stopped", within=30)
    expect(facet(panel, "Running").locator("b")).to_have_text("0")
    three[0].call("create")
    expect(facet(panel, "Running").locator("b")).to_have_text("1", timeout=PATIENCE)
    facet(panel, "Running").click()
    expect(panel.page.locator("#vms tbody")).to_have_count(1)
    panel.sees(three[0], "Running", within=30)
    panel.page.locator("#chips a", has_text="Running").click()
    expect(panel.page.locator("#vms tbody")).to_have_count(3)


def test_the_search_in_the_top_bar_finds_everything(open_panel: OpenPanel) -> None:
    panel = open_panel("/nodes/")
    field = panel.page.locator("[data-key=g]")
    field.fill("alpha")
    field.press("Enter")
    expect(panel.page).to_have_url(panel.stack.url + "/nodes/1/")
    panel.page.locator("[data-key=g]").fill(EXAMPLE.name[:-1])
    panel.page.locator("[data-key=g]").press("Enter")
    panel.page.locator(".results__list").get_by_role("link", name=EXAMPLE.name, exact=True).click()
    expect(panel.page.locator("h1")).to_have_text(EXAMPLE.name)


# opened


def test_what_is_opened_stays_open(open_panel: OpenPanel, three: list[Machine]) -> None:
    panel, machine = open_panel(only(three)), three[0]
    panel.row(machine).locator("a[aria-expanded]").click()
    expect(details(panel, machine)).to_be_visible(timeout=PATIENCE)
    panel.button(machine, "Start").click()
    panel.sees(machine, "Running", within=30)
    panel.button(machine, "Pause").click()
    panel.sees(machine, "Paused", within=30)
    expect(details(panel, machine)).to_be_visible()
    panel.page.locator("thead").get_by_role("link", name="Name").click()
    expect(panel.page.locator("thead [aria-sort=descending]")).to_have_text("Name")
    expect(details(panel, machine)).to_be_visible()
    panel.button(machine, "Power off").click()
    panel.confirm()
    panel.sees(machine, "Stopped", within=30)
    expect(details(panel, machine)).to_be_visible()
    panel.row(machine).locator("a[aria-expanded]").click()
    expect(details(panel, machine)).to_have_count(0)


def test_what_is_opened_stays_open_from_page_to_page(stack: Stack, open_panel: OpenPanel) -> None:
    word = uuid4().hex[:6]
    with ExitStack() as gone_at_the_end:
        names = [f"{word}-{number:02}" for number in range(26)]
        first, *_others, last = [gone_at_the_end.enter_context(stack.machine(name)) for name in names]
        Visitor(stack).sees(last, "Stopped", seconds=30)
        panel = open_panel(f"/vms/?q={word}&per=25")
        panel.row(first).locator("a[aria-expanded]").click()
        expect(details(panel, first)).to_be_visible(timeout=PATIENCE)
        panel.page.get_by_role("link", name="Next page").click()
        panel.row(last).locator("a[aria-expanded]").click()
        expect(details(panel, last)).to_be_visible(timeout=PATIENCE)
        panel.page.get_by_role("link", name="Previous page").click()
        expect(details(panel, first)).to_be_visible()
        panel.page.get_by_role("link", name="Next page").click()
        expect(details(panel, last)).to_be_visible()


def test_the_page_of_a_machine_that_is_deleted_meanwhile_says_so(open_panel: OpenPanel, three: list[Machine]) -> None:
    panel = open_panel(f"/vms/{three[0].uuid}/")
    Visitor(panel.stack).act(three[0], "delete")
    expect(panel.page.locator("main")).to_contain_text("This machine was deleted", timeout=PATIENCE)
    expect(panel.page.locator("main")).to_contain_text(f"{panel.stack.user} deleted it from node alpha")
    expect(panel.page.locator("#vm-timeline")).to_contain_text("Delete ended: Done", timeout=PATIENCE)
    assert panel.axe() == []
    panel.page.locator(".empty").get_by_role("link", name="Back to the list").click()
    expect(panel.page).to_have_url(f"{panel.stack.url}/vms/")


def test_the_keys(open_panel: OpenPanel, three: list[Machine]) -> None:
    panel = open_panel(only(three))
    expect(panel.page.locator("#vms tbody")).to_have_count(3)
    press = panel.page.keyboard.press
    press("j")
    press("j")
    expect(panel.row(three[1]).locator("a[aria-expanded]")).to_be_focused()
    press("k")
    press("x")
    expect(tick(panel, three[0])).to_be_checked()
    press("Enter")
    expect(details(panel, three[0])).to_be_visible(timeout=PATIENCE)
    press("Escape")
    expect(tick(panel, three[0])).not_to_be_checked()


def test_keys_find_the_search_and_the_help(open_panel: OpenPanel) -> None:
    panel = open_panel()
    press = panel.page.keyboard.press
    press("/")
    expect(panel.search).to_be_focused()
    press("j")
    expect(panel.search).to_have_value("j")
    press("Escape")
    expect(panel.search).not_to_be_focused()
    press("?")
    expect(panel.page.locator("#keys")).to_be_visible()
    assert panel.axe() == []
    press("Escape")
    expect(panel.page.locator("#keys")).to_be_hidden()


# many at once


def test_ticked_rows_stay_ticked(open_panel: OpenPanel, three: list[Machine]) -> None:
    panel = open_panel(only(three))
    bar = panel.page.locator("#bulk")
    expect(bar).to_be_hidden()
    tick(panel, three[0]).click()
    expect(bar).to_be_visible()
    tick(panel, three[2]).click(modifiers=["Shift"])
    expect(bar.locator("[data-ticked]")).to_have_text("3")
    three[1].call("create")
    panel.sees(three[1], "Running", within=30)
    expect(bar.locator("[data-ticked]")).to_have_text("3")
    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_be_hidden()


def test_the_same_is_asked_of_many(stack: Stack, open_panel: OpenPanel, three: list[Machine]) -> None:
    panel = open_panel(only(three))
    three[1].call("create")
    panel.sees(three[1], "Running", within=30)
    panel.page.locator("[data-tick-all]").click()
    panel.page.locator("#bulk").get_by_role("button", name="Start", exact=True).click()
    expect(panel.page.locator("h1")).to_have_text("Start 2 machines?")
    expect(panel.page.locator(".bulk-ask__sum")).to_contain_text("1 is running already")
    assert Visitor(stack).operations(three[0]) == []

    panel.page.locator("main form button[type=submit]").click()
    head = panel.page.locator("#bulk-head")
    expect(head).to_contain_text("3 of 3 machines have ended", timeout=PATIENCE)
    expect(head.locator("progress")).to_have_attribute("value", "100.0")
    expect(panel.page.locator("#bulk-items tbody", has_text="Done")).to_have_count(2, timeout=PATIENCE)
    expect(panel.toasts).to_contain_text("all done", timeout=PATIENCE)
    for machine in (three[0], three[2]):
        assert [each[:2] for each in Visitor(stack).operations(machine)] == [("Start", "Done")]
        assert machine.is_on
    panel.page.get_by_role("link", name="Back to the list").click()
    expect(panel.page).to_have_url(stack.url + only(three))


def test_many_are_only_deleted_by_who_types_their_number(open_panel: OpenPanel, three: list[Machine]) -> None:
    panel = open_panel(only(three))
    panel.page.locator("[data-tick-all]").click()
    panel.page.locator("#bulk").get_by_role("button", name="Delete").click()
    panel.page.locator("#typed").fill("3")
    panel.page.locator("main form button[type=submit]").click()
    expect(panel.page.locator("#bulk-head")).to_contain_text("3 of 3", timeout=PATIENCE)
    assert [machine.state for machine in three] == [-1, -1, -1]


# told


def test_somebody_on_another_page_is_told_how_it_ended(
    stack: Stack, open_panel: OpenPanel, three: list[Machine]
) -> None:
    panel = open_panel("/nodes/")
    Visitor(stack).act(three[0], "start")
    expect(panel.toasts).to_contain_text(f"Start of {three[0].name}: done.", timeout=PATIENCE)
    panel.go("/states/")
    bell = panel.page.locator("#bell")
    bell.click()
    box = panel.page.locator("#bell-box")
    expect(box).to_contain_text("My operations", timeout=PATIENCE)
    panel.page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(bell).to_be_focused()
    expect(panel.toasts).not_to_contain_text(three[0].name)


# kept


def test_a_view_is_kept_and_given_up(open_panel: OpenPanel) -> None:
    panel = open_panel("/vms/?show=running")
    panel.page.locator("[popovertarget=saved-views]").click()
    panel.page.locator("#view-name").fill("Those that run")
    panel.page.locator("#saved-views button[type=submit]").click()
    message(panel, "Those that run")
    panel.go("/vms/")
    panel.page.locator("[popovertarget=saved-views]").click()
    assert panel.axe() == []
    panel.page.locator("#saved-views").get_by_role("link", name="Those that run").click()
    expect(panel.page.locator("#facets > a[aria-current]")).to_contain_text("Running")
    panel.go("/lists/vms/views/")
    assert panel.axe() == []
    panel.page.get_by_label("Delete Those that run").click()
    message(panel, "was deleted")


def test_the_columns_are_chosen(open_panel: OpenPanel) -> None:
    panel = open_panel()
    panel.page.locator("[popovertarget=choose-columns]").click()
    assert panel.axe() == []
    panel.page.locator("#choose-columns [value=vcpus]").check()
    panel.page.locator("#choose-columns [value=memory]").uncheck()
    panel.page.get_by_role("button", name="Show", exact=True).click()
    heads = panel.page.locator("#vms thead")
    expect(heads).to_contain_text("vCPUs")
    expect(heads).not_to_contain_text("Memory")
    panel.page.locator("[popovertarget=choose-columns]").click()
    panel.page.get_by_role("button", name="As usual").click()
    expect(heads).to_contain_text("Memory")


def test_a_list_is_taken_along_as_csv(open_panel: OpenPanel, tmp_path: Path) -> None:
    panel = open_panel(f"/vms/?q={EXAMPLE.name}")
    with panel.page.expect_download() as download:
        panel.page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename.startswith("vms-")
    download.value.save_as(tmp_path / "vms.csv")
    lines = (tmp_path / "vms.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("No.,Name,Status")
    assert [line.split(",")[1] for line in lines[1:]] == [EXAMPLE.name]


def test_tags_and_notes(open_panel: OpenPanel, three: list[Machine]) -> None:
    panel = open_panel(f"/vms/{three[0].uuid}/")
    panel.page.locator("#new-tag").fill("blue, night shift")
    panel.page.get_by_role("button", name="Add", exact=True).click()
    panel.page.locator("#tags").get_by_role("link", name="night shift").click()
    expect(panel.page.locator("#vms tbody")).to_have_count(1)
    expect(panel.row(three[0])).to_be_visible()
    panel.go(f"/vms/{three[0].uuid}/")
    panel.page.get_by_label("Remove the tag night shift").click()
    expect(panel.page.locator("#tags")).not_to_contain_text("night shift")
    expect(panel.page.locator("#tags")).to_contain_text("blue")

    panel.page.locator("#id_notes").fill("Belongs to Berta.\n<b>Ask her.</b>")
    panel.page.get_by_role("button", name="Save the notes").click()
    message(panel, "The notes were saved.")
    panel.go(f"{only(three)}&open={three[0].uuid}")
    expect(details(panel, three[0])).to_contain_text("<b>Ask her.</b>")


# for everybody


def _list_with_everything_open(panel: Panel) -> None:
    panel.go(f"/vms/?open={EXAMPLE.uuid}")
    panel.page.locator("input[name=vm]").first.click()
    panel.page.locator("#ask-node").click()
    expect(panel.page.locator("#facet-node")).to_be_visible()


def _is_for_everybody(panel: Panel, width: int) -> None:
    assert panel.axe() == []
    assert panel.overflow() <= 0, f"{panel.page.url} at {width} px"


@pytest.mark.parametrize(("language", "width"), [("en", 1440), ("de", 360)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_lists_are_there_for_everybody(
    stack: Stack, open_panel: OpenPanel, three: list[Machine], scheme: str, language: str, width: int
) -> None:
    panel = open_panel("/operations/", color_scheme=scheme, locale=language, width=width)
    expect(panel.page.locator("html")).to_have_attribute("lang", language)
    _list_with_everything_open(panel)
    _is_for_everybody(panel, width)
    for path in ("/search/?q=a", "/search/?q=surely-not-there", f"/vms/{EXAMPLE.uuid}/", "/operations/?show=done"):
        panel.go(path)
        _is_for_everybody(panel, width)
    panel.page.locator("#bell").click()
    expect(panel.page.locator("#bell-box")).to_be_visible()
    _is_for_everybody(panel, width)
    chosen = "".join(f"&vm={machine.uuid}" for machine in three)
    panel.go(f"/bulk/?action=start{chosen}")
    _is_for_everybody(panel, width)
    panel.page.locator("main form button[type=submit]").click()
    expect(panel.page.locator("#bulk-head .status__percent")).to_have_count(0, timeout=PATIENCE)
    _is_for_everybody(panel, width)
