"""A dynamic pool is added by hand, looked at, switched off, changed and removed; others see it at once."""

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
OF_DYNAMIC_POOLS = ("minimum", "pre_started", "idle_minutes", "longest_minutes", "warn_minutes")


@pytest.fixture(autouse=True)
def _no_pool_is_left(stack: Stack) -> Iterator[None]:
    yield
    visitor = Visitor(stack)
    for name in (NAME, NEW_NAME):
        for link in visitor.get("/pools/").html.xpath(f"//table[@id='pools']//th/a[text()='{name}']"):
            visitor.post(f"{link.get('href')}remove/")


def save(panel: Panel, button: str, name: str) -> None:
    panel.page.get_by_role("button", name=button).click()
    expect(panel.page.locator("h1")).to_have_text(name)


@pytest.fixture
def panel(open_panel: OpenPanel, complaints: list[str]) -> Panel:
    """On the page of a dynamic pool that was just added."""
    panel = open_panel("/pools/add/")
    panel.page.get_by_label("Name").fill(NAME)
    for name in OF_DYNAMIC_POOLS:
        expect(panel.page.locator(f"[name={name}]")).to_be_hidden()
    expect(panel.page.locator("[name=schedule]")).to_be_visible()
    panel.page.get_by_label("dynamic VMs").check()
    for name in OF_DYNAMIC_POOLS:
        expect(panel.page.locator(f"[name={name}]")).to_be_visible()
    expect(panel.page.locator("[name=schedule]")).to_be_hidden()
    assert (panel.axe(), panel.overflow()) == ([], 0)
    panel.page.get_by_label("alpha").check()
    panel.page.locator("[name=pre_started]").fill("2")
    panel.page.get_by_role("button", name="Add the pool").click()
    expect(panel.page.locator(".field__error")).to_contain_text("at least 1: a dynamic pool makes them by itself")
    expect(panel.page.locator("[name=pre_started]")).to_have_value("2")
    assert panel.axe() == []
    complaints[:] = [text for text in complaints if "422 (Unprocessable Entity)" not in text]
    panel.page.locator("[name=most_vms]").fill("5")
    save(panel, "Add the pool", NAME)
    return panel


def test_the_page_of_a_pool_tells_what_it_may_use_and_why_nothing_is_ready(panel: Panel) -> None:
    expect(panel.page.locator("#pool-now")).to_contain_text("0 ready")
    expect(panel.page.locator("#pool-now")).to_contain_text("The pool has no active golden image")
    expect(panel.page.locator("#pool-now .use")).to_contain_text("0 of 5")
    expect(panel.page.locator("#pool-facts")).to_contain_text("alpha")
    assert panel.axe() == []


def test_a_pool_is_changed_and_removed_and_others_see_it_at_once(
    stack: Stack, panel: Panel, open_panel: OpenPanel
) -> None:
    onlooker = open_panel(panel.page.url.removeprefix(stack.url), width=360)
    list_of_all = open_panel("/pools/", width=360)
    assert (onlooker.axe(), onlooker.overflow()) == ([], 0)
    assert (list_of_all.axe(), list_of_all.overflow()) == ([], 0)
    panel.page.get_by_role("button", name="Switch off").click()
    expect(onlooker.page.locator("#pool-state")).to_contain_text("off", timeout=10_000)
    expect(onlooker.page.locator("#pool-now")).to_contain_text("The pool is off", timeout=10_000)

    panel.page.get_by_role("link", name="Edit").click()
    panel.page.get_by_label("Name").fill(NEW_NAME)
    save(panel, "Save", NEW_NAME)
    row = list_of_all.page.locator("#pools tbody", has_text=NEW_NAME)
    expect(row).to_contain_text("0 of 5", timeout=10_000)

    panel.page.get_by_role("link", name="Remove the pool").click()
    panel.page.locator("dialog").get_by_role("button", name="Remove the pool").click()
    expect(panel.page.locator("h1")).to_have_text("Pools")
    expect(row).to_have_count(0, timeout=10_000)
    expect(onlooker.page.locator("h1")).to_have_text("Pools", timeout=10_000)
