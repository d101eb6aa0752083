"""A pool's machines are kept ready: made, replaced, ended and thrown away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from directory.models import Person
from tests.operations.keeping import acted, add_golden_image, add_pool, free, go_on, machines, running, take, work_on
from tests.operations.streaming import look_at
from tests.operations.working import fresh
from vms.hypervisor.fake import FakeNode
from vms.models import AuditLine, Event, Node, Operation, Vm, VmPool
from vms.operations.keeper import NoImage, NoNode, NoRoom, keep, pool_of, pools_to_keep, promise_vm, purge_thrown_away
from vms.operations.pooling import PoolIsFull
from vms.rules.actions import Action
from vms.rules.kinds import Kind, Link, Mode
from vms.rules.pools import PoolKind
from vms.rules.power import Power, PowerReason, Wanted
from vms.rules.progress import Progress


@pytest.fixture
def pool(node: Node, alpha: FakeNode) -> VmPool:
    """ "class": two run for nobody yet, at most ten."""
    return add_pool(node, alpha, pre_started=2)


def test_so_many_are_made_and_run_for_nobody_yet(pool: VmPool, alpha: FakeNode):
    assert acted(keep(pool.pk)) == ["provide", "provide"]
    assert keep(pool.pk) == []
    assert [vm.status.name for vm in machines(pool)] == ["Stopped, creating"] * 2
    work_on(pool)
    assert keep(pool.pk) == []
    assert sorted(vm.display_name for vm in free(pool)) == ["class-1", "class-2"]
    assert {(vm.link, vm.wanted, vm.origin_id) for vm in free(pool)} == {(Link.LINKED, Wanted.RUNNING, pool.active_id)}
    (overlay,) = {disk.path for disk in free(pool)[0].disks.all()}
    assert alpha.images[overlay].below == "/images/gold-a.qcow2"
    assert set(Operation.objects.values_list("progress", flat=True)) == {Progress.SUCCEEDED}


def test_one_that_is_taken_is_replaced_and_the_minimum_counts_it(pool: VmPool, anna: Person):
    VmPool.objects.update(minimum=3, pre_started=1)
    go_on(pool)
    assert len(free(pool)) == 3
    take(free(pool)[0], anna)
    assert keep(pool.pk) == []
    take(free(pool)[0], anna)
    take(free(pool)[0], anna)
    assert acted(keep(pool.pk)) == ["provide"]
    go_on(pool)
    assert (len(running(pool)), len(free(pool))) == (4, 1)


def test_never_more_than_the_maximum_whatever_is_wished_for(pool: VmPool, anna: Person):
    VmPool.objects.update(most_vms=3, pre_started=2)
    go_on(pool)
    for vm in free(pool):
        take(vm, anna)
    go_on(pool)
    assert (len(machines(pool)), len(free(pool))) == (3, 1)
    assert keep(pool.pk) == []


@pytest.mark.parametrize(("limit", "most"), [("most_memory", 3), ("most_vcpus", 3)])
def test_memory_and_vcpus_are_limits_too(limit: str, most: int, pool: VmPool):
    size = Vm.objects.get(active_in=pool).memory if limit == "most_memory" else 1
    VmPool.objects.update(pre_started=9, **{limit: most * size + 1 if limit == "most_memory" else most})
    go_on(pool)
    assert len(machines(pool)) == 3


def test_one_that_was_shut_down_is_thrown_away_with_its_disks_and_nothing_else(
    pool: VmPool, alpha: FakeNode, anna: Person
):
    go_on(pool)
    used = take(free(pool)[0], anna)
    overlay = used.disks.get().path
    alpha.become(used.uuid, Power.OFF, PowerReason.SHUT_DOWN)
    go_on(pool)
    assert fresh(used).deleted_at
    assert (overlay in alpha.images, used.uuid in alpha.machines) == (False, False)
    assert "/images/gold-a.qcow2" in alpha.images
    assert len(free(pool)) == 2


@pytest.mark.parametrize(
    ("power", "reason"),
    [
        (Power.OFF, PowerReason.PROCESS_DIED),
        (Power.CRASHED, PowerReason.NONE),
        (Power.PAUSED, PowerReason.IO_ERROR),
        (Power.PAUSED, PowerReason.BY_REQUEST),
    ],
)
def test_a_free_one_that_nobody_could_use_is_replaced(power: Power, reason: PowerReason, pool: VmPool, alpha: FakeNode):
    go_on(pool)
    broken = free(pool)[0]
    alpha.become(broken.uuid, power, reason)
    look_at(broken.node)
    go_on(pool)
    assert fresh(broken).deleted_at
    assert len(free(pool)) == len(machines(pool)) == 2


def test_one_that_somebody_holds_paused_is_left_alone(pool: VmPool, alpha: FakeNode, anna: Person):
    go_on(pool)
    vm = take(free(pool)[0], anna)
    alpha.become(vm.uuid, Power.PAUSED, PowerReason.BY_REQUEST)
    look_at(vm.node)
    go_on(pool)
    assert fresh(vm).status.name == "Paused"


def test_one_that_its_node_forgot_is_cleared_away(pool: VmPool, alpha: FakeNode):
    go_on(pool)
    lost = free(pool)[0]
    overlay = lost.disks.get().path
    del alpha.machines[lost.uuid]
    look_at(lost.node)
    assert fresh(lost).gone_at
    go_on(pool)
    assert fresh(lost).deleted_at
    assert overlay not in alpha.images
    assert len(free(pool)) == 2


def test_overlays_go_though_nobody_ever_saw_them(pool: VmPool, alpha: FakeNode):
    go_on(pool)
    lost = free(pool)[0]
    overlay = lost.disks.get().path
    lost.disks.all().delete()
    del alpha.machines[lost.uuid]
    Vm.objects.filter(pk=lost.pk).update(gone_at=timezone.now())
    look_at(lost.node)
    go_on(pool)
    assert overlay not in alpha.images


def test_what_there_is_too_much_of_is_ended(pool: VmPool):
    VmPool.objects.update(pre_started=5)
    go_on(pool)
    VmPool.objects.update(pre_started=1)
    assert acted(keep(pool.pk)) == ["power_off"] * 4
    go_on(pool)
    assert len(free(pool)) == len(machines(pool)) == 1


def test_a_pool_that_is_off_keeps_what_people_have(pool: VmPool, anna: Person):
    go_on(pool)
    taken = take(free(pool)[0], anna)
    VmPool.objects.update(is_on=False)
    go_on(pool)
    assert machines(pool) == [taken]
    VmPool.objects.update(is_on=True)
    go_on(pool)
    assert len(free(pool)) == 2


def test_an_old_golden_image_is_drained_and_never_leaves_the_pool_empty(
    pool: VmPool, node: Node, alpha: FakeNode, anna: Person
):
    VmPool.objects.update(pre_started=3)
    go_on(pool)
    taken = take(free(pool)[0], anna)
    go_on(pool)
    new = add_golden_image(pool, node, alpha, name="newer")
    for _ in range(12):
        keep(pool.pk)
        work_on(pool, looks=1)
        assert len(free(pool)) >= 3
    assert {vm.origin_id for vm in free(pool)} == {new.pk}
    assert len(machines(pool)) == 4
    assert fresh(taken).status.name == "Running"


def test_where_there_is_no_room_old_ones_go_first_one_at_a_time(pool: VmPool, node: Node, alpha: FakeNode):
    VmPool.objects.update(pre_started=3, most_vms=3)
    go_on(pool)
    new = add_golden_image(pool, node, alpha, name="newer")
    for _ in range(40):
        keep(pool.pk)
        work_on(pool, looks=1)
        assert len(machines(pool)) <= 3
        assert len(free(pool)) >= 1
    assert {vm.origin_id for vm in free(pool)} == {new.pk}
    assert len(free(pool)) == 3


def test_without_a_golden_image_what_there_is_stays(pool: VmPool):
    go_on(pool)
    VmPool.objects.update(active=None, pre_started=4)
    go_on(pool)
    assert len(free(pool)) == 2


@pytest.mark.parametrize("state", [{"mode": Mode.MAINTENANCE}, {"link": Link.STREAMING}])
def test_nothing_is_made_from_an_image_that_is_not_finished(state: dict[str, str], pool: VmPool):
    Vm.objects.filter(active_in=pool).update(**state)
    assert keep(pool.pk) == []
    with pytest.raises(NoImage):
        promise_vm(pool, assigned_to=None)


def test_a_person_gets_one_of_their_own(pool: VmPool, anna: Person):
    operation = promise_vm(pool, assigned_to=anna)
    assert (operation.action, operation.vm.assigned_to, operation.vm.display_name) == (Action.PROVIDE, anna, "class-1")
    assert operation.vm.assigned_at


def test_a_person_is_told_that_there_is_no_room(pool: VmPool, anna: Person):
    VmPool.objects.update(most_vms=1)
    pool.refresh_from_db()
    promise_vm(pool, assigned_to=anna)
    with pytest.raises(NoRoom) as refused:
        promise_vm(pool, assigned_to=anna)
    assert isinstance(refused.value, PoolIsFull)


def test_a_person_is_told_that_no_node_can_take_it(pool: VmPool, anna: Person):
    Node.objects.update(memory_free=0)
    with pytest.raises(NoNode):
        promise_vm(pool, assigned_to=anna)
    assert machines(pool) == []


def test_a_name_that_somebody_else_has_is_left_out(pool: VmPool, node: Node, alpha: FakeNode):
    alpha.add("Class-2", Power.OFF)
    look_at(node)
    go_on(pool)
    assert sorted(vm.display_name for vm in free(pool)) == ["class-1", "class-3"]
    VmPool.objects.update(pre_started=3)
    go_on(pool)
    assert sorted(vm.display_name for vm in free(pool)) == ["class-1", "class-3", "class-4"]


def test_one_look_costs_the_same_however_many_there_are(pool: VmPool):
    go_on(pool)
    with CaptureQueriesContext(connection) as few:
        assert keep(pool.pk) == []
    VmPool.objects.update(pre_started=8)
    go_on(pool)
    with CaptureQueriesContext(connection) as many:
        assert keep(pool.pk) == []
    assert len(many) == len(few) <= 6


def test_only_dynamic_pools_are_kept(pool: VmPool):
    other = VmPool.objects.create(name="web", kind=PoolKind.PERSISTENT, pre_started=3, active_id=pool.active_id)
    assert pools_to_keep() == [pool.pk]
    assert keep(other.pk) == []
    pool.active = None
    VmPool.objects.filter(pk=pool.pk).delete()
    assert keep(pool.pk) == []


def test_the_end_of_an_operation_lets_its_pool_be_looked_at(pool: VmPool):
    (first, _second) = keep(pool.pk)
    assert list(pool_of(first)) == []
    work_on(pool)
    assert list(pool_of(first)) == [pool.pk]


def test_what_was_thrown_away_long_ago_leaves_lines_of_the_audit_trail_only(pool: VmPool, alpha: FakeNode):
    go_on(pool)
    old, recent = free(pool)
    VmPool.objects.update(is_on=False)
    go_on(pool)
    assert purge_thrown_away() == 0
    Vm.objects.filter(pk=old.pk).update(deleted_at=timezone.now() - timedelta(days=8))
    assert purge_thrown_away() == 1
    assert not Vm.objects.filter(pk=old.pk).exists()
    assert not Operation.objects.filter(vm=old.pk).exists()
    assert not Event.objects.filter(vm=old.pk).exists()
    assert AuditLine.objects.filter(subject_key=str(old.pk)).exists()
    assert Operation.objects.filter(vm=recent.pk).exists()


def test_one_that_another_panel_made_is_given_to_nobody(pool: VmPool, node: Node, alpha: FakeNode):
    go_on(pool)
    found = free(pool)[0]
    Operation.objects.filter(vm=found).delete()
    Event.objects.filter(vm=found).delete()
    Vm.objects.filter(pk=found.pk).delete()
    look_at(node)
    again = fresh(found)
    assert (again.kind, again.pool_id, again.assigned_to_id) == (Kind.DYNAMIC, pool.pk, None)
    assert again.assigned_at is not None
