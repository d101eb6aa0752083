"""Verifying a backup: what is as it was written is good, what is not is damaged, and who cannot look knows nothing."""

from __future__ import annotations

import pytest

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.kept_backups import FOLDER, add_backup, add_target, image_of, see, sums_in
from tests.operations.working import fresh, leave_to_a_dead_worker, step, work
from vms.hypervisor.errors import DiskMissing, HypervisorError, Refused
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.fake_content import EMPTY_IMAGE
from vms.hypervisor.fake_images import FakeImages
from vms.models import Backup, BackupTarget, Event, Node, Operation, Vm
from vms.models.keeping import parts_of, path_of
from vms.operations.backing_up import request_check
from vms.operations.backups import promise_check
from vms.operations.recovering import recover
from vms.operations.requesting import cancel
from vms.operations.resuming import next_in_turn
from vms.operations.steps import bringing
from vms.operations.steps.bringing import Teller
from vms.rules.backing_up import DEFINITION, LIST, SUMS
from vms.rules.backups import BackupState, Damage
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress

CLUSTER = 4096
"""Bytes of a cluster of an empty image, of which the last one is the L1 table."""


@pytest.fixture
def target(node: Node, alpha: FakeNode) -> BackupTarget:
    return add_target((node, alpha))


@pytest.fixture
def backup(vm: Vm, target: BackupTarget, alpha: FakeNode) -> Backup:
    return add_backup(vm, target, alpha)


def checked(backup: Backup, by: Person) -> Operation:
    operation = work(request_check(backup, by=by), watched=False)
    backup.refresh_from_db()
    return operation


def test_the_first_check_writes_the_sums_down_for_everybody(backup: Backup, alpha: FakeNode, anna: Person):
    operation = checked(backup, anna)
    assert operation.progress == Progress.SUCCEEDED
    assert backup.sums == sums_in(alpha, backup)
    assert (backup.state, backup.checked_by_name, backup.checked_at is not None) == (BackupState.GOOD, "anna", True)
    lines = alpha.images[path_of(backup, SUMS)].content.decode().splitlines()
    assert f"{backup.sums[path_of(backup, LIST)]}  {backup.stem}.backup.json" in lines
    assert len(lines) == 3


def test_what_the_panel_does_by_itself_fills_no_past_unless_it_fails(backup: Backup, alpha: FakeNode, anna: Person):
    work(promise_check(backup, by=None), watched=False)
    assert not Event.objects.filter(vm=backup.vm).exists()
    backup.refresh_from_db()
    alpha.images[image_of(backup)].content = b"QFI\xfb other"
    broken = work(promise_check(backup, by=None), watched=False)
    assert [event.operation for event in Event.objects.filter(vm=backup.vm)] == [broken]
    checked(backup, anna)
    assert Event.objects.filter(vm=backup.vm).count() == 3


def test_a_later_one_compares(backup: Backup, alpha: FakeNode, anna: Person):
    checked(backup, anna)
    sums = backup.sums
    assert checked(backup, anna).progress == Progress.SUCCEEDED
    alpha.images[image_of(backup)].content = b"QFI\xfb other"
    operation = checked(backup, anna)
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.BACKUP_DAMAGED)
    assert (backup.state, backup.damage, backup.sums) == (BackupState.DAMAGED, Damage.CHANGED, sums)
    assert image_of(backup) in backup.evidence
    assert fresh(backup.vm).last_backup_at is None
    assert Event.objects.filter(vm=backup.vm, values__problem=Problem.BACKUP_DAMAGED).exists()


def test_what_is_whole_again_is_good_again(backup: Backup, alpha: FakeNode, anna: Person):
    checked(backup, anna)
    image = alpha.images.pop(image_of(backup))
    assert checked(backup, anna).problem == Problem.BACKUP_DAMAGED
    assert backup.damage == Damage.MISSING
    alpha.images[image_of(backup)] = image
    assert checked(backup, anna).progress == Progress.SUCCEEDED
    assert (backup.state, backup.damage, backup.evidence) == (BackupState.GOOD, "", "")
    assert fresh(backup.vm).last_backup_at == backup.made_at


