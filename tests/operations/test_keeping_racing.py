"""Keepers, workers, people and the watcher at once, each in a thread with a connection of its own: never too many."""

from __future__ import annotations

import pytest
from django.db import connections, transaction

from directory.models import Person
from tests.operations.keeping import add_pool, free, go_on, machines, running
from tests.operations.streaming import look_at
from tests.operations.test_racing import all_at_once
from tests.operations.working import step
from vms.hypervisor.fake import FakeNode
from vms.models import Node, Operation, VmPool
from vms.operations.keeper import keep, promise_vm
from vms.operations.pooling import PoolIsFull
from vms.rules.actions import Action

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pool(node: Node, alpha: FakeNode) -> VmPool:
    """ "class": at most ten."""
    return add_pool(node, alpha)


def test_several_keepers_at_once_make_no_more_than_are_wanted(pool: VmPool):
    VmPool.objects.update(pre_started=5)
    results = all_at_once(*[lambda: keep(pool.pk)] * 4)
    assert sorted(len(made) for made in results) == [0, 0, 0, 5]
    assert len(machines(pool)) == 5


def test_keepers_and_people_at_once_never_pass_the_maximum(pool: VmPool, anna: Person):
    VmPool.objects.update(pre_started=3, most_vms=4)

    def ask() -> Operation | None:
        with transaction.atomic():
            try:
                return promise_vm(VmPool.objects.select_for_update().get(pk=pool.pk), assigned_to=anna)
            except PoolIsFull:
                return None

    all_at_once(*[lambda: keep(pool.pk), ask] * 3)
    keep(pool.pk)
    assert len(machines(pool)) == 4
    assert len({vm.display_name for vm in machines(pool)}) == 4


def test_keepers_workers_and_the_watcher_do_not_hold_each_other_up(pool: VmPool, node: Node):
    VmPool.objects.update(pre_started=4)
    keep(pool.pk)
    operations = list(Operation.objects.all())
    work = [lambda operation=operation: step(operation) for operation in operations]
    all_at_once(*work, lambda: keep(pool.pk), lambda: look_at(node))
    connections.close_all()
    go_on(pool)
    assert len(free(pool)) == len(machines(pool)) == 4
    assert len(running(pool)) == 4
    assert set(Operation.objects.values_list("action", flat=True)) == {Action.PROVIDE}
