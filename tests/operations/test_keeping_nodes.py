"""Machines of a pool are spread over its nodes, leave those in maintenance, and outlive those that are lost."""

from __future__ import annotations

from collections import Counter

import pytest

from directory.models import Person
from tests.operations.keeping import acted, add_pool, assert_nothing_is_left_over, free, go_on, machines, take
from tests.operations.migrating import SHARED, share
from tests.operations.streaming import GIB, look_at
from tests.operations.working import fresh
from vms.hypervisor.errors import NoSpace
from vms.hypervisor.fake import FakeNode
from vms.models import Node, Operation, StoragePool, Vm, VmPool
from vms.operations.keeper import keep
from vms.operations.reaching import reach
from vms.operations.settling import settle_node
from vms.rules.duty import Duty
from vms.rules.progress import Progress
from vms.watcher.looking import Lookout
from vms.watcher.recording import record


@pytest.fixture
def pool(node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode) -> VmPool:
    """ "class": four run for nobody yet, at most seven. Both nodes see its golden image, which is at home on alpha."""
    pool = add_pool(node, alpha, pre_started=4, most_vms=7)
    share((node, alpha), (second_node, beta))
    Node.objects.update(memory_free=64 * GIB)
    machine = alpha.machines[Vm.objects.get(active_in=pool).uuid]
    machine.xml = machine.xml.replace("/images/", f"{SHARED}/")
    for there in (alpha, beta):
        there.add_image(f"{SHARED}/gold-a.qcow2", capacity=GIB)
    look_at(node)
    StoragePool.objects.filter(name="images").delete()
    return pool


@pytest.fixture
def shared(pool: VmPool) -> VmPool:
    """The same, with two running on each."""
    go_on(pool)
    return pool


def test_nodes_in_maintenance_are_drained(pool: VmPool, node: Node):
    go_on(pool)
    assert on_nodes(pool) == {"alpha": 2, "beta": 2}
    Node.objects.filter(pk=node.pk).update(duty=Duty.MAINTENANCE)
    go_on(pool)
    assert on_nodes(pool) == {"beta": 4}
    Node.objects.filter(pk=node.pk).update(duty=Duty.ACTIVE)
    pool.nodes.add(node)
    go_on(pool)
    assert on_nodes(pool) == {"alpha": 4}


def test_a_node_without_memory_gets_none(pool: VmPool, node: Node):
    VmPool.objects.update(memory=GIB)
    Node.objects.filter(pk=node.pk).update(memory_free=GIB + 1)
    go_on(pool)
    assert on_nodes(pool) == {"alpha": 1, "beta": 3}


def on_nodes(pool: VmPool) -> dict[str, int]:
    return dict(Counter(vm.node.name for vm in free(pool)))


def lose(node: Node, there: FakeNode) -> None:
    there.be_unreachable()
    Node.objects.filter(pk=node.pk).update(reachable=False)
    settle_node(Node.objects.get(pk=node.pk))


def find(node: Node, there: FakeNode) -> None:
    there.be_reachable()
    Node.objects.filter(pk=node.pk).update(reachable=True)
    settle_node(Node.objects.get(pk=node.pk))
    look_at(node)


def test_what_a_lost_node_had_is_made_elsewhere_as_far_as_the_maximum_allows(
    shared: VmPool, node: Node, alpha: FakeNode, beta: FakeNode
):
    """The golden image is at home on the lost one."""
    lose(node, alpha)
    go_on(shared)
    assert {vm.node.name for vm in free(shared)} == {"beta"}
    assert (len(free(shared)), len(machines(shared))) == (4, 6)
    VmPool.objects.update(pre_started=6)
    go_on(shared)
    assert (len(free(shared)), len(machines(shared))) == (5, 7)
    find(node, alpha)
    VmPool.objects.update(pre_started=4)
    go_on(shared)
    assert (len(free(shared)), len(machines(shared))) == (4, 4)
    assert_nothing_is_left_over(shared, alpha, beta)


def test_one_that_somebody_has_on_a_lost_node_is_still_theirs(
    shared: VmPool, node: Node, alpha: FakeNode, anna: Person
):
    vm = take(next(vm for vm in free(shared) if vm.node == node), anna)
    lose(node, alpha)
    go_on(shared)
    find(node, alpha)
    go_on(shared)
    assert (fresh(vm).status.name, fresh(vm).assigned_to) == ("Running", anna)


def test_a_node_that_is_lost_while_one_is_made_there_lets_the_others_go_on(
    shared: VmPool, node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode
):
    VmPool.objects.update(pre_started=6)
    assert acted(keep(shared.pk)) == ["provide"] * 2
    lose(node, alpha)
    go_on(shared)
    assert {vm.node.name for vm in free(shared)} == {"beta"}
    assert len(machines(shared)) == 7
    find(node, alpha)
    go_on(shared)
    assert (len(free(shared)), len(machines(shared))) == (6, 6)
    assert_nothing_is_left_over(shared, alpha, beta)


def test_a_node_that_cannot_make_any_does_not_keep_the_others_from_it(
    shared: VmPool, alpha: FakeNode, beta: FakeNode, anna: Person
):
    for vm in free(shared):
        take(vm, anna)
    VmPool.objects.update(pre_started=4, most_vms=20)
    for _ in range(9):
        alpha.fail_next("make_image", NoSpace("disk full"))
    go_on(shared)
    assert [vm.node.name for vm in free(shared)] == ["beta"] * 4
    assert Operation.objects.filter(progress=Progress.FAILED).count() == 2
    assert_nothing_is_left_over(shared, alpha, beta)


def test_a_list_that_was_asked_for_before_it_was_made_does_not_let_it_go(pool: VmPool, node: Node, alpha: FakeNode):
    old_news = list(Lookout(node, reach(node)).everything())
    go_on(pool)
    for news in old_news:
        record(news)
    assert free(pool)
    assert fresh(free(pool)[0]).gone_at is None
