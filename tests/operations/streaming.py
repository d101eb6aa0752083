"""A template on the fake node, and machines made from it by hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from tests.operations.working import fresh, look, step
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.machine_xml import PanelMark, with_panel_mark
from vms.models import Node, Operation, StoragePool, Vm
from vms.models.viewer import Viewer
from vms.operations.planning import Wish, plan_copies
from vms.operations.reaching import reach
from vms.operations.requesting import MakingOrder, request_machines
from vms.rules.actions import Action
from vms.rules.kinds import Kind, Mode
from vms.watcher.looking import Lookout
from vms.watcher.recording import record

MIB = 1024 * 1024
GIB = 1024 * MIB

_DISK = (
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{path}'/>"
    "<target dev='{target}' bus='virtio'/></disk>"
)
_XML = (
    "<domain type='qemu'><name>{name}</name><uuid>{uuid}</uuid><memory unit='MiB'>8</memory><vcpu>1</vcpu>"
    "<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>{disks}"
    "<interface type='user'><mac address='52:54:00:00:00:01'/></interface></devices></domain>"
)


def add_origin(node: Node, there: FakeNode, *, kind: Kind = Kind.TEMPLATE, disks: int = 1, name: str = "debian") -> Vm:
    """A stopped machine with so many disks of 1 GiB, known to the panel."""
    uuid = uuid4()
    paths = {f"vd{letter}": f"/images/{name}-{letter}.qcow2" for letter in "abcdefgh"[:disks]}
    for path in paths.values():
        there.add_image(path, capacity=GIB)
    written = "".join(_DISK.format(target=target, path=path) for target, path in paths.items())
    mark = PanelMark(kind, Mode.READY_FOR_USE if kind is Kind.TEMPLATE else None, name)
    xml = with_panel_mark(_XML.format(name=name, uuid=uuid, disks=written), mark)
    there.add(name, uuid=uuid, xml=xml)
    look_at(node)
    return fresh(Vm(pk=uuid))


def pool_of(node: Node) -> StoragePool:
    return StoragePool.objects.get_or_create(node=node, name="images", defaults={"folder": "/images"})[0]


def ask_for(origin: Vm, *names: str, by: Viewer, key: UUID | None = None, **wish: Any) -> list[Operation]:
    pool = pool_of(origin.node)
    machines = plan_copies(origin, [Wish(name, pool, 8 * MIB, 1, **wish) for name in names])
    action = Action.PERSISTENT if origin.kind == Kind.TEMPLATE else Action.CLONE
    return request_machines(MakingOrder(action, origin.node, machines, key), origin, by=by)


def look_at(node: Node) -> None:
    for news in Lookout(node, reach(node)).everything():
        record(news)


def take_steps(operation: Operation, count: int = 8) -> Operation:
    """The worker looks so often, with the watcher in between."""
    for _ in range(count):
        step(operation)
        operation.refresh_from_db()
        if operation.finished_at:
            break
        look(operation.vm)
    return operation


def come_to_the_pull(operation: Operation, there: FakeNode) -> Operation:
    """As far as the first disk is being copied."""
    for _ in range(10):
        if there.machines.get(operation.vm_id) and there.machines[operation.vm_id].pulls:
            return operation
        take_steps(operation, 1)
    raise AssertionError(f"it never came to a pull: {operation.progress}, {operation.phase}, {operation.problem}")


def end_pull(operation: Operation, there: FakeNode, target: str = "vda") -> None:
    there.end_pull(operation.vm_id, target)
