"""Pools that are there from the beginning, without a form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vms.hypervisor.machine_xml import describe
from vms.models import Node, Vm, VmPool
from vms.operations.reaching import reach
from vms.rules.pools import PoolKind


def add_vm_pool(*nodes: Node, name: str = "class", kind: PoolKind = PoolKind.PERSISTENT, **fields: Any) -> VmPool:
    pool = VmPool.objects.create(name=name, kind=kind, **fields)
    pool.nodes.set(nodes)
    return pool


def put(vm: Vm, pool: VmPool | None, **fields: Any) -> Vm:
    """As if it had been there for long."""
    there = reach(vm.node)
    mark = describe(there.xml_of(vm.pk)).panel
    there.write_mark(vm.pk, replace(mark, pool=pool.pk if pool else None))
    Vm.objects.filter(pk=vm.pk).update(pool=pool, **fields)
    return Vm.objects.select_related("node").get(pk=vm.pk)
