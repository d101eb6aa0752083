"""What stands against bringing a backup back into its machine: then nothing of that is changed."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from directory.models import Person
from tests.operations.restoring import (
    FOLDER,
    add_backup,
    add_web1,
    ask_back,
    come_to_the_copying,
    is_as_before,
)
from tests.operations.streaming import pool_of, take_steps
from tests.operations.working import look, status_of, work
from vms.hypervisor.fake import FakeNode
from vms.models import Backup, Node, Operation, Vm
from vms.models.keeping import path_of
from vms.operations.promising import ActionRefused
from vms.rules.backing_up import DEFINITION
from vms.rules.backups import BackupState
from vms.rules.power import Power, PowerReason, Wanted
from vms.rules.problems import Problem
from vms.rules.reasons import Reason


@pytest.fixture
def web1(node: Node, alpha: FakeNode) -> Vm:
    return add_web1(node, alpha)


@pytest.fixture
def backup(web1: Vm, alpha: FakeNode) -> Backup:
    """A chain of two."""
    return add_backup(web1, alpha, on_top_of=add_backup(web1, alpha))


@pytest.fixture
def restore(backup: Backup, anna: Person) -> Operation:
    return ask_back(backup, anna)


def test_files_that_are_gone_change_nothing(restore: Operation, web1: Vm, alpha: FakeNode) -> None:
    xml = alpha.machines[web1.uuid].xml
    del alpha.images[f"{FOLDER}/web1-0.vda.qcow2"]
    assert work(restore).problem == Problem.BACKUP_GONE
    assert is_as_before(web1, alpha, xml)


def test_an_image_on_top_of_another_one_than_then_is_not_trusted(restore: Operation, alpha: FakeNode) -> None:
    alpha.add_image("/images/secret.qcow2")
    alpha.images[f"{FOLDER}/web1-0.vda.qcow2"].below = "/images/secret.qcow2"
    assert work(restore).problem == Problem.BACKUP_DAMAGED


def test_a_definition_that_somebody_changed_is_not_trusted(backup: Backup, alpha: FakeNode, anna: Person) -> None:
    backup.sums = {path_of(backup, DEFINITION): "0" * 64}
    backup.save()
    assert work(ask_back(backup, anna)).problem == Problem.BACKUP_DAMAGED


def test_a_backup_found_damaged_meanwhile_changes_nothing(restore: Operation, backup: Backup) -> None:
    Backup.objects.filter(above=backup).update(state=BackupState.DAMAGED)
    assert work(restore).problem == Problem.BACKUP_DAMAGED


def test_room_is_looked_for_before_anything_is_made(restore: Operation, alpha: FakeNode) -> None:
    alpha.pools["/images"].free = 1000
    assert work(restore).problem == Problem.NO_ROOM_TO_RESTORE
    assert restore.problem_values == {"folder": "/images", "needed": str(1024**3), "free": "1000"}
    assert "make_image" not in alpha.calls


def test_a_node_that_lost_the_folder_says_so(restore: Operation, alpha: FakeNode) -> None:
    del alpha.pools[FOLDER]
    assert work(restore).problem == Problem.TARGET_MISSING


@pytest.mark.parametrize("state", [BackupState.DAMAGED, BackupState.MAKING, BackupState.GOING])
def test_only_a_good_one_with_all_that_it_stands_on_comes_back(
    backup: Backup, anna: Person, state: BackupState
) -> None:
    Backup.objects.filter(above=backup).update(state=state)
    with pytest.raises(ActionRefused) as refused:
        ask_back(backup, anna)
    assert refused.value.reason is Reason.BACKUP_UNUSABLE
    assert not Operation.objects.exists()


def test_its_node_must_have_the_folder(backup: Backup, node: Node, anna: Person) -> None:
    node.storage_pools.filter(folder=FOLDER).delete()
    with pytest.raises(ActionRefused) as refused:
        ask_back(backup, anna)
    assert refused.value.reason is Reason.TARGET_NOT_ON_NODE


def test_a_storage_pool_of_another_node_is_refused(backup: Backup, second_node: Node, anna: Person) -> None:
    with pytest.raises(ActionRefused) as refused:
        ask_back(backup, anna, pool=pool_of(second_node))
    assert refused.value.reason is Reason.IS_ON_ANOTHER_NODE


def test_a_machine_that_runs_is_not_restored(backup: Backup, alpha: FakeNode, anna: Person) -> None:
    alpha.become(backup.vm_id, Power.RUNNING)
    look(backup.vm)
    with pytest.raises(ActionRefused) as refused:
        ask_back(backup, anna)
    assert refused.value.reason is Reason.MUST_BE_STOPPED


def test_a_crashed_one_is_stopped_while_it_is_restored(backup: Backup, alpha: FakeNode, anna: Person) -> None:
    Vm.objects.filter(pk=backup.vm_id).update(wanted=Wanted.RUNNING, power_reason=PowerReason.PROCESS_DIED)
    operation = come_to_the_copying(ask_back(backup, anna), alpha)
    assert status_of(backup.vm) == "Stopped, restoring"
    alpha.end_pull(backup.vm_id, "vda")
    take_steps(operation)
    assert status_of(backup.vm) == "Stopped"


def test_asked_twice_it_is_restored_once(restore: Operation, backup: Backup, anna: Person) -> None:
    assert ask_back(backup, anna) == restore
    assert backup.below is not None
    with pytest.raises(ActionRefused) as refused:
        ask_back(backup.below, anna)
    assert refused.value.holder == restore


def test_who_may_only_operate_it_may_not(backup: Backup, otto: Person) -> None:
    with pytest.raises(PermissionDenied):
        ask_back(backup, otto)
