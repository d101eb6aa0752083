from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPanel
from tests.browser.panel import log_in

pytestmark = pytest.mark.browser


def test_somebody_logs_in_and_out(open_panel: OpenPanel) -> None:
    panel = open_panel("/vms/", anonymous=True)
    expect(panel.page).to_have_url(f"{panel.stack.url}/login/?next=/vms/")

    log_in(panel.page, panel.stack)
    expect(panel.page).to_have_title("Virtual machines · Stoney Panel")

    panel.page.locator("[popovertarget=menu-person]").click()
    panel.page.get_by_role("button", name="Log out").click()
    expect(panel.page).to_have_url(f"{panel.stack.url}/login/")
    panel.go("/vms/")
    expect(panel.page).to_have_url(f"{panel.stack.url}/login/?next=/vms/")


def test_a_wrong_password_is_refused_in_words(open_panel: OpenPanel) -> None:
    panel = open_panel("/login/", anonymous=True)

    log_in(panel.page, panel.stack, password="wrong-wrong-wrong")

    expect(panel.page.get_by_role("alert")).to_contain_text("correct")
    expect(panel.page).to_have_url(f"{panel.stack.url}/login/")


@pytest.mark.parametrize(
    "elsewhere", ["https://example.org/", "//example.org/", "javascript:alert(1)", "/\\example.org"]
)
def test_the_login_never_leads_to_another_site(open_panel: OpenPanel, elsewhere: str) -> None:
    panel = open_panel(f"/login/?next={elsewhere}", anonymous=True)
    panel.page.locator("[name=username]").fill(panel.stack.user)
    panel.page.locator("[name=password]").fill(panel.stack.password)
    panel.page.get_by_role("button", name="Log in").click()
    expect(panel.page).to_have_url(f"{panel.stack.url}/vms/")


def test_the_login_leads_back_to_where_somebody_wanted(open_panel: OpenPanel) -> None:
    panel = open_panel("/states/?mode=maintenance", anonymous=True)
    panel.page.locator("[name=username]").fill(panel.stack.user)
    panel.page.locator("[name=password]").fill(panel.stack.password)
    panel.page.get_by_role("button", name="Log in").click()
    expect(panel.page).to_have_url(f"{panel.stack.url}/states/?mode=maintenance")
