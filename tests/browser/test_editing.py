"""Edit in the browser: memory, disks, media; wrong inputs, two people, without a script, and how it looks."""

from __future__ import annotations

import re
from pathlib import Path

import libvirt
import pytest
from playwright.sync_api import Page, expect

from demo.machines import Machine as Drawing
from demo.pools import ensure_disk
from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.stack import Machine, Stack
from vms.hypervisor.machine_xml import hardware_of
from vms.rules.hardware import Hardware

pytestmark = pytest.mark.browser

MIB = 1024 * 1024


def disk_of(stack: Stack, name: str) -> Path:
    with stack.alpha.connected() as connection:
        return ensure_disk(connection, f"{name}.qcow2", size=64 * MIB)


def drawn(stack: Stack, name: str) -> str:
    """With a disk, room for cards, and a CD-ROM drive with a medium in it."""
    disk = disk_of(stack, name)
    medium = disk.with_name(f"{name}.iso")
    medium.write_bytes(b"\0" * MIB)
    medium.chmod(0o644)
    drive = (
        "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>"
        f"<source file='{medium}'/><target dev='sda' bus='ide'/><readonly/></disk></devices>"
    )
    return Drawing(name, disks=(disk,), graphics=True).xml().replace("</devices>", drive)


def saved(machine: Machine) -> Hardware:
    """As the node has it."""
    with machine.node.connected() as connection:
        domain = connection.lookupByUUIDString(str(machine.uuid))
        return hardware_of(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))


def edit(panel: Panel, machine: Machine) -> Page:
    """Once the panel has read its definition, and the page its script: without that, buttons load the page anew."""
    panel.sees(machine, re.compile("Stopped|Running"))  # type: ignore[arg-type]  # it compares texts, or patterns
    panel.button(machine, "Edit").click()
    expect(panel.page.get_by_role("heading", name=f"Edit {machine.name}")).to_be_visible()
    panel.page.wait_for_load_state("load")
    return panel.page


def go_on(page: Page) -> None:
    page.locator(".edit__bar").get_by_role("button", name="See what will change").click()


