"""A backup copies what changed since an earlier one, or everything if nobody can tell that any more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from directory.models import Person
from tests.operations.taking import (
    MIB,
    add_machine,
    add_target,
    ask_for_backup,
    back_up,
    change,
    come_to_the_copy,
    end_copy,
    take_steps,
)
from vms.hypervisor.errors import ChainBroken
from vms.hypervisor.fake import FakeNode
from vms.models import Backup, BackupTarget, Node, Vm
from vms.rules.backups import BackupState
from vms.rules.power import Power
from vms.rules.progress import Progress


@pytest.fixture
def target(node: Node, alpha: FakeNode) -> BackupTarget:
    return add_target(node, alpha)


@pytest.fixture
def on(node: Node, alpha: FakeNode) -> Vm:
    return add_machine(node, alpha)


@pytest.fixture
def off(node: Node, alpha: FakeNode) -> Vm:
    return add_machine(node, alpha, Power.OFF)


def test_the_second_one_copies_what_changed(on: Vm, target: BackupTarget, alpha: FakeNode, anna: Person):
    first = back_up(on, target, alpha, anna)
    change(on, alpha, 3 * MIB)
    operation = come_to_the_copy(ask_for_backup(on, target, anna), alpha)
    copying = alpha.machines[on.uuid].backups.backup
    assert copying
    assert (copying.total, copying.plan.since) == (3 * MIB, first.checkpoint)
    end_copy(operation, alpha)
    take_steps(operation)
    second = Backup.objects.get(operation=operation)
    assert (second.state, second.below) == (BackupState.GOOD, first)
    assert alpha.images[second.files["vda"]["path"]].below == first.files["vda"]["path"]
    assert list(alpha.machines[on.uuid].backups.checkpoints) == [second.checkpoint]


def test_of_one_that_is_off_too(off: Vm, target: BackupTarget, alpha: FakeNode, anna: Person):
    first = back_up(off, target, alpha, anna)
    assert back_up(off, target, alpha, anna).below == first


def test_each_target_has_a_chain_of_its_own(on: Vm, node: Node, target: BackupTarget, alpha: FakeNode, anna: Person):
    other = add_target(node, alpha, "/others")
    first, there = back_up(on, target, alpha, anna), back_up(on, other, alpha, anna)
    second = back_up(on, target, alpha, anna)
    assert (there.below, second.below) == (None, first)
    assert set(alpha.machines[on.uuid].backups.checkpoints) == {second.checkpoint, there.checkpoint}


def test_it_is_a_whole_one_if_it_was_asked_so_or_enough_stand_on_the_last(
    on: Vm, target: BackupTarget, alpha: FakeNode, anna: Person
):
    chain = [back_up(on, target, alpha, anna, longest_chain=2) for _ in range(4)]
    assert [each.is_whole for each in chain] == [True, False, False, True]
    assert back_up(on, target, alpha, anna, whole=True).is_whole


@pytest.mark.parametrize("loss", ["notes", "checkpoint", "file", "damaged", "going"])
def test_a_broken_chain_begins_anew(on: Vm, target: BackupTarget, alpha: FakeNode, anna: Person, loss: str):
    first = back_up(on, target, alpha, anna)
    checkpoints = alpha.machines[on.uuid].backups
    if loss == "notes":
        checkpoints.lose_notes()
    elif loss == "checkpoint":
        checkpoints.checkpoints.clear()
    elif loss == "file":
        del alpha.images[first.files["vda"]["path"]]
    else:
        Backup.objects.update(state=loss)
    assert back_up(on, target, alpha, anna).below is None


def test_a_clock_that_was_set_back_changes_nothing_of_the_order(
    on: Vm, target: BackupTarget, alpha: FakeNode, anna: Person
):
    first, second = back_up(on, target, alpha, anna), back_up(on, target, alpha, anna)
    Backup.objects.filter(pk=first.pk).update(made_at=second.made_at + timedelta(days=1))
    assert back_up(on, target, alpha, anna).below == second


def test_a_chain_that_breaks_in_the_last_moment_too(on: Vm, target: BackupTarget, alpha: FakeNode, anna: Person):
    back_up(on, target, alpha, anna)
    alpha.fail_next("begin_backup", ChainBroken("there is no whole checkpoint"))
    operation = come_to_the_copy(ask_for_backup(on, target, anna), alpha)
    end_copy(operation, alpha)
    take_steps(operation)
    assert (operation.progress, Backup.objects.get(operation=operation).below) == (Progress.SUCCEEDED, None)


def test_plain_disks_are_always_whole(node: Node, target: BackupTarget, alpha: FakeNode, anna: Person):
    vm = add_machine(node, alpha)
    machine = alpha.machines[vm.uuid]
    machine.xml = machine.xml.replace("type='qcow2'", "type='raw'")
    first, second = back_up(vm, target, alpha, anna), back_up(vm, target, alpha, anna)
    assert (first.checkpoint, second.below) == ("", None)
