"""People and groups, one's own account and the lock on the door, as browsers show them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.stack import Stack

pytestmark = pytest.mark.browser

PAGES = {
    "people": "/people/",
    "nobody found": "/people/?q=surely-not-there",
    "a new account": "/people/new/",
    "groups": "/people/groups/",
    "a new group": "/people/groups/new/",
    "locked": "/people/locked/",
    "directory": "/people/directory/",
    "my account": "/account/",
    "my password": "/account/password/",
}
WIDTHS = (360, 1440)
PASSWORD = "a first password"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_about_people_is_there_for_everybody(open_panel: OpenPanel, name: str, scheme: str) -> None:
    looks_right(open_panel(PAGES[name], color_scheme=scheme))


def looks_right(panel: Panel) -> None:
    for width in WIDTHS:
        panel.page.set_viewport_size({"width": width, "height": 900})
        assert panel.overflow() <= 0, f"{width} px"
        assert panel.axe() == [], f"{width} px"


@pytest.mark.parametrize("with_script", [True, False])
def test_an_account_is_made_blocked_and_deleted(open_panel: OpenPanel, *, with_script: bool) -> None:
    name = f"lena-{with_script}".lower()
    panel = open_panel("/people/", java_script_enabled=with_script)
    page = panel.page
    page.get_by_role("link", name="New local account").click()
    page.get_by_label("User name").fill(name)
    page.get_by_label("Operator").check()
    page.get_by_label("First password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    expect(page.locator("#messages")).to_contain_text(f"The account {name} was made.")
    if with_script:
        looks_right(panel)
        page.set_viewport_size({"width": 1440, "height": 900})

    page.get_by_role("button", name="Block").click()
    expect(page.locator(".page__head .badge")).to_have_text("Blocked")
    page.get_by_role("button", name="Let in again").click()
    expect(page.locator(".page__head .badge")).to_have_text("May log in")

    page.get_by_role("link", name="Delete").click()
    page.locator(".ask").get_by_role("button", name="Delete").click()
    expect(page.locator("body")).to_contain_text(f"The account {name} was deleted.")
    expect(page).to_have_url(f"{panel.stack.url}/people/")


def test_a_group_gets_a_member_and_loses_them(open_panel: OpenPanel, stack: Stack) -> None:
    page = (panel := open_panel("/people/groups/new/")).page
    page.get_by_label("Name").fill("Browsers")
    page.get_by_role("button", name="Make the group").click()
    page.get_by_label("User name of a new member").fill(stack.user)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#members tbody")).to_have_count(1)
    looks_right(panel)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_label(f"Take {stack.user} out of the group").click()
    expect(page.locator("main")).to_contain_text("Nobody is in this group")
    page.get_by_role("link", name="Delete").click()
    page.locator(".ask").get_by_role("button", name="Delete").click()
    expect(page).to_have_url(f"{stack.url}/people/groups/")


def test_a_session_is_ended_from_another_browser(open_panel: OpenPanel) -> None:
    here = open_panel("/account/")
    there = open_panel("/login/", anonymous=True, java_script_enabled=False)
    fill_login(there, there.stack.user, there.stack.password)
    expect(there.page).to_have_title("Virtual machines · Stoney Panel")
    here.page.reload()
    looks_right(here)
    here.page.set_viewport_size({"width": 1440, "height": 900})
    here.page.get_by_role("button", name="Log out there").first.click()
    expect(here.page.locator("#messages")).to_contain_text("1 session was ended.")
    there.go("/vms/")
    expect(there.page).to_have_url(f"{there.stack.url}/login/?next=/vms/")


def test_who_guesses_has_to_wait_until_somebody_unlocks(
    open_panel: OpenPanel, complaints: list[str], stack: Stack
) -> None:
    door = open_panel("/login/", anonymous=True)
    for _ in range(5):
        fill_login(door, "somebody", "a wrong password")
    expect(door.page.get_by_role("alert")).to_contain_text("Too many attempts. Try again in 15 minutes")
    looks_right(door)

    admin = open_panel("/people/locked/")
    row = admin.page.locator("#locked tbody").filter(has_text="somebody")
    looks_right(admin)
    admin.page.set_viewport_size({"width": 1440, "height": 900})
    row.get_by_role("button", name="Unlock").click()
    expect(admin.page.locator("main")).to_contain_text("Nothing is locked")

    fill_login(door, stack.user, stack.password)
    expect(door.page).to_have_url(f"{stack.url}/vms/")
    complaints[:] = [text for text in complaints if "429" not in text]


def fill_login(panel: Panel, name: str, password: str) -> None:
    panel.page.locator("[name=username]").fill(name)
    panel.page.locator("[name=password]").fill(password)
    panel.page.get_by_role("button", name="Log in").click()
    panel.page.wait_for_load_state()
