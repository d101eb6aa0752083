"""Backups asked for by people and by the panel itself, verified, kept and deleted. How one is made: test_backing_up."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from pytest_django.fixtures import Settings

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.kept_backups import FOLDER, add_backup, add_target, image_of, see
from tests.operations.working import fresh, status_of
from vms.hypervisor.fake import FakeNode
from vms.models import AuditLine, Backup, BackupSchedule, BackupTarget, Grant, Node, Operation, Vm
from vms.models.keeping import only_seen_by, usable_backups
from vms.operations.backing_up import request_backup, request_check, request_deletion, set_kept, set_notes
from vms.operations.backups import (
    MOST_IN_LINE,
    BackupOrder,
    needed_by,
    node_for,
    pick_up_checks,
    promise_backup,
    promise_check,
)
from vms.operations.nodes import remove_node
from vms.operations.promising import ActionRefused
from vms.operations.requesting import cancel
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Request
from vms.rules.backing_up import Taking
from vms.rules.backups import BackupState
from vms.rules.duty import Duty
from vms.rules.power import Power
from vms.rules.progress import Progress
from vms.rules.reasons import Reason

MIB = 1024 * 1024


@pytest.fixture
def target(node: Node, alpha: FakeNode) -> BackupTarget:
    return add_target((node, alpha))


@pytest.fixture
def root(db: None) -> Person:
    return Person.objects.create_user("root", is_administrator=True)


def order(target: BackupTarget, **more: Any) -> BackupOrder:
    return BackupOrder(target, **more)


def delete_row(vm: Vm) -> None:
    Vm.objects.filter(pk=vm.pk).update(deleted_at=timezone.now())


def test_who_asks_for_a_backup_sees_it_under_way_at_once(vm: Vm, target: BackupTarget, anna: Person):
    operation = request_backup(vm, order(target), by=anna)
    backup = Backup.objects.get()
    assert status_of(vm) == "Stopped, backing up"
    assert Taking.from_arguments(operation.arguments) == Taking(backup.pk, FOLDER)
    assert (backup.operation, backup.state, backup.node) == (operation, BackupState.MAKING, vm.node)
    assert (backup.requested_by_name, backup.machine_name) == ("anna", "web1")
    line = AuditLine.objects.get(request=Action.BACK_UP)
    assert (line.outcome, line.values) == (Outcome.ACCEPTED, {"backup": backup.stem, "target": "backups"})


def test_the_same_submitted_again_makes_one_backup(vm: Vm, target: BackupTarget, anna: Person):
    key = uuid4()
    first = request_backup(vm, order(target, key=key), by=anna)
    assert request_backup(vm, order(target, key=key), by=anna) == first
    assert request_backup(vm, order(target), by=anna) == first
    assert Backup.objects.get().operation == first


def test_another_one_at_the_same_time_is_refused(
    vm: Vm, target: BackupTarget, node: Node, alpha: FakeNode, anna: Person, berta: Person
):
    operation = request_backup(vm, order(target), by=anna)
    with pytest.raises(ActionRefused) as refused:
        request_backup(vm, order(target), by=berta)
    assert refused.value.reason == Reason.IS_BACKING_UP
    other = add_target((node, alpha), folder="/elsewhere")
    with pytest.raises(ActionRefused):
        request_backup(vm, order(other), by=anna)
    assert Backup.objects.get().operation == operation


def test_the_panel_itself_may_ask_for_a_schedule(vm: Vm, target: BackupTarget):
    schedule = BackupSchedule.objects.create(name="nightly", target=target)
    operation = promise_backup(vm, order(target, schedule=schedule), by=None)
    backup = Backup.objects.get()
    assert (operation.requested_by_name, backup.schedule, backup.requested_by_name) == ("", schedule, "")
    another = BackupSchedule.objects.create(name="weekly", target=target)
    with pytest.raises(ActionRefused):
        promise_backup(vm, order(target, schedule=another), by=None)


def test_without_the_right_nothing_is_asked_for(vm: Vm, target: BackupTarget, alpha: FakeNode, otto: Person):
    backup = add_backup(vm, target, alpha)
    for ask in (
        lambda: request_backup(vm, order(target), by=otto),
        lambda: request_check(backup, by=otto),
        lambda: request_deletion([backup], by=otto),
        lambda: set_kept(backup, True, by=otto),
        lambda: set_notes(backup, "mine", by=otto),
    ):
        with pytest.raises(PermissionDenied):
            ask()
    assert not Operation.objects.exists()
    assert Backup.objects.count() == 1
    assert AuditLine.objects.filter(outcome=Outcome.REFUSED, reason=Reason.NOT_PERMITTED).count() == 5


def test_a_target_that_was_removed_meanwhile_is_no_target(vm: Vm, target: BackupTarget, anna: Person):
    BackupTarget.objects.all().delete()
    with pytest.raises(ActionRefused) as refused:
        request_backup(vm, order(target), by=anna)
    assert refused.value.reason == Reason.TARGET_GONE


@pytest.mark.parametrize(("asked", "of_target", "limit"), [(5, 7, 5), (0, 7, 0), (None, 7, 7), (None, 0, 3 * MIB)])
def test_how_fast_it_may_be_is_said_by_the_request_or_the_target_or_the_settings(
    asked: int | None, of_target: int, limit: int, vm: Vm, target: BackupTarget, anna: Person, settings: Settings
):
    settings.BACKUP_LIMIT = 3
    target.limit = of_target
    assert request_backup(vm, order(target, limit=asked), by=anna).limit == limit


def test_of_what_may_be_done_with_the_backups_of_a_machine_one_thing_is_done_at_a_time(
    vm: Vm, target: BackupTarget, alpha: FakeNode, anna: Person
):
    backup, other = add_backup(vm, target, alpha), add_backup(vm, target, alpha)
    check = request_check(backup, by=anna)
    assert request_check(backup, by=anna) == check
    with pytest.raises(ActionRefused) as refused:
        request_deletion([other], by=anna)
    assert (refused.value.reason, refused.value.holder) == (Reason.BACKUPS_BUSY, check)
    assert status_of(vm) == "Stopped"


def test_one_on_which_others_stand_is_deleted_only_together_with_them(
    vm: Vm, target: BackupTarget, alpha: FakeNode, anna: Person
):
    whole = add_backup(vm, target, alpha, age=3)
    changes = add_backup(vm, target, alpha, below=whole, age=2)
    newest = add_backup(vm, target, alpha, below=changes, age=1)
    assert needed_by(whole) == [newest, changes]
    with pytest.raises(ActionRefused) as refused:
        request_deletion([changes], by=anna)
    assert refused.value.reason == Reason.BACKUP_IS_NEEDED
    operation = request_deletion([*needed_by(whole), whole], by=anna)
    assert operation.arguments == {"backups": [newest.pk, changes.pk, whole.pk]}


def test_one_that_a_machine_is_just_made_of_is_not_deleted(vm: Vm, target: BackupTarget, alpha: FakeNode, anna: Person):
    backup = add_backup(vm, target, alpha)
    restoring = Operation.objects.create(
        vm=vm, node=vm.node, action=Action.RESTORE, slot="job", arguments={"backup": backup.pk}
    )
    with pytest.raises(ActionRefused) as refused:
        request_deletion([backup], by=anna)
    assert (refused.value.reason, refused.value.holder) == (Reason.BACKUP_IN_USE, restoring)


def test_what_is_gone_or_just_being_made_cannot_be_verified(
    vm: Vm, target: BackupTarget, alpha: FakeNode, anna: Person
):
    backup = add_backup(vm, target, alpha)
    Backup.objects.update(state=BackupState.MAKING)
    with pytest.raises(ActionRefused) as refused:
        request_check(backup, by=anna)
    assert refused.value.reason == Reason.BACKUP_GONE


def test_backups_of_a_deleted_machine_are_verified_by_who_sees_every_machine(
    vm: Vm, target: BackupTarget, alpha: FakeNode, anna: Person, nobody: Person
):
    Grant.objects.create(vm=vm, person=nobody, right="operate")
    backup = add_backup(vm, target, alpha)
    delete_row(vm)
    with pytest.raises(PermissionDenied):
        request_check(backup, by=nobody)
    assert request_check(backup, by=anna).vm == vm


def test_they_are_worked_with_at_a_node_that_sees_them(
    vm: Vm, node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode, target: BackupTarget, anna: Person
):
    backup = add_backup(vm, target, alpha)
    assert node_for(target, node) == node
    Node.objects.filter(pk=node.pk).update(reachable=False)
    assert node_for(target, node) is None
    with pytest.raises(ActionRefused) as refused:
        request_check(backup, by=anna)
    assert refused.value.reason == Reason.TARGET_OUT_OF_REACH
    see(second_node, beta)
    assert request_check(backup, by=anna).node == second_node


def test_a_folder_that_is_not_shared_is_another_one_on_each_node(
    vm: Vm, node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode
):
    target = add_target((node, alpha), (second_node, beta), shared=False)
    assert node_for(target, node) == node
    assert node_for(target, None) is None
    Node.objects.filter(pk=node.pk).update(reachable=False)
    assert node_for(target, node) is None


def test_a_node_in_maintenance_reads_them_only_if_no_other_one_can(
    node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode
):
    target = add_target((node, alpha), (second_node, beta))
    Node.objects.filter(pk=node.pk).update(duty=Duty.MAINTENANCE)
    assert node_for(target, node) == second_node
    Node.objects.filter(pk=second_node.pk).update(reachable=False)
    assert node_for(target, node) == node


def test_one_can_be_kept_and_written_about(vm: Vm, target: BackupTarget, alpha: FakeNode, anna: Person):
    backup = add_backup(vm, target, alpha)
    set_kept(backup, True, by=anna)
    set_kept(backup, True, by=anna)
    set_notes(backup, "before the upgrade", by=anna)
    backup.refresh_from_db()
    assert (backup.kept, backup.notes) == (True, "before the upgrade")
    set_kept(backup, False, by=anna)
    requests = list(AuditLine.objects.order_by("pk").values_list("request", flat=True))
    assert requests == [Request.KEEP_BACKUP, Request.BACKUP_NOTES, Request.KEEP_BACKUP_NO_LONGER]


def test_the_last_good_backup_is_the_newest_whose_chain_is_good(vm: Vm, target: BackupTarget, alpha: FakeNode):
    whole = add_backup(vm, target, alpha, age=5)
    changes = add_backup(vm, target, alpha, below=whole, age=3)
    assert fresh(vm).last_backup_at == changes.made_at
    assert usable_backups(vm.pk) == [changes, whole]
    Backup.objects.filter(pk=whole.pk).update(state=BackupState.DAMAGED)
    assert usable_backups(vm.pk) == []


def test_a_check_follows_a_new_backup_by_itself_and_just_once(
    vm: Vm, add_vm: AddVm, target: BackupTarget, alpha: FakeNode, anna: Person
):
    backup, other = add_backup(vm, target, alpha), add_backup(add_vm("web2"), target, alpha)
    Backup.objects.filter(pk=other.pk).update(checked_at=timezone.now())
    (key,) = pick_up_checks()
    operation = Operation.objects.get(pk=key)
    assert (operation.action, operation.arguments) == (Action.CHECK_BACKUP, {"backup": backup.pk})
    assert pick_up_checks() == []
    assert cancel(operation, by=anna)
    assert pick_up_checks() == []


def test_only_a_few_wait_for_their_check_at_a_time(add_vm: AddVm, target: BackupTarget, alpha: FakeNode):
    for number in range(MOST_IN_LINE + 1):
        add_backup(add_vm(f"web{number}"), target, alpha)
    assert len(pick_up_checks()) == MOST_IN_LINE
    assert pick_up_checks() == []
    Operation.objects.all()[0].become(Progress.CANCELLED)
    assert len(pick_up_checks()) == 1


def test_what_cannot_be_checked_now_is_checked_later(vm: Vm, target: BackupTarget, alpha: FakeNode, node: Node):
    add_backup(vm, target, alpha)
    Node.objects.update(reachable=False)
    assert pick_up_checks() == []
    Node.objects.update(reachable=True)
    assert len(pick_up_checks()) == 1


def test_deleted_machines_with_backups_belong_to_another_node_when_theirs_is_removed(
    vm: Vm, node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode, target: BackupTarget, root: Person
):
    see(second_node, beta)
    backup = add_backup(vm, target, alpha)
    delete_row(vm)
    assert only_seen_by(node) == []
    remove_node(node, by=root)
    backup.refresh_from_db()
    assert (backup.vm.node, backup.node) == (second_node, None)
    assert node_for(target, backup.node) == second_node


def test_backups_that_only_a_removed_node_sees_are_forgotten_with_it(
    vm: Vm, node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode, target: BackupTarget, root: Person
):
    whole = add_backup(vm, target, alpha, age=2)
    changes = add_backup(vm, target, alpha, below=whole)
    moved = Vm.objects.create(name="web2", display_name="web2", node=second_node)
    left = add_backup(moved, target, alpha)
    Backup.objects.filter(pk=left.pk).update(node=node)
    delete_row(vm)
    found = only_seen_by(node)
    assert found.index(changes) < found.index(whole)
    assert set(found) == {whole, changes, left}
    running = promise_check(left, by=None)
    remove_node(node, by=root)
    assert not Backup.objects.exists()
    assert not Vm.objects.filter(pk=vm.pk).exists()
    assert fresh(moved).last_backup_at is None
    running.refresh_from_db()
    assert running.progress == Progress.FAILED
    assert image_of(whole) in alpha.images


def test_a_running_machine_may_be_asked_for_too(add_vm: AddVm, target: BackupTarget, anna: Person):
    vm = add_vm("web2", Power.RUNNING)
    request_backup(vm, order(target), by=anna)
    assert status_of(vm) == "Running, backing up"
