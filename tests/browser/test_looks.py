"""Every page, narrow and wide, light and dark, in English and German: for everybody, and without a complaint."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from demo.examples import EXAMPLES
from tests.browser.conftest import OpenPanel
from tests.stack import Stack
from tests.visitor import Visitor

pytestmark = pytest.mark.browser

EXAMPLE = EXAMPLES[0].uuid
PAGES = {
    "machines": "/vms/",
    "an opened row": f"/vms/?open={EXAMPLE}",
    "nothing found": "/vms/?q=surely-not-there",
    "templates": "/templates/",
    "a machine": f"/vms/{EXAMPLE}/",
    "a definition": f"/vms/{EXAMPLE}/xml/",
    "a machine to edit": f"/vms/{EXAMPLE}/edit/",
    "a machine to move": f"/vms/{EXAMPLE}/migrate/",
    "a machine to back up": f"/vms/{EXAMPLE}/back-up/",
    "a question": f"/vms/{EXAMPLE}/power-off/",
    "deletion": f"/vms/{EXAMPLE}/delete/",
    "a machine to create": "/vms/create/",
    "a template to create": "/templates/create/",
    "images": "/images/",
    "an image to upload": "/images/upload/",
    "backups": "/backups/",
    "nodes": "/nodes/",
    "a node": "/nodes/1/",
    "a node to add": "/nodes/add/",
    "addresses of a node": "/nodes/1/addresses/",
    "a node to remove": "/nodes/1/remove/",
    "a node to spare": "/nodes/1/duty/maintenance/",
    "operations": "/operations/",
    "an operation": "/operations/1/",
    "states": "/states/",
    "not there": "/vms/00000000-0000-4000-8000-000000000000/",
}
WIDTHS = (360, 1920)


@pytest.fixture(scope="module", autouse=True)
def _something_has_happened(stack: Stack) -> Iterator[None]:
    """An operation that failed, for the pages that show one."""
    visitor = Visitor(stack)
    with stack.machine("looked-at", begins="running") as machine:
        visitor.sees(machine, "Running")
        visitor.act(machine, "shutdown")
        visitor.sees_operation(machine, "Shutdown", "Failed")
        yield


def without_missing_pages(complaints: list[str]) -> None:
    """Chromium complains of every page that is answered with 404."""
    complaints[:] = [text for text in complaints if "404 (Not Found)" not in text]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_there_for_everybody(open_panel: OpenPanel, complaints: list[str], name: str, scheme: str) -> None:
    panel = open_panel(PAGES[name], color_scheme=scheme)
    assert panel.axe() == []
    for width in WIDTHS:
        panel.page.set_viewport_size({"width": width, "height": 900})
        assert panel.overflow() <= 0, f"{width} px"
    panel.page.set_viewport_size({"width": 360, "height": 900})
    assert panel.axe() == []
    without_missing_pages(complaints)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_german_fits_as_well(open_panel: OpenPanel, complaints: list[str], name: str) -> None:
    panel = open_panel(PAGES[name], locale="de")
    expect(panel.page.locator("html")).to_have_attribute("lang", "de")
    for width in WIDTHS:
        panel.page.set_viewport_size({"width": width, "height": 900})
        assert panel.overflow() <= 0, f"{width} px"
    without_missing_pages(complaints)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_login_is_there_for_everybody(open_panel: OpenPanel, scheme: str) -> None:
    panel = open_panel("/login/", anonymous=True, color_scheme=scheme)
    for width in WIDTHS:
        panel.page.set_viewport_size({"width": width, "height": 900})
        assert panel.overflow() <= 0
        assert panel.axe() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_open_dialog_and_an_open_menu_are_there_for_everybody(open_panel: OpenPanel, scheme: str) -> None:
    panel = open_panel("/vms/", color_scheme=scheme)
    panel.page.locator(".acts > a:not([data-page])").first.click()
    expect(panel.dialog).to_be_visible()
    assert panel.axe() == []
    panel.page.keyboard.press("Escape")
    panel.page.locator("[popovertarget=menu-language]").click()
    assert panel.axe() == []


def test_the_theme_stays_and_wins_over_the_system(open_panel: OpenPanel) -> None:
    panel = open_panel("/vms/", color_scheme="light")
    panel.page.locator("[popovertarget=menu-theme]").click()
    with panel.page.expect_response("**/preferences/theme/"):
        panel.page.get_by_role("button", name="Dark", exact=True).click()
    expect(panel.page.locator("html")).to_have_attribute("data-theme", "dark")
    panel.go("/nodes/")
    expect(panel.page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_language_stays(open_panel: OpenPanel) -> None:
    panel = open_panel("/vms/")
    panel.page.locator("[popovertarget=menu-language]").click()
    panel.page.locator("#menu-language [value=de]").click()
    expect(panel.page.locator("html")).to_have_attribute("lang", "de")
    panel.go("/operations/")
    expect(panel.page.locator("html")).to_have_attribute("lang", "de")


def test_the_page_is_usable_by_keyboard_alone(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("by-keyboard") as machine:
        panel = open_panel("/vms/?q=by-keyboard")
        panel.sees(machine, "Stopped")
        keys = panel.page.keyboard

        keys.press("Tab")
        expect(panel.page.locator(".skip")).to_be_focused()
        keys.press("Enter")
        _tab_to(panel, panel.button(machine, "Start"))
        keys.press("Enter")
        panel.sees(machine, "Running")
        _tab_to(panel, panel.button(machine, "Power off"))
        keys.press("Enter")
        expect(panel.dialog.get_by_role("link", name="Cancel")).to_be_focused()
        keys.press("Shift+Tab")
        keys.press("Enter")
        panel.sees(machine, "Stopped")


def _tab_to(panel, element: Locator) -> None:
    for _ in range(60):
        if element.evaluate("element => element === document.activeElement"):
            return
        panel.page.keyboard.press("Tab")
    raise AssertionError(f"{element} cannot be reached by Tab")
