"""A VM made in the browser from an uploaded ISO image: until it runs, and until nothing of it is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.browser.test_uploading import choose, image, remove, send
from tests.stack import Machine

pytestmark = pytest.mark.browser

__all__ = ["image"]

ISO, NAME = "installed from.iso", "made-here"
PATIENCE = 60_000


@pytest.fixture
def uploaded(open_panel: OpenPanel, image: Path) -> Iterator[str]:
    panel = open_panel("/images/upload/")
    choose(panel, image, ISO)
    send(panel)
    expect(panel.page.locator(".toasts")).to_contain_text("was uploaded.")
    yield ISO
    remove(panel, ISO)


def fill(page: Page, iso: str) -> None:
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Operating system").fill("Debian 12")
    expect(page.get_by_label("Path of the image")).to_be_hidden()
    page.get_by_label("ISO image", exact=True).select_option(label=f"{iso} (1 MiB)")
    page.get_by_label("Memory in MiB").fill("16")
    page.get_by_label("vCPUs").fill("1")
    page.get_by_label("Disk size in GiB").fill("1")
    page.get_by_label("Start at once").check()
    page.get_by_role("button", name="Create", exact=True).click()


def made(panel: Panel) -> Machine:
    """The one on whose page the panel is."""
    return Machine(panel.stack.alpha, UUID(panel.page.url.rstrip("/").rpartition("/")[2]), NAME)


@pytest.mark.parametrize("java_script_enabled", [True, False], ids=["with a script", "without"])
def test_from_an_image_to_a_running_machine_and_back(
    open_panel: OpenPanel, uploaded: str, java_script_enabled: bool
) -> None:
    panel = open_panel("/vms/", java_script_enabled=java_script_enabled)
    panel.page.get_by_role("link", name="Create a virtual machine").first.click()
    fill(panel.page, uploaded)
    expect(panel.page.locator("h1")).to_have_text(NAME)
    machine, watching = made(panel), open_panel(f"/vms/?q={NAME}")
    watching.sees(machine, "Running", within=60)

    watching.button(machine, "Power off").click()
    watching.confirm()
    watching.sees(machine, "Stopped", within=30)
    watching.button(machine, "Delete").click()
    expect(watching.dialog.get_by_label("Keep vda")).not_to_be_checked()
    expect(watching.dialog.locator("li")).to_contain_text("stays: only lies in the drive")
    assert watching.axe() == []
    watching.confirm()
    expect(watching.row(machine)).to_have_count(0, timeout=PATIENCE)
