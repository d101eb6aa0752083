"""Templates: what they may be used for and what they boot from, in the browser and behind its back; VMs become one."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import libvirt
import pytest
from playwright.sync_api import expect

from demo.machines import Machine as Drawing
from demo.machines import PanelNote
from demo.pools import ensure_disk
from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.stack import Machine, Stack
from vms.hypervisor.machine_xml import NAMESPACE, PanelMark, describe, element_of
from vms.rules.kinds import Kind, Mode

pytestmark = pytest.mark.browser

MIB = 1024 * 1024
AT_ONCE = 1.0
"""Seconds."""

FROM_DISK, FROM_CDROM = "Boots from disk. Switch to CD-ROM.", "Boots from CD-ROM. Switch to disk."


def disk_of(stack: Stack, name: str) -> Path:
    with stack.alpha.connected() as connection:
        return ensure_disk(connection, f"{name}.qcow2", size=64 * MIB)


def drawn(stack: Stack, name: str, *, kind: str = "template", mode: str | None = "ready for use") -> str:
    """With a disk, and an empty CD-ROM drive."""
    disk = disk_of(stack, name)
    xml = Drawing(name, disks=(disk,), note=PanelNote(name, kind, mode, (disk,))).xml()
    drive = "<disk type='file' device='cdrom'><target dev='sda' bus='ide'/><readonly/></disk></devices>"
    return xml.replace("</devices>", drive)


def definition(machine: Machine) -> str:
    with machine.node.connected() as connection:
        return str(connection.lookupByUUIDString(str(machine.uuid)).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))


def mark_with_virsh(machine: Machine, mark: PanelMark) -> None:
    where = libvirt.VIR_DOMAIN_AFFECT_CONFIG
    words = (libvirt.VIR_DOMAIN_METADATA_ELEMENT, element_of(mark), "stoney", NAMESPACE, where)
    machine.call("setMetadata", *words)


def test_the_mode_is_set_by_edit_and_what_virsh_sets_shows_at_once(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("edited", drawn(stack, "edited")) as machine:
        watching, panel = open_panel(f"/templates/?open={machine.uuid}"), open_panel("/templates/")
        panel.sees(machine, "Stopped")
        panel.button(machine, "Edit").click()
        save(panel, "maintenance mode")
        watching.sees(machine, "Stopped, maintenance mode")
        expect(watching.row(machine)).to_contain_text(f"maintenance mode, set by {stack.user}")
        assert describe(definition(machine)).panel.mode is Mode.MAINTENANCE

        mark_with_virsh(machine, PanelMark(Kind.TEMPLATE, display_name="edited"))
        watching.sees(machine, "Do not use", within=AT_ONCE)
        expect(watching.row(machine)).to_contain_text("no mode set, set by another tool")


def test_the_second_of_two_people_is_told(stack: Stack, open_panel: OpenPanel, complaints: list[str]) -> None:
    with stack.machine("contested", drawn(stack, "contested")) as machine:
        panel = open_panel("/templates/")
        panel.sees(machine, "Stopped")
        first, second = open_panel(f"/vms/{machine.uuid}/edit/"), open_panel(f"/vms/{machine.uuid}/edit/")
        save(first, "maintenance mode")
        expect(first.page.locator("#vm-page .status__text").first).to_have_text("Stopped, maintenance mode")
        choose(second, "do not use")
        expect(second.page.locator("main .alert")).to_contain_text("Mode: ready for use → maintenance mode")
        expect(second.page.get_by_label("do not use")).to_be_checked()
        assert second.axe() == []
    complaints[:] = [it for it in complaints if "409" not in it]


def choose(panel: Panel, mode: str) -> None:
    panel.page.get_by_label(mode).check()
    panel.page.locator(".edit__bar").get_by_role("button", name="See what will change").click()


def save(panel: Panel, mode: str) -> None:
    choose(panel, mode)
    panel.page.get_by_role("button", name="Save", exact=True).click()


def test_the_boot_device_is_switched_by_its_button(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("toggled", drawn(stack, "toggled")) as machine:
        panel = open_panel("/templates/")
        panel.button(machine, FROM_DISK).click()
        expect(panel.button(machine, FROM_CDROM)).to_be_visible()
        expect(panel.button(machine, FROM_CDROM)).to_have_class("i-disc")
        expect(panel.toasts).to_contain_text("From its next start on, toggled boots from CD-ROM.")
        assert describe(definition(machine)).boot_devices[0] == "cdrom"
        panel.button(machine, FROM_CDROM).click()
        expect(panel.button(machine, FROM_DISK)).to_have_class("i-disk")
        assert describe(definition(machine)).boot_devices[0] == "hd"


def test_a_vm_becomes_a_template(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("promoted", drawn(stack, "promoted", kind="vm", mode=None)) as machine:
        others = open_panel("/vms/")
        others.sees(machine, "Stopped")
        panel = open_panel(f"/vms/{machine.uuid}/")
        panel.page.get_by_role("link", name="Make a template", exact=True).click()
        assert (panel.axe(), panel.overflow() <= 0) == ([], True)
        panel.page.locator("input[name=turn-mode]").first.check()
        panel.page.get_by_role("button", name="Turn it into a template").click()
        expect(panel.page.locator("dl.kv")).to_contain_text(f"ready for use, set by {stack.user}")
        expect(others.row(machine)).not_to_be_visible()
        mark = describe(definition(machine)).panel
        assert (mark.kind, mark.mode) == (Kind.TEMPLATE, Mode.READY_FOR_USE)


def test_a_vm_is_copied_into_a_template(stack: Stack, open_panel: OpenPanel) -> None:
    with stack.machine("original", drawn(stack, "original", kind="vm", mode=None)) as machine:
        panel = open_panel("/vms/")
        panel.sees(machine, "Stopped")
        panel.go(f"/vms/{machine.uuid}/make-template/")
        panel.page.locator("input[name=copy-name]").fill("golden")
        panel.page.locator("input[name=copy-mode]").first.check()
        panel.page.get_by_role("button", name="Copy it").click()
        copy = Machine(machine.node, UUID(panel.page.url.rstrip("/").rpartition("/")[2]), "golden")
        try:
            expect(panel.page.locator("#vm-page .status__text").first).to_have_text("Stopped", timeout=60_000)
            expect(panel.page.locator("dl.kv")).to_contain_text("ready for use, set by")
            mark = describe(definition(copy)).panel
            assert (mark.kind, mark.mode, mark.origin) == (Kind.TEMPLATE, Mode.READY_FOR_USE, machine.uuid)
            assert "backingStore" not in definition(copy)
        finally:
            copy.remove()
