"""A backup becomes a machine of its own, beside the one that it is of, or long after that one was deleted."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from directory.models import Person
from tests.operations.restoring import (
    FOLDER,
    add_backup,
    add_target,
    ask_as_new,
    at_node,
    come_to_the_copying,
    image_of,
    restore_to_the_end,
)
from tests.operations.streaming import MIB, add_origin, pool_of
from tests.operations.working import fresh, look, status_of, work
from vms.hypervisor.errors import Refused
from vms.hypervisor.fake import FakeNode
from vms.models import Backup, Node, Operation, Vm
from vms.operations.making import NamesTaken
from vms.operations.promising import ActionRefused
from vms.operations.requesting import cancel
from vms.rules.kinds import Kind, Link, Mode
from vms.rules.power import Wanted
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.reasons import Reason


@pytest.fixture
def web1(node: Node, alpha: FakeNode) -> Vm:
    return add_origin(node, alpha, kind=Kind.VM, name="web1")


@pytest.fixture
def backup(web1: Vm, alpha: FakeNode) -> Backup:
    return add_backup(web1, alpha)


@pytest.fixture
def restore(backup: Backup, anna: Person) -> Operation:
    return ask_as_new(backup, anna)


def test_it_is_a_machine_of_its_own(restore: Operation, web1: Vm, alpha: FakeNode) -> None:
    assert status_of(restore.vm) == "Stopped, restoring"
    assert restore_to_the_end(restore, alpha).progress == Progress.SUCCEEDED
    old, new = at_node(web1, alpha), at_node(restore.vm, alpha)
    assert (new.name, new.panel.display_name, new.memory) == ("web-new", "web-new", 8 * MIB)
    assert new.uuid != old.uuid
    assert new.interfaces[0].mac != old.interfaces[0].mac
    assert alpha.images[image_of(restore.vm, alpha)].below == ""
    look(restore.vm)
    assert status_of(restore.vm) == "Stopped"
    assert fresh(restore.vm).link == Link.NONE
    assert restore.vm.disks.get().made_by_panel


def test_it_is_started_if_that_was_chosen(backup: Backup, alpha: FakeNode, anna: Person) -> None:
    operation = restore_to_the_end(ask_as_new(backup, anna, start=True), alpha)
    look(operation.vm)
    assert (status_of(operation.vm), fresh(operation.vm).wanted) == ("Running", Wanted.RUNNING)


def test_it_comes_from_a_machine_that_was_deleted(backup: Backup, web1: Vm, alpha: FakeNode, anna: Person) -> None:
    del alpha.machines[web1.uuid]
    Vm.objects.filter(pk=web1.pk).update(deleted_at=timezone.now())
    assert restore_to_the_end(ask_as_new(backup, anna, "web1"), alpha).progress == Progress.SUCCEEDED


def test_a_template_comes_back_as_one(node: Node, alpha: FakeNode, anna: Person) -> None:
    template = add_origin(node, alpha)
    operation = ask_as_new(add_backup(template, alpha), anna, "debian-2", mode=Mode.MAINTENANCE)
    restore_to_the_end(operation, alpha)
    found = at_node(operation.vm, alpha).panel
    assert (found.kind, found.mode) == (Kind.TEMPLATE, Mode.MAINTENANCE)


def test_it_may_be_on_any_node_that_has_the_folder(
    backup: Backup, node: Node, alpha: FakeNode, second_node: Node, beta: FakeNode, anna: Person
) -> None:
    add_target((second_node, beta))
    beta.images.update({path: image for path, image in alpha.images.items() if path.startswith(FOLDER)})
    operation = restore_to_the_end(ask_as_new(backup, anna, pool=pool_of(second_node)), beta)
    assert operation.progress == Progress.SUCCEEDED
    assert operation.vm_id in beta.machines


def test_cancelled_it_leaves_nothing(restore: Operation, alpha: FakeNode, anna: Person) -> None:
    before = {path for path in alpha.images if path.startswith(FOLDER)} | {"/images/web1-a.qcow2"}
    come_to_the_copying(restore, alpha)
    assert cancel(restore, by=anna)
    assert work(restore).progress == Progress.CANCELLED
    assert set(alpha.images) == before
    assert restore.vm_id not in alpha.machines
    assert fresh(restore.vm).deleted_at


def test_what_fails_leaves_nothing(restore: Operation, alpha: FakeNode) -> None:
    alpha.fail_next("define", Refused("no"))
    assert work(restore).problem == Problem.REFUSED
    assert len(alpha.images) == 3
    assert fresh(restore.vm).deleted_at


def test_a_name_is_taken_once(restore: Operation, backup: Backup, anna: Person) -> None:
    with pytest.raises(NamesTaken):
        ask_as_new(backup, anna)


def test_a_node_without_the_folder_cannot_make_it(backup: Backup, second_node: Node, anna: Person) -> None:
    with pytest.raises(ActionRefused) as refused:
        ask_as_new(backup, anna, pool=pool_of(second_node))
    assert refused.value.reason is Reason.TARGET_NOT_ON_NODE


def test_who_may_only_operate_machines_may_not(backup: Backup, otto: Person) -> None:
    with pytest.raises(PermissionDenied):
        ask_as_new(backup, otto)
