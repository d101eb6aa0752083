"""The audit trail: what is asked of the operations is written down, and nobody can rewrite it."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.working import ask, work
from vms.hypervisor.fake import FakeNode
from vms.models import AuditLine, Bulk, Node, Operation, Vm
from vms.operations.auditing import About, asking_from, keep, line_of, write
from vms.operations.bulk import plan, request_bulk
from vms.operations.bulk_asking import ask_some
from vms.operations.nodes import NodeStillHasMachines, add_node, remove_node
from vms.operations.requesting import ActionRefused, Order, cancel, request_action
from vms.rules.actions import Action
from vms.rules.audit import ABOUT, Area, Outcome, Request, Subject, Why
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.reasons import Reason

pytestmark = pytest.mark.django_db


def lines(vm: Vm | None = None) -> list[tuple[str, str, str]]:
    """The oldest first."""
    about = AuditLine.objects.filter(subject_key=str(vm.pk)) if vm else AuditLine.objects.all()
    return list(about.order_by("pk").values_list("request", "outcome", "reason"))


def test_an_operation_is_told_at_its_beginning_and_its_end_in_the_name_of_who_asked(vm: Vm, anna: Person) -> None:
    with asking_from("192.0.2.7"):
        operation = ask(vm, Action.START, anna)
    work(operation)
    assert lines(vm) == [(Action.START, Outcome.ACCEPTED, ""), (Action.START, Outcome.SUCCEEDED, "")]
    for line in AuditLine.objects.all():
        assert (line.person_key, line.person_name, line.address) == (anna.pk, "anna", "192.0.2.7")
        assert line.operation_key == operation.pk
        assert line.by_panel


def test_a_failure_is_told_with_its_problem(vm: Vm, anna: Person, alpha: FakeNode) -> None:
    operation = ask(vm, Action.START, anna)
    del alpha.machines[vm.pk]
    work(operation)
    assert lines(vm)[-1] == (Action.START, Outcome.FAILED, Problem.VM_NOT_FOUND)


def test_a_refusal_outlives_the_transaction_that_it_undoes(running_vm: Vm, nobody: Person, anna: Person) -> None:
    with asking_from("192.0.2.7") as asking:
        with suppress(ActionRefused), transaction.atomic():
            request_action(running_vm, Order(Action.START, {}), by=anna)
        with suppress(PermissionDenied), transaction.atomic():
            request_action(running_vm, Order(Action.SHUTDOWN, {}), by=nobody)
        assert asking.lines == 2
    assert lines() == [
        (Action.START, Outcome.REFUSED, Reason.IS_RUNNING),
        (Action.SHUTDOWN, Outcome.REFUSED, Reason.NOT_PERMITTED),
    ]
    assert {line.address for line in AuditLine.objects.all()} == {"192.0.2.7"}
    assert not Operation.objects.exists()


def test_who_cancels_and_whose_operation_it_was_are_two_lines(vm: Vm, anna: Person, berta: Person) -> None:
    operation = ask(vm, Action.START, anna)
    assert cancel(operation, by=berta)
    assert not cancel(operation, by=berta)
    told = [(line.request, line.outcome, line.person_name) for line in AuditLine.objects.order_by("pk")]
    assert told == [
        (Action.START, Outcome.ACCEPTED, "anna"),
        (Action.START, Outcome.CANCELLED, "anna"),
        (Request.CANCEL, Outcome.ACCEPTED, "berta"),
        (Request.CANCEL, Outcome.REFUSED, "berta"),
    ]
    assert lines()[-1][2] == Why.TOO_LATE


def test_of_many_machines_the_request_and_each_of_them_is_told(add_vm: AddVm, anna: Person) -> None:
    machines = [add_vm("on", Power.RUNNING), add_vm("off"), add_vm("busy")]
    planned = plan(Vm.objects.all().with_operations_under_way(), Action.START, by=anna)
    with asking_from("192.0.2.7"):
        bulk = request_bulk(Action.START, planned, key=uuid4(), by=anna)
    ask(machines[2], Action.START, anna)
    ask_some(bulk.pk)
    first = AuditLine.objects.order_by("pk")[0]
    assert (first.subject, first.values) == (Subject.PANEL, {"bulk": bulk.pk, "machines": 3})
    assert lines(machines[0]) == [(Action.START, Outcome.REFUSED, Reason.IS_RUNNING)]
    assert lines(machines[1]) == [(Action.START, Outcome.ACCEPTED, "")]
    assert {line.address for line in AuditLine.objects.filter(subject_key=str(machines[1].pk))} == {"192.0.2.7"}
    assert Operation.objects.get(vm=machines[1]).requested_from == "192.0.2.7"


def test_what_a_worker_is_refused_for_a_bulk_is_told_in_the_name_of_who_asked(add_vm: AddVm, anna: Person) -> None:
    vm = add_vm("web1")
    with asking_from("192.0.2.7"):
        bulk = request_bulk(
            Action.START,
            plan(Vm.objects.all().with_operations_under_way(), Action.START, by=anna),
            key=uuid4(),
            by=anna,
        )
    Vm.objects.filter(pk=vm.pk).update(power=Power.RUNNING, main="running")
    ask_some(bulk.pk)
    line = AuditLine.objects.get(subject_key=str(vm.pk))
    assert (line.outcome, line.reason) == (Outcome.REFUSED, Reason.IS_RUNNING)
    assert (line.person_name, line.address) == ("anna", "192.0.2.7")
    assert Bulk.objects.get().requested_from == "192.0.2.7"


def test_nodes_are_told_and_their_lines_outlive_them(node: Node, vm: Vm, otto: Person) -> None:
    administrator = Person.objects.create_user("ada", is_administrator=True)
    with pytest.raises(PermissionDenied):
        add_node("gamma", "fake://gamma", by=otto)
    with pytest.raises(NodeStillHasMachines):
        remove_node(node, by=administrator)
    Vm.objects.update(deleted_at="2026-01-01T00:00Z")
    remove_node(node, by=administrator)
    add_node("gamma", "fake://gamma", by=administrator)
    assert lines() == [
        (Request.ADD_NODE, Outcome.REFUSED, Reason.NOT_PERMITTED),
        (Request.REMOVE_NODE, Outcome.REFUSED, Why.NODE_HAS_MACHINES),
        (Request.REMOVE_NODE, Outcome.ACCEPTED, ""),
        (Request.ADD_NODE, Outcome.ACCEPTED, ""),
    ]


def test_what_does_not_fit_is_cut(anna: Person) -> None:
    write("x" * 999, About(Subject.PERSON, "y" * 999, "z\0" * 999), Outcome.REFUSED, by=anna, reason="w" * 999)
    line = AuditLine.objects.get()
    assert [len(text) for text in (line.request, line.subject_key, line.subject_name, line.reason)] == [64, 64, 255, 64]


def test_nothing_is_in_two_areas() -> None:
    everything = [code for codes in ABOUT.values() for code in codes]
    assert len(everything) == len(set(everything))
    assert set(everything) >= {*Action, *Request}
    assert set(Area) - set(ABOUT) == {Area.ACCOUNTS, Area.OTHER}


# --- nobody rewrites it ---------------------------------------------------------------------------------


@pytest.fixture
def guarded() -> BaseDatabaseWrapper:
    """The tests' own database, with all the guards that the migration makes."""
    migration = import_module("vms.migrations.0004_people_and_audit")
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(migration.FORBID_ON_SQLITE[1])
    return connection


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE vms_auditline SET person_name = 'nobody'",
        "UPDATE vms_auditline SET reason = 'x' WHERE id > 0",
        "DELETE FROM vms_auditline",
        "DELETE FROM vms_auditline WHERE person_name = 'anna'",
    ],
)
def test_the_database_itself_refuses_to_change_or_delete_a_line(
    guarded: BaseDatabaseWrapper, anna: Person, statement: str
) -> None:
    write(Request.NOTES, About(Subject.PANEL), Outcome.ACCEPTED, by=anna)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), guarded.cursor() as cursor:
        cursor.execute(statement)
    assert AuditLine.objects.get().person_name == "anna"


def test_more_lines_can_be_added(guarded: BaseDatabaseWrapper, anna: Person) -> None:
    keep([line_of(Request.NOTES, About(Subject.PANEL), Outcome.ACCEPTED, by=anna) for _ in range(3)])
    assert AuditLine.objects.count() == 3


def test_a_person_who_is_deleted_stays_named(guarded: BaseDatabaseWrapper, vm: Vm, anna: Person) -> None:
    ask(vm, Action.START, anna)
    key = anna.pk
    anna.delete()
    line = AuditLine.objects.get()
    assert (line.person_key, line.person_name) == (key, "anna")
