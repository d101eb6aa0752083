"""Nodes come and go by people's hand, and are spared new machines; a first contact says at which step it failed."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from directory.models import Person
from tests.operations.migrating import send
from vms.hypervisor.errors import LoginRefused, Refused
from vms.hypervisor.fake import FakeNode
from vms.models import AuditLine, ContactTest, Event, Node, Operation, Vm
from vms.operations import announcing
from vms.operations.contacting import carry_out
from vms.operations.nodes import NodeStillHasMachines, add_node, ask_for_contact, remove_node, set_duty
from vms.operations.planning import candidates_for
from vms.operations.requesting import Order, request_action
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Request, Why
from vms.rules.contact import ContactStep, StepState
from vms.rules.duty import Duty
from vms.rules.placing import Obstacle
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.reasons import Reason
from vms.rules.timeline import What


@pytest.fixture
def root(db: None) -> Person:
    return Person.objects.create_user("root", is_administrator=True)


def tried(uri: str, by: Person) -> ContactTest:
    test = ask_for_contact("new", uri, by=by)
    carry_out(test)
    test.refresh_from_db()
    return test


def states(test: ContactTest) -> dict[str, str]:
    return {entry["step"]: entry["state"] for entry in test.steps}


def test_a_good_address_passes_every_step(alpha: FakeNode, root: Person):
    alpha.add("web1", Power.RUNNING)
    test = tried(alpha.uri, root)
    assert states(test) == dict.fromkeys(ContactStep, StepState.DONE)
    assert test.problem == ""
    assert test.steps[-1]["values"] == {"machines": 1}
    assert test.finished_at is not None


@pytest.mark.parametrize(("call", "failed_step"), [("info", ContactStep.IDENTIFY), ("machines", ContactStep.LIST)])
def test_a_failure_says_at_which_step(call: str, failed_step: ContactStep, alpha: FakeNode, root: Person):
    alpha.fail_next(call, Refused("internal error"))
    test = tried(alpha.uri, root)
    assert (test.problem, test.evidence) == (Problem.REFUSED, "internal error")
    assert states(test)[failed_step] == StepState.FAILED
    assert list(states(test).values()).count(StepState.FAILED) == 1


def test_a_node_that_refuses_the_login_says_so(alpha: FakeNode, root: Person):
    alpha.be_unreachable(LoginRefused("authentication failed"))
    test = tried(alpha.uri, root)
    assert (test.problem, states(test)[ContactStep.CONNECT]) == (Problem.NODE_REFUSED_LOGIN, StepState.FAILED)


def test_a_node_the_panel_knows_already_under_another_address_is_recognised(
    node: Node, alpha: FakeNode, beta: FakeNode, root: Person
):
    Node.objects.filter(pk=node.pk).update(node_uuid=beta.node_uuid)
    test = tried(beta.uri, root)
    assert test.problem == Problem.NODE_KNOWN_ALREADY
    assert states(test)[ContactStep.COMPARE] == StepState.FAILED


def test_a_test_is_carried_out_once(alpha: FakeNode, root: Person):
    test = tried(alpha.uri, root)
    calls = len(alpha.calls)
    carry_out(ContactTest.objects.get(pk=test.pk))
    assert len(alpha.calls) == calls


def test_a_test_whose_worker_never_came_is_known_as_such(alpha: FakeNode, root: Person):
    test = ask_for_contact("new", alpha.uri, by=root)
    assert not test.nobody_came
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        assert test.nobody_came


def test_a_node_is_added_once(alpha: FakeNode, root: Person):
    assert add_node("alpha", alpha.uri, by=root) == add_node("alpha", alpha.uri, by=root)


def test_only_who_manages_nodes_may_add_or_remove_one(node: Node, anna: Person):
    with pytest.raises(PermissionDenied):
        add_node("beta", "fake://beta", by=anna)
    with pytest.raises(PermissionDenied):
        ask_for_contact("beta", "fake://beta", by=anna)
    with pytest.raises(PermissionDenied):
        remove_node(node, by=anna)
    assert list(Node.objects.all()) == [node]


def test_a_node_with_machines_is_not_removed(vm: Vm, node: Node, root: Person):
    with pytest.raises(NodeStillHasMachines) as refused:
        remove_node(node, by=root)
    assert refused.value.count == 1
    assert Vm.objects.exists()


def duty_of(node: Node) -> str:
    return Node.objects.get(pk=node.pk).duty


def written() -> list[tuple[str, str, str]]:
    return list(AuditLine.objects.order_by("pk").values_list("request", "outcome", "reason"))


def test_a_maintenance_begins_and_ends_and_both_are_written_down(node: Node, root: Person):
    assert set_duty(node, Duty.MAINTENANCE, by=root)
    assert duty_of(node) == Duty.MAINTENANCE
    assert set_duty(node, Duty.ACTIVE, by=root)
    assert duty_of(node) == Duty.ACTIVE
    assert written() == [
        (Request.BEGIN_MAINTENANCE, Outcome.ACCEPTED, ""),
        (Request.END_MAINTENANCE, Outcome.ACCEPTED, ""),
    ]
    told = Event.objects.filter(node=node, vm=None).order_by("pk").values_list("what", "by_panel", "values")
    person = {"person": "root"}
    assert list(told) == [(What.MAINTENANCE_BEGAN, True, person), (What.MAINTENANCE_ENDED, True, person)]


def test_a_maintenance_begins_once(node: Node, root: Person):
    assert set_duty(node, Duty.MAINTENANCE, by=root)
    assert not set_duty(node, Duty.MAINTENANCE, by=root)
    assert written()[1:] == [(Request.BEGIN_MAINTENANCE, Outcome.REFUSED, Why.NOTHING_TO_DO)]
    assert Event.objects.filter(what=What.MAINTENANCE_BEGAN).count() == 1


def test_others_are_told_of_a_maintenance(
    node: Node, root: Person, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
):
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(announcing, "_outlet", lambda: SimpleNamespace(tell=told.extend))
    with django_capture_on_commit_callbacks(execute=True):
        set_duty(node, Duty.MAINTENANCE, by=root)
    assert told == [("node", str(node.pk))]


def test_only_who_manages_nodes_sets_their_duty(node: Node, anna: Person):
    with pytest.raises(PermissionDenied):
        set_duty(node, Duty.MAINTENANCE, by=anna)
    assert duty_of(node) == Duty.ACTIVE
    assert written() == [(Request.BEGIN_MAINTENANCE, Outcome.REFUSED, Reason.NOT_PERMITTED)]


def test_a_node_in_maintenance_gets_no_new_machine_but_those_on_it_start(vm: Vm, node: Node, root: Person):
    set_duty(node, Duty.MAINTENANCE, by=root)
    (candidate,) = candidates_for(0)
    assert Obstacle.MAINTENANCE in candidate.obstacles
    started: Operation = request_action(vm, Order(Action.START, {}), by=root)
    assert started.finished_at is None


def test_a_node_from_or_to_which_a_machine_moves_is_not_removed(mover: Vm, node: Node, to: Node, root: Person):
    send(mover, to, root)
    with pytest.raises(NodeStillHasMachines):
        remove_node(to, by=root)
    Vm.objects.filter(pk=mover.pk).update(node=to)
    with pytest.raises(NodeStillHasMachines):
        remove_node(node, by=root)
