"""Rights on a pool: given, changed, taken away, and told to those concerned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from directory.models import Person
from tests.conftest import person_with
from tests.operations.streaming import ask_for
from tests.operations.test_pool_rights import desks, give, pool, sees, team, uwe
from tests.operations.test_racing import all_at_once
from tests.operations.working import look, work
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.machine_xml import PanelMark, with_panel_mark
from vms.models import AuditLine, Grant, Vm, VmPool
from vms.operations import announcing
from vms.operations.giving import Given, Owners, Wishes, change_rights, may_give
from vms.operations.joining import request_to_move
from vms.operations.pools import remove_pool
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.rules.rights import Right

__all__ = ["desks", "pool", "team", "uwe"]
pytestmark = pytest.mark.django_db

USE, OPERATE = Right.USE, Right.OPERATE


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    heard: list[tuple[str, str]] = []
    monkeypatch.setattr(announcing._outlet(), "tell", heard.extend)
    return heard


# --- given, changed, taken away ------------------------------------------------------------------
def rights_on(pool: VmPool) -> dict[str, str]:
    return {str(grant.person or grant.group): grant.right for grant in Grant.objects.filter(pool=pool)}


def test_rights_on_a_pool_are_given_changed_and_taken_away(
    desks: VmPool, pool: VmPool, anna: Person, uwe: Person, team: Group
) -> None:
    assert change_rights(desks, Owners.PEOPLE, Wishes(given={uwe.pk: USE}), by=anna) == Given(given=["uwe"])
    assert change_rights(desks, Owners.GROUPS, Wishes(given={team.pk: USE}), by=anna) == Given(given=["team"])
    assert change_rights(desks, Owners.PEOPLE, Wishes(changed={uwe.pk: OPERATE}), by=anna) == Given(changed=["uwe"])
    assert (rights_on(desks), rights_on(pool)) == ({"uwe": OPERATE, "team": USE}, {})
    assert change_rights(desks, Owners.GROUPS, Wishes(taken=[team.pk]), by=anna) == Given(taken=["team"])
    assert rights_on(desks) == {"uwe": OPERATE}


def test_each_change_is_in_the_audit_trail(desks: VmPool, anna: Person, uwe: Person) -> None:
    change_rights(desks, Owners.PEOPLE, Wishes(given={uwe.pk: USE}), by=anna)
    line = AuditLine.objects.get()
    assert (line.request, line.person_name) == (Action.USERS, "anna")
    assert (line.subject, line.subject_key, line.subject_name) == ("pool", str(desks.pk), "desks")
    assert line.values == {"change": "given", "person": "uwe", "right": "use"}


def test_those_concerned_are_told(
    desks: VmPool,
    anna: Person,
    uwe: Person,
    told: list[tuple[str, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        change_rights(desks, Owners.PEOPLE, Wishes(given={uwe.pk: USE}), by=anna)
    assert {("rights", str(desks.pk)), ("pool", str(desks.pk))} <= set(told)


def test_only_who_may_give_on_every_machine_gives(desks: VmPool, anna: Person, otto: Person, nobody: Person) -> None:
    give(desks, nobody, OPERATE)
    assert may_give(anna, Owners.PEOPLE, desks)
    lent = person_with(("give_vm",), "lent")  # sees no machine that was not given
    for person in (otto, nobody, lent):
        assert not may_give(person, Owners.PEOPLE, desks)
        with pytest.raises(PermissionDenied):
            change_rights(desks, Owners.PEOPLE, Wishes(given={person.pk: OPERATE}), by=person)
    assert rights_on(desks) == {"nobody": OPERATE}


def test_nothing_is_given_on_a_pool_that_is_gone(desks: VmPool, anna: Person, uwe: Person) -> None:
    VmPool.objects.all().delete()
    with pytest.raises(VmPool.DoesNotExist):
        change_rights(desks, Owners.PEOPLE, Wishes(given={uwe.pk: USE}), by=anna)
    assert not Grant.objects.exists()


def test_a_pool_that_is_removed_takes_its_rights_along(pool: VmPool, uwe: Person) -> None:
    give(pool, uwe)
    remove_pool(pool, by=Person.objects.create_user("root", is_administrator=True))
    assert not Grant.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_give_at_the_same_moment_do_not_stumble(
    desks: VmPool, anna: Person, berta: Person, uwe: Person, nobody: Person
) -> None:
    def by(person: Person, right: Right) -> Callable[[], Given]:
        return lambda: change_rights(desks, Owners.PEOPLE, Wishes(given={uwe.pk: right}), by=person)

    came = all_at_once(by(anna, USE), by(berta, OPERATE))
    assert sorted(came, key=str) == sorted([Given(given=["uwe"]), Given(had_one=["uwe"])], key=str)


@pytest.mark.parametrize("things", [{}, {"vm_id": uuid4(), "pool_id": uuid4()}])
def test_a_right_is_on_one_thing(things: dict[str, Any], uwe: Person) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.create(person=uwe, **things)


# --- at the machine ------------------------------------------------------------------------------
def test_give_right_gives_on_pools_by_name_or_uuid(pool: VmPool, desks: VmPool, team: Group) -> None:
    call_command("give_right", "team", "use", "web", str(desks.pk), "--group", "--pool")
    assert rights_on(pool) == rights_on(desks) == {"team": USE}


def test_give_right_knows_no_machine_among_pools(vm: Vm, uwe: Person) -> None:
    with pytest.raises(CommandError, match="No pool is called web1"):
        call_command("give_right", "uwe", "use", "web1", "--pool")
    assert not Grant.objects.exists()


# --- a machine comes into a pool, or leaves it ----------------------------------------------------
def test_who_was_given_the_pool_is_told_of_a_machine_that_is_moved_into_it(
    vm: Vm,
    pool: VmPool,
    anna: Person,
    told: list[tuple[str, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        work(request_to_move(vm, pool, uuid4(), by=anna))
    assert {("rights", str(vm.pk)), ("vm", str(vm.pk)), ("pool", str(pool.pk))} <= set(told)


def test_and_of_one_whose_definition_says_so(
    vm: Vm,
    pool: VmPool,
    alpha: FakeNode,
    told: list[tuple[str, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    machine = alpha.machines[vm.pk]
    machine.xml = with_panel_mark(machine.xml, PanelMark(Kind.VM, display_name="web1", pool=pool.pk))
    with django_capture_on_commit_callbacks(execute=True):
        look(vm)
    assert Vm.objects.get(pk=vm.pk).pool == pool
    assert ("rights", str(vm.pk)) in told


def test_and_of_one_that_is_made_in_it(
    template: Vm,
    pool: VmPool,
    anna: Person,
    uwe: Person,
    told: list[tuple[str, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    give(pool, uwe)
    with django_capture_on_commit_callbacks(execute=True):
        (operation,) = ask_for(template, "web9", by=anna, vm_pool=pool)
    assert (sees(uwe), ("rights", str(operation.vm_id)) in told) == ({"web9"}, True)
