"""What is to become of a machine that two nodes know: a person says so, and both are asked again before it is done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from directory.models import Person
from tests.operations.working import fresh, look, status_of, step, work
from vms.hypervisor.fake import FakeNode
from vms.models import AuditLine, Double, Event, Node, Operation, Vm
from vms.models.facts import facts_of
from vms.operations.doubles import Ending, disregard, request_ending
from vms.operations.dropping import drop_what_was_left
from vms.operations.promising import ActionRefused
from vms.operations.reaching import reach
from vms.rules.actions import Action, Slot
from vms.rules.asking import possible
from vms.rules.audit import Outcome, Request
from vms.rules.moving import Move
from vms.rules.power import Power, PowerReason
from vms.rules.preflight import Way
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.reasons import Reason
from vms.rules.timeline import What
from vms.watcher.looking import Lookout
from vms.watcher.recording import record

pytestmark = pytest.mark.django_db

EFI = (
    "<domain type='qemu'><name>web1</name><uuid>{uuid}</uuid><memory unit='MiB'>8</memory><os><type arch='x86_64'>hvm"
    "</type><nvram>/images/web1.vars</nvram></os><devices><disk type='file' device='disk'><driver type='qcow2'/>"
    "<source file='/images/web1.qcow2'/><target dev='vda' bus='virtio'/></disk></devices></domain>"
)


def seen_on(node: Node) -> None:
    for news in Lookout(node, reach(node)).everything():
        record(news)


@pytest.fixture
def doubled(vm: Vm, second_node: Node, beta: FakeNode) -> Vm:
    """Off on alpha, to which it belongs, and on beta."""
    beta.add(vm.name, uuid=vm.uuid, xml=EFI.format(uuid=vm.uuid))
    beta.add_image("/images/web1.qcow2")
    beta.add_image("/images/web1.vars", image_format="raw")
    seen_on(second_node)
    return fresh(vm)


def forget(vm: Vm, there: Node, kept: Node, by: Person) -> Operation:
    return request_ending(vm, Ending(Action.FORGET_DOUBLE, there=there, kept=kept), by=by)


@pytest.mark.parametrize("action", [Action.START, Action.MIGRATE, Action.DELETE, Action.EDIT, Action.CLONE])
def test_until_somebody_has_said_which_one_counts_nothing_else_is_possible(doubled: Vm, action: Action):
    answer = possible(facts_of(doubled, []), action)
    assert (answer.allowed, answer.reason) == (False, Reason.ALSO_ELSEWHERE)


@pytest.mark.parametrize("action", [Action.SHUTDOWN, Action.POWER_OFF, Action.USE])
def test_it_can_still_be_switched_off_and_looked_at(doubled: Vm, action: Action, alpha: FakeNode, node: Node):
    alpha.become(doubled.pk, Power.RUNNING)
    seen_on(node)
    assert possible(facts_of(fresh(doubled), []), action).allowed


def test_the_other_node_forgets_it_and_no_file_is_deleted(
    doubled: Vm, node: Node, second_node: Node, beta: FakeNode, anna: Person
):
    operation = work(forget(doubled, second_node, node, anna))
    assert operation.progress == Progress.SUCCEEDED
    assert doubled.pk not in beta.machines
    assert set(beta.images) == {"/images/web1.qcow2", "/images/web1.vars"}
    assert (fresh(doubled).node, fresh(doubled).is_doubled(), status_of(doubled)) == (node, False, "Stopped")
    assert possible(facts_of(fresh(doubled), []), Action.START).allowed
    lines = AuditLine.objects.filter(request=Action.FORGET_DOUBLE).order_by("pk")
    assert [(line.outcome, line.person_name) for line in lines] == [
        (Outcome.ACCEPTED, "anna"),
        (Outcome.SUCCEEDED, "anna"),
    ]
    assert lines[0].values == {"there": "beta", "kept": "alpha"}


def test_the_one_elsewhere_may_be_the_one_to_keep(
    doubled: Vm, node: Node, second_node: Node, alpha: FakeNode, anna: Person
):
    operation = work(forget(doubled, node, second_node, anna), watched=False)
    assert operation.progress == Progress.SUCCEEDED
    assert doubled.pk not in alpha.machines
    assert (fresh(doubled).node, status_of(doubled)) == (second_node, "Stopped")
    assert not Double.objects.exists()
    assert Event.objects.get(what=What.MOVED).values == {"old": "alpha", "new": "beta"}
    seen_on(node)
    seen_on(second_node)
    assert (fresh(doubled).node, fresh(doubled).gone_at) == (second_node, None)


def test_one_that_was_switched_on_meanwhile_is_not_forgotten(
    doubled: Vm, node: Node, second_node: Node, beta: FakeNode, anna: Person
):
    operation = forget(doubled, second_node, node, anna)
    beta.become(doubled.pk, Power.RUNNING)
    work(operation, watched=False)
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.IS_ON_THERE)
    assert operation.problem_values == {"there": "beta", "kept": "alpha"}
    assert doubled.pk in beta.machines


@pytest.mark.parametrize("defined", [True, False])
def test_the_last_definition_is_never_forgotten(
    defined: bool, doubled: Vm, node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode, anna: Person
):
    operation = forget(doubled, second_node, node, anna)
    if defined:
        del alpha.machines[doubled.pk]
    else:
        alpha.machines[doubled.pk].defined = False
    work(operation, watched=False)
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.IS_THE_ONLY_ONE)
    assert doubled.pk in beta.machines


def test_one_that_is_gone_already_is_just_done(
    doubled: Vm, node: Node, second_node: Node, beta: FakeNode, anna: Person
):
    operation = forget(doubled, second_node, node, anna)
    del beta.machines[doubled.pk]
    assert work(operation, watched=False).progress == Progress.SUCCEEDED
    assert not fresh(doubled).is_doubled()


def test_a_step_that_is_taken_again_does_no_harm(
    doubled: Vm, node: Node, second_node: Node, alpha: FakeNode, anna: Person
):
    operation = forget(doubled, node, second_node, anna)
    step(operation)
    Operation.objects.filter(pk=operation.pk).update(
        progress=Progress.WORKING, finished_at=None, steps_done=0, step_began_at=timezone.now()
    )
    operation.refresh_from_db()
    assert work(operation, watched=False).progress == Progress.SUCCEEDED
    assert fresh(doubled).node == second_node


def test_one_of_two_that_run_is_powered_off(
    doubled: Vm, node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode, anna: Person
):
    alpha.become(doubled.pk, Power.RUNNING)
    seen_on(node)
    beta.become(doubled.pk, Power.RUNNING)
    seen_on(second_node)
    operation = request_ending(doubled, Ending(Action.END_DOUBLE, there=second_node, kept=node), by=anna)
    work(operation)
    assert operation.progress == Progress.SUCCEEDED
    assert (alpha.machines[doubled.pk].power, beta.machines[doubled.pk].power) == (Power.RUNNING, Power.OFF)
    assert status_of(doubled) == "Running"
    seen_on(second_node)
    assert work(forget(doubled, second_node, node, anna)).progress == Progress.SUCCEEDED


def test_the_only_one_that_runs_is_not_powered_off(
    doubled: Vm, node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode, anna: Person
):
    alpha.become(doubled.pk, Power.RUNNING)
    seen_on(node)
    beta.become(doubled.pk, Power.RUNNING)
    seen_on(second_node)
    operation = request_ending(doubled, Ending(Action.END_DOUBLE, there=second_node, kept=node), by=anna)
    alpha.become(doubled.pk, Power.OFF, PowerReason.SHUT_DOWN)
    work(operation, watched=False)
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.IS_THE_ONLY_ONE)
    assert beta.machines[doubled.pk].power is Power.RUNNING


def test_what_cannot_be_asked_for(doubled: Vm, node: Node, second_node: Node, beta: FakeNode, anna: Person):
    def reason(ending: Ending) -> Reason:
        with pytest.raises(ActionRefused) as refused:
            request_ending(doubled, ending, by=anna)
        return refused.value.reason

    assert reason(Ending(Action.END_DOUBLE, there=second_node, kept=node)) == Reason.IS_STOPPED
    assert reason(Ending(Action.FORGET_DOUBLE, there=node, kept=node)) == Reason.GONE_FROM_NODE
    Double.objects.update(power=Power.RUNNING)
    assert reason(Ending(Action.FORGET_DOUBLE, there=second_node, kept=node)) == Reason.MUST_BE_STOPPED
    second_node.reachable = False
    second_node.save()
    assert reason(Ending(Action.FORGET_DOUBLE, there=node, kept=second_node)) == Reason.IS_UNKNOWN
    assert not Operation.objects.exists()
    assert set(AuditLine.objects.filter(outcome=Outcome.REFUSED).values_list("subject_name", flat=True)) == {"web1"}


def test_who_may_only_operate_decides_nothing(doubled: Vm, node: Node, second_node: Node, otto: Person):
    with pytest.raises(PermissionDenied):
        forget(doubled, second_node, node, otto)
    with pytest.raises(PermissionDenied):
        disregard(doubled, second_node, by=otto)


def test_without_a_node_that_will_not_come_back(doubled: Vm, second_node: Node, anna: Person):
    assert not disregard(doubled, second_node, by=anna), "it answers"
    Node.objects.filter(pk=second_node.pk).update(reachable=False)
    assert disregard(doubled, second_node, by=anna)
    assert possible(facts_of(fresh(doubled), []), Action.START).allowed
    outcomes = AuditLine.objects.filter(request=Request.DISREGARD_DOUBLE).order_by("pk")
    assert [line.outcome for line in outcomes] == [Outcome.REFUSED, Outcome.ACCEPTED]
    seen_on(second_node)
    assert fresh(doubled).is_doubled()


def moved_by_the_panel(vm: Vm, home: Node, to: Node, ended: timedelta = timedelta(minutes=5)) -> None:
    arguments = Move(home=home.pk, to=to.pk, way=Way.LIVE).to_arguments()
    Operation.objects.create(
        vm=vm, node=home, action=Action.MIGRATE, slot=Slot.JOB, arguments=arguments,
        progress=Progress.SUCCEEDED, finished_at=timezone.now() - ended,
    )  # fmt: skip


def come_back(node: Node) -> None:
    Node.objects.filter(pk=node.pk).update(reachable=True, contact_since=timezone.now())
    seen_on(node)


def test_what_a_node_brings_back_of_a_machine_that_the_panel_moved_away_is_dropped_by_itself(
    vm: Vm, node: Node, second_node: Node, beta: FakeNode
):
    moved_by_the_panel(vm, second_node, node)
    beta.add(vm.name, uuid=vm.uuid)
    come_back(second_node)
    (operation,) = [Operation.objects.get(pk=pk) for pk in drop_what_was_left()]
    assert (operation.requested_by_name, work(operation).progress) == ("", Progress.SUCCEEDED)
    assert vm.pk not in beta.machines
    assert not fresh(vm).is_doubled()
    assert drop_what_was_left() == []


def test_what_was_defined_there_anew_is_left_to_people(vm: Vm, node: Node, second_node: Node, beta: FakeNode):
    Node.objects.filter(pk=second_node.pk).update(contact_since=timezone.now() - timedelta(hours=1))
    moved_by_the_panel(vm, second_node, node)
    beta.add(vm.name, uuid=vm.uuid)
    seen_on(second_node)
    assert fresh(vm).is_doubled()
    assert drop_what_was_left() == []


def test_what_nobody_moved_is_left_to_people(doubled: Vm, second_node: Node):
    Node.objects.filter(pk=second_node.pk).update(contact_since=timezone.now())
    assert drop_what_was_left() == []


@pytest.mark.parametrize(("power", "reason"), [(Power.RUNNING, PowerReason.NONE), (Power.OFF, PowerReason.SAVED)])
def test_what_is_on_or_keeps_memory_is_left_to_people(
    power: Power, reason: PowerReason, vm: Vm, node: Node, second_node: Node, beta: FakeNode
):
    moved_by_the_panel(vm, second_node, node)
    Vm.objects.filter(pk=vm.pk).update(power=Power.RUNNING)
    machine = beta.add(vm.name, power, uuid=vm.uuid)
    machine.reason = reason
    come_back(second_node)
    assert fresh(vm).is_doubled()
    assert drop_what_was_left() == []


def test_what_did_not_work_by_itself_is_not_tried_again(vm: Vm, node: Node, second_node: Node, beta: FakeNode):
    moved_by_the_panel(vm, second_node, node)
    beta.add(vm.name, uuid=vm.uuid)
    come_back(second_node)
    (pk,) = drop_what_was_left()
    beta.machines[vm.pk].power = Power.RUNNING
    assert work(Operation.objects.get(pk=pk), watched=False).problem == Problem.IS_ON_THERE
    assert drop_what_was_left() == []
    look(vm)
