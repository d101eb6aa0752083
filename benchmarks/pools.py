"""Dynamic VMs: how soon a person sees the screen of one, how soon it is replaced, and what a hundred of them cost."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import libvirt
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from benchmarks.figures import Figure, p50
from demo import processes
from tests.clerks import Clerk, clerk_of
from tests.pools.rooms import Room, opened, room_on
from tests.stack import Stack, free_port, wait_until
from tests.visitor import Visitor

ROUNDS = 7
MANY = 100
IDLE_SECONDS = 30
PATIENCE = 600
DISKLESS = """<domain type='qemu'><name>nothing</name><memory unit='MiB'>8</memory>
<os><type arch='x86_64' machine='pc'>hvm</type></os><metadata>
<stoney:vm xmlns:stoney='urn:stoney-panel:vm:1' kind='template' type='persistent' mode='ready for use'>
<stoney:display-name>nothing</stoney:display-name></stoney:vm></metadata>
<devices><controller type='usb' model='none'/><video><model type='none'/></video><memballoon model='none'/></devices>
</domain>"""
BY_HAND = """set -e
cd {folder}
qemu-img create -q -f qcow2 -b {golden} -F qcow2 {name}.qcow2
virsh -c '{uri}' dumpxml {image} > {name}.xml
sed -i -e 's,<name>.*</name>,<name>{name}</name>,' -e 's,{golden},{folder}/{name}.qcow2,' \\
    -e '/<uuid>/d' -e '/<mac /d' -e '/<metadata>/,/<.metadata>/d' {name}.xml
virsh -q -c '{uri}' define {name}.xml
virsh -q -c '{uri}' start {name}
rm {name}.xml
"""


def measure_pools() -> list[Figure]:
    data = Path(tempfile.mkdtemp(prefix="stoney-bench-"))
    data.chmod(0o755)
    stack = Stack(data, free_port())
    try:
        stack.start()
        with clerk_of(stack.data, "tests.pools.ask_pool") as clerk:
            return [*_opened_and_refilled(stack, clerk), *_many(stack, clerk)]
    finally:
        stack.end()


# --- one after the other ------------------------------------------------------------------------------


def _opened_and_refilled(stack: Stack, clerk: Clerk) -> list[Figure]:
    with room_on(stack, clerk, "desks", pre_started=1, most_vms=ROUNDS + 2) as room:
        room.has_image(room.make_image("gold"))
        room.comes_to(ready=1)
        until_seen, until_refilled, by_hand = [], [], []
        for number, who in enumerate(room.visitors(*(f"person-{number}" for number in range(ROUNDS)))):
            seen, refilled = _open(who, room)
            room.comes_to(ready=1, taken=number + 1)
            until_seen.append(seen)
            until_refilled.append(refilled)
            by_hand.append(_by_hand(room, f"by-hand-{number}"))
        return [
            Figure("Open until the screen of a pre-started VM is seen", p50(until_seen), "s", limit=2),
            Figure("one that was taken is replaced: until the next one runs", p50(until_refilled), "s"),
            Figure("qemu-img create, virsh define and start by hand", p50(by_hand), "s"),
            Figure("replaced, beside by hand", p50(until_refilled) / p50(by_hand), "times", limit=1.5),
        ]


def _open(who: Visitor, room: Room) -> tuple[float, float]:
    """Seconds until its screen is seen, and until the one that replaces it runs."""
    before = _running(room)
    began = time.perf_counter()
    vm = opened(who, room)
    _sees_its_screen(who, vm)
    seen = time.perf_counter() - began
    if not wait_until(lambda: bool(_running(room) - before), seconds=60):
        raise RuntimeError("it is not replaced")
    return seen, time.perf_counter() - began


def _running(room: Room) -> set[str]:
    found = set()
    for node in (room.stack.alpha, room.stack.beta):
        with node.connected() as connection:
            active = connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_RUNNING)
            found |= {domain.UUIDString() for domain in active if domain.name().startswith(f"{room.name}-")}
    return found


def _sees_its_screen(who: Visitor, vm: UUID) -> None:
    """Until the machine's own server of its screen says what it speaks."""
    door = json.loads(who.post(f"/vms/{vm}/use/ticket/", way="screen").text)
    address = urllib.parse.urlparse(who.stack.url)._replace(scheme="ws", path=door["path"]).geturl()
    words, headers = ("stoney-console", f"ticket.{door['ticket']}"), {"Cookie": who.cookies}
    asked = [Subprotocol(word) for word in words]
    with connect(address, subprotocols=asked, origin=Origin(who.stack.url), additional_headers=headers) as screen:
        said = screen.recv(timeout=10)
    if not isinstance(said, bytes) or not said.startswith(b"RFB"):
        raise RuntimeError(f"that is no screen: {said!r}")


