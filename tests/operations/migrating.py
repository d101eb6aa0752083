"""Machines that are sent from the fake node alpha to the fake node beta, by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from tests.operations.streaming import GIB, MIB, look_at
from tests.operations.working import fresh, leave_to_a_dead_worker, step
from vms.hypervisor import fake_migrating
from vms.hypervisor.fake import FakeNode, FakePool
from vms.hypervisor.fake_node import nodes
from vms.hypervisor.migrating import CallState, Outcome
from vms.models import Event, Network, Node, Operation, StoragePool, Vm
from vms.models.viewer import Viewer
from vms.operations.promising import Order
from vms.operations.recovering import recover
from vms.operations.requesting import request_action
from vms.rules.actions import Action
from vms.rules.moving import Move
from vms.rules.power import Power
from vms.rules.preflight import Way
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.status import Second
from vms.rules.timeline import What

__all__ = [
    "ALPHA",
    "BETA",
    "BROKE",
    "COPY",
    "GIB",
    "MIB",
    "NVRAM",
    "SHARED",
    "add_mover",
    "arrive",
    "assert_it_arrived",
    "assert_it_stayed",
    "come_to_the_move",
    "ended",
    "go_on",
    "its_worker_died",
    "look_everywhere",
    "nothing_moved_for_long",
    "send",
    "share",
    "take_steps",
    "where_it_is",
]

SHARED = "/shared"
COPY = {"vda": "/images/web1-new-vda.qcow2"}
NVRAM = "<nvram>/local/variables.fd</nvram>"
BROKE = Outcome(CallState.FAILED, Problem.REFUSED, "the other end hung up")
ALPHA, BETA = ["fake://alpha"], ["fake://beta"]
ENOUGH = 12

_DISK = (
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{path}'/>"
    "<target dev='{target}' bus='virtio'/></disk>"
)
_XML = (
    "<domain type='qemu'><name>{name}</name><uuid>{uuid}</uuid><memory unit='MiB'>8</memory><vcpu>1</vcpu>"
    "<os><type arch='x86_64' machine='pc'>hvm</type>{os}</os><devices>{disks}</devices></domain>"
)


def share(*both: tuple[Node, FakeNode]) -> None:
    """A folder in which they see the same files, and one of their own; free memory."""
    for node, there in both:
        there.pools = {"/images": FakePool("images"), SHARED: FakePool("shared", over_network=True)}
        Node.objects.filter(pk=node.pk).update(memory_free=GIB, memory_total=GIB)
        Network.objects.get_or_create(node=node, name="default")
        for folder, shared in (("/images", False), (SHARED, True)):
            StoragePool.objects.get_or_create(
                node=node, name=folder[1:], defaults={"folder": folder, "shared": shared, "free": 9 * GIB}
            )
        node.refresh_from_db()


def add_mover(
    node: Node, there: FakeNode, *paths: str, name: str = "web1", power: Power = Power.RUNNING, os: str = ""
) -> Vm:
    """A machine with these disks, known to the panel. Those in the shared folder are on both nodes."""
    machine = there.add(name, power)
    disks = "".join(_DISK.format(path=path, target=f"vd{letter}") for path, letter in zip(paths, "abc", strict=False))
    machine.xml = _XML.format(name=name, uuid=machine.uuid, disks=disks, os=os)
    for path in paths:
        for seer in nodes.values() if path.startswith(SHARED) else [there]:
            seer.add_image(path)
    look_at(node)
    return fresh(Vm(pk=machine.uuid))


def send(
    vm: Vm, to: Node, by: Viewer, *, way: Way = Way.LIVE, copies: Mapping[str, str] | None = None, **how: Any
) -> Operation:
    move = Move(vm.node_id, to.pk, way, copies or {}, how.get("converges", False), how.get("post_copy", False))
    also = {"second": Second.MIGRATING, "permille": 0, "limit": how.get("limit", 0)}
    return request_action(vm, Order(Action.MIGRATE, move.to_arguments(), also=also), by=by)


def come_to_the_move(operation: Operation, there: FakeNode) -> Operation:
    """As far as it is on its way."""
    for _ in range(ENOUGH):
        machine = there.machines.get(operation.vm_id)
        if machine and machine.migration:
            return operation
        take_steps(operation, 1)
    raise AssertionError(f"it was never sent: {operation.progress}, {operation.phase}, {operation.problem}")


def take_steps(operation: Operation, count: int = ENOUGH) -> Operation:
    """The worker looks so often, with the watcher looking at all nodes in between."""
    for _ in range(count):
        step(operation)
        operation.refresh_from_db()
        look_everywhere()
        if operation.finished_at or operation.progress == Progress.UNCLEAR:
            break
    return operation


def look_everywhere() -> None:
    for node in Node.objects.filter(uri__in=nodes):
        if nodes[node.uri]._unreachable is None:
            look_at(node)


def arrive(operation: Operation, there: FakeNode) -> None:
    fake_migrating.arrive(there, operation.vm_id)


def go_on(operation: Operation, there: FakeNode, count: int) -> None:
    fake_migrating.go_on(there, operation.vm_id, count)


def nothing_moved_for_long(operation: Operation) -> None:
    """As if the last look had been a while ago."""
    operation.refresh_from_db()
    long_ago = timezone.now() - timedelta(minutes=1)
    operation.measures["seen_since"] = long_ago.isoformat()
    Operation.objects.filter(pk=operation.pk).update(measures=operation.measures)


def its_worker_died(operation: Operation, **state: Any) -> None:
    """As if the process had been killed: nobody gave the lease back, and nobody knows what came of its calls."""
    operation.refresh_from_db()
    if operation.measures.get("sent_by"):
        operation.measures["sent_by"] = "gone:1"
    leave_to_a_dead_worker(operation, measures=operation.measures, **state)
    recover()


def ended(operation: Operation) -> tuple[str, str]:
    return operation.progress, operation.problem


def assert_it_stayed(operation: Operation, status: str = "Running") -> None:
    """On alpha, and nowhere else."""
    assert (fresh(operation.vm).status.name, where_it_is(operation.vm_id)) == (status, ALPHA)
    assert not Event.objects.filter(what=What.MOVED).exists()


def assert_it_arrived(operation: Operation, status: str = "Running") -> None:
    """On beta, and nowhere else."""
    assert ended(operation) == (Progress.SUCCEEDED, "")
    assert (fresh(operation.vm).status.name, where_it_is(operation.vm_id)) == (status, BETA)
    assert Event.objects.filter(what=What.MOVED).count() == 1


def where_it_is(vm: UUID) -> list[str]:
    return [uri for uri, there in nodes.items() if vm in there.machines]
