"""A node is freed of its machines: one after the other, whatever happens in between."""

from __future__ import annotations

import pytest
from django.utils import timezone

from directory.models import Person
from tests.operations.freeing import (
    _known,
    ada,
    arrive,
    begun,
    break_off,
    names_under_way,
    plan_for,
    refusals,
    state_of,
    three,
)
from tests.operations.places import add_places
from vms.models import Emptying, Event, Node, Operation, Vm
from vms.operations import freeing
from vms.operations.emptying import take_turn
from vms.operations.freeing import TRIES, carry_on, waiting_for
from vms.operations.nodes import set_duty
from vms.rules.actions import Action
from vms.rules.audit import Why
from vms.rules.duty import Duty
from vms.rules.emptying import State, Turn
from vms.rules.progress import Progress
from vms.rules.reasons import Reason
from vms.rules.status import Second
from vms.rules.timeline import What

__all__ = ["_known", "ada", "three"]


def test_it_begins_with_as_many_as_may_be_on_their_way(three: list[Vm], node: Node, ada: Person) -> None:
    emptying = begun(node, ada, limit=1000, converges=True)
    node.refresh_from_db()
    assert (emptying.state, node.duty) == (State.RUNNING, Duty.MAINTENANCE)
    assert names_under_way(emptying) == ["web0", "web1"]
    first = Operation.objects.filter(action=Action.MIGRATE).earliest("pk")
    assert (first.requested_by, first.limit, first.arguments["converges"]) == (ada, 1000, True)


def test_the_next_one_begins_when_one_has_arrived_and_at_last_it_is_finished(
    three: list[Vm], node: Node, ada: Person
) -> None:
    emptying = begun(node, ada)
    arrive(three[0])
    assert waiting_for(Operation.objects.get(vm=three[0]).pk) == [emptying.pk]
    carry_on(emptying.pk)
    assert names_under_way(emptying) == ["web1", "web2"]
    arrive(three[1], three[2])
    assert carry_on(emptying.pk) == []
    assert state_of(emptying) == State.FINISHED
    assert Event.objects.filter(node=node, what=What.EMPTYING_ENDED).count() == 1


def test_nobody_begins_the_same_twice(three: list[Vm], node: Node, ada: Person) -> None:
    emptying = begun(node, ada, 3)
    assert carry_on(emptying.pk) == []
    assert Operation.objects.count() == 3


def test_a_worker_that_dies_between_promise_and_note_leaves_neither(
    three: list[Vm], node: Node, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    emptying = plan_for(node, ada)
    take_turn(emptying, Turn.BEGIN, by=ada)

    def die(_emptying: Emptying) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(freeing, "tell", die)
        with pytest.raises(SystemExit):
            carry_on(emptying.pk)
    assert Operation.objects.count() == 0
    carry_on(emptying.pk)
    assert names_under_way(emptying) == ["web0", "web1"]


def test_a_migration_that_broke_is_tried_again_but_not_for_ever(three: list[Vm], node: Node, ada: Person) -> None:
    emptying = begun(node, ada, 1)
    for _ in range(2 * TRIES):
        arrive(*three[1:])
        break_off(three[0])
        carry_on(emptying.pk)
    item = emptying.items.get(vm=three[0])
    progress = item.operation.progress if item.operation else ""
    assert (item.tries, progress, item.finished_at is None) == (TRIES, Progress.FAILED, False)
    assert state_of(emptying) == State.FINISHED


def test_others_go_before_one_that_has_failed(three: list[Vm], node: Node, ada: Person) -> None:
    emptying = begun(node, ada, 1)
    break_off(three[0])
    carry_on(emptying.pk)
    assert names_under_way(emptying) == ["web1"]


def test_one_that_a_person_cancelled_is_not_tried_again(three: list[Vm], node: Node, ada: Person) -> None:
    emptying = begun(node, ada, 3)
    break_off(three[0], progress=Progress.CANCELLED)
    carry_on(emptying.pk)
    assert emptying.items.get(vm=three[0]).finished_at is not None
    assert Operation.objects.filter(vm=three[0]).count() == 1


@pytest.mark.parametrize("change", [{"deleted_at": timezone.now()}, {"node": "beta"}])
def test_a_machine_that_is_gone_meanwhile_is_done_with(
    three: list[Vm], node: Node, second_node: Node, ada: Person, change: dict[str, object]
) -> None:
    emptying = begun(node, ada)
    Vm.objects.filter(pk=three[2].pk).update(**(change if "node" not in change else {"node": second_node}))
    carry_on(emptying.pk)
    item = emptying.items.get(vm=three[2])
    assert (item.operation, item.finished_at is None) == (None, False)


def test_what_passes_is_waited_for_and_said(three: list[Vm], node: Node, ada: Person) -> None:
    emptying = plan_for(node, ada)
    job = Operation.objects.create(vm=three[0], node=node, action=Action.BACK_UP, slot="job", second=Second.BACKING_UP)
    take_turn(emptying, Turn.BEGIN, by=ada)
    carry_on(emptying.pk)
    assert names_under_way(emptying) == ["web1", "web2"]
    assert refusals(emptying)["web0"] in {Reason.IS_BACKING_UP, Reason.JOB_SLOT_TAKEN}
    Operation.objects.filter(pk=job.pk).update(finished_at=timezone.now(), progress=Progress.SUCCEEDED)
    arrive(*three[1:])
    carry_on(emptying.pk)
    assert names_under_way(emptying) == ["web0"]
    assert refusals(emptying)["web0"] == ""


def test_a_node_that_is_lost_in_the_middle_is_waited_for(three: list[Vm], node: Node, ada: Person) -> None:
    emptying = begun(node, ada)
    arrive(three[0])
    Node.objects.filter(pk=node.pk).update(reachable=False)
    carry_on(emptying.pk)
    assert (state_of(emptying), names_under_way(emptying)) == (State.RUNNING, ["web1"])
    Node.objects.filter(pk=node.pk).update(reachable=True)
    carry_on(emptying.pk)
    assert names_under_way(emptying) == ["web1", "web2"]


def test_a_destination_that_is_out_is_replaced_by_another(
    three: list[Vm], node: Node, second_node: Node, ada: Person
) -> None:
    emptying = plan_for(node, ada)
    set_duty(second_node, Duty.MAINTENANCE, by=ada)
    add_places(1)
    take_turn(emptying, Turn.BEGIN, by=ada)
    carry_on(emptying.pk)
    carry_on(emptying.pk)
    assert set(emptying.items.exclude(operation=None).values_list("to__name", flat=True)) == {"place0"}


def test_a_destination_that_is_out_without_another_one_is_waited_for(
    three: list[Vm], node: Node, second_node: Node, ada: Person
) -> None:
    emptying = plan_for(node, ada)
    Node.objects.filter(pk=second_node.pk).update(reachable=False)
    take_turn(emptying, Turn.BEGIN, by=ada)
    carry_on(emptying.pk)
    assert (state_of(emptying), set(refusals(emptying).values())) == (State.RUNNING, {Why.NODE_IS_OUT})
    Node.objects.filter(pk=second_node.pk).update(reachable=True)
    carry_on(emptying.pk)
    assert len(names_under_way(emptying)) == 2
