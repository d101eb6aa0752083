"""A template's full copy for a pool of dynamic VMs: where it lies, how it is made, and what a sudden end leaves."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from directory.models import Person
from tests.operations.golden import active_of, add_dynamic_pool, ask_for_image, copy_image, image, mark_of, pool
from tests.operations.streaming import GIB, come_to_the_pull, take_steps
from tests.operations.working import fresh, leave_to_a_dead_worker, status_of
from vms.hypervisor.contract import JobProgress
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.machine_xml import describe
from vms.models import AuditLine, Interface, Network, Node, StoragePool, Vm, VmPool
from vms.operations.golden_images import (
    NoPlaceForImage,
    place_for,
)
from vms.operations.making import NamesTaken
from vms.operations.pooling import NoSuchPool, OutsideOfPool
from vms.operations.recovering import recover
from vms.operations.requesting import ActionRefused, cancel
from vms.rules.actions import Action
from vms.rules.audit import Outcome
from vms.rules.duty import Duty
from vms.rules.golden_images import NoPlace
from vms.rules.kinds import Kind, Link, Mode
from vms.rules.pools import PoolKind
from vms.rules.progress import Progress
from vms.rules.reasons import Reason
from vms.watcher.news import JobProgressed
from vms.watcher.recording import record

pytestmark = pytest.mark.django_db

__all__ = ["image", "pool"]

READY, MAINTENANCE = Mode.READY_FOR_USE, Mode.MAINTENANCE


def storage_for(template: Vm, pool: VmPool) -> StoragePool:
    storage = place_for(template, pool).storage
    assert storage is not None
    return storage


# Made


def test_it_is_copied_in_full_and_stands_alone(template: Vm, pool: VmPool, alpha: FakeNode, anna: Person):
    operation = ask_for_image(template, pool, anna)
    assert status_of(operation.vm) == "Stopped, creating"
    come_to_the_pull(operation, alpha)
    disk = describe(alpha.machines[operation.vm_id].xml).disks[0].source
    assert alpha.images[disk].below == "/images/debian-a.qcow2"
    assert status_of(template) == "Stopped, streaming"
    assert copy_image(operation, alpha).progress == Progress.SUCCEEDED
    vm = fresh(operation.vm)
    assert (vm.kind, vm.mode, vm.pool, vm.origin, vm.link) == (Kind.GOLDEN_IMAGE, READY, pool, template, Link.NONE)
    assert (status_of(vm), status_of(template)) == ("Stopped", "Stopped")
    assert (alpha.images[disk].below, alpha.images[disk].capacity) == ("", GIB)
    assert active_of(pool) is None


def test_the_node_is_told_what_it_is(image: Vm, pool: VmPool, template: Vm, alpha: FakeNode):
    mark = mark_of(image, alpha)
    assert (mark.kind, mark.mode, mark.pool, mark.origin) == (Kind.GOLDEN_IMAGE, READY, pool.pk, template.pk)
    assert mark.link is Link.NONE
    assert mark.made_disks == {disk.path for disk in image.disks.all()}
    assert all(disk.path.startswith("/images/debian-1-") for disk in image.disks.all())


def test_how_far_the_copy_is_can_be_told(template: Vm, pool: VmPool, alpha: FakeNode, anna: Person):
    operation = come_to_the_pull(ask_for_image(template, pool, anna), alpha)
    record(JobProgressed(template.node_id, operation.vm_id, JobProgress(GIB // 4, GIB)))
    operation.refresh_from_db()
    assert operation.percent == 25.0


def test_a_speed_limit_is_kept(template: Vm, pool: VmPool, alpha: FakeNode, anna: Person):
    operation = come_to_the_pull(ask_for_image(template, pool, anna, limit=5), alpha)
    assert alpha.machines[operation.vm_id].pulls["vda"] == 5


def test_a_second_submission_makes_no_second_one(template: Vm, pool: VmPool, anna: Person):
    key = uuid4()
    assert ask_for_image(template, pool, anna, key=key) == ask_for_image(template, pool, anna, key=key)
    assert Vm.objects.filter(kind=Kind.GOLDEN_IMAGE).count() == 1


def test_a_name_that_another_has_is_refused(template: Vm, pool: VmPool, anna: Person):
    with pytest.raises(NamesTaken):
        ask_for_image(template, pool, anna, "Debian")


@pytest.mark.parametrize("mode", [MAINTENANCE, Mode.FIRST_INSTALLATION, Mode.DO_NOT_USE])
def test_a_template_that_is_not_ready_makes_none(template: Vm, pool: VmPool, anna: Person, mode: Mode):
    Vm.objects.filter(pk=template.pk).update(mode=mode)
    with pytest.raises(ActionRefused):
        ask_for_image(template, pool, anna)


def test_who_may_not_is_refused_and_that_is_written_down(template: Vm, pool: VmPool, otto: Person):
    with pytest.raises(PermissionDenied):
        ask_for_image(template, pool, otto)
    line = AuditLine.objects.get(request=Action.DYNAMIC)
    assert (line.outcome, line.reason, line.person_key) == (Outcome.REFUSED, Reason.NOT_PERMITTED, otto.pk)


@pytest.mark.parametrize("change", [{"kind": PoolKind.PERSISTENT}, None])
def test_a_pool_that_is_no_longer_one_is_refused(template: Vm, pool: VmPool, anna: Person, change: dict | None):
    asked = VmPool.objects.get(pk=pool.pk)
    if change is None:
        VmPool.objects.filter(pk=pool.pk).delete()
    else:
        VmPool.objects.filter(pk=pool.pk).update(**change)
    with pytest.raises(NoSuchPool):
        ask_for_image(template, asked, anna)
    assert not Vm.objects.filter(kind=Kind.GOLDEN_IMAGE).exists()


# Where


def test_several_nodes_need_a_folder_that_they_share(
    template: Vm, node: Node, second_node: Node, anna: Person, alpha: FakeNode
):
    pool = add_dynamic_pool(node, second_node)
    assert place_for(template, pool).against is NoPlace.NOT_SHARED
    with pytest.raises(NoPlaceForImage):
        ask_for_image(template, pool, anna)
    add_dynamic_pool(node, second_node, name="others", shared=True)
    assert place_for(template, pool).against is None


def test_a_pool_for_everywhere_means_all_nodes(template: Vm, pool: VmPool, second_node: Node):
    pool.nodes.clear()
    assert place_for(template, VmPool.objects.get(pk=pool.pk)).against is NoPlace.NOT_SHARED


def test_its_only_node_must_have_the_folder(template: Vm, node: Node):
    assert place_for(template, add_dynamic_pool(node, folder="/elsewhere")).against is NoPlace.NO_FOLDER
    assert storage_for(template, add_dynamic_pool(node, name="any", folder="")).folder == "/images"
    assert place_for(template, add_dynamic_pool(node, name="slash", folder="/images/")).against is None


def test_a_node_in_maintenance_takes_none(template: Vm, pool: VmPool, node: Node):
    Node.objects.filter(pk=node.pk).update(duty=Duty.MAINTENANCE)
    assert place_for(template, pool).against is NoPlace.NODES_OUT


def test_it_lies_on_a_node_of_the_pool_that_sees_the_template(template: Vm, node: Node, second_node: Node):
    assert place_for(template, add_dynamic_pool(second_node)).against is NoPlace.NODES_OUT
    add_dynamic_pool(node, name="both", shared=True)
    pool = add_dynamic_pool(second_node, name="shared", shared=True)
    assert storage_for(template, pool).node == second_node


def test_it_is_plugged_into_the_network_of_its_pool(template: Vm, node: Node, alpha: FakeNode, anna: Person):
    pool = add_dynamic_pool(node, network="lan")
    assert place_for(template, pool).against is NoPlace.NODES_OUT
    Network.objects.create(node=node, name="lan")
    assert ask_for_image(template, pool, anna).arguments["network"] == "lan"
    template.interfaces.all().delete()
    assert ask_for_image(template, pool, anna, "unplugged").arguments["network"] is None


def test_what_the_pool_may_not_use_is_refused(template: Vm, node: Node, anna: Person):
    Interface.objects.update(source_type="bridge", source="br0")
    with pytest.raises(OutsideOfPool):
        ask_for_image(template, add_dynamic_pool(node, networks=["lan"]), anna)


# Ends in the middle


def test_a_cancelled_one_leaves_nothing(template: Vm, pool: VmPool, alpha: FakeNode, anna: Person):
    operation = come_to_the_pull(ask_for_image(template, pool, anna), alpha)
    assert cancel(operation, by=anna)
    take_steps(operation)
    assert operation.progress == Progress.CANCELLED
    assert operation.vm_id not in alpha.machines
    assert set(alpha.images) == {"/images/debian-a.qcow2"}
    assert fresh(operation.vm).deleted_at is not None
    assert status_of(template) == "Stopped"


def test_a_dead_worker_s_is_taken_up_where_it_was(template: Vm, pool: VmPool, alpha: FakeNode, anna: Person):
    operation = come_to_the_pull(ask_for_image(template, pool, anna, activate=True), alpha)
    leave_to_a_dead_worker(operation)
    assert operation.pk in recover()
    assert copy_image(operation, alpha).progress == Progress.SUCCEEDED
    assert active_of(pool) == operation.vm


def test_a_worker_that_dies_after_activating_does_not_do_it_twice(
    template: Vm, pool: VmPool, alpha: FakeNode, anna: Person
):
    operation = copy_image(ask_for_image(template, pool, anna, activate=True), alpha)
    last = operation.steps_done - 1
    leave_to_a_dead_worker(operation, finished_at=None, steps_done=last)
    assert operation.pk in recover()
    assert take_steps(operation).progress == Progress.SUCCEEDED
    assert AuditLine.objects.filter(request=Action.ACTIVATE).count() == 1
