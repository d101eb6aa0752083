"""Users and Groups of a VM and what follows from them: in the dialog, without a script, by keyboard, for everybody."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Locator, expect

from demo.examples import EXAMPLES
from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.stack import Stack

pytestmark = pytest.mark.browser

VM = next(example for example in EXAMPLES if example.name == "web-01")
UWE, ADA = "Uwe Unger", "Ada Audétat"
"""In the demo's directory."""


@pytest.fixture(autouse=True)
def _no_rights_are_left(stack: Stack) -> Iterator[None]:
    """Neither those that the demo gives nor those of another test."""
    take_all_away(stack)
    yield
    take_all_away(stack)


def take_all_away(stack: Stack) -> None:
    with closing(sqlite3.connect(stack.database, timeout=20)) as database, database:
        database.execute("DELETE FROM vms_grant")


def open_dialog(panel: Panel) -> None:
    panel.button(VM.uuid, "Users").click()
    expect(panel.dialog.get_by_role("heading", level=2)).to_have_text("People who may use web-01")


def found(panel: Panel, name: str) -> Locator:
    return panel.page.locator("[data-found]").get_by_role("checkbox", name=name)


def row(panel: Panel, name: str) -> Locator:
    return panel.page.locator("li.give__row", has_text=name)


def press(panel: Panel, label: str) -> None:
    panel.page.get_by_role("button", name=label).click()


def sees_it(panel: Panel, there: bool) -> None:
    panel.go("/vms/")
    expect(panel.row(VM.uuid)).to_have_count(int(there))


def take_away(panel: Panel, name: str) -> None:
    open_dialog(panel)
    row(panel, name).get_by_label("take away").check()
    press(panel, "Save")


def search(panel: Panel, field: str, text: str) -> None:
    panel.page.locator(field).fill(text)
    panel.page.locator(field).press("Enter")


def log_in_as(panel: Panel, name: str) -> Panel:
    panel.page.locator("[name=username]").fill(name)
    panel.page.locator("[name=password]").fill(panel.stack.password)
    panel.page.get_by_role("button", name="Log in").click()
    panel.page.wait_for_url("**/vms/")
    return panel


def test_somebody_is_given_a_machine_in_the_dialog_and_has_it_at_once(stack: Stack, open_panel: OpenPanel) -> None:
    uwe = log_in_as(open_panel("/login/", anonymous=True), "uwe")
    expect(uwe.row(VM.uuid)).to_have_count(0)

    panel = open_panel("/vms/")
    open_dialog(panel)
    expect(panel.page.locator("#give-q")).to_be_focused()
    panel.page.keyboard.type("uwe")
    found(panel, UWE).check()
    press(panel, "Give those who are ticked a right")
    row(panel, UWE).get_by_role("combobox").select_option(label="use + operate")
    press(panel, "Save")
    expect(panel.dialog).not_to_be_visible()
    expect(panel.toasts).to_contain_text("Now also may use web-01: Uwe Unger.")
    expect(panel.page).to_have_url(f"{stack.url}/vms/")

    sees_it(uwe, True)
    uwe.go(f"/vms/{VM.uuid}/rights/")
    expect(uwe.page.locator(".rights__through").first).to_contain_text(stack.user)  # the page is in his language

    sees_it(uwe, True)
    take_away(panel, UWE)
    expect(panel.toasts).to_contain_text("May no longer use web-01: Uwe Unger.")
    sees_it(uwe, False)


def test_what_is_ticked_outlives_every_search(open_panel: OpenPanel) -> None:
    panel = open_panel("/vms/")
    open_dialog(panel)
    field = panel.page.locator("#give-q")
    field.fill("uwe")
    found(panel, UWE).check()
    field.fill("nobody is called so")
    expect(panel.page.locator("[data-said]")).to_have_text("Nobody was found. Try another part of the name.")
    expect(found(panel, UWE)).to_be_checked()
    field.fill("ada")
    found(panel, ADA).check()
    expect(found(panel, UWE)).to_be_checked()
    press(panel, "Give those who are ticked a right")
    expect(panel.page.locator("li.give__row")).to_have_count(2)
    expect(field).to_have_value("ada")
    expect(field).to_be_focused()


