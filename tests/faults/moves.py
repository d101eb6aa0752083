"""Machines that move from node to node while the panel runs, and what is left of them where."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from signal import SIGKILL
from typing import Any

import libvirt

from demo import processes
from demo.machines import Machine as Drawing
from demo.nodes import LocalNode
from demo.panel import panel_environment
from demo.settings import ROOT, Settings
from tests.faults.links import IS_REACHED_BY, Far
from tests.faults.streams import operation_of, percent, qemu_img, write_noise
from tests.stack import Machine, Stack, wait_until
from tests.visitor import Visitor

MIGRATE = "Migrate"
MIB = 1024**2
CONTENT = 24
"""MiB of noise in a disk that is copied: QEMU sends 16 of them at once, whatever the limit is."""
SLOWLY = 4 * MIB
"""So it takes six seconds, and two for the memory."""


@dataclass(frozen=True)
class Mover:
    """A machine that stays in its BIOS. kept: what was in its disk when it was made, None if that is in the
    folder that all nodes see."""

    stack: Stack
    machine: Machine
    nodes: tuple[LocalNode, ...]
    kept: Path | None

    @property
    def name(self) -> str:
        return self.machine.name

    def on(self, node: LocalNode) -> Machine:
        return replace(self.machine, node=node)

    def images_on(self, node: LocalNode) -> list[Path]:
        return sorted(node.images.glob(f"{self.name}-*"))

    def processes_on(self, node: LocalNode) -> list[int]:
        return [pid for pid in node.guest_processes() if str(self.machine.uuid) in processes.command_line(pid)]

    def traces_on(self, node: LocalNode) -> list[str]:
        """What that node has of it."""
        state = self.on(node).state
        images = [image.name for image in self.images_on(node)]
        return [*([f"defined, state {state}"] if state != -1 else []), *map(str, self.processes_on(node)), *images]

    def remove(self) -> None:
        for node in self.nodes:
            self.on(node).remove()
        folders = {node.images for node in self.nodes} | {shared_by_all(self.stack)}
        for left in (file for folder in folders for file in folder.glob(f"{self.name}-*")):
            left.unlink()


@contextmanager
def mover(
    stack: Stack,
    name: str,
    *,
    home: str = "alpha",
    begins: str = "running",
    copied: bool = False,
    far: LocalNode | None = None,
) -> Iterator[Mover]:
    """copied: only its home sees its disk. far: another node to which it may move."""
    here = stack.alpha if home == "alpha" else stack.beta
    disk, kept = (here.images if copied else shared_by_all(stack)) / f"{name}-a.qcow2", stack.data / f"{name}.kept"
    write_noise(stack, disk, CONTENT if copied else 1)
    shutil.copy(disk, kept)
    nodes = (stack.alpha, stack.beta, *([far] if far else []))
    with stack.machine(name, Drawing(name, disks=(disk,)).xml(), on=home, begins=begins) as machine:
        made = Mover(stack, machine, nodes, kept if copied else None)
        try:
            yield made
        finally:
            made.remove()
            kept.unlink()


def shared_by_all(stack: Stack) -> Path:
    folder = stack.alpha.shared
    assert folder is not None
    return folder


def ask_to_move(*asked: Mover, to: str = "beta", **wish: Any) -> None:
    """The panel must know the machines. wish: see tests.faults.ask_move."""
    stack, folder = asked[0].stack, next(node.images for node in asked[0].nodes if node.name == to)
    wish = {"vms": [str(each.machine.uuid) for each in asked], "to": to, "folder": str(folder), **wish}
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.ask_move"],
        cwd=ROOT,
        env=panel_environment(Settings.from_environment({"PANEL_DATA": str(stack.data)})),
        input=json.dumps(wish),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def comes_half_way(anna: Visitor, *moving: Mover) -> None:
    """The panel says that a part of it has gone."""
    for each in moving:
        assert wait_until(lambda: percent(anna, each.machine) >= 10, seconds=30), (  # noqa: B023 -- called here only
            f"{anna.status(each.machine)}: {anna.note(each.machine)}; {anna.operations(each.machine)}"
        )


def measures(moving: Mover) -> dict[str, Any]:
    """Of its newest operation."""
    with closing(sqlite3.connect(moving.stack.database, timeout=20)) as database:
        asked = "SELECT measures FROM vms_operation WHERE vm_id = ? ORDER BY id DESC"
        row = database.execute(asked, [moving.machine.uuid.hex]).fetchone()
    return dict(json.loads(row[0])) if row else {}


def until(happened: Callable[[], bool], *, seconds: float) -> None:
    """Returns within milliseconds of it."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        processes.pause(0.002)


