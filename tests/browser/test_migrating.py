"""A machine moves between real nodes: chosen among those that can take it, watched on its way, and called back."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from demo.examples import EXAMPLES
from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.faults.moves import Mover, is_only_on, key_of, mover
from tests.stack import Stack
from tests.visitor import Visitor

pytestmark = pytest.mark.browser

PATIENCE = 60_000
DB, LEGACY = (next(each for each in EXAMPLES if each.name == name) for name in ("db-01", "legacy-erp"))


@pytest.fixture
def _beta_is_in_maintenance(stack: Stack) -> Iterator[None]:
    visitor, page = Visitor(stack), f"/nodes/{key_of(stack, stack.beta)}/duty"
    visitor.post(f"{page}/maintenance/")
    yield
    visitor.post(f"{page}/active/")


def place(panel: Panel, name: str) -> Locator:
    return panel.page.locator(".place").filter(has=panel.page.locator(".place__name", has_text=name))


def begin(panel: Panel, moving: Mover, *, to: str = "beta", limit: int = 0) -> None:
    """From the list on."""
    panel.button(moving.machine, "Migrate").click()
    expect(place(panel, to)).to_be_visible(timeout=PATIENCE)
    place(panel, to).locator("label").first.click()
    if limit:
        panel.page.get_by_label("Speed, at most, in MiB/s").fill(str(limit))
    panel.page.get_by_role("button", name="Migrate", exact=True).click()
    expect(panel.page.locator("h1")).to_have_text(moving.name)
    expect(panel.page.locator("#messages")).to_contain_text(f"{moving.name} is moving to node {to}.")


def bars(panel: Panel) -> Locator:
    return panel.page.locator("#vm-page .moving dt")


def test_a_running_machine_moves_with_its_disk_and_everybody_sees_how_far_it_is(
    stack: Stack, open_panel: OpenPanel
) -> None:
    with mover(stack, "goes", copied=True) as moving:
        panel = open_panel("/vms/?q=goes")
        panel.sees(moving.machine, "Running")
        begin(panel, moving, limit=2)
        expect(panel.page.locator("#vm-page .status__text").first).to_have_text("Running, migrating")
        expect(bars(panel)).to_have_text(["Disks", "Memory"], timeout=PATIENCE)
        expect(panel.page.locator("#vm-page .route")).to_have_text(re.compile(r"alpha\s*→\s*to\s*beta"))
        for node, words in ((stack.beta, ("Paused, migrating", "from alpha")), (stack.alpha, ("Running", "to beta"))):
            shown = open_panel(f"/nodes/{key_of(stack, node)}/")
            for each in ("goes", *words):
                expect(shown.page.locator(".journey")).to_contain_text(each)
        expect(panel.page.locator("#vm-page .status__text").first).to_have_text("Running", timeout=PATIENCE)
        expect(panel.page.locator("#vm-page .kv")).to_contain_text("beta")
        is_only_on(Visitor(stack), moving, stack.beta)


def test_it_is_called_back_from_its_opened_row(stack: Stack, open_panel: OpenPanel) -> None:
    with mover(stack, "stays", copied=True) as moving:
        panel = open_panel("/vms/?q=stays")
        panel.sees(moving.machine, "Running")
        begin(panel, moving, limit=1)
        panel.go(f"/vms/?q=stays&open={moving.machine.uuid}")
        row = panel.row(moving.machine)
        expect(row.locator(".moving dt").first).to_have_text("Disks", timeout=PATIENCE)
        row.get_by_label("Speed, at most").fill("3")
        row.get_by_role("button", name="Change").click()
        expect(panel.toasts).to_contain_text("is now sent with 3 MiB/s at most")
        row.get_by_role("button", name="Cancel").click()
        panel.sees(moving.machine, "Running", within=40)
        expect(row).to_contain_text("Cancelled", timeout=PATIENCE)
        is_only_on(Visitor(stack), moving, stack.alpha)


def test_without_a_script_the_page_brings_the_answer_by_itself(stack: Stack, open_panel: OpenPanel) -> None:
    with mover(stack, "scriptless", begins="off") as moving:
        Visitor(stack).sees(moving.machine, "Stopped")
        panel = open_panel("/vms/?q=scriptless", java_script_enabled=False)
        panel.button(moving.machine, "Migrate").click()
        expect(place(panel, "beta")).to_contain_text("nothing to copy", timeout=PATIENCE)
        expect(place(panel, "beta")).to_contain_text("stays off: only its definition moves")
        panel.page.get_by_role("button", name="Migrate", exact=True).click()
        expect(panel.page.locator("#messages")).to_contain_text("scriptless is moving to node beta.")
        is_only_on(Visitor(stack), moving, stack.beta, "Stopped")


@pytest.mark.usefixtures("_beta_is_in_maintenance")
def test_where_nothing_is_possible_the_page_says_what_to_do(stack: Stack, open_panel: OpenPanel) -> None:
    panel = open_panel(f"/vms/{LEGACY.uuid}/migrate/")
    expect(panel.page.locator(".alert")).to_contain_text(
        "legacy-erp cannot move anywhere at the moment.", timeout=PATIENCE
    )
    beta = panel.page.locator(".out__node").filter(has_text="beta")
    expect(beta).to_contain_text("It is in maintenance, so no machine goes there. End its maintenance first.")
    assert panel.page.get_by_role("button", name="Migrate", exact=True).count() == 0
    assert panel.axe() == []


def test_how_nodes_reach_each_other_can_be_changed(stack: Stack, open_panel: OpenPanel, complaints: list[str]) -> None:
    panel = open_panel(f"/nodes/{key_of(stack, stack.beta)}/")
    panel.page.get_by_role("link", name="Addresses between nodes").click()
    panel.page.get_by_label("Address for migrations").fill("10.0.0.7:49152")
    panel.page.get_by_role("button", name="Save").click()
    expect(panel.page.locator("#id_peer_address_error")).to_contain_text("It has no port")
    complaints[:] = [text for text in complaints if "422 (Unprocessable Entity)" not in text]
    panel.page.get_by_label("Address for migrations").fill("")
    panel.page.get_by_role("button", name="Save").click()
    expect(panel.page.locator("h1")).to_have_text("beta")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1920])
def test_the_page_can_be_read_by_everybody(stack: Stack, open_panel: OpenPanel, width: int, scheme: str) -> None:
    panel = open_panel(f"/vms/{DB.uuid}/migrate/", width=width, color_scheme=scheme)
    expect(place(panel, "beta")).to_be_visible(timeout=PATIENCE)
    assert (panel.axe(), panel.overflow()) == ([], 0)
