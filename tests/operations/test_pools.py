"""Pools of virtual machines come, change and go."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from directory.models import Person
from tests.conftest import AddVm
from vms.models import AuditLine, Grant, Node, Vm, VmPool
from vms.operations.nodes import NodeIsAllOfAPool, remove_node
from vms.operations.pools import (
    PoolKeepsItsKind,
    PoolNameTaken,
    PoolNeeded,
    PoolOrder,
    remove_pool,
    save_pool,
    switch_pool,
    what_is_left,
)
from vms.rules.audit import Outcome, Request, Subject, Why
from vms.rules.kinds import Kind
from vms.rules.pools import PoolKind


@pytest.fixture
def root(db: None) -> Person:
    return Person.objects.create_user("root", is_administrator=True)


@pytest.fixture
def pool(root: Person) -> VmPool:
    return save_pool(None, order(), by=root)


def order(name: str = "Class", kind: PoolKind = PoolKind.PERSISTENT, **also: Any) -> PoolOrder:
    return PoolOrder(name, kind, **also)


def last_line() -> tuple[str, str, str, str]:
    line = AuditLine.objects.latest("pk")
    assert line.subject == Subject.POOL
    return line.request, line.outcome, line.subject_name, line.reason


def test_a_pool_is_added_with_all_that_was_wanted(node: Node, root: Person):
    wanted = order(nodes=(node,), folder="/srv/vms", networks=("default", "dmz"), most_vms=5, network="dmz", minimum=1)
    pool = save_pool(None, wanted, by=root)
    pool.refresh_from_db()
    assert list(pool.nodes.all()) == [node]
    assert (pool.folder, pool.networks, pool.most_vms, pool.network) == ("/srv/vms", ["default", "dmz"], 5, "dmz")
    assert (pool.minimum, pool.added_by_name, pool.changed_by_name) == (1, "root", "root")
    assert last_line() == (Request.ADD_POOL, Outcome.ACCEPTED, "Class", "")


def test_it_is_changed_and_keeps_who_added_it(pool: VmPool, node: Node, root: Person):
    hugo = Person.objects.create_user("hugo", is_administrator=True)
    save_pool(pool, order("Room", PoolKind.DYNAMIC, nodes=(node,), most_vms=3), by=hugo)
    changed = save_pool(pool, order("Room", PoolKind.DYNAMIC, most_vms=4), by=hugo)
    assert (changed.pk, changed.name, changed.kind, changed.most_vms) == (pool.pk, "Room", PoolKind.DYNAMIC, 4)
    assert (changed.added_by_name, changed.changed_by_name, changed.nodes.count()) == ("root", "hugo", 0)
    assert last_line() == (Request.CHANGE_POOL, Outcome.ACCEPTED, "Room", "")


def test_no_two_have_the_same_name(pool: VmPool, root: Person):
    with pytest.raises(PoolNameTaken):
        save_pool(None, order("CLASS"), by=root)
    assert VmPool.objects.get() == pool
    assert last_line() == (Request.ADD_POOL, Outcome.REFUSED, "CLASS", Why.NAMES_TAKEN)
    other = save_pool(None, order("Other"), by=root)
    with pytest.raises(PoolNameTaken):
        save_pool(other, order("class"), by=root)


@pytest.mark.parametrize("kind", [Kind.VM, Kind.GOLDEN_IMAGE])
def test_its_kind_is_fixed_once_something_belongs_to_it(pool: VmPool, add_vm: AddVm, root: Person, kind: Kind):
    vm = add_vm(kind=kind, pool=pool)
    with pytest.raises(PoolKeepsItsKind):
        save_pool(pool, order(kind=PoolKind.DYNAMIC), by=root)
    assert save_pool(pool, order("Room"), by=root).name == "Room"
    Vm.objects.filter(pk=vm.pk).update(deleted_at=vm.found_at)
    assert save_pool(pool, order(kind=PoolKind.DYNAMIC), by=root).is_dynamic


def test_it_is_switched_off_and_on(pool: VmPool, root: Person):
    assert switch_pool(pool, on=False, by=root)
    pool.refresh_from_db()
    assert not pool.is_on
    assert last_line() == (Request.SWITCH_OFF_POOL, Outcome.ACCEPTED, "Class", "")
    assert not switch_pool(pool, on=False, by=root)
    assert last_line() == (Request.SWITCH_OFF_POOL, Outcome.REFUSED, "Class", Why.NOTHING_TO_DO)
    assert switch_pool(pool, on=True, by=root)


def test_it_is_removed_only_when_nothing_is_left(pool: VmPool, add_vm: AddVm, root: Person):
    vm, image = add_vm(pool=pool), add_vm("image", kind=Kind.GOLDEN_IMAGE, pool=pool)
    assert what_is_left(pool) == (1, 1)
    with pytest.raises(PoolNeeded) as needed:
        remove_pool(pool, by=root)
    assert (needed.value.machines, needed.value.images) == (1, 1)
    assert last_line() == (Request.REMOVE_POOL, Outcome.REFUSED, "Class", Why.STILL_NEEDED)
    Vm.objects.filter(pk__in=[vm.pk, image.pk]).update(deleted_at=vm.found_at)
    Grant.objects.create(pool=pool, person=root, right="use")
    remove_pool(pool, by=root)
    assert (VmPool.objects.count(), Grant.objects.count()) == (0, 0)
    vm.refresh_from_db()
    assert vm.pool is None
    assert last_line() == (Request.REMOVE_POOL, Outcome.ACCEPTED, "Class", "")


def test_one_that_was_removed_meanwhile_does_not_come_back(pool: VmPool, root: Person):
    again = VmPool.objects.get()
    remove_pool(again, by=root)
    with pytest.raises(VmPool.DoesNotExist):
        save_pool(pool, order("Back"), by=root)
    with pytest.raises(VmPool.DoesNotExist):
        remove_pool(pool, by=root)
    assert VmPool.objects.count() == 0


def test_a_pool_does_not_lose_its_last_node(pool: VmPool, node: Node, second_node: Node, root: Person):
    save_pool(pool, order(nodes=(node, second_node)), by=root)
    remove_node(second_node, by=root)
    with pytest.raises(NodeIsAllOfAPool) as refused:
        remove_node(node, by=root)
    assert (refused.value.pools, list(pool.nodes.all())) == (["Class"], [node])
    save_pool(pool, order(), by=root)
    remove_node(node, by=root)


def test_only_who_manages_nodes_may_do_any_of_it(pool: VmPool, anna: Person):
    with pytest.raises(PermissionDenied):
        save_pool(None, order("Hers"), by=anna)
    with pytest.raises(PermissionDenied):
        save_pool(pool, order("Hers"), by=anna)
    with pytest.raises(PermissionDenied):
        switch_pool(pool, on=False, by=anna)
    with pytest.raises(PermissionDenied):
        remove_pool(pool, by=anna)
    assert VmPool.objects.get(name="Class").is_on
    assert AuditLine.objects.filter(outcome=Outcome.REFUSED, subject=Subject.POOL).count() == 4
