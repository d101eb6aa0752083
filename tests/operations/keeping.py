"""Dynamic pools on fake nodes, with a keeper, workers and a watcher driven by hand."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from tests.operations.streaming import GIB, MIB, add_origin, look_at, pool_of
from tests.operations.working import fresh, step
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.machine_xml import PanelMark
from vms.models import Node, Operation, Vm, VmPool
from vms.operations.keeper import keep
from vms.operations.reaching import reach
from vms.rules.kinds import Kind, Mode
from vms.rules.pools import PoolKind

__all__ = [
    "GIB",
    "MIB",
    "acted",
    "add_golden_image",
    "add_pool",
    "assert_nothing_is_left_over",
    "free",
    "go_on",
    "look_at",
    "machines",
    "running",
    "take",
    "work_on",
]


def add_pool(node: Node, there: FakeNode, *, image: bool = True, **fields: Any) -> VmPool:
    """ "class", at most 10, with an active golden image."""
    Node.objects.filter(pk=node.pk).update(memory_free=64 * GIB)
    pool_of(node)
    pool = VmPool.objects.create(name="class", kind=PoolKind.DYNAMIC, **{"most_vms": 10, **fields})
    if image:
        add_golden_image(pool, node, there)
    return pool


def add_golden_image(pool: VmPool, node: Node, there: FakeNode, *, name: str = "gold", disks: int = 1) -> Vm:
    """A sealed one that stands alone, and is the active one of the pool from now on."""
    image = add_origin(node, there, kind=Kind.GOLDEN_IMAGE, name=name, disks=disks)
    mark = PanelMark(Kind.GOLDEN_IMAGE, Mode.READY_FOR_USE, name, pool=pool.pk)
    reach(node).write_mark(image.uuid, mark)
    look_at(node)
    VmPool.objects.filter(pk=pool.pk).update(active=image)
    pool.refresh_from_db()
    return fresh(image)


def machines(pool: VmPool) -> list[Vm]:
    return list(Vm.objects.present().of_kind(Kind.DYNAMIC).filter(pool=pool).order_by("pk"))


def running(pool: VmPool) -> list[Vm]:
    return [vm for vm in machines(pool) if vm.main == "Running"]


def free(pool: VmPool) -> list[Vm]:
    """Those that run for nobody yet."""
    return [vm for vm in running(pool) if vm.assigned_at is None]


def take(vm: Vm, person: Any = None, **fields: Any) -> Vm:
    changes = {"assigned_to": person, "assigned_at": timezone.now(), **fields}
    Vm.objects.filter(pk=vm.pk).update(**changes)
    return fresh(vm)


def acted(operations: list[int]) -> list[str]:
    """What was promised."""
    found = Operation.objects.filter(pk__in=operations).order_by("pk")
    return list(found.values_list("action", flat=True))


def work_on(pool: VmPool, *, looks: int = 4) -> None:
    """Workers and watcher, without the keeper, until nothing is under way any more that can end."""
    for _ in range(looks):
        under_way = Operation.objects.filter(finished_at=None, vm__pool=pool)
        if not under_way:
            return
        for operation in under_way:
            step(operation)
        for node in Node.objects.filter(reachable=True):
            look_at(node)


def go_on(pool: VmPool, *, rounds: int = 8) -> None:
    """All of them, the keeper too, until there is nothing more to do."""
    for node in Node.objects.filter(reachable=True):
        look_at(node)
    for _ in range(rounds):
        if not keep(pool.pk) and not Operation.objects.filter(finished_at=None, vm__pool=pool):
            return
        work_on(pool, looks=2)


def assert_nothing_is_left_over(pool: VmPool, *nodes: FakeNode) -> None:
    """Of every machine that there is there is one row and one overlay, and nothing else but golden images."""
    rows = {vm.uuid for vm in machines(pool)}
    known = {uuid for node in nodes for uuid, machine in node.machines.items() if machine.name.startswith("class")}
    overlays = {path for node in nodes for path in node.images if "class" in path}
    assert known == rows
    assert overlays == {disk.path for vm in machines(pool) for disk in vm.disks.all()}
