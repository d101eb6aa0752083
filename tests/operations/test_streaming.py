"""Machines made from a template: usable at once, streaming until they stand alone, whatever happens meanwhile."""

from __future__ import annotations

import pytest

from directory.models import Person
from tests.operations.streaming import (
    GIB,
    add_origin,
    ask_for,
    come_to_the_pull,
    end_pull,
    look_at,
    take_steps,
)
from tests.operations.working import ask, fresh, status_of, work
from vms.hypervisor.contract import DiskError
from vms.hypervisor.errors import NoSpace
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.machine_xml import describe
from vms.models import Node, Operation, Vm
from vms.operations.requesting import ActionRefused, cancel, change_limit, request_stream
from vms.operations.resuming import pick_up_streams
from vms.rules.actions import Action
from vms.rules.kinds import Kind, Link
from vms.rules.power import Power, PowerReason, Wanted
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress
from vms.rules.reasons import Reason


def test_a_vm_is_made_streams_while_it_is_held_and_stands_alone(template: Vm, alpha: FakeNode, anna: Person):
    operation = ask_for(template, "web-01", by=anna)[0]
    assert status_of(operation.vm) == "Stopped, creating"
    assert status_of(template) == "Stopped, streaming"
    come_to_the_pull(operation, alpha)
    assert status_of(operation.vm) == "Stopped, streaming"
    assert alpha.machines[operation.vm_id].power is Power.PAUSED
    end_pull(operation, alpha)
    take_steps(operation)
    assert operation.progress == Progress.SUCCEEDED
    assert (status_of(operation.vm), status_of(template)) == ("Stopped", "Stopped")
    assert alpha.machines[operation.vm_id].power is Power.OFF
    mark = describe(alpha.machines[operation.vm_id].xml).panel
    assert (mark.kind, mark.display_name, mark.origin, mark.link) == (Kind.VM, "web-01", template.pk, Link.NONE)
    assert len(mark.made_disks) == 1


def test_one_that_is_started_at_once_runs_while_it_streams_and_goes_on_running(
    template: Vm, alpha: FakeNode, anna: Person
):
    operation = come_to_the_pull(ask_for(template, "web-01", by=anna, start=True)[0], alpha)
    assert status_of(operation.vm) == "Running, streaming"
    end_pull(operation, alpha)
    take_steps(operation)
    assert (operation.progress, status_of(operation.vm)) == (Progress.SUCCEEDED, "Running")
    assert fresh(operation.vm).wanted == Wanted.RUNNING


def test_several_disks_are_copied_one_after_the_other_and_count_together(node: Node, alpha: FakeNode, anna: Person):
    template = add_origin(node, alpha, disks=2)
    operation = come_to_the_pull(ask_for(template, "web-01", by=anna)[0], alpha)
    assert list(alpha.machines[operation.vm_id].pulls) == ["vda"]
    end_pull(operation, alpha)
    take_steps(operation, 2)
    assert list(alpha.machines[operation.vm_id].pulls) == ["vdb"]
    assert (operation.bytes_before, operation.bytes_total) == (GIB, 2 * GIB)
    end_pull(operation, alpha, "vdb")
    assert take_steps(operation).progress == Progress.SUCCEEDED


def test_start_in_the_middle_lets_the_guest_go_on_and_the_stream_too(stream: Operation, alpha: FakeNode, anna: Person):
    assert work(ask(stream.vm, Action.START, anna)).progress == Progress.SUCCEEDED
    assert status_of(stream.vm) == "Running, streaming"
    assert list(alpha.machines[stream.vm_id].pulls) == ["vda"]


@pytest.mark.broad
@pytest.mark.parametrize("action", [Action.SHUTDOWN, Action.POWER_OFF])
def test_a_stop_in_the_middle_leaves_it_stopped_and_it_streams_on_by_itself(
    action: Action, stream: Operation, alpha: FakeNode, anna: Person
):
    work(ask(stream.vm, Action.START, anna))
    work(ask(stream.vm, action, anna))
    assert status_of(stream.vm) == "Stopped, streaming"
    assert alpha.machines[stream.vm_id].pulls == {}
    come_to_the_pull(stream, alpha)
    assert (status_of(stream.vm), alpha.machines[stream.vm_id].power) == ("Stopped, streaming", Power.PAUSED)


def test_a_process_that_is_killed_while_it_is_held_is_brought_up_again(stream: Operation, alpha: FakeNode):
    alpha.become(stream.vm_id, Power.OFF, PowerReason.PROCESS_DIED)
    look_at(stream.vm.node)
    assert status_of(stream.vm) == "Stopped, streaming"
    come_to_the_pull(stream, alpha)
    assert status_of(stream.vm) == "Stopped, streaming"


def test_a_guest_whose_process_is_killed_is_crashed_to_people_and_streams_on(
    stream: Operation, alpha: FakeNode, anna: Person
):
    work(ask(stream.vm, Action.START, anna))
    alpha.become(stream.vm_id, Power.OFF, PowerReason.PROCESS_DIED)
    look_at(stream.vm.node)
    assert status_of(stream.vm) == "Crashed"
    come_to_the_pull(stream, alpha)
    look_at(stream.vm.node)
    assert (status_of(stream.vm), alpha.machines[stream.vm_id].power) == ("Crashed", Power.PAUSED)
    work(ask(stream.vm, Action.START, anna))
    assert status_of(stream.vm) == "Running, streaming"


