"""What news cost, in questions to the database and in announcements: many together cost less than each alone."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks

from directory.models import Person
from vms.hypervisor.contract import Machine
from vms.hypervisor.fake import FakeNode
from vms.models import AuditLine, Event, Node, Vm
from vms.operations.reaching import reach
from vms.operations.requesting import Order, request_action
from vms.rules.actions import Action
from vms.rules.power import Power, PowerReason
from vms.rules.timeline import What
from vms.watcher.looking import Lookout
from vms.watcher.news import MachineSeen, News
from vms.watcher.recording import record

MACHINES = 10

pytestmark = pytest.mark.django_db


@pytest.fixture
def lookout(node: Node, alpha: FakeNode) -> Lookout:
    """Of a node whose machines, all off, are known."""
    for number in range(MACHINES):
        alpha.add(f"web{number}")
    known = Lookout(node, reach(node))
    record(*known.everything())
    return known


def questions(write: Callable[[], None]) -> int:
    with CaptureQueriesContext(connection) as asked:
        write()
    return len(asked)


def changed(alpha: FakeNode, lookout: Lookout, power: Power) -> list[News]:
    uuids: list[UUID] = list(alpha.machines)
    for uuid in uuids:
        alpha.become(uuid, power)
    return [news for uuid in uuids for news in lookout.one(uuid)]


def test_a_look_at_machines_as_they_are_known_costs_the_same_however_many_there_are(
    lookout: Lookout, alpha: FakeNode
) -> None:
    few = list(lookout.everything())
    asked_for_few = questions(lambda: record(*few))
    for number in range(MACHINES):
        alpha.add(f"db{number}")
    record(*lookout.everything())
    many = list(lookout.everything())
    assert questions(lambda: record(*many)) == asked_for_few
    assert asked_for_few <= 5


def test_changes_that_come_together_cost_less_than_each_alone(lookout: Lookout, alpha: FakeNode) -> None:
    alone, *together = changed(alpha, lookout, Power.RUNNING)
    of_one = questions(lambda: record(alone))
    assert of_one <= 14
    assert questions(lambda: record(*together)) <= of_one + 7 * (len(together) - 1)


def test_changes_that_come_together_are_announced_together(
    lookout: Lookout, alpha: FakeNode, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    news = changed(alpha, lookout, Power.RUNNING)
    with django_capture_on_commit_callbacks() as announcements:
        record(*news)
    assert len(announcements) == 1
    assert {vm.status.name for vm in Vm.objects.all()} == {"Running"}


def test_of_two_changes_of_one_machine_that_come_together_the_last_one_counts(lookout: Lookout, node: Node) -> None:
    uuid = Vm.objects.values_list("pk", flat=True)[0]
    on, off = Machine(uuid, "web0", Power.RUNNING), Machine(uuid, "web0", Power.OFF, PowerReason.SHUT_DOWN)
    record(*(MachineSeen(node.pk, machine) for machine in (off, on, off, on, off)))
    assert Vm.objects.get(pk=uuid).status.name == "Stopped"


def test_a_definition_that_has_not_changed_is_not_written_again(lookout: Lookout, node: Node) -> None:
    again = list(Lookout(node, reach(node)).everything())
    with CaptureQueriesContext(connection) as asked:
        record(*again)
    written = [query["sql"] for query in asked if "vms_disk" in query["sql"] or "vms_interface" in query["sql"]]
    assert all(sql.startswith("SELECT") for sql in written)


def test_a_machine_unknown_until_now_that_is_told_of_twice_at_once_is_found_once(node: Node) -> None:
    machine = Machine(uuid4(), "web1", Power.RUNNING)
    record(MachineSeen(node.pk, machine), MachineSeen(node.pk, machine))
    assert Vm.objects.get(pk=machine.uuid).status.name == "Running"


def test_what_is_told_costs_two_questions_however_much_it_is(lookout: Lookout, alpha: FakeNode) -> None:
    news = changed(alpha, lookout, Power.RUNNING)
    with CaptureQueriesContext(connection) as asked:
        record(*news)
    told = [sql for query in asked if "vms_event" in (sql := query["sql"]) or "vms_auditline" in sql]
    assert len(told) == 2
    lines = AuditLine.objects.filter(request=What.STARTED)
    assert lines.count() == Event.objects.filter(what=What.STARTED).count() == MACHINES
    assert set(lines.values_list("by_panel", "outcome", "person_name", "subject")) == {(False, "seen", "", "vm")}


def test_what_the_panel_does_itself_is_not_told_as_another_tools_doing(
    lookout: Lookout, alpha: FakeNode, anna: Person
) -> None:
    vm = Vm.objects.first()
    assert vm is not None
    request_action(vm, Order(Action.START, {}), by=anna)
    alpha.become(vm.pk, Power.RUNNING)
    record(*lookout.one(vm.pk))
    assert Event.objects.filter(vm=vm, what=What.STARTED, by_panel=True).exists()
    assert not AuditLine.objects.filter(request=What.STARTED).exists()
