"""Backing up the example guest through the panel, beside libvirt's own call for it; and what a few changes take."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import libvirt

from benchmarks.figures import Figure, p50
from demo.account import nodes_account
from demo.guest import built_guest
from demo.machines import guest_xml
from demo.places import reachable
from demo.settings import ROOT
from tests.faults.backups import Laden
from tests.faults.desks import Desk, desk_of
from tests.faults.moves import until
from tests.faults.streams import write_noise
from tests.nodes import agent_answers
from tests.stack import Stack, free_port, wait_until
from tests.visitor import Visitor

ROUNDS = 3
CONTENT = 2048
"""MiB in the guest's disk."""
PIECES, PIECE = 320, "64k"
"""Scattered over all of it: one percent."""
PATIENCE = 120
NAME = "laden"
BACKUP = """<domainbackup mode='push'><disks><disk name='vda' backup='yes' type='file'><target file='{path}'/>
<driver type='qcow2'/></disk></disks></domainbackup>"""


def measure_backing_up() -> list[Figure]:
    data = Path(tempfile.mkdtemp(prefix="stoney-bench-"))
    data.chmod(0o755)
    stack = Stack(data, free_port())
    try:
        stack.start()
        with desk_of(stack) as desk, _guest(desk) as guest:
            asked, direct = _in_turns(guest)
            share = _share_of_a_few_changes(guest)
    finally:
        stack.end()
    what = f"backing up the example guest with {CONTENT} MiB"
    return [
        Figure(f"{what}: virsh backup-begin", p50(direct), "s"),
        Figure(f"{what}: from the request until it is listed as good", p50(asked), "s"),
        Figure(f"{what}: through the panel beside virsh", p50(asked) / p50(direct), "times", limit=1.2),
        Figure(
            "a backup of changes after 1 % of the disk was written: its bytes beside a whole one", share, "%", limit=10
        ),
    ]


def _in_turns(guest: Laden) -> tuple[list[float], list[float]]:
    """Each after the other as often as before it, so that whatever else the computer does is the same for both."""
    asked, direct = [], []
    for _ in range(ROUNDS):
        asked.append(_through_the_panel(guest, whole=True))
        direct += [_by_virsh(guest), _by_virsh(guest)]
        asked.append(_through_the_panel(guest, whole=True))
    return asked, direct


def _through_the_panel(guest: Laden, *, whole: bool) -> float:
    """Its files are checked afterwards: that is waited for, but not counted."""
    os.sync()
    began = time.perf_counter()
    guest.ask(whole=whole, limit=0)
    until(lambda: guest.rows()[0]["state"] == "good", seconds=PATIENCE)
    seconds = time.perf_counter() - began
    until(lambda: not guest.is_being_worked_on() and guest.rows()[0]["checked_at"] is not None, seconds=PATIENCE)
    return seconds


def _by_virsh(guest: Laden) -> float:
    """Into the same folder."""
    path, wish = guest.desk.folder / f"{NAME}-by-virsh.qcow2", guest.stack.data / "backup.xml"
    wish.write_text(BACKUP.format(path=path))
    os.sync()
    with guest.machine.node.connected() as connection:
        domain = connection.lookupByUUIDString(str(guest.machine.uuid))
        began = time.perf_counter()
        subprocess.run(["virsh", "-q", "-c", guest.machine.node.uri, "backup-begin", NAME, wish], check=True)
        until(lambda: int(domain.jobInfo()[0]) == libvirt.VIR_DOMAIN_JOB_NONE, seconds=PATIENCE)
        seconds = time.perf_counter() - began
    path.unlink()
    return seconds


def _share_of_a_few_changes(guest: Laden) -> float:
    """In percent."""
    whole = guest.rows()[0]["size"]
    step = CONTENT * 1024 // PIECES
    for number in range(PIECES):
        guest.write_through_the_process(f"write -q -P {number + 1} {number * step}k {PIECE}")
    _through_the_panel(guest, whole=False)
    return 100 * int(guest.rows()[0]["size"]) / int(whole)


@contextmanager
def _guest(desk: Desk) -> Iterator[Laden]:
    """It has started, and the panel knows it."""
    stack = desk.stack
    guest = built_guest(reachable(ROOT / "var" / "guest", nodes_account()))
    disk = stack.alpha.images / f"{NAME}-a.qcow2"
    write_noise(stack, disk, CONTENT)
    with stack.machine(NAME, guest_xml(NAME, guest, disk=disk), begins="running") as machine:
        with machine.node.connected() as connection:
            domain = connection.lookupByUUIDString(str(machine.uuid))
            if not wait_until(lambda: agent_answers(domain), seconds=60):
                raise RuntimeError("the guest does not come up")
        Visitor(stack).sees(machine, "Running")
        yield Laden(desk, machine, disk, disk)
