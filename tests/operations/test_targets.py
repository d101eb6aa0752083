"""Targets for backups come, change and go."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from directory.models import Person
from tests.operations.kept_backups import FOLDER, add_backup, add_target, see
from vms.hypervisor.fake import FakeNode
from vms.models import AuditLine, BackupSchedule, BackupTarget, Node, Vm
from vms.models.facts import facts_of_node, pools_with_folders
from vms.operations.targets import (
    FolderTaken,
    NoSuchFolder,
    TargetNameTaken,
    TargetNeeded,
    TargetOrder,
    change_target,
    remove_target,
)
from vms.operations.targets import add_target as ask_for_target
from vms.rules.audit import Outcome, Request


@pytest.fixture
def root(db: None) -> Person:
    return Person.objects.create_user("root", is_administrator=True)


@pytest.fixture
def target(node: Node, alpha: FakeNode) -> BackupTarget:
    return add_target((node, alpha))


def test_a_folder_of_a_node_becomes_a_target(node: Node, alpha: FakeNode, root: Person):
    see(node, alpha)
    target = ask_for_target(TargetOrder("NAS", f"{FOLDER}/", limit=5), by=root)
    assert (target.name, target.folder, target.limit, target.added_by_name) == ("NAS", FOLDER, 5, "root")
    line = AuditLine.objects.get(request=Request.ADD_TARGET)
    assert (line.outcome, line.subject_name, line.values) == (Outcome.ACCEPTED, "NAS", {"folder": FOLDER})


def test_a_target_is_no_place_for_disks(target: BackupTarget, node: Node, alpha: FakeNode):
    see(node, alpha, folder="/slashed/")
    BackupTarget.objects.create(name="slashed", folder="/slashed")
    see(node, alpha, folder="/other")
    node = Node.objects.get(pk=node.pk)
    assert {FOLDER, "/slashed"} & facts_of_node(node).folders == set()
    assert "/other" in facts_of_node(node).folders
    assert {pool.folder for pool in pools_with_folders(node)} >= {FOLDER, "/slashed/", "/other"}


def test_names_and_folders_are_those_of_one_target(target: BackupTarget, node: Node, alpha: FakeNode, root: Person):
    see(node, alpha, folder="/other")
    with pytest.raises(TargetNameTaken):
        ask_for_target(TargetOrder(target.name.upper(), "/other"), by=root)
    with pytest.raises(FolderTaken):
        ask_for_target(TargetOrder("other", FOLDER), by=root)
    with pytest.raises(NoSuchFolder):
        ask_for_target(TargetOrder("other", "/nowhere"), by=root)
    assert BackupTarget.objects.get() == target


def test_its_name_and_its_limit_can_be_changed_also_when_no_node_has_the_folder_just_now(
    target: BackupTarget, node: Node, root: Person
):
    node.storage_pools.all().delete()
    changed = change_target(target, TargetOrder("vault", FOLDER, limit=7), by=root)
    assert (changed.pk, changed.name, changed.limit) == (target.pk, "vault", 7)


def test_it_gets_another_folder_only_while_it_has_no_backups(
    target: BackupTarget, node: Node, vm: Vm, alpha: FakeNode, root: Person
):
    see(node, alpha, folder="/other")
    assert change_target(target, TargetOrder("NAS", "/other"), by=root).folder == "/other"
    target.refresh_from_db()
    add_backup(vm, target, alpha)
    with pytest.raises(TargetNeeded) as needed:
        change_target(target, TargetOrder("NAS", FOLDER), by=root)
    assert needed.value.backups == 1


def test_one_that_is_needed_is_not_removed(target: BackupTarget, vm: Vm, alpha: FakeNode, root: Person):
    schedule = BackupSchedule.objects.create(name="nightly", target=target)
    backup = add_backup(vm, target, alpha)
    with pytest.raises(TargetNeeded) as needed:
        remove_target(target, by=root)
    assert (needed.value.backups, needed.value.schedules) == (1, 1)
    backup.delete()
    schedule.delete()
    remove_target(target, by=root)
    assert not BackupTarget.objects.exists()


def test_they_belong_to_who_looks_after_nodes(target: BackupTarget, anna: Person):
    for ask in (
        lambda: ask_for_target(TargetOrder("other", "/other"), by=anna),
        lambda: change_target(target, TargetOrder("other", FOLDER), by=anna),
        lambda: remove_target(target, by=anna),
    ):
        with pytest.raises(PermissionDenied):
            ask()
    assert AuditLine.objects.filter(outcome=Outcome.REFUSED).count() == 3
