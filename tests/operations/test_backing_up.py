"""Machines are backed up: what is copied, what is seen meanwhile, and what is left of it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from directory.models import Person
from tests.operations.migrating import add_mover, look_everywhere
from tests.operations.taking import (
    DISK,
    FOLDER,
    GIB,
    MIB,
    add_machine,
    add_target,
    ask_for_backup,
    back_up,
    come_to_the_copy,
    end_copy,
    files_in,
    take_steps,
)
from tests.operations.working import ask, fresh, status_of, work
from vms.hypervisor.fake import FakeNode
from vms.models import Backup, BackupTarget, Disk, Node, Vm
from vms.operations.following import follow
from vms.operations.requesting import change_limit
from vms.operations.resuming import next_in_turn
from vms.operations.steps import backing_up
from vms.rules.actions import Action
from vms.rules.backups import BackupState, Consistency
from vms.rules.power import Power, PowerReason, Wanted
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress


@pytest.fixture
def target(node: Node, alpha: FakeNode) -> BackupTarget:
    return add_target(node, alpha)


@pytest.fixture
def on(node: Node, alpha: FakeNode) -> Vm:
    return add_machine(node, alpha)


@pytest.fixture
def off(node: Node, alpha: FakeNode) -> Vm:
    return add_machine(node, alpha, Power.OFF)


def test_one_that_runs_is_copied_while_it_runs(on: Vm, target: BackupTarget, alpha: FakeNode, anna: Person):
    operation = ask_for_backup(on, target, anna)
    assert status_of(on) == "Running, backing up"
    come_to_the_copy(operation, alpha)
    assert (status_of(on), operation.phase) == ("Running, backing up", Phase.COPYING_DISKS)
    end_copy(operation, alpha)
    take_steps(operation)
    assert (operation.progress, status_of(on)) == (Progress.SUCCEEDED, "Running")
    backup = Backup.objects.get()
    assert (backup.state, backup.below, backup.consistency) == (BackupState.GOOD, None, Consistency.POWER_CUT)
    assert (backup.node, fresh(on).last_backup_at) == (on.node, backup.made_at)
    assert backup.files["vda"] == {
        "path": f"{FOLDER}/{backup.stem}.vda.qcow2",
        "format": "qcow2",
        "capacity": GIB,
        "size": 0,
    }
    parts = ("backup.json", "definition.xml", "vda.qcow2")
    assert set(files_in(alpha)) == {f"{FOLDER}/{backup.stem}.{part}" for part in parts}


def test_its_list_tells_all_that_is_needed_without_the_panel(
    on: Vm, target: BackupTarget, alpha: FakeNode, anna: Person
):
    backup = back_up(on, target, alpha, anna)
    listed = json.loads(files_in(alpha)[f"{FOLDER}/{backup.stem}.backup.json"].content)
    assert listed["machine"]["uuid"] == str(on.uuid)
    assert listed["definition"] == f"{backup.stem}.definition.xml"
    assert listed["disks"]["vda"]["file"] == f"{backup.stem}.vda.qcow2"
    assert (listed["stands_on"], listed["memory"]) == (None, None)
    definition = files_in(alpha)[f"{FOLDER}/{backup.stem}.definition.xml"].content.decode()
    assert definition == alpha.machines[on.uuid].xml


def test_one_that_is_off_gets_a_process_and_loses_it_again(
    off: Vm, target: BackupTarget, alpha: FakeNode, anna: Person
):
    operation = come_to_the_copy(ask_for_backup(off, target, anna), alpha)
    assert (status_of(off), alpha.machines[off.uuid].power) == ("Stopped, backing up", Power.PAUSED)
    end_copy(operation, alpha)
    take_steps(operation)
    assert (status_of(off), alpha.machines[off.uuid].power) == ("Stopped", Power.OFF)
    assert Backup.objects.get().consistency == Consistency.OFF


def test_start_in_the_middle_lets_the_guest_go_on_and_the_backup_too(
    off: Vm, target: BackupTarget, alpha: FakeNode, anna: Person
):
    operation = come_to_the_copy(ask_for_backup(off, target, anna), alpha)
    assert work(ask(off, Action.START, anna)).progress == Progress.SUCCEEDED
    assert status_of(off) == "Running, backing up"
    end_copy(operation, alpha)
    take_steps(operation)
    assert (operation.progress, status_of(off)) == (Progress.SUCCEEDED, "Running")
    assert Backup.objects.get().consistency == Consistency.OFF


@pytest.mark.parametrize(("answers", "consistency"), [(True, Consistency.AT_REST), (False, Consistency.POWER_CUT)])
def test_file_systems_are_at_rest_if_the_guest_s_agent_answers(
    on: Vm, target: BackupTarget, alpha: FakeNode, anna: Person, *, answers: bool, consistency: Consistency
):
    alpha.machines[on.uuid].agent_answers = answers
    assert back_up(on, target, alpha, anna).consistency == consistency


def test_they_are_left_alone_if_it_was_asked_so(on: Vm, target: BackupTarget, alpha: FakeNode, anna: Person):
    alpha.machines[on.uuid].agent_answers = True
    assert back_up(on, target, alpha, anna, freezes=False).consistency == Consistency.POWER_CUT


def test_what_could_not_be_thawed_at_once_is_thawed_later(on: Vm, target: BackupTarget, alpha: FakeNode, anna: Person):
    machine = alpha.machines[on.uuid]
    machine.agent_answers, machine.backups.thaws = True, False
    operation = come_to_the_copy(ask_for_backup(on, target, anna), alpha)
    assert machine.backups.is_frozen
    machine.backups.thaws = True
    take_steps(operation, 1)
    assert not machine.backups.is_frozen
    calls = alpha.calls.count("thaw")
    take_steps(operation, 1)
    assert alpha.calls.count("thaw") == calls


def test_it_is_no_good_one_before_its_guest_works_again(
    on: Vm, target: BackupTarget, alpha: FakeNode, anna: Person, monkeypatch: pytest.MonkeyPatch
):
    machine = alpha.machines[on.uuid]
    machine.agent_answers, machine.backups.thaws = True, False
    operation = come_to_the_copy(ask_for_backup(on, target, anna), alpha)
    end_copy(operation, alpha)
    take_steps(operation, 3)
    assert (operation.finished_at, operation.phase) == (None, Phase.WAITING_FOR_GUEST)
    monkeypatch.setattr(backing_up, "THAWS_WITHIN", timedelta(0))
    assert take_steps(operation).progress == Progress.SUCCEEDED


def test_a_paused_one_is_copied_as_it_is_and_stays_paused(on: Vm, target: BackupTarget, alpha: FakeNode, anna: Person):
    work(ask(on, Action.PAUSE, anna))
    backup = back_up(on, target, alpha, anna, with_memory=True)
    assert (backup.consistency, status_of(on)) == (Consistency.POWER_CUT, "Paused")


def test_a_crashed_one_is_copied_as_it_is(on: Vm, target: BackupTarget, alpha: FakeNode, anna: Person):
    alpha.become(on.uuid, Power.OFF, PowerReason.PROCESS_DIED)
    look_everywhere()
    operation = come_to_the_copy(ask_for_backup(on, target, anna), alpha)
    assert status_of(on) == "Crashed"
    follow(fresh(on), Power.PAUSED, PowerReason.BY_REQUEST)  # a watcher that comes back sees it once more
    assert (status_of(on), fresh(on).wanted) == ("Crashed", Wanted.RUNNING)
    end_copy(operation, alpha)
    assert take_steps(operation).progress == Progress.SUCCEEDED
    assert Backup.objects.get().consistency == Consistency.POWER_CUT
    assert alpha.machines[on.uuid].power is Power.OFF


def test_drives_and_disks_that_others_write_to_are_left_out(
    node: Node, target: BackupTarget, alpha: FakeNode, anna: Person
):
    vm = add_machine(node, alpha, Power.RUNNING, DISK, "/images/shared.qcow2", "/images/read.qcow2")
    machine = alpha.machines[vm.uuid]
    for path, mark in (("/images/shared.qcow2", "shareable"), ("/images/read.qcow2", "readonly")):
        machine.xml = machine.xml.replace(f"<source file='{path}'/>", f"<source file='{path}'/><{mark}/>")
    assert set(back_up(vm, target, alpha, anna).files) == {"vda"}


def test_how_far_it_is_is_told_and_never_falls(on: Vm, target: BackupTarget, alpha: FakeNode, anna: Person):
    operation = come_to_the_copy(ask_for_backup(on, target, anna), alpha)
    backup = alpha.machines[on.uuid].backups.backup
    assert backup
    for done, permille in ((GIB // 4, 250), (GIB // 2, 500), (GIB // 4, 500)):
        backup.done = done
        take_steps(operation, 1)
        assert operation.permille == permille


def test_its_limit_can_be_changed(on: Vm, target: BackupTarget, alpha: FakeNode, anna: Person):
    operation = come_to_the_copy(ask_for_backup(on, target, anna, limit=4 * MIB), alpha)
    backup = alpha.machines[on.uuid].backups.backup
    assert backup
    assert (backup.plan.limit, backup.limit) == (4 * MIB, 4 * MIB)
    change_limit(operation, 7 * MIB, by=anna)
    take_steps(operation, 1)
    assert backup.limit == 7 * MIB


def test_only_so_many_at_once_the_others_wait(
    node: Node, target: BackupTarget, alpha: FakeNode, anna: Person, settings: Settings
):
    settings.BACKUPS_PER_NODE = 1
    one = add_machine(node, alpha)
    other = add_mover(node, alpha, "/images/web2.qcow2", name="web2")
    first, second = ask_for_backup(one, target, anna), ask_for_backup(other, target, anna)
    take_steps(second, 2)
    assert second.phase == Phase.WAITING_FOR_TURN
    come_to_the_copy(first, alpha)
    end_copy(first, alpha)
    assert take_steps(first).progress == Progress.SUCCEEDED
    assert next_in_turn(first.pk) == [second.pk]
    come_to_the_copy(second, alpha)


def test_without_the_folder_it_fails(on: Vm, target: BackupTarget, alpha: FakeNode, anna: Person):
    del alpha.pools[FOLDER]
    operation = take_steps(ask_for_backup(on, target, anna))
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.TARGET_MISSING)
    assert operation.problem_values == {"folder": FOLDER, "node": "alpha"}


@pytest.mark.parametrize("power", [Power.RUNNING, Power.OFF])
def test_without_room_nothing_is_begun(node: Node, target: BackupTarget, alpha: FakeNode, anna: Person, power: Power):
    vm = add_machine(node, alpha, power)
    alpha.images[DISK].allocation = GIB
    alpha.pools[FOLDER].free = GIB
    operation = take_steps(ask_for_backup(vm, target, anna))
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.NO_ROOM_FOR_BACKUP)
    assert operation.problem_values["free"] == str(GIB)
    assert int(operation.problem_values["needed"]) > GIB
    assert "begin_backup" not in alpha.calls
    assert alpha.machines[vm.uuid].power is power
    assert not Backup.objects.exists()


def test_wishes_stay_what_they_are(off: Vm, target: BackupTarget, alpha: FakeNode, anna: Person):
    back_up(off, target, alpha, anna)
    assert (fresh(off).wanted, fresh(off).power) == (Wanted.OFF, Power.OFF)
    assert Disk.objects.get(vm=off).path == DISK
