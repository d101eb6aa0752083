"""Delete: the machine and the disks the panel made for it, and never what somebody else still needs."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.working import ask, fresh, look, status_of, step, work
from vms.hypervisor.errors import DiskLocked
from vms.hypervisor.fake import FakeNode
from vms.models import Disk, Event, Node, Operation, Vm
from vms.operations.nodes import NodeStillHasMachines, remove_node
from vms.operations.reaching import reach
from vms.rules.actions import Action
from vms.rules.power import Power, PowerReason, Wanted
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.timeline import What
from vms.watcher.looking import Lookout
from vms.watcher.recording import record

OURS, THEIRS = "/images/ours.qcow2", "/images/theirs.qcow2"


@pytest.fixture
def vm_with_disks(vm: Vm, alpha: FakeNode) -> Vm:
    """Two disks, of which the panel made one."""
    for target, path in (("vda", OURS), ("vdb", THEIRS)):
        alpha.add_image(path)
        Disk.objects.create(vm=vm, target=target, device="disk", path=path, made_by_panel=path == OURS)
    return vm


def test_the_machine_and_the_disks_made_for_it_are_gone(vm_with_disks: Vm, alpha: FakeNode, anna: Person):
    operation = work(ask(vm_with_disks, Action.DELETE, anna, disks=[OURS]))
    assert operation.progress == Progress.SUCCEEDED
    assert alpha.machines == {}
    assert set(alpha.images) == {THEIRS}
    assert fresh(vm_with_disks).deleted_at is not None


def test_a_disk_that_is_to_be_kept_is_kept(vm_with_disks: Vm, alpha: FakeNode, anna: Person):
    work(ask(vm_with_disks, Action.DELETE, anna, disks=[]))
    assert alpha.machines == {}
    assert set(alpha.images) == {OURS, THEIRS}


@pytest.mark.parametrize("path", [THEIRS, "/images/of-nobody.qcow2", "/etc/passwd"])
def test_a_disk_the_panel_did_not_make_stays_whoever_asks_for_it(
    path: str, vm_with_disks: Vm, alpha: FakeNode, anna: Person
):
    alpha.add_image("/images/of-nobody.qcow2")
    images = set(alpha.images)
    operation = work(ask(vm_with_disks, Action.DELETE, anna, disks=[path]))
    assert operation.progress == Progress.SUCCEEDED
    assert set(alpha.images) == images


def test_nothing_is_deleted_if_another_machine_has_the_same_disk(
    vm_with_disks: Vm, add_vm: AddVm, alpha: FakeNode, anna: Person
):
    other = add_vm("web2")
    Disk.objects.create(vm=other, target="vda", device="disk", path=OURS)
    operation = work(ask(vm_with_disks, Action.DELETE, anna, disks=[OURS]))
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.DISK_IN_USE)
    assert operation.problem_values == {"users": "web2"}
    assert set(alpha.images) == {OURS, THEIRS}
    assert (vm_with_disks.pk in alpha.machines, status_of(vm_with_disks)) == (True, "Stopped")


def test_a_machine_on_another_node_may_have_the_same_storage(
    vm_with_disks: Vm, second_node: Node, alpha: FakeNode, anna: Person
):
    other = Vm.objects.create(name="web2", display_name="web2", node=second_node)
    Disk.objects.create(vm=other, target="vda", device="disk", path=OURS)
    operation = work(ask(vm_with_disks, Action.DELETE, anna, disks=[OURS]))
    assert (operation.problem, operation.problem_values) == (Problem.DISK_IN_USE, {"users": "web2"})
    assert set(alpha.images) == {OURS, THEIRS}


def test_nothing_is_deleted_if_another_image_stands_on_it(vm_with_disks: Vm, alpha: FakeNode, anna: Person):
    alpha.add_image("/images/overlay.qcow2", on_top_of=OURS)
    operation = work(ask(vm_with_disks, Action.DELETE, anna, disks=[OURS]))
    assert operation.problem_values == {"users": "/images/overlay.qcow2"}
    assert set(alpha.images) == {OURS, THEIRS, "/images/overlay.qcow2"}


def test_a_disk_of_a_machine_that_was_deleted_stands_in_nobodys_way(
    vm_with_disks: Vm, add_vm: AddVm, alpha: FakeNode, anna: Person
):
    other = add_vm("web2")
    Disk.objects.create(vm=other, target="vda", device="disk", path=OURS)
    Vm.objects.filter(pk=other.pk).update(deleted_at=timezone.now())
    assert work(ask(vm_with_disks, Action.DELETE, anna, disks=[OURS])).progress == Progress.SUCCEEDED


def test_a_delete_that_broke_off_can_be_asked_for_again(vm_with_disks: Vm, alpha: FakeNode, anna: Person):
    alpha.fail_next("undefine", DiskLocked("busy"))
    first = work(ask(vm_with_disks, Action.DELETE, anna, disks=[OURS]))
    assert first.progress == Progress.FAILED
    assert status_of(vm_with_disks) == "Stopped"
    second = work(ask(vm_with_disks, Action.DELETE, anna, disks=[OURS]))
    assert second.progress == Progress.SUCCEEDED
    assert alpha.machines == {}


def test_a_crashed_machine_can_be_deleted(add_vm: AddVm, alpha: FakeNode, anna: Person):
    vm = add_vm(power=Power.CRASHED, wanted=Wanted.RUNNING)
    assert work(ask(vm, Action.DELETE, anna, disks=[])).progress == Progress.SUCCEEDED
    assert alpha.machines == {}


def test_a_machine_somebody_else_started_meanwhile_is_not_deleted(vm: Vm, alpha: FakeNode, anna: Person):
    operation = ask(vm, Action.DELETE, anna, disks=[])
    alpha.become(vm.pk, Power.RUNNING)
    look(vm)
    work(operation)
    assert operation.problem == Problem.NO_LONGER_POSSIBLE
    assert alpha.machines[vm.pk].power is Power.RUNNING


def test_a_delete_that_waited_long_for_its_node_never_cuts_off_what_runs_by_then(vm: Vm, alpha: FakeNode, anna: Person):
    operation = ask(vm, Action.DELETE, anna, disks=[])
    alpha.be_unreachable()
    step(operation)
    alpha.be_reachable()
    alpha.become(vm.pk, Power.RUNNING)
    work(operation)
    assert operation.progress == Progress.FAILED
    assert alpha.machines[vm.pk].power is Power.RUNNING


def test_a_deleted_machine_leaves_its_story(vm: Vm, anna: Person):
    operation = work(ask(vm, Action.DELETE, anna, disks=[]))
    look(vm)
    lines = set(Event.objects.filter(vm=vm).values_list("what", flat=True))
    assert {What.REQUESTED, What.DELETED, What.OPERATION_ENDED} <= lines
    assert not {What.GONE, What.BACK} & lines
    assert Operation.objects.get().vm == operation.vm


def test_a_look_taken_before_the_end_does_not_bring_a_deleted_machine_back(vm: Vm, anna: Person):
    """The watcher listed the machine, the worker deleted it, and only then the watcher's news are written."""
    old_news = list(Lookout(vm.node, reach(vm.node)).everything())
    work(ask(vm, Action.DELETE, anna, disks=[]))
    for news in old_news:
        record(news)
    assert fresh(vm).deleted_at is not None
    assert not Event.objects.filter(vm=vm, what=What.BACK).exists()


