"""Moving the example guest through the panel, beside `virsh migrate` with the same flags, back and forth."""

from __future__ import annotations

import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import Figure, p50
from demo.account import nodes_account
from demo.guest import built_guest
from demo.landscape import shared_folder
from demo.machines import guest_xml
from demo.nodes import LocalNode
from demo.places import reachable
from demo.processes import pause
from demo.settings import ROOT
from tests.nodes import agent_answers
from tests.stack import Machine, Stack, free_port, wait_until
from tests.visitor import Page, Visitor

THERE_AND_BACK = 10
PATIENCE = 60
NAME = "moves"
FLAGS = ("--live", "--p2p", "--persistent", "--undefinesource", "--unsafe")


def measure_moving() -> list[Figure]:
    data = Path(tempfile.mkdtemp(prefix="stoney-bench-"))
    data.chmod(0o755)
    stack = Stack(data, free_port())
    try:
        stack.start()
        with _guest_on_alpha(stack) as guest:
            asked, direct = _measured(stack, guest)
    finally:
        stack.end()
    what = "moving the example guest to another node"
    return [
        Figure(f"{what}: virsh", p50(direct), "s"),
        Figure(f"{what}: from the click until the panel shows it there", p50(asked), "s"),
        Figure(f"{what}: through the panel beside virsh", p50(asked) / p50(direct), "times", limit=1.15),
    ]


def _measured(stack: Stack, guest: Machine) -> tuple[list[float], list[float]]:
    """In turns, so that whatever else the computer does is the same for both."""
    visitor = Visitor(stack)
    ways = ((stack.alpha, stack.beta), (stack.beta, stack.alpha))
    asked, direct = [], []
    for _ in range(THERE_AND_BACK):
        for home, to in ways:
            asked.append(_through_the_panel(visitor, replace(guest, node=home), to))
        for home, to in ways:
            direct.append(_by_virsh(visitor, replace(guest, node=home), to))
    return asked, direct


def _through_the_panel(visitor: Visitor, guest: Machine, to: LocalNode) -> float:
    """From the click on "Migrate" until the panel shows it on the other node; what it clears up afterwards is waited
    for, but not counted."""
    page = _checked(visitor, guest)
    preflight, key, chosen = (_entered(page, name) for name in ("preflight", "key", "to"))
    began = time.perf_counter()
    answer = visitor.post(f"/vms/{guest.uuid}/migrate/", preflight=preflight, key=key, to=chosen)
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {answer.words('field__error')} {answer.words('problem')}")
    if not _is_so(lambda: _shown_on(visitor.stack, guest) == to.name):
        raise RuntimeError(visitor.operations(guest))
    seconds = time.perf_counter() - began
    visitor.sees_operation(guest, "Migrate", "Done")
    return seconds


def _is_so(happened: Callable[[], bool]) -> bool:
    """Returns within milliseconds of it, or when it should have happened long ago."""
    deadline = time.perf_counter() + PATIENCE
    while not (answer := happened()) and time.perf_counter() < deadline:
        pause(0.005)
    return answer


def _entered(page: Page, name: str) -> str:
    return str(page.html.xpath(f"string(//form//input[@name='{name}']/@value)"))


def _checked(visitor: Visitor, guest: Machine) -> Page:
    """The page on which a person chooses, when the nodes have been asked."""
    address = f"/vms/{guest.uuid}/migrate/"
    if not wait_until(lambda: bool(visitor.get(address).html.xpath("//input[@name='to']")), seconds=20):
        raise RuntimeError(visitor.get(address).text)
    return visitor.get(address)


def _shown_on(stack: Stack, guest: Machine) -> str:
    """From the database: asking for a page would take longer than what is measured."""
    asked = "SELECT name FROM vms_node WHERE id = (SELECT node_id FROM vms_vm WHERE uuid = ?)"
    with closing(sqlite3.connect(stack.database, timeout=20)) as database:
        return str(database.execute(asked, [guest.uuid.hex]).fetchone()[0])


def _by_virsh(visitor: Visitor, guest: Machine, to: LocalNode) -> float:
    """Until it has arrived, as virsh says. The panel sees that too, before anything else is measured."""
    began = time.perf_counter()
    subprocess.run(["virsh", "-q", "-c", guest.node.uri, "migrate", *FLAGS, NAME, to.uri], check=True)
    seconds = time.perf_counter() - began
    if not _is_so(lambda: _shown_on(visitor.stack, guest) == to.name):
        raise RuntimeError("the panel did not see that it moved")
    return seconds


@contextmanager
def _guest_on_alpha(stack: Stack) -> Iterator[Machine]:
    """It has started, and its disk lies where both nodes see it."""
    guest = built_guest(reachable(ROOT / "var" / "guest", nodes_account()))
    disk = shared_folder(stack.data) / "moves.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(disk), "64M"], check=True)
    disk.chmod(0o666)  # the nodes have an account of their own
    with stack.machine(NAME, guest_xml(NAME, guest, disk=disk), begins="running") as machine:
        try:
            _wait_until_up(machine)
            yield machine
        finally:
            replace(machine, node=stack.beta).remove()


def _wait_until_up(guest: Machine) -> None:
    with guest.node.connected() as connection:
        domain = connection.lookupByUUIDString(str(guest.uuid))
        if not wait_until(lambda: agent_answers(domain), seconds=60):
            raise RuntimeError("the guest does not come up")