def call_back(anna: Visitor, moving: Mover) -> int:
    """Cancel its move; what the page answers."""
    return anna.post(f"{operation_of(anna, moving.machine, MIGRATE)}cancel/").status


def kill_processes(moving: Mover, node: LocalNode) -> None:
    """kill -9 of what that node runs of it."""
    found = moving.processes_on(node)
    assert len(found) == 1
    processes.send(found[0], SIGKILL)


def node_shown(anna: Visitor, moving: Mover) -> str:
    """Where its row says that it is."""
    return str(anna.row(moving.machine.uuid).html.xpath("string(//a[starts-with(@href, '/nodes/')])")).strip()


def is_only_on(anna: Visitor, moving: Mover, node: LocalNode, status: str = "Running") -> None:
    """There it is, once, with what is in its disk, and the panel says so; the other nodes have nothing of it."""
    anna.sees(moving.machine, status, seconds=40)
    assert node_shown(anna, moving) == node.name
    others = [each for each in moving.nodes if each is not node]
    assert wait_until(lambda: not any(map(moving.traces_on, others)), seconds=10), [
        (each.name, moving.traces_on(each)) for each in others
    ]
    found = moving.on(node)
    is_on = status in {"Running", "Paused"}
    assert len(moving.processes_on(node)) == is_on
    assert (found.is_off, found.is_on) == (not is_on, status == "Running")
    if moving.kept:
        images = moving.images_on(node)
        assert len(images) == 1, (moving.name, images)
        assert str(images[0]) in definition(found)
        qemu_img("compare", "-U", images[0], moving.kept)


def definition(machine: Machine) -> str:
    with machine.node.connected() as connection:
        return str(connection.lookupByUUIDString(str(machine.uuid)).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))


def starts_with_its_node(machine: Machine) -> bool:
    with machine.node.connected() as connection:
        return bool(connection.lookupByUUIDString(str(machine.uuid)).autostart())


def free_of(folder: Path) -> int:
    """In bytes."""
    return shutil.disk_usage(folder).free


@contextmanager
def looked_after(stack: Stack, far: Far) -> Iterator[None]:
    """The panel knows the node, and how the others come to it; at the end it has forgotten it."""
    settings = Settings.from_environment({"PANEL_DATA": str(stack.data)})
    adds = json.dumps([["add_node", far.node.name, far.node.uri]])
    words = [sys.executable, "-m", "demo.preparing", adds]
    subprocess.run(words, cwd=ROOT, env=panel_environment(settings), check=True)
    anna, page = Visitor(stack), f"/nodes/{key_of(stack, far.node)}/"
    assert anna.post(f"{page}addresses/", peer_uri=far.peer_uri, peer_address=IS_REACHED_BY).status == 200
    anna.sees_node(far.node.name, "Reachable")
    yield
    assert wait_until(lambda: is_forgotten(stack, anna, page), seconds=20)


def key_of(stack: Stack, node: LocalNode) -> int:
    with closing(sqlite3.connect(stack.database, timeout=20)) as database:
        return int(database.execute("SELECT id FROM vms_node WHERE name = ?", [node.name]).fetchone()[0])


def is_forgotten(stack: Stack, anna: Visitor, page: str) -> bool:
    """As soon as no machine is there any more."""
    stack.forget_the_gone()
    return anna.post(f"{page}remove/").url.endswith("/nodes/")
