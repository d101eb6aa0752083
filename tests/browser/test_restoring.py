"""A backup is brought back by hand: in its machine, after a second thought, and as a new one beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.faults.backups import Kept, Laden, backed_up, disks_of, laden, macs_of
from tests.faults.desks import desk_of
from tests.faults.streams import is_sound, qemu_img
from tests.stack import Machine, Stack
from tests.visitor import Visitor

pytestmark = pytest.mark.browser

SMALL = 8
"""MiB in a disk."""


@pytest.fixture(autouse=True)
def _another_name_is_no_complaint(open_panel: OpenPanel, complaints: list[str]) -> Iterator[None]:
    """Browsers take a form that is shown again with what is wrong (422) for a fault of the page."""
    yield
    complaints[:] = [each for each in complaints if "422" not in each]


@contextmanager
def written_on(stack: Stack, name: str) -> Iterator[tuple[Laden, Kept]]:
    """A machine that is off, with a backup, after which its disk was written further."""
    anna = Visitor(stack)
    with desk_of(stack) as desk, laden(desk, name, begins="off", content=SMALL) as each:
        kept = backed_up(anna, each, "Stopped")
        each.write(1, at=3)
        yield each, kept


def field(panel: Panel, name: str):
    return panel.page.locator(f"main form.form [name={name}]")


def press(panel: Panel, label: str) -> None:
    panel.page.locator("main form.form").get_by_role("button", name=label, exact=True).click()


@pytest.mark.parametrize("scripts", [True, False])
def test_with_its_name_typed_a_machine_becomes_what_it_was(
    stack: Stack, open_panel: OpenPanel, *, scripts: bool
) -> None:
    with written_on(stack, "second-thought") as (each, kept):
        panel = open_panel(f"/backups/{kept.row['id']}/", java_script_enabled=scripts)
        panel.page.get_by_role("link", name="Restore", exact=True).click()
        expect(panel.page.locator("main")).to_contain_text("second-thought becomes what it was then")
        if scripts:
            assert panel.axe() == []
        field(panel, "name").fill("something else")
        press(panel, "Restore")
        expect(panel.page.locator("#id_name_error")).to_contain_text("This is not the name of the machine")
        field(panel, "name").fill("second-thought")
        press(panel, "Restore")
        expect(panel.page.locator("h1")).to_have_text("second-thought")
        Visitor(stack).sees(each.machine, "Stopped", seconds=40)
        each.has_ended("succeeded")
        (disk,) = disks_of(each.machine)
        assert disk != each.disk
        is_sound(disk)
        qemu_img("compare", disk, kept.holds)


def test_on_a_narrow_screen_a_new_machine_is_made_of_it(stack: Stack, open_panel: OpenPanel) -> None:
    with written_on(stack, "has-a-twin") as (each, kept):
        panel = open_panel(f"/backups/{kept.row['id']}/restore-as-new/", width=360)
        assert (panel.axe(), panel.overflow()) == ([], 0)
        field(panel, "name").fill("has-a-twin-b")
        press(panel, "Restore as a new machine")
        expect(panel.page.locator("h1")).to_contain_text("has-a-twin-b")
        twin = Machine(each.machine.node, UUID(panel.page.url.rstrip("/").rpartition("/")[2]), "has-a-twin-b")
        try:
            Visitor(stack).sees_operation(twin, "Restore as a new machine", "Done", seconds=40)
            Visitor(stack).sees(twin, "Stopped")
            (disk,) = disks_of(twin)
            is_sound(disk)
            qemu_img("compare", disk, kept.holds)
            assert not macs_of(twin) & macs_of(each.machine)
        finally:
            twin.remove()