@pytest.mark.parametrize("part", [LIST, DEFINITION, "vda"])
def test_a_missing_file_is_damage(part: str, backup: Backup, alpha: FakeNode, anna: Person):
    del alpha.images[parts_of(backup)[part]]
    assert checked(backup, anna).problem == Problem.BACKUP_DAMAGED
    assert (backup.state, backup.damage) == (BackupState.DAMAGED, Damage.MISSING)
    assert backup.evidence == parts_of(backup)[part]


def test_a_file_that_goes_while_it_is_read_is_missing(backup: Backup, alpha: FakeNode, anna: Person):
    alpha.fail_next("checksum", DiskMissing("there is no file"))
    checked(backup, anna)
    assert backup.damage == Damage.MISSING


@pytest.mark.parametrize("change", [{"format": "raw"}, {"capacity": 5}, {"below": "/images/other.qcow2"}])
def test_an_image_that_is_another_one_is_damage(
    change: dict[str, object], backup: Backup, alpha: FakeNode, anna: Person
):
    for name, value in change.items():
        setattr(alpha.images[image_of(backup)], name, value)
    checked(backup, anna)
    assert (backup.state, backup.damage) == (BackupState.DAMAGED, Damage.NO_IMAGE)


def test_an_image_of_changes_stands_on_the_one_before(
    vm: Vm, backup: Backup, target: BackupTarget, alpha: FakeNode, anna: Person
):
    changes = add_backup(vm, target, alpha, below=backup)
    assert checked(changes, anna).progress == Progress.SUCCEEDED
    alpha.add_image("/images/other.qcow2")
    alpha.images[image_of(changes)].below = "/images/other.qcow2"
    checked(changes, anna)
    assert changes.damage == Damage.NO_IMAGE


def test_an_image_whose_structure_is_broken_is_damage_before_it_has_a_sum(
    backup: Backup, alpha: FakeNode, anna: Person
):
    image, whole = alpha.images[image_of(backup)], EMPTY_IMAGE
    image.content = whole[:-CLUSTER] + (0x50000).to_bytes(8) + whole[8 - CLUSTER :]
    assert checked(backup, anna).problem == Problem.BACKUP_DAMAGED
    assert (backup.state, backup.damage, backup.sums) == (BackupState.DAMAGED, Damage.NO_IMAGE, {})
    assert backup.evidence == f"{image_of(backup)}: L2 table at 0x50000 lies outside of the file"
    image.content = whole
    assert checked(backup, anna).progress == Progress.SUCCEEDED
    assert backup.state == BackupState.GOOD


def test_of_a_plain_image_nothing_but_its_sum_tells(backup: Backup, alpha: FakeNode, anna: Person):
    image = alpha.images[image_of(backup)]
    image.content, image.format, backup.files["vda"]["format"] = bytes(512), "raw", "raw"
    backup.save()
    assert checked(backup, anna).progress == Progress.SUCCEEDED


@pytest.mark.parametrize(
    ("error", "problem", "state"),
    [
        (DiskMissing("there is no file"), Problem.BACKUP_DAMAGED, BackupState.DAMAGED),
        (Refused("an I/O error"), Problem.REFUSED, BackupState.GOOD),
    ],
)
def test_an_image_whose_tables_cannot_be_read_is_damaged_only_if_it_is_gone(
    error: HypervisorError, problem: Problem, state: BackupState, backup: Backup, alpha: FakeNode, anna: Person
):
    alpha.fail_next("bytes_at", error)
    assert checked(backup, anna).problem == problem
    assert backup.state == state


def test_it_can_be_cancelled_while_tables_are_read(
    backup: Backup, alpha: FakeNode, anna: Person, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bringing, "TELL_SECONDS", 0.0)
    operation, read = request_check(backup, by=anna), FakeImages.bytes_at

    def cancel_and_read(images: FakeImages, path: str, offset: int, count: int) -> bytes:
        cancel(operation, by=anna)
        return read(images, path, offset, count)

    monkeypatch.setattr(FakeImages, "bytes_at", cancel_and_read)
    assert work(operation).progress == Progress.CANCELLED
    backup.refresh_from_db()
    assert (backup.checked_at, backup.sums) == (None, {})


def test_a_share_that_is_not_mounted_damages_nothing(
    vm: Vm, backup: Backup, target: BackupTarget, alpha: FakeNode, anna: Person
):
    add_backup(vm, target, alpha)
    alpha.images.clear()
    operation = checked(backup, anna)
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.BACKUP_GONE)
    assert operation.problem_values == {"folder": FOLDER, "node": "alpha"}
    assert (backup.state, backup.checked_at) == (BackupState.GOOD, None)


