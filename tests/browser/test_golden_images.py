"""A golden image is made from a template, prepared, sealed and put in use, on a real node; others see it at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.browser.test_modes import definition, drawn
from tests.stack import Machine, Stack
from tests.visitor import Visitor
from vms.hypervisor.machine_xml import describe
from vms.rules.kinds import Kind, Mode

pytestmark = pytest.mark.browser

POOL = "Stood upon"
COPIED, SOON = 120_000, 30_000
"""Milliseconds."""


@pytest.fixture
def pool(stack: Stack) -> Iterator[str]:
    """The address of a pool of dynamic VMs on node alpha, that keeps none ready."""
    visitor = Visitor(stack)
    form = visitor.get("/pools/add/").html
    node = form.xpath("//label[contains(., 'alpha')]/preceding-sibling::input/@value")[0]
    page = visitor.post("/pools/add/", name=POOL, kind="dynamic", nodes=node, most_vms="2", warn_minutes="5")
    address = page.url.removeprefix(stack.url)
    assert POOL in page.words("name"), page.text
    yield address
    visitor.post(f"{address}remove/")


def row(panel: Panel, image: Machine) -> Locator:
    return panel.page.locator(f"#image-{image.uuid}")


def status(panel: Panel, image: Machine) -> Locator:
    return row(panel, image).locator(".status__text")


def press(panel: Panel, image: Machine, label: str) -> None:
    """And answer what it asks."""
    row(panel, image).locator(".acts > *").get_by_text(label, exact=True).click()
    panel.confirm()


def ask_for_it(panel: Panel, template: Machine) -> Machine:
    """Prepared first, and activated when it is ready."""
    panel.sees(template, "Stopped")
    panel.button(template, "Make a golden image for dynamic VMs").click()
    expect(panel.page.get_by_label("Name")).to_have_value(re.compile("mould 2"))
    assert (panel.axe(), panel.overflow()) == ([], 0)
    panel.page.get_by_label("Name").fill("mould 1")
    panel.page.get_by_label("Pool").select_option(label=f"{POOL}: alpha")
    panel.page.get_by_label("Prepare it first").check()
    panel.page.get_by_label("Activate it when it is ready").check()
    panel.page.get_by_role("button", name="Make the golden image").click()
    expect(panel.page.locator("h1")).to_have_text("mould 1")
    return Machine(template.node, UUID(panel.page.url.rstrip("/").rpartition("/")[2]), "mould 1")


def is_prepared(watching: Panel, image: Machine, template: Machine) -> None:
    expect(status(watching, image)).to_have_text("Running", timeout=COPIED)
    expect(row(watching, image)).to_contain_text("being prepared")
    assert (watching.axe(), watching.overflow()) == ([], 0)
    mark = describe(definition(image)).panel
    assert (mark.kind, mark.mode, mark.origin) == (Kind.GOLDEN_IMAGE, Mode.MAINTENANCE, template.uuid)
    assert "backingStore" not in definition(image)


def seal(panel: Panel, watching: Panel, image: Machine) -> None:
    press(panel, image, "Power off")
    expect(status(watching, image)).to_have_text("Stopped", timeout=SOON)
    expect(status(panel, image)).to_have_text("Stopped", timeout=SOON)
    row(panel, image).locator(".acts > *").get_by_text("Seal", exact=True).click()
    expect(panel.dialog).to_contain_text("activated at once, as was chosen when it was made")
    panel.confirm()
    expect(row(watching, image)).to_contain_text("sealed", timeout=SOON)
    expect(row(watching, image).locator(".badge--good")).to_contain_text("active", timeout=SOON)
    assert describe(definition(image)).panel.mode is Mode.READY_FOR_USE
    assert (panel.axe(), panel.overflow()) == ([], 0)


def take_away(panel: Panel, watching: Panel, image: Machine) -> None:
    row(panel, image).get_by_text("Take out of use").click()
    panel.confirm()
    expect(row(watching, image).locator(".badge--good")).to_have_count(0, timeout=SOON)
    expect(row(panel, image).locator(".badge--good")).to_have_count(0, timeout=SOON)
    press(panel, image, "Delete")
    expect(row(watching, image)).to_have_count(0, timeout=SOON)


def test_it_is_made_prepared_sealed_activated_and_deleted(stack: Stack, pool: str, open_panel: OpenPanel) -> None:
    with stack.machine("mould", drawn(stack, "mould")) as template:
        panel, watching = open_panel("/templates/"), open_panel(pool, width=360)
        image = ask_for_it(panel, template)
        try:
            is_prepared(watching, image, template)
            panel.go(pool)
            seal(panel, watching, image)
            take_away(panel, watching, image)
        finally:
            image.remove()
