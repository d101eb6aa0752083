"""VMs from a template, and a clone of a VM, on real nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from playwright.sync_api import expect

from demo.examples import EXAMPLES
from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.stack import Machine, Stack

pytestmark = pytest.mark.browser

TEMPLATE = next(example for example in EXAMPLES if example.name == "alpine-tiny")
"""Both nodes see its disk."""


def field(panel: Panel, name: str):
    return panel.page.locator(f"main form [name={name}]")


def press(panel: Panel, label: str) -> None:
    panel.page.get_by_role("button", name=label, exact=True).click()


@contextmanager
def made_machines(stack: Stack, panel: Panel) -> Iterator[list[Machine]]:
    """Those that the list shows. They are gone at the end."""
    ids = panel.page.locator("#vms tbody[id^=vm-]").evaluate_all("rows => rows.map((row) => row.id.slice(3))")
    machines = [Machine(node, UUID(uuid), uuid) for uuid in ids for node in (stack.alpha, stack.beta)]
    try:
        yield [machine for machine in machines if machine.state >= 0]
    finally:
        for machine in machines:
            machine.remove()


def test_three_vms_are_made_from_a_template_in_one_go(stack: Stack, open_panel: OpenPanel) -> None:
    panel = open_panel("/templates/")
    panel.button(TEMPLATE.uuid, "Make a persistent VM").click()
    field(panel, "name").fill("trio-%02d")
    field(panel, "count").fill("3")
    expect(panel.page.locator("[data-names]")).to_have_text("trio-01, trio-02, trio-03")
    field(panel, "node").select_option("alpha")
    expect(field(panel, "pool").locator("optgroup:not([hidden])")).to_have_count(1)
    press(panel, "See what will happen")
    expect(panel.page.locator("main")).to_contain_text("3 × 8 MiB")

    press(panel, "Back to the form")
    expect(field(panel, "name")).to_have_value("trio-%02d")
    expect(field(panel, "node")).to_have_value("alpha")
    press(panel, "See what will happen")
    press(panel, "Make 3 VMs")

    expect(panel.page.locator("#messages a")).to_have_text(["trio-01", "trio-02", "trio-03"])
    texts = panel.page.locator("#vms .status__text")
    expect(texts).to_have_text([re.compile("^Running")] * 3, timeout=60_000)
    with made_machines(stack, panel) as machines:
        assert len(machines) == 3
        expect(texts).to_have_text(["Running"] * 3, timeout=120_000)
        assert all(machine.is_on for machine in machines)


def test_a_stopped_vm_is_cloned_without_a_script(stack: Stack, open_panel: OpenPanel) -> None:
    db = next(example for example in EXAMPLES if example.name == "db-01")
    panel = open_panel(f"/vms/?q=db-01&open={db.uuid}", java_script_enabled=False)
    panel.button(db.uuid, "Clone").click()
    field(panel, "name").fill("db-01")
    press(panel, "See what will happen")
    expect(panel.page.get_by_role("alert")).to_contain_text("There is a machine of this name already: db-01")
    press(panel, "Back to the form")
    expect(panel.page.locator("#id_name_error")).to_contain_text("There is a machine of this name already")
    field(panel, "name").fill("twin")
    press(panel, "See what will happen")
    press(panel, "Make 1 VM")

    expect(panel.page.locator("h1")).to_have_text("twin")
    panel.go("/vms/?q=twin")
    with made_machines(stack, panel):
        panel = open_panel("/vms/?q=twin")
        expect(panel.page.locator("#vms .status__text")).to_have_text("Stopped", timeout=120_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_the_pages_can_be_read_by_everybody(
    open_panel: OpenPanel, complaints: list[str], width: int, scheme: str
) -> None:
    panel = open_panel(f"/vms/{TEMPLATE.uuid}/persistent/", width=width, color_scheme=scheme)
    assert (panel.axe(), panel.overflow()) == ([], 0)
    field(panel, "name").fill("a" * 61 + "-%02d")
    press(panel, "See what will happen")
    expect(panel.page.locator("#id_name_error")).to_contain_text("63 characters at most")
    complaints[:] = [text for text in complaints if "422 (Unprocessable Entity)" not in text]
    assert (panel.axe(), panel.overflow()) == ([], 0)
    field(panel, "name").fill("a" * 60 + "-%02d")
    field(panel, "count").fill("50")
    press(panel, "See what will happen")
    assert (panel.axe(), panel.overflow()) == ([], 0)
    expect(panel.page.locator(".new-names li")).to_have_count(50)
