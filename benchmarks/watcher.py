"""What it costs to follow 10,000 machines on 200 nodes of which 100 change every second.

The nodes are fake ones inside the watcher's own process, so that everything of the watcher is measured but libvirt's
part of a call; the database is SQLite, as in the demo.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from threading import Thread
from typing import Any

import django
from redis import Redis

from benchmarks.figures import Figure, p50, p95
from benchmarks.small_panel import python, small_panel
from demo.broker import broker_socket
from demo.processes import pause
from demo.settings import Settings
from vms.hypervisor import fake
from vms.hypervisor.contract import GuestInfo, GuestInterface, ImageSize
from vms.hypervisor.fake import FakeMachine, FakeNode
from vms.operations.announcing import STREAM
from vms.rules.power import Power, PowerReason

NODES, MACHINES_OF_A_NODE = 200, 50
CHANGES_A_SECOND, SECONDS = 100, 20
SECONDS_TO_SETTLE = 10
GIB = 2**30

XML = """\
<domain type='kvm'><name>{name}</name><uuid>{uuid}</uuid><memory unit='GiB'>1</memory><vcpu>2</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices>
  <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/images/{name}.qcow2'/>
    <target dev='vda' bus='virtio'/></disk>
  <interface type='bridge'><mac address='{mac}'/><source bridge='br0'/><model type='virtio'/></interface>
  <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
</devices></domain>"""


@dataclass(frozen=True)
class Told:
    """What the watcher's process says at the end. changes: machine and time of the clock, in seconds."""

    first_look_seconds: float
    cores: float
    changes: list[tuple[str, float]]


def measure_watcher() -> list[Figure]:
    with (
        small_panel() as settings,
        python(settings, "-m", "benchmarks.watcher", DJANGO_SETTINGS_MODULE="tests.settings") as watcher,
    ):
        output, _ = watcher.communicate()
        told = Told(**json.loads(output.splitlines()[-1]))
        lags = _lags(settings, told.changes)
    return [
        Figure("10,000 machines on 200 nodes: first look", told.first_look_seconds, "s"),
        Figure("10,000 machines on 200 nodes, 100 changes a second: the watcher", told.cores, "cores", limit=1),
        Figure("from a change to its row, 100 a second: p50", p50(lags) * 1000, "ms"),
        Figure("from a change to its row, 100 a second: p95", p95(lags) * 1000, "ms"),
    ]


def _lags(settings: Settings, changes: list[tuple[str, float]]) -> list[float]:
    """Seconds until the change was announced, which is once it can be read in the database."""
    announced: dict[str, list[float]] = {}
    broker: Any = Redis(unix_socket_path=str(broker_socket(settings.data)))  # it types its answers for all protocols
    for identity, fields in broker.xrange(STREAM):
        for _kind, subject in json.loads(fields[b"message"])["changed"]:
            announced.setdefault(subject, []).append(int(identity.partition(b"-")[0]) / 1000)
    return [min(at for at in announced[vm] if at >= changed - 0.001) - changed for vm, changed in changes]


def _be_the_watcher() -> None:
    """What is imported here needs a Django that is set up."""
    django.setup()
    from vms.models import Node  # noqa: PLC0415
    from vms.watcher.watching import Watcher  # noqa: PLC0415

    nodes = [_filled(fake.add_node(f"fake://n{number:03}"), number) for number in range(NODES)]
    Node.objects.bulk_create(Node(name=node.uri.removeprefix("fake://"), uri=node.uri) for node in nodes)
    watcher = Watcher()
    Thread(target=_change_and_tell, args=(watcher, nodes), daemon=True).start()
    watcher.run()


def _filled(node: FakeNode, number: int) -> FakeNode:
    """Two of three are on, with a guest that answers."""
    for place in range(MACHINES_OF_A_NODE):
        name, mac = f"m{number:03}-{place:02}", f"52:54:00:00:{number:02x}:{place:02x}"
        machine = node.add(name, Power.RUNNING if place % 3 else Power.OFF)
        machine.xml = XML.format(name=name, uuid=machine.uuid, mac=mac)
        machine.disks = {"vda": ImageSize(10 * GIB, GIB)}
        machine.agent_answers = True
        machine.guest = GuestInfo("Debian GNU/Linux 12", name, (GuestInterface(mac, (f"10.0.{number}.{place}",)),))
    return node


def _change_and_tell(watcher: Any, nodes: list[FakeNode]) -> None:
    began = time.monotonic()
    _wait_until_written(nodes)
    first_look = time.monotonic() - began
    pause(SECONDS_TO_SETTLE)
    began, used, own = time.monotonic(), time.process_time(), time.thread_time()
    changes = _change(nodes)
    passed = time.monotonic() - began
    cores = (time.process_time() - used - (time.thread_time() - own)) / passed
    _wait_until_written(nodes)
    print(json.dumps({"first_look_seconds": first_look, "cores": cores, "changes": changes}), flush=True)
    watcher.stop()


def _wait_until_written(nodes: list[FakeNode]) -> None:
    """Until each machine's row says what its node says, and each guest that is up has told its name."""
    from vms.models import Vm  # noqa: PLC0415 -- as above

    told = {(uuid, machine.power) for node in nodes for uuid, machine in node.machines.items()}
    while told != set(Vm.objects.exclude(power=Power.RUNNING, guest_hostname="").values_list("pk", "power")):
        pause(1)


def _change(nodes: list[FakeNode]) -> list[tuple[str, float]]:
    """Every hundredth of a second the next machine of the next node, each machine once at most."""
    changes = []
    began = time.monotonic()
    for number in range(CHANGES_A_SECOND * SECONDS):
        pause(max(0.0, began + number / CHANGES_A_SECOND - time.monotonic()))
        node = nodes[number % NODES]
        machine = list(node.machines.values())[number // NODES]
        changes.append((str(machine.uuid), time.time()))
        _toggle(node, machine)
    return changes


def _toggle(node: FakeNode, machine: FakeMachine) -> None:
    if machine.power is Power.OFF:
        node.become(machine.uuid, Power.RUNNING)
    else:
        node.become(machine.uuid, Power.OFF, PowerReason.SHUT_DOWN)


if __name__ == "__main__":
    _be_the_watcher()
