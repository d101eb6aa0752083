"""A dynamic pool with its golden image, and VMs of it: one that anna has, one that is free, one of somebody gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from vms.models import Vm, VmPool
from vms.rules.kinds import Kind, Link, Mode
from vms.rules.pools import PoolKind
from vms.rules.power import Power


@dataclass(frozen=True)
class Desks:
    pool: VmPool
    image: Vm
    taken: Vm
    free: Vm
    orphan: Vm


@pytest.fixture
def desks(add_vm: AddVm, anna: Person) -> Desks:
    pool = VmPool.objects.create(name="Class 3b", kind=PoolKind.DYNAMIC, most_vms=9)
    image = add_vm("win-1", kind=Kind.GOLDEN_IMAGE, mode=Mode.READY_FOR_USE, pool=pool)
    VmPool.objects.filter(pk=pool.pk).update(active=image)
    since = timezone.now() - timedelta(minutes=5)
    of_the_pool = {"kind": Kind.DYNAMIC, "pool": pool, "origin": image, "link": Link.LINKED}
    return Desks(
        pool,
        image,
        taken=add_vm("desk-1", Power.RUNNING, assigned_to=anna, assigned_at=since, **of_the_pool),
        free=add_vm("desk-2", Power.RUNNING, **of_the_pool),
        orphan=add_vm("desk-3", Power.RUNNING, assigned_at=since, **of_the_pool),
    )