def save(page: Page) -> None:
    go_on(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#vm-page")).to_be_visible()


def operation_is(panel: Panel, progress: str) -> None:
    expect(panel.page.locator("#vm-timeline")).to_contain_text(f"Edit ended: {progress}", timeout=60_000)


def test_the_memory_of_a_stopped_machine(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("resized", drawn(stack, "resized")) as machine:
        panel = open_panel("/vms/?q=resized")
        page = edit(panel, machine)
        page.get_by_label("Memory in MiB", exact=True).fill("12")
        go_on(page)
        expect(page.locator(".change").filter(has_text="Memory: 8 MiB → 12 MiB").last).to_contain_text("now")
        assert (panel.axe(), panel.overflow() <= 0) == ([], True)
        page.get_by_role("button", name="Save", exact=True).click()
        operation_is(panel, "Done")
        assert (saved(machine).memory, saved(machine).memory_current) == (12 * MIB, 12 * MIB)


def test_a_disk_is_plugged_into_a_running_machine_and_its_medium_is_ejected(
    stack: Stack, open_panel: OpenPanel
) -> None:
    with stack.machine("plugged", drawn(stack, "plugged"), begins="running") as machine:
        watching, panel = open_panel(f"/vms/?q=plugged&open={machine.uuid}"), open_panel("/vms/?q=plugged")
        page = edit(panel, machine)
        page.get_by_role("button", name="Add a disk").click()
        page.locator("[name='new-disk.0-size']").fill("1")
        page.locator("[name='drive.sda-medium']").select_option("empty")
        go_on(page)
        expect(page.locator(".change").filter(has_text="Disk vdb is added: 1 GiB")).to_contain_text("now")
        expect(page.locator(".change").filter(has_text="CD-ROM sda")).to_contain_text("now")
        page.get_by_role("button", name="Save", exact=True).click()
        operation_is(panel, "Done")
        expect(watching.row(machine)).to_contain_text("vdb", timeout=20_000)
        new = saved(machine).drive("vdb")
        assert new is not None
        with machine.node.connected() as connection:
            live = hardware_of(connection.lookupByUUIDString(str(machine.uuid)).XMLDesc(0))
        medium = live.drive("sda")
        assert (live.drive("vdb") is not None, medium is not None and medium.source) == (True, "")


def test_what_is_wrong_is_said_at_its_field(stack: Stack, open_panel: OpenPanel, complaints: list[str]) -> None:
    with stack.machine("refused", drawn(stack, "refused")) as machine:
        panel = open_panel("/vms/?q=refused")
        page = edit(panel, machine)
        page.get_by_role("button", name="Add a disk").click()
        page.locator("[name='new-disk.0-size']").fill("")
        page.get_by_label("Memory in MiB", exact=True).fill("99999999")
        page.locator("[name='general-notes']").fill("ask berta")
        go_on(page)
        expect(page.locator("main .alert--danger")).to_contain_text("These fields need another look")
        expect(page.locator("[name='sizes-memory']")).to_have_attribute("aria-invalid", "true")
        expect(page.locator("[name='new-disk.0-size']")).to_have_attribute("aria-invalid", "true")
        expect(page.locator("[name='general-notes']")).to_have_value("ask berta")
        assert panel.axe() == []
        page.get_by_role("link", name="Memory in MiB").click()
        expect(page.locator("[name='sizes-memory']")).to_be_in_viewport()
    complaints[:] = [text for text in complaints if "422" not in text]


def test_the_second_of_two_people_is_told(stack: Stack, open_panel: OpenPanel, complaints: list[str]) -> None:
    with stack.machine("contested", drawn(stack, "contested")) as machine:
        panel = open_panel("/vms/?q=contested")
        first = edit(panel, machine)
        second = open_panel(f"/vms/{machine.uuid}/edit/")
        first.get_by_label("Memory in MiB", exact=True).fill("12")
        save(first)
        operation_is(panel, "Done")
        second.page.locator("[name='general-description']").fill("mine")
        go_on(second.page)
        told = second.page.locator("main .alert--warning")
        expect(told).to_contain_text(f"{stack.user} changed contested after you opened this page")
        expect(told).to_contain_text("Memory: 8 MiB → 12 MiB")
        expect(second.page.locator("[name='general-description']")).to_have_value("mine")
        expect(second.page.get_by_label("Memory in MiB", exact=True)).to_have_value("12")
        assert second.axe() == []
        save(second.page)
        operation_is(second, "Done")
        assert (saved(machine).description, saved(machine).memory) == ("mine", 12 * MIB)
    complaints[:] = [text for text in complaints if "409" not in text]


def test_it_works_without_a_script(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("scriptless", drawn(stack, "scriptless")) as machine:
        open_panel("/vms/?q=scriptless").sees(machine, "Stopped")
        panel = open_panel(f"/vms/{machine.uuid}/edit/", java_script_enabled=False)
        page = panel.page
        page.get_by_role("button", name="Add a network interface").click()
        page.get_by_role("button", name="Leave it out").click()
        expect(page.locator(".is-new")).to_have_count(0)
        page.locator("[name='disk.vda-away']").check()
        expect(page.locator("[name='disk.vda-bus']")).not_to_be_visible()
        page.locator("[name='disk.vda-away']").uncheck()
        page.locator("[name='boot-kind0']").select_option("cdrom")
        page.locator("[name='general-name']").press("Enter")
        expect(page.locator(".change")).to_contain_text("Boot order")
        page.get_by_role("button", name="Back to the form").click()
        expect(page.locator("[name='boot-kind0']")).to_have_value("cdrom")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("begins", ["off", "running"])
def test_it_is_there_for_everybody(stack: Stack, open_panel: OpenPanel, begins: str, scheme: str) -> None:
    with stack.machine("looked-at-edit", drawn(stack, "looked-at-edit"), begins=begins) as machine:
        panel = open_panel("/vms/?q=looked-at-edit", color_scheme=scheme)
        page = edit(panel, machine)
        for name in ("Add a disk", "Add a CD-ROM drive", "Add a network interface"):
            page.get_by_role("button", name=name).click()
        for width in (1920, 360):
            page.set_viewport_size({"width": width, "height": 900})
            assert panel.overflow() <= 0, f"{width} px"
            assert panel.axe() == [], f"{width} px"