def _by_hand(room: Room, name: str) -> float:
    """On the node of the golden image."""
    image = room.active_image
    assert image is not None
    golden = room.machine(image)
    words = {"uri": golden.node.uri, "image": golden.name, "golden": room.disk_of(image)}
    script = BY_HAND.format(folder=room.folder, name=name, **words)
    began = time.perf_counter()
    subprocess.run(golden.node.account.command("sh", "-c", script), check=True)
    took = time.perf_counter() - began
    with golden.node.connected() as connection:
        copy = connection.lookupByName(name)
        copy.destroy()
        copy.undefine()
    (room.folder / f"{name}.qcow2").unlink()
    return took


# --- a hundred ----------------------------------------------------------------------------------------


def _many(stack: Stack, clerk: Clerk) -> list[Figure]:
    without = _share_of_the_worker(stack)
    with _diskless_template(stack), room_on(stack, clerk, "many", diskless=True, most_vms=MANY) as room:
        room.has_image(image := room.make_image("nothing at all", template="nothing"))
        began = time.perf_counter()
        room.change(pre_started=MANY, minimum=MANY)
        if not wait_until(lambda: len(_running(room)) == MANY, seconds=PATIENCE):
            raise RuntimeError(f"only {len(_running(room))} of {MANY} run")
        took = time.perf_counter() - began
        room.comes_to(ready=MANY, seconds=PATIENCE)
        processes.pause(IDLE_SECONDS)  # what was asked for in vain meanwhile is through by then
        figures = [
            Figure(f"{MANY} diskless dynamic VMs kept by one worker: until all run", took, "s"),
            Figure("the worker beside them, with nothing to do", _share_of_the_worker(stack), "% CPU", limit=10),
            Figure("the same without any", without, "% CPU"),
            *_a_look_at(room),
        ]
        room.is_emptied()
        clerk.ask("release", vm=str(image))
        return figures


def _a_look_at(room: Room) -> list[Figure]:
    """Of the keeper, which looks every two seconds."""
    looks = [room.clerk.ask("look", pool=str(room.uuid)) for _ in range(ROUNDS)]
    return [
        Figure("a look at them with nothing to do", 1000 * p50([look["seconds"] for look in looks]), "ms", limit=100),
        Figure("queries of such a look", p50([look["queries"] for look in looks]), "", limit=10),
    ]


@contextmanager
def _diskless_template(stack: Stack) -> Iterator[None]:
    with stack.machine("nothing", DISKLESS) as machine:
        if not wait_until(lambda: "nothing" in Visitor(stack).get("/vms/templates/").text, seconds=30):
            raise RuntimeError(f"{machine.name} is not seen")
        yield


def _share_of_the_worker(stack: Stack) -> float:
    """Of one processor, in percent."""
    pid = stack.pid("worker")
    assert pid is not None
    before = _processor_seconds(pid)
    processes.pause(IDLE_SECONDS)
    return 100 * (_processor_seconds(pid) - before) / IDLE_SECONDS


def _processor_seconds(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(words[11]) + int(words[12])) / 100
