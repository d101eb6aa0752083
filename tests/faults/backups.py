"""Machines with much in their disks, which are backed up while the panel runs; what became of them, and of their
backups."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import libvirt
import libvirt_qemu

from demo.machines import Machine as Drawing
from demo.machines import PanelNote
from demo.nodes import LocalNode
from tests.faults.desks import Desk
from tests.faults.moves import definition, free_of, key_of, until
from tests.faults.streams import operation_of, qemu_img, small_pool, write_noise
from tests.stack import Machine, Stack, wait_until
from tests.visitor import Visitor
from vms.hypervisor import libvirt_driver
from vms.hypervisor.machine_xml import hardware_of
from vms.hypervisor.migrating import CallState

BACK_UP = "Back up"
MIB = 1024**2
CONTENT = 160
"""MiB of noise in a disk: QEMU reads 64 of them at once, whatever the limit is, and more before it hears of that."""
SLOWLY = 4 * MIB
"""Bytes per second: so the rest takes long enough."""
DEVICE = "/machine/peripheral/virtio-disk0/virtio-backend"
BEING_MADE = ("making", "going")


@dataclass(frozen=True)
class Kept:
    """A backup as the panel has it in its list. holds: an image with what was in the disk at that moment."""

    row: Mapping[str, Any]
    holds: Path

    @property
    def image(self) -> Path:
        return Path(json.loads(self.row["files"])["vda"]["path"])

    @property
    def is_whole(self) -> bool:
        return self.row["below_id"] is None

    def is_true(self) -> None:
        """It holds what was in the disk at its moment, and nothing is broken in it, nor in what it stands on."""
        qemu_img("check", "-q", "-U", self.image)
        qemu_img("compare", "-U", self.image, self.holds)


@dataclass(frozen=True, eq=False)
class Laden:
    """A machine that stays in its BIOS. should_hold: an image with what its disk should hold."""

    desk: Desk
    machine: Machine
    disk: Path
    should_hold: Path

    @property
    def stack(self) -> Stack:
        return self.desk.stack

    @property
    def name(self) -> str:
        return self.machine.name

    # --- what people do with it ------------------------------------------------------------------------
    def ask(self, what: str = "back_up", **wish: Any) -> int:
        return self.desk.ask(what, vm=str(self.machine.uuid), **wish)

    def write(self, pattern: int, *, at: int, mib: int = 1) -> None:
        """As its guest would. pattern: the byte; at: MiB."""
        words = f"write -q -P {pattern} {at}M {mib}M"
        if self.machine.is_off:
            self.machine.node.account.run("qemu-io", "-t", "unsafe", "-f", "qcow2", "-c", words, self.disk)
        else:
            self.write_through_the_process(words)
        self.stack.alpha.account.run("qemu-io", "-t", "unsafe", "-f", "qcow2", "-c", words, self.should_hold)

    def write_through_the_process(self, words: str) -> None:
        """By way of the device that its guest has. words: of qemu-io."""
        asked = f'qemu-io -d {DEVICE} "{words}"'
        with self.machine.node.connected() as connection:
            domain = connection.lookupByUUIDString(str(self.machine.uuid))
            said = libvirt_qemu.qemuMonitorCommand(domain, asked, libvirt_qemu.VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP)
        assert not said.strip(), said

    def moment(self, number: int = 1) -> Path:
        """What its disk should hold now, kept aside."""
        return Path(shutil.copy(self.should_hold, self.should_hold.with_name(f"{self.name}-moment-{number}")))

    # --- what the panel says ---------------------------------------------------------------------------
    def rows(self) -> list[dict[str, Any]]:
        """Its backups, the newest first, with those that are being made or deleted."""
        return _rows(self.stack, "SELECT * FROM vms_backup WHERE vm_id = ? ORDER BY id DESC", self.machine.uuid.hex)

    def operation(self) -> dict[str, Any]:
        """The newest backup that was asked for, or return."""
        asked = "SELECT * FROM vms_operation WHERE vm_id = ? AND slot = 'job' ORDER BY id DESC LIMIT 1"
        return next(iter(_rows(self.stack, asked, self.machine.uuid.hex)), {})

    def newest(self, holds: Path) -> Kept:
        row = self.rows()[0]
        assert row["state"] == "good"
        return Kept(row, holds)

    def how_it_ended(self, *, seconds: float = 60) -> str:
        """succeeded, failed or cancelled."""
        ended = wait_until(lambda: self.operation()["finished_at"] is not None, seconds=seconds)
        assert ended, self.operation()
        return str(self.operation()["progress"])

    def is_checked(self) -> None:
        """Its newest backup, which the panel does by itself."""
        assert wait_until(lambda: self.rows()[0]["checked_at"] is not None, seconds=20), self.rows()

    def has_ended(self, progress: str, *, seconds: float = 60) -> None:
        assert self.how_it_ended(seconds=seconds) == progress, self.operation()

    # --- what is so -------------------------------------------------------------------------------------
    def is_unharmed(self, anna: Visitor, status: str, *, on: LocalNode | None = None) -> None:
        """It has its own disk with what it should hold, and nothing is left of a backup that did not succeed."""
        anna.sees(self.machine, status, seconds=40)
        there = replace(self.machine, node=on or self.machine.node)
        assert wait_until(lambda: not self.leftovers(), seconds=20), self.leftovers()
        assert wait_until(lambda: not self.is_being_worked_on(), seconds=40), self.operation()
        assert disks_of(there) == {self.disk}
        qemu_img("compare", "-U", self.disk, self.should_hold)
        if there.is_off:
            qemu_img("check", "-q", self.disk)

    def leftovers(self) -> list[str]:
        """Overlays, files of no good backup, rows of none."""
        listed = {name for row in self.rows() for name in _files_of(row)}
        overlays = [file.name for file in self.disk.parent.glob(f"{self.name}-*") if file != self.disk]
        files = [file.name for file in self.desk.folder.glob(f"{self.name}-*") if file.name not in listed]
        return [*overlays, *files, *(row["stem"] for row in self.rows() if row["state"] in BEING_MADE)]

    def is_being_worked_on(self) -> bool:
        asked = "SELECT id FROM vms_operation WHERE vm_id = ? AND finished_at IS NULL"
        return bool(_rows(self.stack, asked, self.machine.uuid.hex))

    def remove(self) -> None:
        for node in (self.stack.alpha, self.stack.beta):
            replace(self.machine, node=node).remove()
        for folder in {self.disk.parent, self.machine.node.images, self.desk.folder, self.should_hold.parent}:
            for left in folder.glob(f"{self.name}-*"):
                left.unlink()


@contextmanager
def laden(
    desk: Desk,
    name: str,
    *,
    begins: str = "running",
    home: str = "alpha",
    kind: str = "vm",
    content: int = CONTENT,
    folder: Path | None = None,
) -> Iterator[Laden]:
    """content: MiB of noise. folder: of its disk."""
    stack = desk.stack
    node = stack.alpha if home == "alpha" else stack.beta
    disk, should_hold = (folder or node.images) / f"{name}-a.qcow2", _moments(stack) / f"{name}-should-hold"
    for copy in (disk, should_hold):
        node.account.run("cp", noise(stack, content), copy)
    note = PanelNote(name, kind, "ready for use" if kind == "template" else None, made_disks=(disk,))
    drawing = Drawing(name, disks=(disk,), network=True, note=note)
    with stack.machine(name, drawing.xml(), on=home, begins=begins) as machine:
        made = Laden(desk, machine, disk, should_hold)
        try:
            yield made
        finally:
            made.remove()


def noise(stack: Stack, mib: int) -> Path:
    """Made once."""
    path = _moments(stack) / f"noise-{mib}.qcow2"
    if not path.exists():
        write_noise(stack, path, mib)
    return path


def _moments(stack: Stack) -> Path:
    return stack.alpha.account.make_directory(stack.alpha.directory / "moments")


def known(anna: Visitor, *machines: Laden, status: str = "Running") -> None:
    for each in machines:
        anna.sees(each.machine, status)


def backed_up(anna: Visitor, each: Laden, status: str = "Running", **wish: Any) -> Kept:
    """What was made of it, to the end."""
    known(anna, each, status=status)
    holds = each.moment(len(each.rows()))
    each.ask(**wish)
    each.has_ended("succeeded")
    return each.newest(holds)


def begun_slowly(anna: Visitor, each: Laden, status: str = "Running", **wish: Any) -> Path:
    """A backup that is half-way, its guest going on, and an image with what it will hold. A node that is very busy may
    be through before it hears of the limit: then once more."""
    known(anna, each, status=status)
    for _attempt in range(5):
        holds = each.moment(len(each.rows()))
        each.ask(limit=SLOWLY, **{"whole": True, **wish})
        wait_until(lambda: (each.operation()["permille"] or 0) > 1 or bool(each.operation()["finished_at"]), seconds=30)
        if not wait_until(lambda: not has_much_left(each), seconds=1.5):
            anna.sees(each.machine, f"{status}, backing up")
            return holds
        each.has_ended("succeeded")
        anna.sees(each.machine, status)
    raise AssertionError(f"it was never slow: {each.operation()}")


def has_much_left(each: Laden) -> bool:
    """So that something can happen to it meanwhile."""
    found = each.operation()
    return not found["finished_at"] and (found["bytes_left"] is None or found["bytes_left"] > 12 * MIB)


def comes_to_phase(each: Laden, phase: str, *, seconds: float = 20) -> None:
    """Returns within milliseconds of it, or when it has ended."""
    until(lambda: each.operation()["phase"] == phase or bool(each.operation()["finished_at"]), seconds=seconds)


def ends_true(anna: Visitor, each: Laden, holds: Path, status: str = "Running") -> None:
    """A good backup, and a machine to which nothing was done."""
    each.has_ended("succeeded")
    each.newest(holds).is_true()
    each.is_unharmed(anna, status)


def ends_without(anna: Visitor, each: Laden, progress: str, status: str = "Running") -> None:
    """No backup of it, no trace, and a machine to which nothing was done."""
    each.has_ended(progress)
    each.is_unharmed(anna, status)
    assert each.operation()["id"] not in [row["operation_id"] for row in each.rows()]


def lift_limit(anna: Visitor, *machines: Laden) -> None:
    for each in machines:
        page = anna.post(f"{operation_of(anna, each.machine, BACK_UP)}limit/", limit="0")
        assert page.status == 200, (page.status, page.url, page.words("alert"), anna.operations(each.machine))


def answers(node: LocalNode) -> bool:
    """Its libvirtd, once it is there again."""
    try:
        with node.connected():
            return True
    except libvirt.libvirtError:
        return False


def goes_as_fast_as_it_can(each: Laden) -> None:
    """To its end, and nobody tells the panel."""
    here = libvirt_driver.connect(each.machine.node.uri)
    here.limit_backup(each.machine.uuid, limit=0)
    assert wait_until(lambda: here.backup(each.machine.uuid) is None, seconds=20)
    outcome = here.backup_outcome(each.machine.uuid)
    assert outcome is not None
    assert outcome.state is CallState.SUCCEEDED


@contextmanager
def place_for_backups(anna: Visitor, desk: Desk, name: str, *, mib: int) -> Iterator[Desk]:
    """A target on alpha that holds so much and no more."""
    with small_pool(desk.stack, name, mib=mib) as folder:
        page = f"/nodes/{key_of(desk.stack, desk.stack.alpha)}/"
        assert wait_until(lambda: str(folder) in anna.get(page).text, seconds=20)
        desk.ask("new_target", name=name, folder=str(folder))
        yield replace(desk, folder=folder)


def fill(desk: Desk, path: Path, *, but: int) -> None:
    """A file that leaves so many bytes of the storage it is in."""
    desk.stack.alpha.account.run("fallocate", "-l", str(free_of(path.parent) - but), path)


def call_off(anna: Visitor, each: Laden, action: str = BACK_UP) -> None:
    assert anna.post(f"{operation_of(anna, each.machine, action)}cancel/").status == 200


def disks_of(machine: Machine) -> set[Path]:
    """Both as it runs and as it is defined."""
    with machine.node.connected() as connection:
        domain = connection.lookupByUUIDString(str(machine.uuid))
        texts = [domain.XMLDesc(), domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)]
    return {Path(drive.source) for text in texts for drive in hardware_of(text).drives if drive.source}


def macs_of(machine: Machine) -> set[str]:
    return {each.mac for each in hardware_of(definition(machine)).interfaces}


@contextmanager
def new_one(desk: Desk, kept: Kept, name: str) -> Iterator[Machine]:
    """What the backup becomes again beside its machine."""
    made = _rows(
        desk.stack,
        "SELECT vm_id FROM vms_operation WHERE id = ?",
        desk.ask("restore_as_new", backup=kept.row["id"], name=name),
    )
    machine = Machine(desk.stack.alpha, UUID(made[0]["vm_id"]), name)
    try:
        yield machine
    finally:
        machine.remove()
        for left in desk.stack.alpha.images.glob(f"{name}-*"):
            left.unlink()


def checkpoints_of(machine: Machine) -> list[str]:
    with machine.node.connected() as connection:
        return [each.getName() for each in connection.lookupByUUIDString(str(machine.uuid)).listAllCheckpoints()]


def _files_of(row: Mapping[str, Any]) -> Iterator[str]:
    """Of a backup in the list."""
    if row["state"] not in BEING_MADE:
        parts = ("definition.xml", "memory.bin", "backup.json", "sha256")
        yield from (f"{row['stem']}.{part}" for part in parts)
        yield from (Path(each["path"]).name for each in json.loads(row["files"]).values())


def _rows(stack: Stack, asked: str, key: str | int) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(stack.database, timeout=20)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(asked, [key])]