def test_a_folder_without_a_pool_damages_nothing(backup: Backup, alpha: FakeNode, anna: Person):
    del alpha.pools[FOLDER]
    assert checked(backup, anna).problem == Problem.TARGET_MISSING
    assert (backup.state, backup.checked_at) == (BackupState.GOOD, None)


def test_a_node_that_is_away_is_waited_for_and_damages_nothing(backup: Backup, alpha: FakeNode, anna: Person):
    operation = request_check(backup, by=anna)
    alpha.be_unreachable()
    step(operation)
    operation.refresh_from_db()
    assert (operation.progress, operation.phase) == (Progress.WORKING, Phase.WAITING_FOR_NODE)
    alpha.be_reachable()
    assert work(operation).progress == Progress.SUCCEEDED


def test_a_node_that_refuses_damages_nothing(backup: Backup, alpha: FakeNode, anna: Person):
    alpha.fail_next("checksum", Refused("an I/O error"))
    operation = checked(backup, anna)
    assert (operation.progress, operation.problem, operation.evidence) == (
        Progress.FAILED,
        Problem.REFUSED,
        "an I/O error",
    )
    assert (backup.state, backup.checked_at) == (BackupState.GOOD, None)


def test_it_can_be_cancelled_between_two_files(backup: Backup, anna: Person):
    operation = request_check(backup, by=anna)
    step(operation)
    assert cancel(operation, by=anna)
    assert work(operation).progress == Progress.CANCELLED
    backup.refresh_from_db()
    assert (backup.checked_at, backup.sums) == (None, {})


def test_it_can_be_cancelled_while_a_file_is_read(backup: Backup, anna: Person, monkeypatch: pytest.MonkeyPatch):
    operation, tell = request_check(backup, by=anna), Teller.__call__

    def cancel_and_tell(teller: Teller, read: int) -> None:
        cancel(operation, by=anna)
        tell(teller, read)

    monkeypatch.setattr(Teller, "__call__", cancel_and_tell)
    assert work(operation).progress == Progress.CANCELLED
    backup.refresh_from_db()
    assert (operation.measures, backup.checked_at) == ({}, None)


def test_a_worker_that_dies_leaves_what_was_read(backup: Backup, alpha: FakeNode, anna: Person):
    operation = request_check(backup, by=anna)
    while not operation.measures:
        step(operation)
        operation.refresh_from_db()
    read = dict(operation.measures["sums"])
    assert read
    leave_to_a_dead_worker(operation)
    assert recover() == [operation.pk]
    before = alpha.calls.count("checksum")
    assert work(operation).progress == Progress.SUCCEEDED
    assert alpha.calls.count("checksum") - before == len(parts_of(backup)) - len(read)


def test_how_far_it_is_is_told(backup: Backup, alpha: FakeNode, anna: Person):
    operation = request_check(backup, by=anna)
    while operation.bytes_before < 110:
        step(operation)
        operation.refresh_from_db()
    assert operation.bytes_total == 120
    assert operation.phase == Phase.CHECKING


def test_one_is_verified_at_a_node_at_a_time(
    vm: Vm, backup: Backup, add_vm: AddVm, target: BackupTarget, alpha: FakeNode, anna: Person
):
    first = request_check(backup, by=anna)
    second = request_check(add_backup(add_vm("web2"), target, alpha), by=anna)
    step(second)
    second.refresh_from_db()
    assert second.phase == Phase.WAITING_FOR_TURN
    work(first)
    assert next_in_turn(first.pk) == [second.pk]
    assert work(second).progress == Progress.SUCCEEDED


def test_one_of_a_machine_elsewhere_is_verified_where_its_files_are_seen(
    vm: Vm, backup: Backup, node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode, anna: Person
):
    see(second_node, beta)
    beta.images.update(alpha.images)
    Node.objects.filter(pk=node.pk).update(reachable=False)
    alpha.be_unreachable()
    assert checked(backup, anna).progress == Progress.SUCCEEDED
    assert path_of(backup, SUMS) in beta.images


def test_one_that_was_deleted_before_its_turn_is_no_longer_verified(backup: Backup, anna: Person):
    operation = request_check(backup, by=anna)
    backup.delete()
    work(operation)
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.NO_LONGER_POSSIBLE)
