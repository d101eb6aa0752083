"""Files uploaded in a browser: with a bar that says how far it is, or plainly without a script."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.images import iso

pytestmark = pytest.mark.browser

MIB = 1024 * 1024


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.iso"
    path.write_bytes(iso(MIB))
    return path


def choose(panel: Panel, path: Path, name: str) -> None:
    panel.page.locator("[name=name]").fill(name)
    panel.page.locator("[name=file]").set_input_files(path)


def send(panel: Panel) -> None:
    panel.page.locator("form[data-upload] button[type=submit]").click()


def remove(panel: Panel, name: str) -> None:
    panel.go("/images/")
    panel.page.get_by_label(f"Remove {name}").click()
    panel.confirm()
    expect(panel.page.get_by_role("rowheader", name=name)).to_have_count(0)


def test_a_file_arrives_and_is_removed_again(open_panel: OpenPanel, image: Path) -> None:
    panel = open_panel("/images/upload/")
    choose(panel, image, "by a script.iso")
    send(panel)
    expect(panel.page).to_have_url(f"{panel.stack.url}/images/")
    expect(panel.page.locator(".toasts")).to_contain_text("by a script.iso was uploaded.")
    remove(panel, "by a script.iso")


def test_without_a_script_it_arrives_too(open_panel: OpenPanel, image: Path) -> None:
    panel = open_panel("/images/upload/", java_script_enabled=False)
    choose(panel, image, "without a script.iso")
    send(panel)
    expect(panel.page.get_by_role("rowheader", name="without a script.iso")).to_be_visible()
    remove(open_panel(), "without a script.iso")


def test_a_refused_file_stays_chosen_and_the_reason_is_at_it(
    open_panel: OpenPanel, complaints: list[str], image: Path
) -> None:
    image.write_bytes(bytes(MIB))
    panel = open_panel("/images/upload/")
    choose(panel, image, "no-iso.iso")
    send(panel)
    expect(panel.page.locator(".field__error")).to_contain_text("This is no ISO image")
    expect(panel.page.locator("[name=file]")).to_be_focused()
    assert panel.page.locator("[name=file]").input_value().endswith("tiny.iso")
    complaints[:] = [text for text in complaints if "422" not in text]


def test_it_says_how_far_it_is_and_can_be_cancelled(open_panel: OpenPanel, complaints: list[str], image: Path) -> None:
    with image.open("wb") as file:
        file.truncate(400 * MIB)
    panel = open_panel("/images/upload/")
    choose(panel, image, "cancelled.iso")
    send(panel)
    expect(panel.page.locator("[data-upload-done]")).to_contain_text("of 400 MiB")
    panel.page.locator("[data-upload-cancel]").click()
    expect(panel.page.locator("[data-upload-progress]")).to_be_hidden()
    expect(panel.page).to_have_url(f"{panel.stack.url}/images/upload/")
    panel.go("/images/?q=cancelled")
    expect(panel.page.get_by_role("heading", name="Nothing found")).to_be_visible()
    complaints.clear()