def test_cancelled_it_stays_linked_to_its_template_until_it_streams_again(
    stream: Operation, template: Vm, alpha: FakeNode, anna: Person
):
    assert cancel(stream, by=anna)
    take_steps(stream)
    assert (stream.progress, status_of(stream.vm)) == (Progress.CANCELLED, "Stopped")
    assert describe(alpha.machines[stream.vm_id].xml).panel.link is Link.LINKED
    assert (fresh(stream.vm).link, status_of(template)) == (Link.LINKED, "Stopped, streaming")
    with pytest.raises(ActionRefused) as refused:
        ask(template, Action.START, anna)
    assert refused.value.reason is Reason.TEMPLATE_IS_STREAMED_FROM
    assert pick_up_streams(limit=0) == []
    again = request_stream(fresh(stream.vm), limit=0, by=anna)
    assert again is not None
    end_pull(come_to_the_pull(again, alpha), alpha)
    assert (take_steps(again).progress, status_of(template)) == (Progress.SUCCEEDED, "Stopped")


def test_cancelled_before_it_is_handed_over_nothing_is_left(template: Vm, alpha: FakeNode, anna: Person):
    images = set(alpha.images)
    operation = ask_for(template, "web-01", by=anna)[0]
    take_steps(operation, 0)
    alpha.fail_next("define", NoSpace("No space left on device"))
    take_steps(operation)
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.NO_SPACE)
    assert set(alpha.images) == images
    assert list(alpha.machines) == [template.pk]
    assert fresh(operation.vm).deleted_at is not None
    assert status_of(template) == "Stopped"
    assert ask_for(template, "web-01", by=anna)


def test_cancelled_before_it_began_its_row_is_gone_and_its_name_is_free(template: Vm, anna: Person, alpha: FakeNode):
    operation = ask_for(template, "web-01", by=anna)[0]
    assert cancel(operation, by=anna)
    assert fresh(operation.vm).deleted_at is not None
    assert status_of(template) == "Stopped"
    assert ask_for(template, "WEB-01", by=anna)


def test_an_image_of_the_template_that_is_missing_is_named(template: Vm, alpha: FakeNode, anna: Person):
    operation = ask_for(template, "web-01", by=anna)[0]
    del alpha.images["/images/debian-a.qcow2"]
    take_steps(operation)
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.ORIGIN_DISK_MISSING)
    assert operation.problem_values == {"path": "/images/debian-a.qcow2"}
    assert fresh(operation.vm).deleted_at is not None


def test_deleted_in_the_middle_nothing_is_left_and_the_template_is_free(
    stream: Operation, template: Vm, alpha: FakeNode, anna: Person
):
    disks = list(stream.vm.disks.values_list("path", flat=True))
    deletion = work(ask(stream.vm, Action.DELETE, anna, disks=disks))
    assert deletion.progress == Progress.SUCCEEDED
    stream.refresh_from_db()
    assert (stream.progress, stream.problem) == (Progress.CANCELLED, Problem.DELETED_MEANWHILE)
    assert set(alpha.images) == {"/images/debian-a.qcow2"}
    assert status_of(template) == "Stopped"


def test_copying_that_breaks_again_and_again_ends_linked_and_says_so(stream: Operation, alpha: FakeNode):
    for _ in range(3):
        come_to_the_pull(stream, alpha)
        alpha.break_pull(stream.vm_id, "vda")
    take_steps(stream)
    assert (stream.progress, stream.problem) == (Progress.FAILED, Problem.STREAM_BROKE)
    assert (fresh(stream.vm).link, alpha.machines[stream.vm_id].power) == (Link.LINKED, Power.OFF)


def test_a_full_storage_is_waited_for(stream: Operation, alpha: FakeNode):
    pool = alpha.pools["/images"]
    room, pool.free = pool.free, 0
    alpha.break_pull(stream.vm_id, "vda")
    take_steps(stream, 2)
    assert (stream.progress, stream.phase) == (Progress.WORKING, Phase.WAITING_FOR_SPACE)
    pool.free = room
    come_to_the_pull(stream, alpha)


def test_a_guest_held_by_a_full_disk_goes_on_when_there_is_room(stream: Operation, alpha: FakeNode, anna: Person):
    work(ask(stream.vm, Action.START, anna))
    pool = alpha.pools["/images"]
    room, pool.free = pool.free, 0
    alpha.machines[stream.vm_id].disk_errors = [DiskError("vda", no_space=True)]
    alpha.become(stream.vm_id, Power.PAUSED, PowerReason.IO_ERROR)
    look_at(stream.vm.node)
    take_steps(stream, 1)
    assert (status_of(stream.vm), stream.phase) == ("Paused", Phase.WAITING_FOR_SPACE)
    pool.free = room
    take_steps(stream, 1)
    assert (alpha.machines[stream.vm_id].power, status_of(stream.vm)) == (Power.RUNNING, "Running, streaming")


def test_so_many_stream_at_once_on_a_node_and_the_others_wait_visibly(
    template: Vm, alpha: FakeNode, anna: Person, settings
):
    settings.STREAMS_PER_NODE = 1
    first, second = ask_for(template, "web-01", "web-02", by=anna)
    come_to_the_pull(first, alpha)
    take_steps(second, 3)
    assert (second.phase, status_of(second.vm)) == (Phase.WAITING_FOR_TURN, "Stopped, streaming")
    end_pull(first, alpha)
    take_steps(first)
    come_to_the_pull(second, alpha)


def test_the_limit_can_be_changed_while_it_streams(stream: Operation, alpha: FakeNode, anna: Person, otto: Person):
    assert alpha.machines[stream.vm_id].pulls == {"vda": 0}
    change_limit(stream, 7_000_000, by=anna)
    take_steps(stream, 1)
    assert alpha.machines[stream.vm_id].pulls == {"vda": 7_000_000}
