"""Several people at once fill a pool: never above its limits, and all but those who find no room get theirs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import uuid4

import pytest

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.pooling import add_vm_pool
from tests.operations.streaming import ask_for
from tests.operations.test_racing import AT_ONCE, all_at_once
from vms.models import Operation, Vm, VmPool
from vms.models.pooling import use_of
from vms.operations.joining import request_to_move
from vms.operations.pooling import PoolIsFull

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pool(db: None) -> VmPool:
    return add_vm_pool(most_vms=2)


def unless_full(task: Callable[[], object]) -> Callable[[], object]:
    def run() -> object:
        try:
            return task()
        except PoolIsFull as full:
            return full

    return run


def test_machines_that_are_asked_for_at_once_do_not_pass_the_limit(template: Vm, pool: VmPool, anna: Person):
    names = [f"web-{number}" for number in range(AT_ONCE)]
    asks = [partial(ask_for, template, name, by=anna, vm_pool=pool) for name in names]
    results = all_at_once(*map(unless_full, asks))
    assert sum(isinstance(result, PoolIsFull) for result in results) == AT_ONCE - 2
    assert use_of([pool])[pool.pk].vms == 2


def test_neither_do_those_that_are_moved_there_at_once(pool: VmPool, add_vm: AddVm, anna: Person):
    machines = [add_vm(f"db{number}") for number in range(AT_ONCE)]
    asks = [partial(request_to_move, vm, pool, uuid4(), by=anna) for vm in machines]
    results = all_at_once(*map(unless_full, asks))
    assert sum(isinstance(result, PoolIsFull) for result in results) == AT_ONCE - 2
    assert Operation.objects.count() == use_of([pool])[pool.pk].vms == 2


def test_one_page_submitted_several_times_at_once_takes_room_once(template: Vm, pool: VmPool, anna: Person):
    key = uuid4()
    tasks = [unless_full(lambda: ask_for(template, "web-1", "web-2", by=anna, vm_pool=pool, key=key)[0].pk)] * AT_ONCE
    assert len(set(all_at_once(*tasks))) == 1
    assert use_of([pool])[pool.pk].vms == 2
