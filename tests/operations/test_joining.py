"""A machine is moved to another pool, at its node first, or becomes a template in one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.pooling import add_vm_pool, put
from tests.operations.streaming import GIB
from tests.operations.working import fresh, leave_to_a_dead_worker, look, step, work
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.machine_xml import describe
from vms.models import AuditLine, Disk, Event, Interface, Node, Operation, Vm, VmPool
from vms.models.pooling import use_of
from vms.operations.joining import request_template, request_to_move
from vms.operations.pooling import NoSuchPool, OutsideOfPool, PoolIsFull
from vms.operations.promising import ActionRefused
from vms.operations.reaching import reach
from vms.operations.recovering import recover
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Why
from vms.rules.kinds import Kind, Mode
from vms.rules.pooling import Part
from vms.rules.pools import PoolKind
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.timeline import What
from vms.watcher.looking import Lookout
from vms.watcher.recording import record

pytestmark = pytest.mark.django_db


def move(vm: Vm, pool: VmPool | None, by: Person) -> Operation:
    return request_to_move(vm, pool, uuid4(), by=by)


def written(vm: Vm, there: FakeNode) -> object:
    """The pool in its definition."""
    return describe(there.machines[vm.pk].xml).panel.pool


def test_it_is_written_at_the_node_then_in_the_panel(vm: Vm, alpha: FakeNode, anna: Person):
    pool = add_vm_pool(vm.node)
    operation = work(move(vm, pool, anna))
    assert operation.progress == Progress.SUCCEEDED
    assert (written(vm, alpha), fresh(vm).pool) == (pool.pk, pool)
    event = Event.objects.get(vm=vm, what=What.MOVED_TO_POOL)
    assert event.values == {"old": "", "new": "class", "person": "anna"}
    line = AuditLine.objects.get(request=Action.MOVE_TO_POOL, outcome=Outcome.ACCEPTED)
    assert (line.subject_name, line.values) == ("web1", {"pool": "class"})


def test_it_goes_from_one_to_another_and_out_of_all(vm: Vm, alpha: FakeNode, anna: Person):
    one, other = add_vm_pool(name="one"), add_vm_pool(name="other")
    vm = put(vm, one)
    work(move(vm, other, anna))
    assert (written(vm, alpha), fresh(vm).pool) == (other.pk, other)
    work(move(fresh(vm), None, anna))
    assert (written(vm, alpha), fresh(vm).pool) == (None, None)
    moves = Event.objects.filter(what=What.MOVED_TO_POOL).order_by("pk")
    assert [event.values["new"] for event in moves] == ["other", ""]


def test_a_running_machine_moves_too(running_vm: Vm, anna: Person):
    pool = add_vm_pool()
    work(move(running_vm, pool, anna))
    assert (fresh(running_vm).pool, fresh(running_vm).power) == (pool, Power.RUNNING)


def test_it_needs_room_and_to_lie_where_the_pool_may(vm: Vm, add_vm: AddVm, second_node: Node, anna: Person):
    Vm.objects.filter(pk=vm.pk).update(memory=2 * GIB, vcpus=2)
    Disk.objects.create(vm=vm, target="vda", device="disk", path="/images/web1.qcow2")
    Interface.objects.create(vm=vm, position=0, source_type="network", source="default")
    full = add_vm_pool(name="full", most_memory=3 * GIB)
    put(add_vm("web2"), full, memory=2 * GIB)
    with pytest.raises(PoolIsFull):
        move(fresh(vm), full, anna)
    elsewhere = {
        Part.NODE: add_vm_pool(second_node, name="nodes"),
        Part.FOLDER: add_vm_pool(name="folder", folder="/elsewhere"),
        Part.NETWORK: add_vm_pool(name="networks", networks=["lab"]),
    }
    for part, pool in elsewhere.items():
        with pytest.raises(OutsideOfPool) as outside:
            move(fresh(vm), pool, anna)
        assert outside.value.part is part
    line = AuditLine.objects.filter(request=Action.MOVE_TO_POOL).latest("pk")
    assert (line.outcome, line.reason) == (Outcome.REFUSED, Why.NOT_OF_THE_POOL)
    assert move(fresh(vm), add_vm_pool(vm.node, name="fits", folder="/images", networks=["default"]), anna)


def test_two_on_their_way_do_not_get_the_same_room(add_vm: AddVm, anna: Person):
    pool = add_vm_pool(most_vms=1)
    one, other = add_vm("web1"), add_vm("web2")
    move(one, pool, anna)
    assert use_of([pool])[pool.pk].vms == 1
    with pytest.raises(PoolIsFull):
        move(other, pool, anna)


def test_submitted_again_it_is_the_same(vm: Vm, anna: Person):
    pool, key = add_vm_pool(most_vms=1), uuid4()
    first = request_to_move(vm, pool, key, by=anna)
    assert request_to_move(vm, pool, key, by=anna) == first


def test_a_template_moves_between_pools_for_templates(vm: Vm, anna: Person):
    pool, others = add_vm_pool(name="templates", kind=PoolKind.TEMPLATE), add_vm_pool(name="vms")
    template = put(vm, None, kind=Kind.TEMPLATE, mode=Mode.DO_NOT_USE)
    with pytest.raises(NoSuchPool):
        move(template, others, anna)
    with pytest.raises(NoSuchPool):
        move(put(vm, None, kind=Kind.VM, mode=""), pool, anna)


@pytest.mark.parametrize("kind", [Kind.DYNAMIC, Kind.GOLDEN_IMAGE])
def test_what_a_pool_was_made_for_stays_in_it(vm: Vm, anna: Person, kind: Kind):
    pool = add_vm_pool(kind=PoolKind.DYNAMIC)
    with pytest.raises(ActionRefused):
        move(put(vm, pool, kind=kind), None, anna)


def test_only_who_manages_machines_moves_them(vm: Vm, otto: Person):
    with pytest.raises(PermissionDenied):
        move(vm, add_vm_pool(), otto)


def test_a_pool_that_is_removed_meanwhile_leaves_all_as_it_was(vm: Vm, alpha: FakeNode, anna: Person):
    pool = add_vm_pool()
    operation = move(vm, pool, anna)
    pool.delete()
    work(operation)
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.POOL_IS_GONE)
    assert (written(vm, alpha), fresh(vm).pool) == (None, None)


def test_a_worker_that_dies_in_the_middle_is_followed_by_another(vm: Vm, alpha: FakeNode, anna: Person):
    pool = add_vm_pool()
    operation = move(vm, pool, anna)
    reach(vm.node).write_mark(vm.pk, replace(describe(alpha.machines[vm.pk].xml).panel, pool=pool.pk))
    leave_to_a_dead_worker(operation)
    recover()
    operation.refresh_from_db()
    work(operation)
    assert (operation.progress, fresh(vm).pool) == (Progress.SUCCEEDED, pool)
    assert Event.objects.filter(what=What.MOVED_TO_POOL).count() == 1


def test_what_the_watcher_read_before_does_not_undo_it(vm: Vm, alpha: FakeNode, anna: Person):
    pool = add_vm_pool()
    look(vm)
    late = list(Lookout(vm.node, reach(vm.node)).everything())
    work(move(vm, pool, anna), watched=False)
    for news in late:
        record(news)
    assert fresh(vm).pool == pool


def test_what_others_write_into_the_definition_is_followed(vm: Vm, alpha: FakeNode, anna: Person):
    pool = add_vm_pool()
    work(move(vm, pool, anna))
    Operation.objects.update(finished_at=timezone.now() - timedelta(minutes=1))
    mark = describe(alpha.machines[vm.pk].xml).panel
    reach(vm.node).write_mark(vm.pk, type(mark)(display_name=mark.display_name, pool=uuid4()))
    look(vm)
    assert fresh(vm).pool is None


def test_a_vm_becomes_a_template_of_another_pool(vm: Vm, alpha: FakeNode, anna: Person):
    own, pool = add_vm_pool(name="vms"), add_vm_pool(name="templates", kind=PoolKind.TEMPLATE, most_vms=1)
    vm = put(vm, own)
    operation = work(request_template(vm, Mode.MAINTENANCE, pool, uuid4(), by=anna))
    assert operation.progress == Progress.SUCCEEDED
    mark = describe(alpha.machines[vm.pk].xml).panel
    assert (mark.kind, mark.mode, mark.pool) == (Kind.TEMPLATE, Mode.MAINTENANCE, pool.pk)
    assert (fresh(vm).kind, fresh(vm).pool) == (Kind.TEMPLATE, pool)


def test_without_one_it_leaves_the_pool_that_it_had(vm: Vm, anna: Person):
    vm = put(vm, add_vm_pool())
    work(request_template(vm, Mode.READY_FOR_USE, None, uuid4(), by=anna))
    assert (fresh(vm).kind, fresh(vm).pool) == (Kind.TEMPLATE, None)


def test_it_does_not_become_one_where_there_is_no_room(vm: Vm, add_vm: AddVm, anna: Person):
    pool = add_vm_pool(kind=PoolKind.TEMPLATE, most_vms=1)
    put(add_vm("debian"), pool, kind=Kind.TEMPLATE)
    with pytest.raises(PoolIsFull):
        request_template(vm, Mode.READY_FOR_USE, pool, uuid4(), by=anna)
    assert not Operation.objects.exists()


def test_the_steps_may_run_twice(vm: Vm, anna: Person):
    operation = move(vm, add_vm_pool(), anna)
    step(operation)
    Operation.objects.filter(pk=operation.pk).update(steps_done=0, finished_at=None, progress=Progress.WORKING)
    step(operation)
    assert Event.objects.filter(what=What.MOVED_TO_POOL).count() == 1
