"""What docs/backup.md says about restoring without the panel, done as it says, with files carried elsewhere."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.faults.backups import Kept, backed_up, laden
from tests.faults.desks import Desk
from tests.faults.streams import is_sound, qemu_img
from tests.stack import Machine, wait_until
from tests.visitor import Visitor

pytestmark = pytest.mark.live


def test_disks_machine_and_memory_come_back_by_hand(anna: Visitor, desk: Desk) -> None:
    with laden(desk, "by-hand", content=8) as lost:
        lost.write(1, at=3)
        awake = backed_up(anna, lost, with_memory=True)
        lost.is_checked()
        whole = backed_up(anna, lost)
        lost.is_checked()
        lost.write(2, at=5)
        changed = backed_up(anna, lost)
        lost.is_checked()
        lost.is_unharmed(anna, "Running")
        assert (awake.is_whole, whole.is_whole, changed.is_whole) == (True, True, False)
        elsewhere = carried(desk, awake, whole, changed)
        lost.machine.remove()
        disk = lost.disk.with_name(f"{lost.name}-again.qcow2")
        copied(lost.machine, elsewhere, changed, disk)
        defined(lost.machine, elsewhere / f"{changed.row['stem']}.definition.xml", lost.disk, disk)
        lost.machine.call("create")
        assert lost.machine.is_on
        lost.machine.call("destroy")
        copied(lost.machine, elsewhere, awake, disk)
        goes_on(lost.machine, elsewhere / f"{awake.row['stem']}.memory.bin", lost.disk, disk)
        assert lost.machine.is_on


def carried(desk: Desk, *backups: Kept) -> Path:
    """Into another folder, from which the node can read, and no pool has it."""
    folder = desk.stack.alpha.account.make_directory(desk.stack.alpha.directory / "carried", mode=0o755)
    for kept in backups:
        for file in desk.folder.glob(f"{kept.row['stem']}.*"):
            shutil.move(file, folder)
    return folder


def copied(machine: Machine, folder: Path, kept: Kept, disk: Path) -> None:
    stem = kept.row["stem"]
    assert (folder / f"{stem}.backup.json").exists()
    subprocess.run(["sha256sum", "--check", "--quiet", f"{stem}.sha256"], cwd=folder, check=True)
    qemu_img("check", "-q", folder / f"{stem}.vda.qcow2")
    machine.node.account.run("qemu-img", "convert", "-O", "qcow2", folder / f"{stem}.vda.qcow2", disk)
    is_sound(disk)
    qemu_img("compare", disk, kept.holds)


def defined(machine: Machine, definition: Path, before: Path, disk: Path) -> None:
    """With its disk elsewhere."""
    edited = definition.with_name("edited.xml")
    edited.write_text(definition.read_text().replace(str(before), str(disk)))
    virsh(machine, "define", edited)


def goes_on(machine: Machine, memory: Path, before: Path, disk: Path) -> None:
    edited = memory.with_name("running.xml")
    edited.write_text(virsh(machine, "save-image-dumpxml", memory).replace(str(before), str(disk)))
    assert str(disk) in edited.read_text()
    virsh(machine, "restore", memory, "--xml", edited, "--running")
    assert wait_until(lambda: machine.is_on, seconds=5)


def virsh(machine: Machine, *words: str | Path) -> str:
    done = subprocess.run(
        ["virsh", "-q", "-c", machine.node.uri, *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