def test_a_machine_made_again_with_the_same_identity_is_back(vm: Vm, alpha: FakeNode, anna: Person):
    work(ask(vm, Action.DELETE, anna, disks=[]))
    with time_machine.travel(timezone.now() + timedelta(seconds=1)):
        alpha.add("web1", Power.RUNNING, uuid=vm.pk)
        look(vm)
    assert fresh(vm).deleted_at is None
    assert status_of(vm) == "Running"


def test_a_node_whose_machines_were_all_deleted_can_be_removed(vm: Vm, node: Node, anna: Person):
    root = Person.objects.create_user("root", is_administrator=True)
    with pytest.raises(NodeStillHasMachines):
        remove_node(node, by=root)
    work(ask(vm, Action.DELETE, anna, disks=[]))
    remove_node(node, by=root)
    assert not Node.objects.exists()


def test_a_stopped_machine_is_shown_as_stopped_again_after_a_failed_delete(
    add_vm: AddVm, alpha: FakeNode, anna: Person
):
    vm = add_vm(power=Power.OFF, reason=PowerReason.SHUT_DOWN)
    alpha.fail_next("undefine", DiskLocked("busy"))
    operation = ask(vm, Action.DELETE, anna, disks=[])
    assert status_of(vm) == "Deleting"
    work(operation)
    assert status_of(vm) == "Stopped"
