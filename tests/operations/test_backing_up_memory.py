"""A guest is backed up together with its memory: paused for a moment, then on an overlay, and at the end as before."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from directory.models import Person
from tests.operations.migrating import look_everywhere
from tests.operations.taking import (
    DISK,
    FOLDER,
    MIB,
    add_machine,
    add_target,
    ask_for_backup,
    assert_nothing_is_left,
    back_up,
    change,
    come_to_the_copy,
    disks_of,
    end_copy,
    end_merges,
    files_in,
    its_worker_died,
    take_steps,
)
from tests.operations.working import ask, fresh, status_of, step
from vms.hypervisor import fake_backing_up
from vms.hypervisor.errors import HypervisorError, NodeUnreachable, Refused
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.migrating import CallState, Outcome
from vms.models import Backup, BackupTarget, Disk, Event, Node, Operation, Vm
from vms.operations.requesting import cancel
from vms.operations.steps import backup_begin
from vms.rules.actions import Action
from vms.rules.backups import BackupState, Consistency
from vms.rules.power import Power, PowerReason, Wanted
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress
from vms.rules.timeline import What


@pytest.fixture
def target(node: Node, alpha: FakeNode) -> BackupTarget:
    return add_target(node, alpha)


@pytest.fixture
def vm(node: Node, alpha: FakeNode) -> Vm:
    return add_machine(node, alpha)


@pytest.fixture
def taking(vm: Vm, target: BackupTarget, anna: Person) -> Operation:
    return ask_for_backup(vm, target, anna, with_memory=True)


def test_it_pauses_goes_on_and_is_as_before(vm: Vm, taking: Operation, alpha: FakeNode):
    take_steps(taking, 1)
    assert (status_of(vm), taking.phase) == ("Paused, backing up", Phase.SAVING_MEMORY)
    assert fresh(vm).wanted == Wanted.RUNNING
    come_to_the_copy(taking, alpha)
    assert (status_of(vm), fresh(vm).wanted) == ("Running, backing up", Wanted.RUNNING)
    assert Disk.objects.get(vm=vm).path == DISK
    assert disks_of(vm, alpha) != [DISK]
    end_copy(taking, alpha)
    take_steps(taking, 1)
    assert (status_of(vm), taking.phase) == ("Running, backing up", Phase.MERGING)
    end_merges(taking, alpha)
    assert (taking.progress, status_of(vm), disks_of(vm, alpha)) == (Progress.SUCCEEDED, "Running", [DISK])
    assert [path for path in alpha.images if "overlay" in path] == []
    backup = Backup.objects.get()
    assert (backup.state, backup.consistency) == (BackupState.GOOD, Consistency.WITH_MEMORY)
    assert not Event.objects.filter(vm=vm, what__in=(What.PAUSED, What.RESUMED)).exists()
    assert f"{FOLDER}/{backup.stem}.memory.bin" in files_in(alpha)
    assert json.loads(files_in(alpha)[f"{FOLDER}/{backup.stem}.backup.json"].content)["memory"]
    assert not Event.objects.filter(what=What.DEFINITION_CHANGED).exists()


def test_the_definition_kept_is_that_without_overlays(vm: Vm, target: BackupTarget, alpha: FakeNode, anna: Person):
    xml = alpha.machines[vm.uuid].xml
    backup = back_up(vm, target, alpha, anna, with_memory=True)
    assert files_in(alpha)[f"{FOLDER}/{backup.stem}.definition.xml"].content.decode() == xml


def test_it_is_whole_and_so_is_the_next_one(vm: Vm, target: BackupTarget, alpha: FakeNode, anna: Person):
    """What the disks have noted is given up before overlays lie on them."""
    back_up(vm, target, alpha, anna)
    change(vm, alpha)
    second = back_up(vm, target, alpha, anna, with_memory=True)
    assert second.is_whole
    assert alpha.machines[vm.uuid].backups.checkpoints == {}
    change(vm, alpha)
    third = back_up(vm, target, alpha, anna)
    assert third.is_whole
    change(vm, alpha)
    assert back_up(vm, target, alpha, anna).below == third


def test_how_far_it_is_does_not_fall_after_the_memory(vm: Vm, taking: Operation, alpha: FakeNode):
    come_to_the_copy(taking, alpha)
    before = taking.permille or 0
    assert 0 < before < 500
    assert taking.bytes_total == vm.memory + 1024**3


def test_cancelled_in_the_middle_nothing_is_left(vm: Vm, taking: Operation, alpha: FakeNode, anna: Person):
    come_to_the_copy(taking, alpha)
    assert cancel(taking, by=anna)
    end_merges(taking, alpha)
    assert taking.progress == Progress.CANCELLED
    assert_nothing_is_left(taking, alpha, "Running")


def test_cancelled_while_it_is_merged_too(vm: Vm, taking: Operation, alpha: FakeNode, anna: Person):
    come_to_the_copy(taking, alpha)
    end_copy(taking, alpha)
    take_steps(taking, until=Phase.MERGING)
    assert cancel(taking, by=anna)
    end_merges(taking, alpha)
    assert taking.progress == Progress.CANCELLED
    assert_nothing_is_left(taking, alpha, "Running")


def test_cancelled_while_its_guest_is_paused_it_goes_on(vm: Vm, taking: Operation, alpha: FakeNode, anna: Person):
    take_steps(taking, 1)
    assert alpha.machines[vm.uuid].power is Power.PAUSED
    assert cancel(taking, by=anna)
    end_merges(taking, alpha)
    assert_nothing_is_left(taking, alpha, "Running")
    assert fresh(vm).wanted == Wanted.RUNNING


def test_a_failed_saving_lets_the_guest_go_on(vm: Vm, taking: Operation, alpha: FakeNode):
    step(taking)
    machine = alpha.machines[vm.uuid]
    machine.backups.memory = Outcome(CallState.FAILED, Problem.NO_SPACE, "No space left on device")
    _lose_overlays(vm, alpha)
    _long_ago(taking)
    end_merges(taking, alpha)
    assert (taking.progress, taking.problem) == (Progress.FAILED, Problem.NO_SPACE)
    assert_nothing_is_left(taking, alpha, "Running")


def _lose_overlays(vm: Vm, there: FakeNode) -> None:
    machine = there.machines[vm.uuid]
    overlay = disks_of(vm, there)[0]
    machine.xml = machine.xml.replace(overlay, DISK)
    machine.live = machine.live.replace(overlay, DISK)
    del there.images[overlay]


def _long_ago(operation: Operation) -> None:
    operation.refresh_from_db()
    since = (timezone.now() - timedelta(minutes=1)).isoformat()
    memory = {**operation.measures["memory"], "since": since}
    Operation.objects.filter(pk=operation.pk).update(measures={**operation.measures, "memory": memory})


def test_a_worker_that_dies_while_its_guest_is_paused_does_not_leave_it_so(vm: Vm, taking: Operation, alpha: FakeNode):
    """Nobody knows whether the memory was to be saved: it is begun anew."""
    step(taking)
    _lose_overlays(vm, alpha)
    alpha.machines[vm.uuid].backups.memory = None
    _long_ago(taking)
    its_worker_died(taking, memory={**memory_of(taking), "by": "gone:1"})
    come_to_the_copy(taking, alpha)
    assert (taking.tries, status_of(vm)) == (2, "Running, backing up")
    end_copy(taking, alpha)
    end_merges(taking, alpha)
    assert (taking.progress, disks_of(vm, alpha)) == (Progress.SUCCEEDED, [DISK])


def memory_of(operation: Operation) -> dict[str, str]:
    operation.refresh_from_db()
    return dict(operation.measures["memory"])


def test_one_that_dies_after_the_memory_was_saved_is_followed_by_one_that_goes_on(
    vm: Vm, taking: Operation, alpha: FakeNode
):
    step(taking)
    its_worker_died(taking, memory={**memory_of(taking), "by": "gone:1"})
    come_to_the_copy(taking, alpha)
    assert (taking.tries, status_of(vm)) == (1, "Running, backing up")


def test_one_that_dies_in_the_middle_of_the_beginning_is_followed_by_one_that_begins_anew(
    vm: Vm, taking: Operation, alpha: FakeNode
):
    step(taking)
    alpha.fail_next("begin_backup", NodeUnreachable("it broke"))
    step(taking)
    assert alpha.machines[vm.uuid].power is Power.PAUSED
    for _ in range(10):
        end_a_merge(vm, alpha)
        take_steps(taking, 1)
    assert (taking.tries, alpha.machines[vm.uuid].power) == (2, Power.RUNNING)
    end_copy(taking, alpha)
    end_merges(taking, alpha)
    assert (taking.progress, disks_of(vm, alpha)) == (Progress.SUCCEEDED, [DISK])


def end_a_merge(vm: Vm, there: FakeNode) -> None:
    for target in there.machines[vm.uuid].backups.merges:
        fake_backing_up.end_merge(there, vm.uuid, target)


@pytest.mark.parametrize("reason", [PowerReason.PROCESS_DIED, PowerReason.SHUT_DOWN])
@pytest.mark.parametrize("phase", [Phase.COPYING_DISKS, Phase.MERGING])
def test_a_guest_that_ends_in_the_middle_leaves_no_overlay(
    vm: Vm, taking: Operation, alpha: FakeNode, reason: PowerReason, phase: Phase
):
    come_to_the_copy(taking, alpha)
    if phase is Phase.MERGING:
        end_copy(taking, alpha)
        take_steps(taking, until=phase)
    alpha.become(vm.uuid, Power.OFF, reason)
    look_everywhere()
    end_merges(taking, alpha)
    assert (disks_of(vm, alpha), alpha.machines[vm.uuid].power) == ([DISK], Power.OFF)
    assert [path for path in alpha.images if "overlay" in path] == []
    if phase is Phase.COPYING_DISKS:
        assert (taking.progress, taking.problem) == (Progress.FAILED, Problem.BACKUP_BROKE)
        assert_nothing_is_left(taking, alpha, "Stopped")
    else:
        assert (taking.progress, Backup.objects.get().state) == (Progress.SUCCEEDED, BackupState.GOOD)


@pytest.mark.parametrize("error", [Refused("not now"), HypervisorError("no")])
def test_what_refuses_to_be_merged_is_tried_until_it_is(
    vm: Vm, taking: Operation, alpha: FakeNode, anna: Person, error: HypervisorError
):
    come_to_the_copy(taking, alpha)
    cancel(taking, by=anna)
    for _ in range(5):
        alpha.fail_next("merge", error)
    end_merges(taking, alpha)
    assert (taking.progress, taking.evidence) == (Progress.CANCELLED, str(error))
    assert_nothing_is_left(taking, alpha, "Running")


def test_an_overlay_that_was_left_over_is_merged_before_the_next_one(
    vm: Vm, taking: Operation, target: BackupTarget, alpha: FakeNode, anna: Person
):
    come_to_the_copy(taking, alpha)
    end_copy(taking, alpha)
    Operation.objects.filter(pk=taking.pk).update(progress=Progress.FAILED, finished_at=timezone.now())
    Backup.objects.all().delete()
    assert disks_of(vm, alpha) != [DISK]
    operation = ask_for_backup(vm, target, anna)
    for _ in range(10):
        end_a_merge(vm, alpha)
        take_steps(operation, 1)
    assert disks_of(vm, alpha) == [DISK]
    assert [path for path in alpha.images if "overlay" in path] == []
    end_copy(operation, alpha)
    assert take_steps(operation).progress == Progress.SUCCEEDED


def test_power_off_calls_it_off_first(vm: Vm, taking: Operation, alpha: FakeNode, anna: Person):
    come_to_the_copy(taking, alpha)
    off = ask(vm, Action.POWER_OFF, anna)
    assert status_of(vm) == "Powering off"
    take_steps(off, 1)
    assert off.phase == Phase.WAITING_FOR_PREVIOUS
    end_merges(taking, alpha)
    assert (taking.progress, taking.problem) == (Progress.CANCELLED, Problem.SUPERSEDED)
    assert taking.problem_values == {"person": "anna"}
    assert take_steps(off).progress == Progress.SUCCEEDED
    assert_nothing_is_left(taking, alpha, "Stopped")


def test_its_guest_goes_on_when_the_copy_stands_still(
    vm: Vm, taking: Operation, alpha: FakeNode, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(backup_begin, "STANDS_STILL_FOR", timedelta(seconds=1))
    Operation.objects.filter(pk=taking.pk).update(limit=MIB)
    come_to_the_copy(taking, alpha)
    machine = alpha.machines[vm.uuid]
    for _ in range(3):
        fake_backing_up.copy_on(alpha, vm.uuid, MIB)
        stood_for_long(taking)
        take_steps(taking, 1)
    assert (status_of(vm), machine.power) == ("Paused, backing up", Power.PAUSED)
    assert machine.backups.backup and machine.backups.backup.limit == backup_begin.HELD
    stood_for_long(taking)
    take_steps(taking, 1)
    assert (status_of(vm), machine.power) == ("Running, backing up", Power.RUNNING)
    assert machine.backups.backup.limit == MIB


def stood_for_long(operation: Operation) -> None:
    operation.refresh_from_db()
    long_ago = (timezone.now() - timedelta(seconds=2)).isoformat()
    still = {**operation.measures["stands_still"], "since": long_ago}
    Operation.objects.filter(pk=operation.pk).update(measures={**operation.measures, "stands_still": still})


def test_its_guest_goes_on_when_all_is_copied(
    vm: Vm, taking: Operation, alpha: FakeNode, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(backup_begin, "STANDS_STILL_FOR", timedelta(hours=1))
    come_to_the_copy(taking, alpha)
    take_steps(taking, 3)
    machine = alpha.machines[vm.uuid]
    assert machine.power is Power.PAUSED
    end_copy(taking, alpha)
    take_steps(taking, 1)
    assert alpha.machines[vm.uuid].power is Power.RUNNING
    assert end_merges(taking, alpha).progress == Progress.SUCCEEDED
