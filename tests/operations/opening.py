"""A pool that people open, with dynamic VMs on the fake node that are there already."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from vms.models import Grant, Operation, Vm, VmPool
from vms.operations.settling import settle
from vms.rules.actions import Action, Slot
from vms.rules.kinds import Kind, Link, Mode
from vms.rules.pools import PoolKind
from vms.rules.power import Power
from vms.rules.rights import Right
from vms.rules.status import Second


def add_pool(name: str = "desks", **fields: Any) -> VmPool:
    return VmPool.objects.create(name=name, kind=PoolKind.DYNAMIC, **{"most_vms": 20, **fields})


def give(pool: VmPool, person: Person, right: Right = Right.USE) -> Grant:
    return Grant.objects.create(pool=pool, person=person, right=right)


def add_image(add_vm: AddVm, pool: VmPool, name: str = "image") -> Vm:
    """The pool's active golden image from now on."""
    image = add_vm(name, kind=Kind.GOLDEN_IMAGE, mode=Mode.READY_FOR_USE, pool=pool)
    VmPool.objects.filter(pk=pool.pk).update(active=image)
    pool.refresh_from_db()
    return image


def add_dynamic(add_vm: AddVm, pool: VmPool, name: str = "desks-1", power: Power = Power.RUNNING, **fields: Any) -> Vm:
    """For nobody yet, unless it is said for whom."""
    theirs = {"assigned_at": timezone.now(), "used_at": timezone.now()} if "assigned_to" in fields else {}
    stands = {"origin": pool.active, "link": Link.LINKED}
    return add_vm(name, power, kind=Kind.DYNAMIC, pool=pool, **{**stands, **theirs, **fields})


def add_coming(add_vm: AddVm, pool: VmPool, name: str = "desks-1", **fields: Any) -> Vm:
    """One that is just being made."""
    vm = add_dynamic(add_vm, pool, name, Power.OFF, **fields)
    Operation.objects.create(vm=vm, node=vm.node, action=Action.PROVIDE, slot=Slot.JOB, second=Second.CREATING)
    settle(vm.pk)
    vm.refresh_from_db()
    return vm


def since(pk: UUID, minutes: int) -> None:
    """It has had its status for so long."""
    Vm.objects.filter(pk=pk).update(status_since=timezone.now() - timedelta(minutes=minutes))
