"""A node is freed of its machines: planned, begun, paused, carried on, whatever happens in between."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from directory.models import Person
from directory.roles import Role
from tests.conftest import AddVm
from tests.operations.freeing import (
    _known,
    ada,
    arrive,
    begun,
    fresh,
    names_under_way,
    plan_for,
    refusals,
    state_of,
    three,
)
from vms.hypervisor.fake import FakeNode
from vms.models import AuditLine, Emptying, Event, Node, Operation, Vm
from vms.operations import departures, surveying
from vms.operations.emptying import Manner, plan_emptying, take_turn
from vms.operations.freeing import carry_on, unfinished_emptyings
from vms.rules.audit import Outcome, Request, Why
from vms.rules.duty import Duty
from vms.rules.emptying import Halt, State, Turn, Verdict
from vms.rules.power import Power
from vms.rules.preflight import Way
from vms.rules.problems import Problem
from vms.rules.reasons import Reason
from vms.rules.timeline import What

__all__ = ["_known", "ada", "three"]

GIB = 1024**3


# Planning


def test_every_machine_of_the_node_is_planned(three: list[Vm], add_vm: AddVm, node: Node, ada: Person) -> None:
    off = add_vm("off")
    emptying = plan_for(node, ada)
    assert emptying.state == State.PLANNED
    planned = [(item.vm.name, item.verdict, item.to.name if item.to else "") for item in emptying.items.all()]
    assert planned == [(vm.name, Verdict.GOES, "beta") for vm in (*three, off)]
    assert emptying.items.get(vm=off).way == Way.OFFLINE


def test_nothing_is_moved_and_the_node_stays_as_it_is_before_somebody_begins(
    three: list[Vm], node: Node, ada: Person
) -> None:
    plan_for(node, ada)
    node.refresh_from_db()
    assert (Operation.objects.count(), node.duty) == (0, Duty.ACTIVE)


def test_a_machine_that_cannot_go_keeps_what_stands_against_each_node(
    three: list[Vm], node: Node, alpha: FakeNode, ada: Person
) -> None:
    alpha.machines[three[1].uuid].has_snapshots = True
    item = plan_for(node, ada).items.get(vm=three[1])
    assert (item.verdict, item.to) == (Verdict.CANNOT, None)
    assert all("snapshots" in each["ties"] for each in item.stands_against)


def test_a_machine_that_cannot_be_asked_about_now_says_why(add_vm: AddVm, node: Node, ada: Person) -> None:
    add_vm("web0", Power.CRASHED)
    assert refusals(plan_for(node, ada)) == {"web0": Reason.IS_CRASHED}


def test_what_others_of_the_plan_take_is_told(add_vm: AddVm, node: Node, second_node: Node, ada: Person) -> None:
    for name in ("a", "b"):
        add_vm(name, Power.RUNNING, memory=6 * GIB)
    Node.objects.filter(pk=second_node.pk).update(memory_free=8 * GIB)
    emptying = plan_for(node, ada)
    (left,) = emptying.items.filter(verdict=Verdict.CANNOT)
    assert [each[departures.FILLED] for each in left.stands_against if each["node"] == second_node.pk] == [["memory"]]


def test_without_machines_there_is_nothing_to_do(node: Node, ada: Person) -> None:
    emptying = begun(node, ada)
    assert (emptying.state, emptying.items.count()) == (State.FINISHED, 0)


def test_the_same_node_twice_leads_to_the_first(three: list[Vm], node: Node, ada: Person) -> None:
    emptying = plan_for(node, ada)
    assert plan_emptying(node, Manner(5), by=ada) == (emptying, False)


def test_a_node_that_cannot_be_asked_cannot_be_planned(
    three: list[Vm], node: Node, alpha: FakeNode, ada: Person
) -> None:
    alpha.be_unreachable()
    emptying = plan_for(node, ada)
    assert (emptying.state, emptying.problem) == (State.FAILED, Problem.NODE_UNREACHABLE)
    alpha.be_reachable()
    assert plan_for(node, ada).state == State.PLANNED


def test_a_worker_that_dies_while_it_asks_is_followed_by_one_that_goes_on(
    three: list[Vm], node: Node, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Vm] = []
    really = surveying.judge_everywhere

    def die_at_the_second(vm: Vm) -> object:
        asked.append(vm)
        if len(asked) == 2:
            raise SystemExit
        return really(vm)

    monkeypatch.setattr(departures, "judge_everywhere", die_at_the_second)
    emptying, _new = plan_emptying(node, Manner(2), by=ada)
    with pytest.raises(SystemExit):
        carry_on(emptying.pk)
    assert unfinished_emptyings() == [emptying.pk]
    carry_on(emptying.pk)
    assert (state_of(emptying), len(asked)) == (State.PLANNED, 4)


def test_one_that_a_worker_has_is_left_to_it_until_its_time_is_over(three: list[Vm], node: Node, ada: Person) -> None:
    emptying, _new = plan_emptying(node, Manner(2), by=ada)
    assert emptying.take(seconds=30)
    carry_on(emptying.pk)
    assert (state_of(emptying), unfinished_emptyings()) == (State.PLANNING, [])
    Emptying.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    carry_on(emptying.pk)
    assert state_of(emptying) == State.PLANNED


def test_planned_again_everything_is_asked_anew(three: list[Vm], node: Node, alpha: FakeNode, ada: Person) -> None:
    alpha.machines[three[0].uuid].has_snapshots = True
    emptying = plan_for(node, ada)
    alpha.machines[three[0].uuid].has_snapshots = False
    assert take_turn(emptying, Turn.PLAN_AGAIN, by=ada)
    carry_on(emptying.pk)
    assert state_of(emptying) == State.PLANNED
    assert emptying.items.filter(verdict=Verdict.GOES).count() == 3


# What people decide


def test_paused_nothing_begins_and_what_is_under_way_goes_on(three: list[Vm], node: Node, ada: Person) -> None:
    emptying = begun(node, ada)
    assert take_turn(emptying, Turn.PAUSE, by=ada)
    arrive(three[0])
    carry_on(emptying.pk)
    assert (names_under_way(emptying), state_of(emptying)) == (["web1"], State.PAUSED)
    assert emptying.items.get(vm=three[0]).finished_at is not None
    assert take_turn(fresh(emptying), Turn.GO_ON, by=ada)
    carry_on(emptying.pk)
    assert names_under_way(emptying) == ["web1", "web2"]


def test_cancelled_nothing_begins_any_more(three: list[Vm], node: Node, ada: Person) -> None:
    emptying = begun(node, ada)
    assert take_turn(emptying, Turn.CANCEL, by=ada)
    arrive(three[0])
    assert carry_on(emptying.pk) == []
    assert (names_under_way(emptying), state_of(emptying)) == (["web1"], State.CANCELLED)
    assert plan_for(node, ada) != emptying


def test_cancelled_while_it_is_planned_it_stays_so(
    three: list[Vm], node: Node, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    emptying, _new = plan_emptying(node, Manner(2), by=ada)
    monkeypatch.setattr(departures, "tell", lambda _emptying: Emptying.objects.update(state=State.CANCELLED))
    carry_on(emptying.pk)
    assert (state_of(emptying), emptying.items.count()) == (State.CANCELLED, 1)


@pytest.mark.parametrize("turn", [Turn.BEGIN, Turn.CANCEL])
def test_a_second_click_does_nothing(three: list[Vm], node: Node, ada: Person, turn: Turn) -> None:
    emptying = plan_for(node, ada)
    assert [take_turn(emptying, turn, by=ada) for _ in range(2)] == [True, False]
    told = Event.objects.filter(node=node, what__in=[What.EMPTYING_BEGAN, What.EMPTYING_CANCELLED])
    assert told.count() == (1 if turn is Turn.BEGIN else 0)


@pytest.mark.parametrize("gone", ["blocked", "deleted", "demoted"])
def test_without_anybody_who_answers_it_is_paused_until_somebody_does(
    three: list[Vm], node: Node, ada: Person, gone: str
) -> None:
    emptying = begun(node, ada)
    bert = Person.objects.create_user("bert", is_administrator=True)
    Person.objects.filter(pk=ada.pk).update(is_active=gone != "blocked")
    if gone == "demoted":
        ada.take_role(Role.OPERATOR)
        ada.save()
    if gone == "deleted":
        Emptying.objects.update(requested_by=None)
    arrive(three[0])
    carry_on(emptying.pk)
    halt = Halt.NO_LONGER_PERMITTED if gone == "demoted" else Halt.NOBODY_ANSWERS
    assert (fresh(emptying).state, fresh(emptying).problem) == (State.PAUSED, halt)
    assert take_turn(fresh(emptying), Turn.GO_ON, by=bert)
    carry_on(emptying.pk)
    assert Operation.objects.latest("pk").requested_by == bert
    assert fresh(emptying).problem == ""


def test_only_who_manages_nodes_may(three: list[Vm], node: Node, ada: Person, anna: Person) -> None:
    with pytest.raises(PermissionDenied):
        plan_emptying(node, Manner(2), by=anna)
    emptying = plan_for(node, ada)
    for turn in Turn:
        with pytest.raises(PermissionDenied):
            take_turn(emptying, turn, by=anna)
    assert state_of(emptying) == State.PLANNED


def test_it_is_written_down_who_asked_for_what(three: list[Vm], node: Node, ada: Person) -> None:
    emptying = begun(node, ada)
    take_turn(emptying, Turn.PAUSE, by=ada)
    take_turn(emptying, Turn.PAUSE, by=ada)
    lines = AuditLine.objects.filter(subject_name="alpha").order_by("pk").values_list("request", "outcome", "reason")
    assert list(lines) == [
        (Request.PLAN_EMPTYING, Outcome.ACCEPTED, ""),
        (Request.BEGIN_EMPTYING, Outcome.ACCEPTED, ""),
        (Request.BEGIN_MAINTENANCE, Outcome.ACCEPTED, ""),
        (Request.PAUSE_EMPTYING, Outcome.ACCEPTED, ""),
        (Request.PAUSE_EMPTYING, Outcome.REFUSED, Why.TOO_LATE),
    ]
