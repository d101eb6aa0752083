"""A Linux with something to change, and edits that are asked for while the panel runs."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import libvirt

from demo.guest import Guest
from demo.machines import Machine as Drawing
from demo.machines import guest_xml
from demo.panel import panel_environment
from demo.settings import ROOT, Settings
from tests.nodes import agent_answers
from tests.stack import Machine, Stack, wait_until
from vms.hypervisor.machine_xml import hardware_of
from vms.rules.hardware import Hardware

MIB = 1024**2
EDIT = "Edit"
MAC, NEW_MAC = "52:54:00:ab:cd:00", "52:54:00:ab:cd:01"
DEVICES = (
    "<disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/></disk>"
    f"<interface type='user'><mac address='{MAC}'/><model type='virtio'/></interface></devices>"
)


def ask_for(stack: Stack, asked: Machine, **wish: Any) -> None:
    """Of a machine that the panel knows. wish: see tests.faults.ask_edit."""
    environment = panel_environment(Settings.from_environment({"PANEL_DATA": str(stack.data)}))
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.ask_edit"],
        cwd=ROOT,
        env=environment,
        input=json.dumps({"vm": str(asked.uuid), **wish}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def steps_done(stack: Stack, machine: Machine) -> int:
    """Of its newest operation."""
    with closing(sqlite3.connect(stack.database, timeout=20)) as database:
        asked = database.execute(
            "SELECT steps_done FROM vms_operation WHERE vm_id = ? ORDER BY id DESC", [machine.uuid.hex]
        )
        return int(asked.fetchone()[0])


@contextmanager
def linux(stack: Stack, name: str) -> Iterator[Machine]:
    """It has come up and answers: 160 MiB, one of two vCPUs, two disks, an empty drive and an interface."""
    folder = stack.data / "guest"
    disks = tuple(make_image(stack, f"{name}-{letter}") for letter in "ab")
    xml = guest_xml(name, Guest(folder / "kernel", folder / "initrd"), disks=disks, memory_mib=160)
    xml = xml.replace("<vcpu>1</vcpu>", "<vcpu current='1'>2</vcpu>").replace("</devices>", DEVICES)
    with removed(stack, name), stack.machine(name, xml, begins="on") as machine:
        with stack.alpha.connected() as connection:
            domain = connection.lookupByUUIDString(str(machine.uuid))
            assert wait_until(lambda: agent_answers(domain), seconds=120)
        yield machine


@contextmanager
def without_system(stack: Stack, name: str, *, begins: str = "on", disk: Path | None = None) -> Iterator[Machine]:
    """It stays in its BIOS with a disk, and gives nothing back."""
    xml = Drawing(name, disks=(disk or make_image(stack, f"{name}-a"),)).xml()
    xml = xml.replace("<vcpu>1</vcpu>", "<vcpu current='1'>2</vcpu>")
    with removed(stack, name), stack.machine(name, xml, begins=begins) as machine:
        yield machine


def make_image(stack: Stack, name: str, *, folder: Path | None = None) -> Path:
    path = (folder or stack.alpha.images) / f"{name}.qcow2"
    stack.alpha.account.run("qemu-img", "create", "-q", "-f", "qcow2", path, "64M")
    return path


@contextmanager
def removed(stack: Stack, name: str) -> Iterator[None]:
    """Its images, and those that the panel made for it."""
    try:
        yield
    finally:
        for left in stack.alpha.images.glob(f"{name}-*"):
            left.unlink()


def now(machine: Machine) -> Hardware:
    """What it is, with the sizes that its guest sees."""
    with machine.node.connected() as connection:
        domain = connection.lookupByUUIDString(str(machine.uuid))
        found = hardware_of(domain.XMLDesc())
        sizes = {drive.target: int(domain.blockInfo(drive.target)[0]) for drive in found.drives if drive.source}
        return hardware_of(domain.XMLDesc(), sizes=sizes)


def at_next_start(machine: Machine) -> Hardware:
    with machine.node.connected() as connection:
        domain = connection.lookupByUUIDString(str(machine.uuid))
        return hardware_of(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), autostart=bool(domain.autostart()))