def test_it_is_done_with_the_keyboard_alone(open_panel: OpenPanel) -> None:
    panel = open_panel(f"/vms/{VM.uuid}/")
    panel.page.get_by_role("link", name="Users", exact=True).focus()
    keyboard = panel.page.keyboard
    keyboard.press("Enter")
    expect(panel.page.locator("#give-q")).to_be_focused()
    keyboard.type("uwe")
    expect(found(panel, UWE)).to_be_visible()
    for key in ("Tab", "Tab", "Space", "Tab", "Enter"):
        keyboard.press(key)
    expect(row(panel, UWE)).to_be_visible()
    keyboard.press("Escape")  # empties the search field
    keyboard.press("Escape")
    expect(panel.dialog).not_to_be_visible()
    expect(panel.page.get_by_role("link", name="Users", exact=True)).to_be_focused()


def test_everything_works_without_a_script(stack: Stack, open_panel: OpenPanel) -> None:
    panel = open_panel("/vms/?q=web-01", java_script_enabled=False)
    panel.button(VM.uuid, "Users").click()
    search(panel, "#give-q", "u")
    found(panel, UWE).check()
    search(panel, "#give-q", "ada")
    expect(found(panel, UWE)).to_be_checked()
    found(panel, ADA).check()
    press(panel, "Give those who are ticked a right")
    row(panel, ADA).get_by_role("combobox").select_option(label="use + operate")
    row(panel, UWE).get_by_label("take away").check()
    press(panel, "Save")
    expect(panel.page).to_have_url(f"{stack.url}/vms/?q=web-01")
    expect(panel.page.locator("#messages")).to_contain_text("Now also may use web-01: Ada Audétat.")

    panel.go(f"/vms/{VM.uuid}/users/")
    expect(panel.page.locator("li.give__row")).to_have_count(1)
    row(panel, ADA).get_by_role("link").click()
    expect(panel.page.locator("h1")).to_have_text("What Ada Audétat may do with web-01")
    search(panel, "#rights-q", "uwe")
    panel.page.locator("main").get_by_role("button", name=UWE).click()
    expect(panel.page.locator("h1")).to_have_text("What Uwe Unger may do with web-01")
    expect(panel.page.locator("table.rights")).not_to_contain_text("own right")


def test_groups_are_found_in_the_directory(open_panel: OpenPanel) -> None:
    panel = open_panel(f"/vms/{VM.uuid}/groups/")
    panel.page.locator("#give-q").fill("oper")
    found(panel, "operators").check()
    press(panel, "Save")
    expect(panel.page.locator("#messages")).to_contain_text("Now also may use web-01: operators.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_it_can_be_read_by_everybody(open_panel: OpenPanel, width: int, scheme: str) -> None:
    panel = open_panel(f"/vms/{VM.uuid}/users/?q=u", width=width, color_scheme=scheme)
    found(panel, UWE).check()
    press(panel, "Give those who are ticked a right")
    expect(row(panel, UWE)).to_be_visible()
    assert (panel.axe(), panel.overflow()) == ([], 0)
    press(panel, "Save")
    panel.go(f"/vms/{VM.uuid}/rights/?q=u")
    assert (panel.axe(), panel.overflow()) == ([], 0)
    panel.go(f"/vms/{VM.uuid}/")
    panel.page.get_by_role("link", name="Users", exact=True).click()
    expect(row(panel, UWE)).to_be_visible()
    assert (panel.axe(), panel.overflow()) == ([], 0)


def test_a_reader_of_german_has_it_in_german(open_panel: OpenPanel) -> None:
    panel = open_panel(f"/vms/{VM.uuid}/users/?q=u", locale="de")
    expect(panel.page.locator("html")).to_have_attribute("lang", "de")
    expect(panel.page.get_by_role("button", name="Speichern")).to_be_visible()
    panel.go(f"/vms/{VM.uuid}/rights/")
    expect(panel.page.locator("table.rights")).to_contain_text("Herunterfahren")
    assert panel.overflow() == 0
