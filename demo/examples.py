"""The example VMs and the templates that a new demo begins with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import libvirt

from demo.guest import Guest
from demo.machines import GUEST_MIB, TINY_MIB, Machine, PanelNote
from demo.nodes import LocalNode
from demo.pools import ensure_disk, fill_disk
from demo.talking import say

MIB = 1024 * 1024


@dataclass(frozen=True)
class Example:
    """One of them. One that is no Linux stays in its BIOS. `content_mib`: so much of its disk is written already;
    `begins`: its power after the first `up`: off, running or paused."""

    name: str
    node: str
    uuid: UUID
    disk_mib: int = 0
    content_mib: int = 0
    pool: str = "images"
    is_linux: bool = False
    begins: str = "off"
    kind: str = "vm"
    mode: str | None = None
    noted: bool = True
    graphics: bool = True


EXAMPLES = (
    Example("web-01", "alpha", UUID("7c1f0a10-3d53-4c9b-9a52-0b6f0f0a0001"), 1024, is_linux=True, begins="running"),
    Example("db-01", "alpha", UUID("7c1f0a10-3d53-4c9b-9a52-0b6f0f0a0002"), 2048, is_linux=True),
    Example("kiosk-12", "alpha", UUID("7c1f0a10-3d53-4c9b-9a52-0b6f0f0a0003"), begins="running"),
    # Somebody made this one with virsh: it knows nothing of the panel.
    Example("legacy-erp", "alpha", UUID("7c1f0a10-3d53-4c9b-9a52-0b6f0f0a0004"), noted=False, graphics=False),
    Example("mail", "beta", UUID("7c1f0a10-3d53-4c9b-9a52-0b6f0f0a0005"), 1024, is_linux=True, begins="running"),
    Example("build-7", "beta", UUID("7c1f0a10-3d53-4c9b-9a52-0b6f0f0a0006"), begins="paused", graphics=False),
    Example(
        "debian-12",
        "alpha",
        UUID("7c1f0a10-3d53-4c9b-9a52-0b6f0f0a0007"),
        disk_mib=1024,
        content_mib=200,
        is_linux=True,
        kind="template",
        mode="ready for use",
    ),
    # Both nodes see its disk, so VMs can be made of it on either.
    Example(
        "alpine-tiny",
        "beta",
        UUID("7c1f0a10-3d53-4c9b-9a52-0b6f0f0a0008"),
        disk_mib=256,
        content_mib=64,
        pool="shared",
        kind="template",
        mode="ready for use",
    ),
)


def make_examples(nodes: list[LocalNode], guest: Guest, made_note: Path) -> None:
    """Define those that were never defined here. One that a person deleted does not come back: `made_note` knows."""
    made = set(json.loads(made_note.read_text())) if made_note.exists() else set()
    for node in nodes:
        with node.connected() as connection:
            for example in [each for each in EXAMPLES if each.node == node.name and str(each.uuid) not in made]:
                _make(node, connection, example, guest)
                made.add(str(example.uuid))
                made_note.write_text(json.dumps(sorted(made)))


def _make(node: LocalNode, connection: libvirt.virConnect, example: Example, guest: Guest) -> None:
    if _exists(connection, example):
        return
    disks = (_disk(node, connection, example),) if example.disk_mib else ()
    machine = _machine(example, disks, guest)
    domain = connection.defineXMLFlags(machine.xml(), libvirt.VIR_DOMAIN_DEFINE_VALIDATE)
    say(f"Made the {'template' if example.kind == 'template' else 'VM'} {example.name} on {example.node}.")
    if example.begins != "off":
        _start(domain, paused=example.begins == "paused")


def _start(domain: libvirt.virDomain, *, paused: bool) -> None:
    try:
        domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED if paused else 0)
    except libvirt.libvirtError as error:
        say(f"{domain.name()} does not start: {error}")


def _exists(connection: libvirt.virConnect, example: Example) -> bool:
    return str(example.uuid) in {domain.UUIDString() for domain in connection.listAllDomains()}


def _disk(node: LocalNode, connection: libvirt.virConnect, example: Example) -> Path:
    size, content = example.disk_mib * MIB, example.content_mib * MIB
    path = ensure_disk(connection, f"{example.name}.qcow2", size=size, pool=example.pool)
    if content:
        fill_disk(node.account, path, size=size, content=content)
    return path


def _machine(example: Example, disks: tuple[Path, ...], guest: Guest) -> Machine:
    note = PanelNote(example.name, example.kind, example.mode, disks)
    return Machine(
        example.name,
        example.uuid,
        memory_mib=GUEST_MIB if example.is_linux else TINY_MIB,
        guest=guest if example.is_linux else None,
        disks=disks,
        graphics=example.graphics,
        network=example.is_linux,
        note=note if example.noted else None,
    )
