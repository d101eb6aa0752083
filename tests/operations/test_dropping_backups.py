"""Deleting backups: all of them are gone, or what stands in the way is named and nothing is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.kept_backups import FOLDER, add_backup, add_target, image_of, paths_of
from tests.operations.working import fresh, leave_to_a_dead_worker, step, work
from vms.hypervisor.errors import Refused
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.fake_backup import FakeCheckpoint
from vms.models import Backup, BackupTarget, Node, Operation, Vm
from vms.operations.backing_up import request_check, request_deletion
from vms.operations.backups import needed_by
from vms.operations.recovering import recover
from vms.operations.requesting import cancel
from vms.rules.actions import Action
from vms.rules.backups import BackupState
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress


@pytest.fixture
def target(node: Node, alpha: FakeNode) -> BackupTarget:
    return add_target((node, alpha))


@pytest.fixture
def backup(vm: Vm, target: BackupTarget, alpha: FakeNode) -> Backup:
    return add_backup(vm, target, alpha, age=2)


def delete(*backups: Backup, by: Person) -> Operation:
    return work(request_deletion(backups, by=by), watched=False)


def test_its_files_and_its_row_are_gone_and_others_stay(
    vm: Vm, backup: Backup, target: BackupTarget, alpha: FakeNode, anna: Person
):
    newer = add_backup(vm, target, alpha)
    work(request_check(newer, by=anna))
    assert fresh(vm).last_backup_at == newer.made_at
    assert delete(newer, by=anna).progress == Progress.SUCCEEDED
    assert not paths_of(newer) & set(alpha.images)
    assert image_of(backup) in alpha.images
    assert Backup.objects.get() == backup
    assert fresh(vm).last_backup_at == backup.made_at


def test_a_whole_chain_goes_from_its_end(vm: Vm, backup: Backup, target: BackupTarget, alpha: FakeNode, anna: Person):
    add_backup(vm, target, alpha, below=add_backup(vm, target, alpha, below=backup))
    assert delete(*needed_by(backup), backup, by=anna).progress == Progress.SUCCEEDED
    assert not Backup.objects.exists()
    assert not [path for path in alpha.images if path.startswith(FOLDER)]
    assert fresh(vm).last_backup_at is None


def test_one_on_which_a_disk_stands_stays(backup: Backup, alpha: FakeNode, anna: Person):
    alpha.add_image("/images/restored.qcow2", on_top_of=image_of(backup))
    operation = delete(backup, by=anna)
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.DISK_IN_USE)
    assert operation.problem_values == {"users": "/images/restored.qcow2"}
    backup.refresh_from_db()
    assert backup.state == BackupState.GOOD
    assert image_of(backup) in alpha.images


def test_one_on_which_a_later_one_was_begun_meanwhile_stays(
    vm: Vm, backup: Backup, target: BackupTarget, alpha: FakeNode, anna: Person
):
    operation = request_deletion([backup], by=anna)
    later = Backup.objects.create(vm=vm, target=target, node=vm.node, below=backup, stem="later")
    work(operation)
    assert (operation.problem, operation.problem_values) == (Problem.DISK_IN_USE, {"users": later.stem})
    backup.refresh_from_db()
    assert backup.state == BackupState.GOOD


def test_one_that_a_machine_is_restored_from_meanwhile_stays(
    vm: Vm, backup: Backup, add_vm: AddVm, alpha: FakeNode, anna: Person
):
    operation = request_deletion([backup], by=anna)
    Operation.objects.create(
        vm=add_vm("web2"), node=vm.node, action=Action.RESTORE_AS_NEW, slot="job", arguments={"backup": backup.pk}
    )
    work(operation)
    assert (operation.problem, operation.problem_values) == (Problem.DISK_IN_USE, {"users": "web2"})


def test_what_was_half_deleted_is_deleted_when_it_is_asked_for_again(backup: Backup, alpha: FakeNode, anna: Person):
    alpha.fail_next("delete_disk", Refused("busy"))
    assert delete(backup, by=anna).progress == Progress.FAILED
    backup.refresh_from_db()
    assert backup.state == BackupState.GOING
    assert fresh(backup.vm).last_backup_at is None
    assert delete(backup, by=anna).progress == Progress.SUCCEEDED
    assert not Backup.objects.exists()


def test_a_worker_that_dies_in_the_middle_is_followed_by_one_that_goes_on(
    vm: Vm, backup: Backup, target: BackupTarget, alpha: FakeNode, anna: Person
):
    later = add_backup(vm, target, alpha, below=backup)
    operation = request_deletion([later, backup], by=anna)
    leave_to_a_dead_worker(operation, steps_done=2)
    Backup.objects.update(state=BackupState.GOING)
    del alpha.images[image_of(later)]
    later.delete()
    assert recover() == [operation.pk]
    assert work(operation).progress == Progress.SUCCEEDED
    assert not Backup.objects.exists()
    assert not [path for path in alpha.images if path.startswith(backup.stem)]


def test_a_node_that_is_away_is_waited_for(backup: Backup, alpha: FakeNode, anna: Person):
    operation = request_deletion([backup], by=anna)
    alpha.be_unreachable()
    step(operation)
    operation.refresh_from_db()
    assert operation.phase == Phase.WAITING_FOR_NODE
    alpha.be_reachable()
    assert work(operation).progress == Progress.SUCCEEDED


def test_a_folder_without_a_pool_leaves_it_as_it_is(backup: Backup, alpha: FakeNode, anna: Person):
    del alpha.pools[FOLDER]
    assert delete(backup, by=anna).problem == Problem.TARGET_MISSING
    backup.refresh_from_db()
    assert backup.state == BackupState.GOOD


def test_it_can_be_cancelled_before_it_began_only(backup: Backup, alpha: FakeNode, anna: Person):
    assert cancel(request_deletion([backup], by=anna), by=anna)
    operation = request_deletion([backup], by=anna)
    alpha.be_unreachable()
    step(operation)
    operation.refresh_from_db()
    assert not cancel(operation, by=anna)


def test_the_machine_no_longer_notes_what_changes_since_then(
    add_vm: AddVm, target: BackupTarget, alpha: FakeNode, anna: Person
):
    vm = add_vm("web2", Power.RUNNING)
    backup, kept = add_backup(vm, target, alpha), add_backup(vm, target, alpha)
    for each in (backup, kept):
        Backup.objects.filter(pk=each.pk).update(checkpoint=each.stem)
        notes = FakeCheckpoint(datetime.now(UTC), frozenset({"vda"}), {"vda": 0})
        alpha.machines[vm.pk].backups.checkpoints[each.stem] = notes
    delete(backup, by=anna)
    assert set(alpha.machines[vm.pk].backups.checkpoints) == {kept.stem}


def test_files_of_several_nodes_are_deleted_on_each(
    vm: Vm, node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode, anna: Person
):
    target = add_target((node, alpha), (second_node, beta), shared=False)
    here, there = add_backup(vm, target, alpha), add_backup(vm, target, beta)
    Backup.objects.filter(pk=there.pk).update(node=second_node)
    assert delete(there, here, by=anna).progress == Progress.SUCCEEDED
    assert not [path for path in (*alpha.images, *beta.images) if path.startswith(FOLDER)]
