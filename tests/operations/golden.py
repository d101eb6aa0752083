"""A pool of dynamic VMs on the fake node, and golden images made for it by hand."""

from __future__ import annotations

from typing import Any

import pytest

from directory.models import Person
from tests.operations.streaming import GIB, end_pull, take_steps
from tests.operations.working import fresh
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.machine_xml import PanelMark, describe
from vms.models import Node, Operation, StoragePool, Vm, VmPool
from vms.models.viewer import Viewer
from vms.operations.golden_images import GoldenOrder, request_golden_image
from vms.rules.pools import PoolKind


def add_dynamic_pool(
    *nodes: Node, name: str = "desks", folder: str = "/images", shared: bool = False, **more: Any
) -> VmPool:
    """Its nodes have room, and the folder."""
    pool = VmPool.objects.create(name=name, kind=PoolKind.DYNAMIC, folder=folder, **more)
    for node in nodes:
        Node.objects.filter(pk=node.pk).update(memory_total=8 * GIB, memory_free=4 * GIB)
        storage = {"folder": "/images", "shared": shared, "capacity": 100 * GIB, "free": 50 * GIB}
        StoragePool.objects.update_or_create(node=node, name="images", defaults=storage)
    pool.nodes.set(nodes)
    return pool


def ask_for_image(template: Vm, pool: VmPool, by: Viewer, name: str = "debian 1", **more: Any) -> Operation:
    order = {"prepared": False, "activate": False, **more}
    return request_golden_image(Vm.objects.get(pk=template.pk), GoldenOrder(pool, name, **order), by=by)


def make_image(template: Vm, pool: VmPool, there: FakeNode, by: Viewer, name: str = "debian 1", **more: Any) -> Vm:
    """Copied to the end."""
    operation = copy_image(ask_for_image(template, pool, by, name, **more), there)
    assert operation.finished_at, (operation.progress, operation.phase, operation.steps_done)
    return fresh(operation.vm)


def copy_image(operation: Operation, there: FakeNode) -> Operation:
    for _ in range(10):
        take_steps(operation, 1)
        machine = there.machines.get(operation.vm_id)
        for target in list(machine.pulls) if machine else []:
            end_pull(operation, there, target)
        if operation.finished_at:
            break
    return operation


@pytest.fixture
def pool(node: Node) -> VmPool:
    return add_dynamic_pool(node)


@pytest.fixture
def image(template: Vm, pool: VmPool, alpha: FakeNode, anna: Person) -> Vm:
    """Copied to the end, and sealed from its birth."""
    return make_image(template, pool, alpha, anna)


def mark_of(vm: Vm, there: FakeNode) -> PanelMark:
    return describe(there.machines[vm.pk].xml).panel


def active_of(pool: VmPool) -> Vm | None:
    return VmPool.objects.get(pk=pool.pk).active
