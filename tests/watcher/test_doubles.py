"""Machines that two nodes know: the row is where it is on, and what the other one has stands beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from time import sleep

import pytest
from django.utils import timezone

from tests.operations.working import fresh, status_of
from tests.watcher.conftest import Followed
from tests.watcher.test_adopting import DISK, lines_about, look_at, xml
from vms.hypervisor.errors import NodeUnreachable
from vms.hypervisor.fake import FakeNode
from vms.models import Double, Node, Operation, Vm
from vms.operations.reaching import reach
from vms.rules.actions import Action, Slot
from vms.rules.power import Power, PowerReason
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.timeline import What
from vms.watcher.looking import Lookout
from vms.watcher.news import AllListed, NodeLost
from vms.watcher.recording import record

pytestmark = pytest.mark.django_db


def lose(node: Node, there: FakeNode) -> None:
    there.be_unreachable(NodeUnreachable("no route"))
    record(NodeLost(node.pk, Problem.NODE_UNREACHABLE, "no route"))


def find(node: Node, there: FakeNode) -> None:
    there.be_reachable()
    Node.objects.filter(pk=node.pk).update(reachable=True, contact_since=timezone.now())
    look_at(node)


def doubles() -> list[tuple[str, str]]:
    return list(Double.objects.values_list("node__name", "power"))


@pytest.fixture
def both(node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode) -> Vm:
    """web1, off on alpha, to which it belongs, and on beta."""
    machine = alpha.add("web1")
    look_at(node)
    beta.add("web1", uuid=machine.uuid)
    look_at(second_node)
    return Vm.objects.get()


def test_what_another_node_has_is_written_down_and_told_once(both: Vm, second_node: Node):
    look_at(second_node)
    assert doubles() == [("beta", Power.OFF)]
    assert fresh(both).node.name == "alpha"
    assert lines_about(both.pk) == [What.FOUND, What.ALSO_ELSEWHERE]
    assert fresh(both).is_doubled()


def test_it_is_forgotten_when_that_node_does_not_list_it_any_more(both: Vm, second_node: Node, beta: FakeNode):
    del beta.machines[both.pk]
    look_at(second_node)
    assert doubles() == []
    assert lines_about(both.pk)[-1] == What.NO_LONGER_ELSEWHERE


def test_it_is_forgotten_at_once_when_something_happened_to_it(both: Vm, second_node: Node, beta: FakeNode):
    lookout = Lookout(second_node, reach(second_node))
    look_at(second_node, lookout)
    del beta.machines[both.pk]
    record(*lookout.one(both.pk))
    assert doubles() == []


def test_its_own_node_may_forget_it_then_it_belongs_to_the_other_one(both: Vm, node: Node, alpha: FakeNode):
    del alpha.machines[both.pk]
    look_at(node)
    assert (fresh(both).node.name, status_of(both), doubles()) == ("beta", "Stopped", [])
    assert What.GONE not in lines_about(both.pk)
    assert lines_about(both.pk)[-1] == What.MOVED


def test_what_was_switched_on_elsewhere_is_followed_and_the_rest_stays_in_sight(
    both: Vm, second_node: Node, beta: FakeNode
):
    beta.become(both.pk, Power.RUNNING)
    look_at(second_node)
    assert (fresh(both).node.name, status_of(both)) == ("beta", "Running")
    assert doubles() == [("alpha", Power.OFF)]


def test_two_that_run_are_told(both: Vm, node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode):
    alpha.become(both.pk, Power.RUNNING)
    look_at(node)
    beta.become(both.pk, Power.RUNNING)
    look_at(second_node)
    look_at(second_node)
    assert (fresh(both).node.name, doubles()) == ("alpha", [("beta", Power.RUNNING)])
    assert lines_about(both.pk).count(What.RUNS_TWICE) == 1


@pytest.mark.parametrize("comes_back", [Power.OFF, Power.RUNNING])
def test_what_was_started_elsewhere_while_its_node_was_away_is_followed(
    comes_back: Power, node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode
):
    machine = alpha.add("web1", Power.RUNNING)
    look_at(node)
    lose(node, alpha)
    beta.add("web1", Power.RUNNING, uuid=machine.uuid)
    look_at(second_node)
    vm = Vm.objects.get()
    assert (vm.node, vm.status.name, doubles()) == (second_node, "Running", [("alpha", Power.RUNNING)])
    assert What.RUNS_TWICE not in lines_about(vm.pk), "nobody knows that"
    alpha.machines[machine.uuid].power = comes_back
    find(node, alpha)
    assert (fresh(vm).node, status_of(vm), doubles()) == (second_node, "Running", [("alpha", comes_back)])
    assert lines_about(vm.pk).count(What.RUNS_TWICE) == int(comes_back is Power.RUNNING)


def test_a_node_that_comes_back_without_it_leaves_nothing(
    node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode
):
    machine = alpha.add("web1", Power.RUNNING)
    look_at(node)
    lose(node, alpha)
    beta.add("web1", Power.RUNNING, uuid=machine.uuid)
    look_at(second_node)
    del alpha.machines[machine.uuid]
    find(node, alpha)
    assert (Vm.objects.get().node, doubles()) == (second_node, [])


@pytest.mark.parametrize(
    ("power", "reason"), [(Power.PAUSED, PowerReason.MIGRATING), (Power.PAUSED, PowerReason.STARTING_UP)]
)
def test_half_a_machine_that_arrives_is_none(
    power: Power, reason: PowerReason, both: Vm, second_node: Node, beta: FakeNode
):
    Double.objects.all().delete()
    beta.become(both.pk, power, reason)
    look_at(second_node)
    assert (fresh(both).node.name, doubles()) == ("alpha", [])


def test_one_that_another_tool_moves_is_never_two(node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode):
    machine = alpha.add("web1", Power.RUNNING)
    lookout = Lookout(node, reach(node))
    look_at(node, lookout)
    alpha.become(machine.uuid, Power.PAUSED, PowerReason.MIGRATING)
    look_at(node, lookout)
    beta.add("web1", Power.RUNNING, uuid=machine.uuid)
    look_at(second_node)
    look_at(node, lookout)
    assert (Vm.objects.get().node, doubles()) == (second_node, [])
    del alpha.machines[machine.uuid]
    record(*lookout.one(machine.uuid))
    look_at(second_node)
    assert (Vm.objects.get().node, status_of(Vm.objects.get()), doubles()) == (second_node, "Running", [])
    assert lines_about(machine.uuid) == [What.FOUND, What.MOVED]


@pytest.mark.parametrize("there", [Power.OFF, Power.RUNNING])
def test_while_the_panel_moves_it_there_is_no_double(
    there: Power, node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode
):
    machine = alpha.add("web1", Power.RUNNING)
    look_at(node)
    vm = Vm.objects.get()
    move = Operation.objects.create(vm=vm, node=node, action=Action.MIGRATE, slot=Slot.JOB)
    beta.add("web1", there, uuid=machine.uuid)
    look_at(second_node)
    lose(node, alpha)
    look_at(second_node)
    assert (fresh(vm).node, doubles()) == (node, [])
    move.become(Progress.CANCELLED)
    Operation.objects.filter(pk=move.pk).update(finished_at=timezone.now() - timedelta(seconds=1))
    look_at(second_node)
    assert fresh(vm).is_doubled()


def test_what_was_seen_before_a_move_ended_is_too_late(node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode):
    machine = beta.add("web1")
    look_at(second_node)
    alpha.add("web1", uuid=machine.uuid)
    late = list(Lookout(node, reach(node)).everything())
    Operation.objects.create(
        vm=Vm.objects.get(), node=node, action=Action.MIGRATE, slot=Slot.JOB, finished_at=timezone.now()
    )
    record(*late)
    assert doubles() == []


def test_it_is_not_followed_while_something_is_done_with_it(
    both: Vm, node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode
):
    """What is done would be done on the other node."""
    Operation.objects.create(vm=both, node=node, action=Action.POWER_OFF, slot=Slot.RUN)
    beta.become(both.pk, Power.RUNNING)
    look_at(second_node)
    assert fresh(both).node == node
    del alpha.machines[both.pk]
    look_at(node)
    assert (fresh(both).node, fresh(both).gone_at is None) == (node, False)


def test_what_it_is_there_is_known_when_it_is_followed(
    both: Vm, second_node: Node, beta: FakeNode, follow: Callable[[Node], Followed]
):
    """Its definition there was told before it belonged there, and nobody wrote that down."""
    beta.machines[both.pk].xml = xml(both.pk, devices=DISK.format(path="/images/there.qcow2", dev="vda"))
    followed = follow(second_node)
    followed.until(lambda: any(isinstance(news, AllListed) for news in followed.told))
    assert not fresh(both).disks.exists()
    followed.of_others = [both.pk]
    sleep(0.3)
    beta.become(both.pk, Power.RUNNING)
    followed.until(lambda: fresh(both).node == second_node)
    assert [disk.path for disk in fresh(both).disks.all()] == ["/images/there.qcow2"]
