"""VMs from a template: how soon one runs, beside the same steps by hand, and what twenty of them cost others."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

import libvirt

from benchmarks.figures import Figure, p50
from demo.examples import EXAMPLES
from tests.faults.streams import Wish, ask_for, filled_in, promised
from tests.stack import Machine, Stack, free_port, wait_until
from tests.visitor import Visitor

ROUNDS = 5
MANY = 20
TEMPLATES = {example.name: example.uuid for example in EXAMPLES if example.kind == "template"}
BY_HAND = """set -e
cd {images}
qemu-img create -q -f qcow2 -b debian-12.qcow2 -F qcow2 {name}.qcow2
virsh -c '{uri}' dumpxml debian-12 > {name}.xml
sed -i -e 's/debian-12/{name}/' -e '/<uuid>/d' -e '/<mac /d' -e '/<metadata>/,/<.metadata>/d' {name}.xml
virsh -q -c '{uri}' define {name}.xml
virsh -q -c '{uri}' start {name}
virsh -q -c '{uri}' blockpull {name} vda --bandwidth 1
rm {name}.xml
"""


def measure_streaming() -> list[Figure]:
    data = Path(tempfile.mkdtemp(prefix="stoney-bench-"))
    data.chmod(0o755)
    stack = Stack(data, free_port())
    try:
        stack.start()
        visitor = Visitor(stack)
        return [_beside_by_hand(stack, visitor), *_many(stack, visitor)]
    finally:
        stack.end()


def _beside_by_hand(stack: Stack, visitor: Visitor) -> Figure:
    """Both until the guest runs and its disk streams."""
    asked, by_hand = [], []
    for number in range(ROUNDS):
        asked.append(_asked(stack, visitor, f"asked-{number}"))
        by_hand.append(_by_hand(stack, f"by-hand-{number}"))
    ratio = p50(asked) / p50(by_hand)
    return Figure("from a click to a new VM that runs and streams, beside by hand", ratio, "times", limit=1.25)


def _asked(stack: Stack, visitor: Visitor, name: str) -> float:
    wish = Wish(name, limit=1, start=True)
    answers = filled_in(visitor, TEMPLATES["debian-12"], wish)
    with stack.alpha.connected() as connection:
        began = time.perf_counter()
        page = ask_for(visitor, TEMPLATES["debian-12"], answers)
        if not wait_until(lambda: _runs_and_streams(connection, name), seconds=60):
            raise RuntimeError(f"{name} does not stream")
        took = time.perf_counter() - began
    (machine,) = promised(stack, page, wish)
    visitor.sees(machine, "Running, streaming")
    _delete(visitor, machine)
    return took


def _delete(visitor: Visitor, machine: Machine) -> None:
    visitor.act(machine, "power-off")
    visitor.sees_operation(machine, "Power off", "Done")
    visitor.act(machine, "delete")
    visitor.sees_operation(machine, "Delete", "Done")


def _by_hand(stack: Stack, name: str) -> float:
    script = BY_HAND.format(images=stack.alpha.images, name=name, uri=stack.alpha.uri)
    began = time.perf_counter()
    subprocess.run(stack.alpha.account.command("sh", "-c", script), check=True)
    with stack.alpha.connected() as connection:
        if not _runs_and_streams(connection, name):
            raise RuntimeError(f"{name} does not stream")
        took = time.perf_counter() - began
        domain = connection.lookupByName(name)
        domain.destroy()
        domain.undefine()
    (stack.alpha.images / f"{name}.qcow2").unlink()
    return took


def _runs_and_streams(connection: libvirt.virConnect, name: str) -> bool:
    try:
        domain = connection.lookupByName(name)
        return int(domain.state()[0]) == libvirt.VIR_DOMAIN_RUNNING and bool(domain.blockJobInfo("vda"))
    except libvirt.libvirtError:
        return False


def _many(stack: Stack, visitor: Visitor) -> list[Figure]:
    """Half of them on each node, from a template whose disk both see."""
    origin = TEMPLATES["alpine-tiny"]
    wishes = [Wish(f"{node}-%d", count=MANY // 2, limit=20, on=node, pool="shared") for node in ("alpha", "beta")]
    answered = [filled_in(visitor, origin, wish) for wish in wishes]
    began = time.perf_counter()
    for wish, answers in zip(wishes, answered, strict=True):
        promised(stack, ask_for(visitor, origin, answers), wish)
    meanwhile = [_seconds_for_the_list(visitor)]
    while visitor.row(origin).words("status__text") != ["Stopped"]:
        meanwhile.append(_seconds_for_the_list(visitor))
    took = time.perf_counter() - began
    afterwards = [_seconds_for_the_list(visitor) for _ in meanwhile]
    ratio = p50(meanwhile) / p50(afterwards)
    return [
        Figure(f"{MANY} new VMs of 64 MiB on two nodes, two streams on each: until all stand alone", took, "s"),
        Figure("time for the list meanwhile beside that afterwards", ratio, "times", limit=1.1),
    ]


def _seconds_for_the_list(visitor: Visitor) -> float:
    began = time.perf_counter()
    visitor.get("/vms/")
    return time.perf_counter() - began
