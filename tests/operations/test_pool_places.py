"""A machine of a pool goes only where its pool has nodes and storage: migrated by hand, or as its node is emptied."""

from __future__ import annotations

import pytest

from directory.models import Person
from tests.operations.freeing import plan_for
from tests.operations.migrating import SHARED, send, share
from tests.operations.pooling import add_vm_pool, put
from vms.hypervisor.fake import FakeNode
from vms.models import Network, Node, StoragePool, Vm
from vms.operations.moving import MigrationOrder, NodeIsOut, promise_migration
from vms.operations.planning import candidates_for
from vms.operations.surveying import judge_everywhere
from vms.rules.emptying import Verdict
from vms.rules.placing import Obstacle
from vms.rules.preflight import Judgement, Way

pytestmark = pytest.mark.django_db


def judged(vm: Vm, node: Node) -> Judgement:
    return next(each for each in judge_everywhere(vm) if each.node.key == node.pk)


@pytest.fixture
def administrator(db: None) -> Person:
    return Person.objects.create_user("root", is_administrator=True)


def test_a_node_that_the_pool_does_not_have_is_out(mover: Vm, to: Node, anna: Person):
    pool = add_vm_pool(mover.node)
    mover = put(mover, pool)
    assert judged(mover, to).obstacles == (Obstacle.NOT_IN_POOL,)
    with pytest.raises(NodeIsOut) as out:
        promise_migration(mover, MigrationOrder(to, Way.LIVE), by=anna)
    assert out.value.against == (Obstacle.NOT_IN_POOL,)
    pool.nodes.add(to)
    assert judged(mover, to).is_possible
    assert send(mover, to, anna)


def test_disks_are_copied_only_into_the_folder_of_the_pool(local: Vm, to: Node, anna: Person):
    local = put(local, add_vm_pool(folder=SHARED))
    found = judged(local, to)
    assert (found.is_possible, found.folders) == (True, (SHARED,))
    with pytest.raises(NodeIsOut) as out:
        promise_migration(local, MigrationOrder(to, Way.LIVE, ("vda",), "/images"), by=anna)
    assert out.value.against == (Obstacle.NO_STORAGE_OF_POOL,)
    assert promise_migration(local, MigrationOrder(to, Way.LIVE, ("vda",), SHARED), by=anna)


def test_a_node_without_that_folder_is_out_if_disks_have_to_be_copied(local: Vm, to: Node):
    local = put(local, add_vm_pool(folder="/elsewhere"))
    found = judged(local, to)
    assert (found.obstacles, found.lacks) == ((Obstacle.NO_STORAGE_OF_POOL,), ())


def test_what_both_nodes_see_needs_no_folder(mover: Vm, to: Node):
    mover = put(mover, add_vm_pool(folder="/elsewhere"))
    assert judged(mover, to).is_possible


def test_a_node_is_emptied_into_the_pool_and_nowhere_else(mover: Vm, to: Node, administrator: Person):
    mover = put(mover, add_vm_pool(mover.node))
    item = plan_for(mover.node, administrator).items.get()
    assert item.verdict == Verdict.CANNOT
    against = {each["node"]: each["obstacles"] for each in item.stands_against}
    assert against[to.pk] == [Obstacle.NOT_IN_POOL]


def test_nodes_and_folders_of_a_pool_are_the_candidates(node: Node, alpha: FakeNode, second_node: Node, beta: FakeNode):
    share((node, alpha), (second_node, beta))
    Network.objects.create(node=node, name="lab")
    pool = add_vm_pool(second_node, folder=SHARED)
    first, second = candidates_for(8, pool=pool)
    assert (first.node, [each.folder for each in first.pools], first.obstacles) == (second_node, [SHARED], ())
    assert (second.pools, second.obstacles, second.is_of_the_pool) == ((), (Obstacle.NOT_IN_POOL,), False)
    StoragePool.objects.filter(node=second_node, folder=SHARED).delete()
    found = {each.node: each for each in candidates_for(8, pool=pool)}
    assert found[second_node].obstacles == (Obstacle.NO_STORAGE_OF_POOL,)
