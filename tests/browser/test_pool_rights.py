"""Rights on a pool, given on its page: whoever has them sees its machines at once, and loses them at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import expect

from demo.examples import EXAMPLES
from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.browser.test_grants import UWE, _no_rights_are_left, found, log_in_as, press, row
from tests.stack import Stack

__all__ = ["_no_rights_are_left"]
pytestmark = pytest.mark.browser

POOL = "Web servers"
VM = next(example for example in EXAMPLES if example.name == "kiosk-12")
"""The demo gives it to nobody."""


@pytest.fixture(autouse=True)
def _no_pool_is_left(stack: Stack) -> Iterator[None]:
    """The machine's definition then names a pool that the panel does not know: that is none."""
    yield
    ours = f"IN (SELECT uuid FROM vms_vmpool WHERE name = '{POOL}')"
    with closing(sqlite3.connect(stack.database, timeout=20)) as database, database:
        database.execute(f"UPDATE vms_vm SET pool_id = NULL WHERE pool_id {ours}")
        database.execute(f"DELETE FROM vms_grant WHERE pool_id {ours}")
        database.execute(f"DELETE FROM vms_vmpool WHERE uuid {ours}")


@pytest.fixture
def panel(open_panel: OpenPanel) -> Panel:
    """On the page of a pool that was just added."""
    panel = open_panel("/pools/add/")
    panel.page.get_by_label("Name").fill(POOL)
    press(panel, "Add the pool")
    expect(panel.page.locator("h1")).to_have_text(POOL)
    return panel


def move_into_it(panel: Panel) -> None:
    panel.go(f"/vms/{VM.uuid}/pool/")
    panel.page.locator(".place label", has_text=POOL).click()
    press(panel, "Move")
    panel.page.wait_for_url(f"**/vms/{VM.uuid}/")


def give_uwe_the_pool(panel: Panel) -> None:
    """On its page."""
    panel.page.locator("#pool-people").get_by_role("link", name="Choose people").click()
    expect(panel.dialog.get_by_role("heading", level=2)).to_have_text(f"People who may use the VMs of {POOL}")
    expect(panel.page.locator("#give-q")).to_be_focused()
    panel.page.keyboard.type("uwe")
    found(panel, UWE).check()
    press(panel, "Give those who are ticked a right")
    expect(row(panel, UWE)).to_be_visible()
    assert panel.axe() == []
    press(panel, "Save")
    expect(panel.toasts).to_contain_text(f"Now also may use the VMs of {POOL}: {UWE}.")


def test_a_pool_is_given_in_the_dialog_and_its_machines_come_and_go_at_once(
    panel: Panel, open_panel: OpenPanel
) -> None:
    uwe, pool = log_in_as(open_panel("/login/", anonymous=True), "uwe"), panel.page.url
    expect(panel.page.locator("#pool-people")).to_contain_text("Nobody was given a right on this pool.")
    give_uwe_the_pool(panel)
    expect(panel.page.locator("#pool-people")).to_contain_text(UWE)
    expect(uwe.row(VM.uuid)).to_have_count(0)
    move_into_it(panel)
    expect(uwe.row(VM.uuid)).to_have_count(1, timeout=15_000)

    panel.page.goto(f"{pool}users/")
    row(panel, UWE).get_by_label("take away").check()
    press(panel, "Save")
    expect(panel.page).to_have_url(pool)
    expect(uwe.row(VM.uuid)).to_have_count(0, timeout=15_000)


def test_a_machine_says_who_has_it_through_its_pool(panel: Panel) -> None:
    give_uwe_the_pool(panel)
    move_into_it(panel)
    expect(panel.page.locator("#vm-page")).to_contain_text(POOL, timeout=15_000)
    panel.go(f"/vms/{VM.uuid}/users/")
    expect(panel.page.locator(".give")).to_contain_text(f"Through the pool {POOL}")
    assert (panel.axe(), panel.overflow()) == ([], 0)
    panel.page.get_by_role("link", name=UWE).click()
    expect(panel.page.locator(".rights__through").first).to_contain_text(f"pool {POOL}, own right: use, by ")


def test_everything_fits_on_a_phone(panel: Panel, open_panel: OpenPanel) -> None:
    phone = open_panel(f"{panel.page.url.removeprefix(panel.stack.url)}", width=360)
    assert (phone.axe(), phone.overflow()) == ([], 0)
    phone.page.locator("#pool-people").get_by_role("link", name="Choose groups").click()
    expect(phone.dialog).to_be_visible()
    assert (phone.axe(), phone.overflow()) == ([], 0)
