"""Machines made from others: asked for by people, found again by a panel set up afresh, mended after a sudden end."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from directory.models import Person
from tests.operations.streaming import (
    add_origin,
    ask_for,
    come_to_the_pull,
    end_pull,
    look_at,
    pool_of,
    take_steps,
)
from tests.operations.working import ask, fresh, status_of, work
from vms.hypervisor.errors import DiskMissing, WrongState
from vms.hypervisor.fake import FakeNode
from vms.models import Node, Operation, Vm
from vms.operations.requesting import ActionRefused, NamesTaken, cancel
from vms.operations.resuming import pick_up_streams
from vms.rules.actions import Action
from vms.rules.kinds import Kind, Link
from vms.rules.power import Power, PowerReason
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.reasons import Reason


def test_a_name_that_is_taken_is_refused_and_nothing_is_made(template: Vm, anna: Person, berta: Person):
    ask_for(template, "web-01", by=anna)
    with pytest.raises(NamesTaken) as taken:
        ask_for(template, "web-00", "Web-01", "DEBIAN", by=berta)
    assert taken.value.names == ["DEBIAN", "Web-01"]
    assert Vm.objects.count() == 2


def test_the_same_page_submitted_twice_makes_them_once(template: Vm, anna: Person, berta: Person):
    key = uuid4()
    first = ask_for(template, "web-01", "web-02", by=anna, key=key)
    again = ask_for(template, "web-01", "web-02", by=anna, key=key)
    assert [operation.pk for operation in again] == [operation.pk for operation in first]
    with pytest.raises(PermissionDenied):
        ask_for(template, "web-01", "web-02", by=berta, key=key)


def test_who_may_only_start_and_stop_makes_nothing(template: Vm, otto: Person):
    pool_of(template.node)
    with pytest.raises(PermissionDenied):
        ask_for(template, "web-01", by=otto)
    assert Vm.objects.count() == 1


def test_a_vm_can_be_cloned_and_cannot_be_started_or_deleted_meanwhile(node: Node, alpha: FakeNode, anna: Person):
    origin = add_origin(node, alpha, kind=Kind.VM, name="db-01")
    operation = come_to_the_pull(ask_for(origin, "db-02", by=anna)[0], alpha)
    assert (operation.action, status_of(origin)) == (Action.CLONE, "Stopped")
    for action in (Action.START, Action.DELETE):
        with pytest.raises(ActionRefused) as refused:
            ask(origin, action, anna)
        assert refused.value.reason is Reason.IS_BEING_COPIED
    assert ask_for(origin, "db-03", by=anna)
    end_pull(operation, alpha)
    assert take_steps(operation).progress == Progress.SUCCEEDED


def test_a_copy_that_becomes_a_template_is_one_at_the_end_only(node: Node, template: Vm, alpha: FakeNode, anna: Person):
    origin = add_origin(node, alpha, kind=Kind.VM, name="db-01")
    operation = come_to_the_pull(ask_for(origin, "db-template", by=anna, kind=Kind.TEMPLATE)[0], alpha)
    assert status_of(operation.vm) == "Stopped, creating"
    cancel(operation, by=anna)
    take_steps(operation)
    assert (operation.progress, fresh(operation.vm).deleted_at is None) == (Progress.CANCELLED, False)
    assert operation.vm_id not in alpha.machines


def test_a_panel_set_up_afresh_finds_template_and_dependants_and_lets_them_stream_on(
    stream: Operation, template: Vm, alpha: FakeNode
):
    node, machine = stream.vm.node, stream.vm_id
    Operation.objects.all().delete()
    Vm.objects.all().delete()
    look_at(node)
    found, origin = fresh(Vm(pk=machine)), fresh(template)
    assert (found.display_name, found.origin_id, found.link) == ("web-01", template.pk, Link.STREAMING)
    assert (origin.kind, origin.mode) == (Kind.TEMPLATE, "ready for use")
    (picked_up,) = pick_up_streams(limit=5)
    assert pick_up_streams(limit=5) == []
    assert (status_of(found), status_of(origin)) == ("Stopped, streaming", "Stopped, streaming")
    operation = Operation.objects.get(pk=picked_up)
    take_steps(operation, 1)
    end_pull(operation, alpha)
    assert take_steps(operation).progress == Progress.SUCCEEDED
    assert (status_of(found), status_of(origin)) == ("Stopped", "Stopped")


def test_a_machine_that_is_undefined_behind_the_back_fails_in_words(stream: Operation, alpha: FakeNode):
    del alpha.machines[stream.vm_id]
    take_steps(stream)
    assert (stream.progress, stream.problem) == (Progress.FAILED, Problem.VM_NOT_FOUND)
    assert pick_up_streams(limit=0) == []


@pytest.mark.parametrize("error", [WrongState("it is off")])
def test_what_changes_between_look_and_call_is_looked_at_again(error: WrongState, stream: Operation, alpha: FakeNode):
    alpha.fail_next("images_below", error)
    take_steps(stream, 1)
    assert stream.progress == Progress.WORKING


def test_a_disk_that_disappears_while_it_is_off_ends_the_stream_with_the_reason(stream: Operation, alpha: FakeNode):
    alpha.become(stream.vm_id, Power.OFF, PowerReason.PROCESS_DIED)
    alpha.fail_next("start_paused", DiskMissing("no such file"))
    take_steps(stream)
    assert (stream.progress, stream.problem) == (Progress.FAILED, Problem.DISK_MISSING)
    assert fresh(stream.vm).link == Link.LINKED


@pytest.mark.parametrize("start", [False, True])
def test_a_disk_whose_process_died_before_all_was_written_down_is_copied_again(
    start: bool, stream: Operation, alpha: FakeNode, anna: Person
):
    """QEMU has taken the link out of the image, and nobody made sure of what it copied."""
    alpha.end_pull(stream.vm_id, "vda")
    alpha.become(stream.vm_id, Power.OFF, PowerReason.PROCESS_DIED)
    look_at(stream.vm.node)
    if start:
        work(ask(stream.vm, Action.START, anna))
    else:
        take_steps(stream, 1)
    written = alpha.machines[stream.vm_id].xml
    assert '<backingStore type="file"><format type="qcow2"/><source file="/images/debian-a.qcow2"/>' in written


def test_a_disk_that_is_known_to_be_whole_is_left_alone_when_its_process_dies(
    node: Node, alpha: FakeNode, anna: Person
):
    template = add_origin(node, alpha, disks=2)
    operation = come_to_the_pull(ask_for(template, "web-01", by=anna)[0], alpha)
    end_pull(operation, alpha)
    take_steps(operation, 1)
    alpha.become(operation.vm_id, Power.OFF, PowerReason.PROCESS_DIED)
    take_steps(operation, 2)
    assert "backingStore" not in alpha.machines[operation.vm_id].xml
    assert list(alpha.machines[operation.vm_id].pulls) == ["vdb"]
