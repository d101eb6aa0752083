"""Who may do what on which machine: roles, rights that were given, and what becomes of both in the middle."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from directory.models import Person
from directory.roles import Role
from tests.conftest import AddVm
from vms.models import Bulk, BulkItem, Grant, Vm
from vms.models.facts import facts_of
from vms.operations.bulk import plan, request_bulk
from vms.operations.bulk_asking import ask_some
from vms.operations.permission import PERMISSION_FOR, Permissions, actions_somewhere, allowed, may
from vms.operations.requesting import Order, acknowledge, cancel, request_action
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.rules.power import Power
from vms.rules.progress import Progress
from vms.rules.reasons import Reason
from vms.rules.rights import ACTIONS_OF, Right

pytestmark = pytest.mark.django_db

BUILT = frozenset(PERMISSION_FOR)
OPERATES = ACTIONS_OF[Right.OPERATE]


def with_role(role: Role) -> Person:
    person = Person.objects.create_user(role)
    person.take_role(role)
    person.save()
    return person


@pytest.mark.parametrize(
    ("role", "actions"),
    [
        (Role.ADMINISTRATOR, BUILT),
        (Role.OPERATOR, OPERATES | {Action.PERSISTENT, Action.STREAM}),
        (Role.AUDITOR, frozenset()),
        (Role.USER, frozenset()),
    ],
)
def test_a_role_gives_the_same_on_every_machine(role: Role, actions: frozenset[Action], vm: Vm) -> None:
    person = with_role(role)
    assert {action for action in Action if may(person, action, vm)} == actions
    assert Permissions(person, [vm.pk]).on(vm.pk) == actions_somewhere(person) == actions


@pytest.mark.parametrize("right", Right)
@pytest.mark.parametrize("by_group", [False, True])
def test_what_was_given_counts_on_that_machine_only(
    nobody: Person, add_vm: AddVm, right: Right, *, by_group: bool
) -> None:
    mine, other = add_vm("mine"), add_vm("other")
    group = Group.objects.create(name="developers")
    nobody.groups.add(group)
    Grant.objects.create(vm=mine, right=right, **({"group": group} if by_group else {"person": nobody}))
    assert {action for action in Action if may(nobody, action, mine)} == ACTIONS_OF[right]
    assert not [action for action in Action if may(nobody, action, other)]
    assert actions_somewhere(nobody) == ACTIONS_OF[right]


def test_the_own_right_and_that_of_a_group_add_up(nobody: Person, vm: Vm) -> None:
    group = Group.objects.create(name="developers")
    nobody.groups.add(group)
    Grant.objects.create(vm=vm, group=group, right=Right.OPERATE)
    Grant.objects.create(vm=vm, person=nobody, right=Right.USE)
    assert Permissions(nobody, [vm.pk]).on(vm.pk) == OPERATES


def test_a_role_that_sees_everything_is_given_nothing_more(vm: Vm) -> None:
    auditor = with_role(Role.AUDITOR)
    Grant.objects.create(vm=vm, person=auditor, right=Right.OPERATE)
    assert not may(auditor, Action.START, vm)


def test_neither_a_template_nor_a_deleted_machine_is_anybodys(nobody: Person, add_vm: AddVm) -> None:
    template, gone = add_vm("template", kind=Kind.TEMPLATE), add_vm("gone")
    for vm in (template, gone):
        Grant.objects.create(vm=vm, person=nobody, right=Right.OPERATE)
    Vm.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())
    assert not may(nobody, Action.START, template)
    assert not may(nobody, Action.START, gone)
    assert actions_somewhere(nobody) == frozenset()


def test_any_number_of_machines_costs_one_query(
    nobody: Person, add_vm: AddVm, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    machines = [add_vm(f"web{number}").pk for number in range(9)]
    nobody.has_perm("vms.view_every_vm")  # asked once a request
    with django_assert_num_queries(1):
        permissions = Permissions(nobody, machines)
        assert not any(permissions.on(vm) for vm in machines)


def test_what_one_may_not_is_said_before_what_is_not_possible(vm: Vm) -> None:
    facts = facts_of(vm, [])
    assert allowed(frozenset(), facts, Action.SHUTDOWN).reason is Reason.NOT_PERMITTED
    assert allowed(OPERATES, facts, Action.SHUTDOWN).reason is Reason.IS_STOPPED
    assert allowed(OPERATES, facts, Action.START).allowed


# --- what becomes of a right in the middle --------------------------------------------------------


@pytest.fixture
def given(nobody: Person, vm: Vm) -> Grant:
    return Grant.objects.create(vm=vm, person=nobody, right=Right.OPERATE)


def test_what_was_accepted_is_carried_out_though_the_right_ends(nobody: Person, vm: Vm, given: Grant) -> None:
    operation = request_action(vm, Order(Action.START, {}), by=nobody)
    given.delete()
    operation.refresh_from_db()
    assert operation.progress == Progress.QUEUED
    with pytest.raises(PermissionDenied):
        cancel(operation, by=nobody)


def test_whoever_still_sees_the_machine_cancels_the_own_operation_and_no_other(
    nobody: Person, anna: Person, vm: Vm, given: Grant
) -> None:
    mine = request_action(vm, Order(Action.START, {}), by=nobody)
    Grant.objects.filter(pk=given.pk).update(right=Right.USE)
    assert cancel(mine, by=nobody)
    others = request_action(vm, Order(Action.START, {}), by=anna)
    with pytest.raises(PermissionDenied):
        cancel(others, by=nobody)
    with pytest.raises(PermissionDenied):
        acknowledge(others, by=nobody)


def bulk_of(person: Person, *machines: Vm) -> Bulk:
    asked = Vm.objects.filter(pk__in=[vm.pk for vm in machines]).with_operations_under_way()
    return request_bulk(Action.START, plan(asked, Action.START, by=person), key=uuid4(), by=person)


def outcomes(bulk: Bulk) -> dict[str, str]:
    items = BulkItem.objects.filter(bulk=bulk).select_related("vm")
    return {item.vm.name: item.refusal or "asked" for item in items}


def test_many_at_once_are_refused_where_only_use_was_given(nobody: Person, add_vm: AddVm, vm: Vm, given: Grant) -> None:
    seen = add_vm("seen")
    Grant.objects.create(vm=seen, person=nobody, right=Right.USE)
    bulk = bulk_of(nobody, vm, seen)
    ask_some(bulk.pk)
    assert outcomes(bulk) == {"web1": "asked", "seen": Reason.NOT_PERMITTED}


def test_a_worker_asks_again_machine_by_machine(nobody: Person, add_vm: AddVm, vm: Vm, given: Grant) -> None:
    second = add_vm("second", Power.OFF)
    taken = Grant.objects.create(vm=second, person=nobody, right=Right.OPERATE)
    bulk = bulk_of(nobody, vm, second)
    taken.delete()
    ask_some(bulk.pk)
    assert outcomes(bulk) == {"web1": "asked", "second": Reason.NOT_PERMITTED}


def test_nothing_more_is_asked_for_somebody_who_was_blocked(nobody: Person, vm: Vm, given: Grant) -> None:
    bulk = bulk_of(nobody, vm)
    Person.objects.filter(pk=nobody.pk).update(is_active=False)
    ask_some(bulk.pk)
    assert outcomes(bulk) == {"web1": Reason.NOT_PERMITTED}
