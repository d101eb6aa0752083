"""The limits of a pool and its places hold for all that becomes one of its machines, or grows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from directory.models import Person
from tests.conftest import AddVm, person_with
from tests.operations import edits
from tests.operations.pooling import add_vm_pool, put
from tests.operations.restoring import add_backup, ask_as_new, ask_back
from tests.operations.streaming import GIB, MIB, add_origin, ask_for, take_steps
from tests.operations.working import fresh, work
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.machine_xml import describe
from vms.models import AuditLine, Grant, Interface, Node, Operation, Vm, VmPool
from vms.models.pooling import PoolUse, claim_on, use_of
from vms.operations.pooling import NoSuchPool, OutsideOfPool, PoolIsFull, require_places
from vms.operations.promising import Order
from vms.operations.requesting import cancel, request_action
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Why
from vms.rules.hardware import Interface as Plug
from vms.rules.kinds import Kind, Mode
from vms.rules.pooling import Limit, Part
from vms.rules.pools import PoolKind
from vms.rules.problems import Problem
from vms.rules.progress import Progress

pytestmark = pytest.mark.django_db


def use(pool: VmPool) -> PoolUse:
    return use_of([pool])[pool.pk]


# How much there is


def test_machines_of_a_pool_count_but_neither_deleted_ones_nor_golden_images(add_vm: AddVm):
    one, other = add_vm_pool(name="one"), add_vm_pool(name="other")
    for number in range(2):
        put(add_vm(f"web{number}"), one, memory=GIB, vcpus=2)
    put(add_vm("gone"), one, memory=GIB, vcpus=2, deleted_at="2026-01-01T00:00Z")
    put(add_vm("gold"), one, memory=GIB, vcpus=2, kind=Kind.GOLDEN_IMAGE)
    assert use_of([one, other]) == {one.pk: PoolUse(2, 2 * GIB, 4), other.pk: PoolUse()}


def test_what_was_promised_counts_until_it_is_there_or_is_not_to_come(vm: Vm, anna: Person, template: Vm):
    pool = add_vm_pool()
    put(vm, pool, memory=GIB, vcpus=1)
    arguments = {"mode": Mode.MAINTENANCE, **claim_on(pool, 3 * GIB, 2)}
    own = request_action(vm, Order(Action.EDIT, arguments), by=anna)
    other = request_action(template, Order(Action.EDIT, {**arguments, **claim_on(pool, GIB, 1)}), by=anna)
    assert use(pool) == PoolUse(2, 4 * GIB, 3)
    assert cancel(own, by=anna)
    assert use(pool) == PoolUse(2, 2 * GIB, 2)
    assert cancel(other, by=anna)
    assert use(pool) == PoolUse(1, GIB, 1)


# Making


def test_a_machine_is_made_into_a_pool_and_its_definition_says_so(template: Vm, alpha: FakeNode, anna: Person):
    pool = add_vm_pool(template.node, folder="/images", most_vms=1)
    operation = ask_for(template, "web-01", by=anna, vm_pool=pool)[0]
    assert operation.vm.pool == pool
    take_steps(operation, 3)
    assert describe(alpha.machines[operation.vm_id].xml).panel.pool == pool.pk


def test_several_at_once_are_counted_together_all_or_none(template: Vm, anna: Person):
    pool = add_vm_pool(most_vms=2)
    with pytest.raises(PoolIsFull) as full:
        ask_for(template, "web-01", "web-02", "web-03", by=anna, vm_pool=pool)
    assert (full.value.limit, full.value.most, full.value.used, full.value.wanted) == (Limit.VMS, 2, 0, 3)
    assert not pool.vms.exists()
    line = AuditLine.objects.latest("pk")
    assert (line.request, line.outcome, line.reason) == (Action.PERSISTENT, Outcome.REFUSED, Why.POOL_IS_FULL)
    assert len(ask_for(template, "web-01", "web-02", by=anna, vm_pool=pool)) == 2


@pytest.mark.parametrize(
    ("fields", "limit"), [({"most_memory": 15 * MIB}, Limit.MEMORY), ({"most_vcpus": 1}, Limit.VCPUS)]
)
def test_their_memory_and_vcpus_are_counted_too(template: Vm, anna: Person, fields: dict[str, Any], limit: Limit):
    pool = add_vm_pool(**fields)
    with pytest.raises(PoolIsFull) as full:
        ask_for(template, "web-01", "web-02", by=anna, vm_pool=pool)
    assert full.value.limit is limit
    assert ask_for(template, "web-01", by=anna, vm_pool=pool)


def test_the_same_submitted_again_needs_no_more_room(template: Vm, anna: Person):
    pool, key = add_vm_pool(most_vms=1), uuid4()
    first = ask_for(template, "web-01", by=anna, vm_pool=pool, key=key)
    assert ask_for(template, "web-01", by=anna, vm_pool=pool, key=key) == first


def test_a_pool_takes_only_what_lies_where_it_may(template: Vm, second_node: Node, anna: Person):
    Interface.objects.filter(vm=template).update(source_type="bridge", source="br0")
    cases = {
        Part.NODE: add_vm_pool(second_node, name="nodes"),
        Part.FOLDER: add_vm_pool(name="folder", folder="/elsewhere"),
        Part.NETWORK: add_vm_pool(name="networks", networks=["lab"]),
    }
    for part, pool in cases.items():
        with pytest.raises(OutsideOfPool) as outside:
            ask_for(template, "web-01", by=anna, vm_pool=pool)
        assert (outside.value.part, len(outside.value.names)) == (part, 1)
    assert ask_for(template, "web-01", by=anna, vm_pool=cases[Part.NETWORK], network="lab")


def test_a_place_is_asked_about_by_itself_too(node: Node, second_node: Node):
    pool = add_vm_pool(node, folder="/images", networks=["lab"])
    require_places(pool, node, ["/images/"], ["lab"])
    require_places(pool, node, [], [])
    require_places(pool, None, ["/images"], [])
    with pytest.raises(OutsideOfPool):
        require_places(pool, second_node, ["/images"], ["lab"])


def test_nothing_comes_into_a_pool_of_another_kind_or_one_that_is_gone(template: Vm, anna: Person):
    pool = add_vm_pool(kind=PoolKind.TEMPLATE)
    with pytest.raises(NoSuchPool):
        ask_for(template, "web-01", by=anna, vm_pool=pool)
    VmPool.objects.filter(pk=pool.pk).delete()
    with pytest.raises(NoSuchPool):
        ask_for(template, "web-01", by=anna, vm_pool=pool)


def test_nobody_puts_a_machine_into_a_pool_that_they_do_not_see(
    template: Vm, node: Node, monkeypatch: pytest.MonkeyPatch
):
    pool = add_vm_pool()
    maker = person_with(("view_every_vm", "create_vm"), "maker")
    monkeypatch.setattr("vms.models.vm_pool.VmPoolQuerySet.visible_to", lambda pools, _person: pools.none())
    with pytest.raises(PermissionDenied):
        ask_for(template, "web-01", by=maker, vm_pool=pool)
    monkeypatch.undo()
    Grant.objects.create(pool=pool, person=maker, right="use")
    assert ask_for(template, "web-01", by=maker, vm_pool=pool)


# Growing


def test_a_machine_grows_within_the_limits_of_its_pool(off: Vm, alpha: FakeNode, anna: Person):
    pool = add_vm_pool(most_memory=2 * GIB, most_vcpus=4)
    off = put(off, pool)
    with pytest.raises(PoolIsFull) as full:
        edits.ask_for(off, alpha, anna, memory=3 * GIB, memory_current=3 * GIB)
    assert (full.value.limit, full.value.used, full.value.wanted) == (Limit.MEMORY, GIB, 2 * GIB)
    with pytest.raises(PoolIsFull) as full:
        edits.ask_for(off, alpha, anna, vcpus=5)
    assert full.value.limit is Limit.VCPUS
    operation = work(edits.ask_for(off, alpha, anna, memory=2 * GIB, memory_current=2 * GIB))
    assert operation.progress == Progress.SUCCEEDED
    assert use(pool) == PoolUse(1, 2 * GIB, 4)


def test_two_that_grow_at_once_do_not_get_the_same_room(off: Vm, add_vm: AddVm, alpha: FakeNode, anna: Person):
    pool = add_vm_pool(most_memory=3 * GIB)
    off, other = put(off, pool), put(edits.with_hardware(add_vm("web2"), alpha), pool)
    edits.ask_for(off, alpha, anna, memory=2 * GIB, memory_current=2 * GIB)
    assert use(pool).memory == 3 * GIB
    with pytest.raises(PoolIsFull):
        edits.ask_for(other, alpha, anna, memory=2 * GIB, memory_current=2 * GIB)


def test_a_machine_of_a_pool_that_is_overfull_can_shrink_and_be_renamed(off: Vm, alpha: FakeNode, anna: Person):
    off = put(off, add_vm_pool(most_memory=MIB, most_vms=1))
    assert edits.ask_for(off, alpha, anna, memory=512 * MIB, also={"display_name": ("web1", "web2")})


def test_it_is_plugged_only_into_networks_of_its_pool(off: Vm, alpha: FakeNode, anna: Person):
    off = put(off, add_vm_pool(networks=["lab"]))
    before = edits.saved(off, alpha)
    more = Plug(was="", mac=edits.NEW_MAC, kind="bridge", source="br0", model="virtio")
    with pytest.raises(OutsideOfPool) as outside:
        edits.ask_for(off, alpha, anna, interfaces=(*before.interfaces, more))
    assert (outside.value.part, outside.value.names) == (Part.NETWORK, ("br0",))
    moved = replace(before.interfaces[0], source="lab")
    assert edits.ask_for(off, alpha, anna, interfaces=(moved,))


def test_a_new_disk_lies_in_the_folder_of_its_pool(off: Vm, alpha: FakeNode, anna: Person):
    off = put(off, add_vm_pool(folder="/elsewhere"))
    with pytest.raises(OutsideOfPool) as outside:
        edits.ask_for(off, alpha, anna, **edits.everything(off, alpha))
    assert (outside.value.part, outside.value.names) == (Part.FOLDER, ("/images",))


# Coming back from a backup


@pytest.fixture
def web1(node: Node, alpha: FakeNode) -> Vm:
    return add_origin(node, alpha, kind=Kind.VM, name="web1")


def test_a_machine_restored_as_new_needs_room_and_a_place(web1: Vm, alpha: FakeNode, anna: Person):
    backup = add_backup(web1, alpha)
    with pytest.raises(PoolIsFull):
        ask_as_new(backup, anna, vm_pool=add_vm_pool(name="full", most_memory=4 * MIB))
    with pytest.raises(OutsideOfPool):
        ask_as_new(backup, anna, vm_pool=add_vm_pool(name="elsewhere", folder="/elsewhere"))
    Interface.objects.filter(vm=web1).update(source_type="network", source="default")
    with pytest.raises(OutsideOfPool):
        ask_as_new(backup, anna, vm_pool=add_vm_pool(name="networks", networks=["lab"]))
    operation = ask_as_new(backup, anna, vm_pool=add_vm_pool(most_vms=1, folder="/images"))
    assert operation.vm.pool is not None


def test_what_the_backup_has_is_judged_before_anything_is_made(web1: Vm, alpha: FakeNode, anna: Person):
    """It had more memory then than its machine has today."""
    machine = alpha.machines[web1.pk]
    today = machine.xml
    machine.xml = today.replace('<memory unit="MiB">8<', '<memory unit="MiB">64<')
    backup = add_backup(web1, alpha)
    machine.xml = today
    web1 = put(web1, add_vm_pool(most_memory=32 * MIB), memory=8 * MIB)
    images = set(alpha.images)
    operation = take_steps(ask_back(backup, anna), 8)
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.POOL_IS_FULL)
    assert operation.problem_values == {"pool": "class"}
    assert set(alpha.images) == images
    assert fresh(web1).memory == 8 * MIB


def test_what_the_backup_is_plugged_into_is_judged_too(web1: Vm, alpha: FakeNode, anna: Person):
    machine = alpha.machines[web1.pk]
    today = machine.xml
    machine.xml = today.replace('<interface type="user">', '<interface type="bridge"><source bridge="br0"/>')
    backup = add_backup(web1, alpha)
    machine.xml = today
    put(web1, add_vm_pool(networks=["lab"]))
    operation = take_steps(ask_back(backup, anna), 8)
    assert (operation.problem, operation.problem_values["networks"]) == (Problem.NOT_OF_THE_POOL, "br0")


def test_what_comes_back_holds_its_room_from_then_on(web1: Vm, alpha: FakeNode, anna: Person):
    backup = add_backup(web1, alpha)
    pool = add_vm_pool(most_memory=32 * MIB)
    put(web1, pool, memory=4 * MIB)
    operation = take_steps(ask_back(backup, anna), 1)
    assert use(pool).memory == 8 * MIB
    assert Operation.objects.get(pk=operation.pk).finished_at is None
