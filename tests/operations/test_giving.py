"""Rights on a machine: given, changed, taken away, and kept through whatever happens to the machine."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from directory.models import Person
from tests.conftest import person_with
from tests.operations.test_racing import all_at_once
from tests.operations.working import ask, fresh, look
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.machine_xml import PanelMark, with_panel_mark
from vms.models import AuditLine, Grant, Node, Vm
from vms.operations import announcing
from vms.operations.giving import Given, Owners, Wishes, change_rights
from vms.operations.nodes import add_node, remove_node
from vms.operations.permission import may
from vms.operations.promising import ActionRefused
from vms.rules.actions import Action
from vms.rules.audit import Outcome
from vms.rules.kinds import Kind
from vms.rules.power import Power
from vms.rules.rights import Right

USE, OPERATE = Right.USE, Right.OPERATE


def give(vm: Vm, person: Person, right: Right = USE, *, by: Person) -> Given:
    return change_rights(vm, Owners.PEOPLE, Wishes(given={person.pk: right}), by=by)


def change(vm: Vm, person: Person, right: Right, *, by: Person) -> Given:
    return change_rights(vm, Owners.PEOPLE, Wishes(changed={person.pk: right}), by=by)


def take(vm: Vm, person: Person, *, by: Person) -> Given:
    return change_rights(vm, Owners.PEOPLE, Wishes(taken=[person.pk]), by=by)


def rights_on(vm: Vm) -> dict[str, str]:
    return {str(grant.person or grant.group): grant.right for grant in Grant.objects.filter(vm=vm)}


def lines() -> list[dict[str, str]]:
    return [line.values for line in AuditLine.objects.order_by("pk")]


@pytest.fixture
def uwe(db: None) -> Person:
    """May log in, and no more."""
    return person_with((), "uwe")


@pytest.fixture
def team(uwe: Person) -> Group:
    """With uwe in it."""
    group = Group.objects.create(name="team")
    uwe.groups.add(group)
    return group


def test_whoever_is_given_a_right_has_it_at_once(vm: Vm, anna: Person, uwe: Person):
    assert not may(uwe, Action.USE, vm)
    assert give(vm, uwe, by=anna) == Given(given=["uwe"])
    assert (may(uwe, Action.USE, vm), may(uwe, Action.START, vm)) == (True, False)
    assert change(vm, uwe, OPERATE, by=anna) == Given(changed=["uwe"])
    assert (may(uwe, Action.START, vm), may(uwe, Action.DELETE, vm)) == (True, False)
    assert take(vm, uwe, by=anna) == Given(taken=["uwe"])
    assert not may(uwe, Action.USE, vm)


def test_a_group_gives_it_to_its_people(vm: Vm, anna: Person, uwe: Person, team: Group):
    assert change_rights(vm, Owners.GROUPS, Wishes(given={team.pk: OPERATE}), by=anna) == Given(given=["team"])
    assert may(uwe, Action.START, vm)
    uwe.groups.clear()
    assert not may(Person.objects.get(pk=uwe.pk), Action.START, vm)


def test_people_and_groups_do_not_get_in_each_others_way(vm: Vm, anna: Person, uwe: Person, team: Group):
    give(vm, uwe, by=anna)
    change_rights(vm, Owners.GROUPS, Wishes(given={team.pk: OPERATE}, taken=[uwe.pk + 1000]), by=anna)
    assert rights_on(vm) == {"uwe": USE, "team": OPERATE}


def test_it_says_who_gave_it_and_when(vm: Vm, anna: Person, berta: Person, uwe: Person):
    give(vm, uwe, by=anna)
    first = Grant.objects.get()
    change(vm, uwe, OPERATE, by=berta)
    second = Grant.objects.get()
    assert (first.given_by_name, second.given_by_name) == ("anna", "berta")
    assert second.given_at > first.given_at


@pytest.mark.parametrize("act", [give, take])
def test_twice_is_as_good_as_once(act: Callable[..., Given], vm: Vm, anna: Person, uwe: Person):
    act(vm, uwe, by=anna)
    before, written = rights_on(vm), len(lines())
    assert act(vm, uwe, by=anna) == Given()
    assert (rights_on(vm), len(lines())) == (before, written)


def test_two_administrators_lose_nothing_of_each_other(
    vm: Vm, anna: Person, berta: Person, uwe: Person, nobody: Person
):
    """Both have the same page before them; each sends only what was changed there."""
    give(vm, uwe, by=anna)
    give(vm, nobody, by=berta)
    change(vm, uwe, OPERATE, by=anna)
    take(vm, nobody, by=berta)
    assert rights_on(vm) == {"uwe": OPERATE}


@pytest.mark.django_db(transaction=True)
def test_at_the_same_moment_too(vm: Vm, anna: Person, berta: Person, uwe: Person, nobody: Person):
    came = all_at_once(
        lambda: give(vm, uwe, USE, by=anna),
        lambda: give(vm, uwe, OPERATE, by=berta),
        lambda: give(vm, nobody, by=berta),
    )
    assert came[2] == Given(given=["nobody"])
    assert sorted(came[:2], key=str) == sorted([Given(given=["uwe"]), Given(had_one=["uwe"])], key=str)
    assert set(rights_on(vm)) == {"uwe", "nobody"}


def test_a_right_that_others_gave_meanwhile_is_not_lowered(vm: Vm, anna: Person, berta: Person, uwe: Person):
    give(vm, uwe, OPERATE, by=anna)
    assert give(vm, uwe, USE, by=berta) == Given(had_one=["uwe"])
    assert rights_on(vm) == {"uwe": OPERATE}


def test_a_right_that_others_took_away_meanwhile_does_not_come_back(vm: Vm, anna: Person, berta: Person, uwe: Person):
    give(vm, uwe, by=anna)
    take(vm, uwe, by=anna)
    assert change(vm, uwe, OPERATE, by=berta) == Given(had_none=1)
    assert rights_on(vm) == {}


def test_each_change_is_in_the_audit_trail_by_name(vm: Vm, anna: Person, uwe: Person, team: Group):
    give(vm, uwe, by=anna)
    change(vm, uwe, OPERATE, by=anna)
    take(vm, uwe, by=anna)
    change_rights(vm, Owners.GROUPS, Wishes(given={team.pk: USE}), by=anna)
    assert lines() == [
        {"change": "given", "person": "uwe", "right": "use"},
        {"change": "changed", "person": "uwe", "right": "operate", "was": "use"},
        {"change": "taken", "person": "uwe", "right": "operate"},
        {"change": "given", "group": "team", "right": "use"},
    ]
    asked = AuditLine.objects.order_by("pk").values_list("request", "person_name", "subject_name", "outcome")
    assert list(asked) == [(who, "anna", "web1", Outcome.SUCCEEDED) for who in ("users",) * 3 + ("groups",)]


@pytest.mark.parametrize("owners", Owners)
def test_only_who_may_give_gives(owners: Owners, vm: Vm, otto: Person, nobody: Person):
    Grant.objects.create(vm=vm, person=nobody, right=OPERATE)
    for person in (otto, nobody):
        with pytest.raises(PermissionDenied):
            change_rights(vm, owners, Wishes(given={person.pk: OPERATE}), by=person)
    assert rights_on(vm) == {"nobody": OPERATE}


def test_nothing_is_given_on_a_machine_that_is_being_deleted(vm: Vm, anna: Person, uwe: Person):
    ask(vm, Action.DELETE, anna, disks=[])
    with pytest.raises(ActionRefused) as refused:
        give(vm, uwe, by=anna)
    assert refused.value.reason == "is_deleting"
    assert (rights_on(vm), refused.value.holder is not None) == ({}, True)


def test_what_goes_wrong_in_the_middle_changes_nothing(vm: Vm, anna: Person, uwe: Person):
    wishes = Wishes(given={uwe.pk: USE, 999_999: USE})
    with pytest.raises(Exception, match=r"(?i)person|constraint"), transaction.atomic():
        change_rights(vm, Owners.PEOPLE, wishes, by=anna)
    assert (rights_on(vm), lines()) == ({}, [])


def test_those_concerned_are_told(
    vm: Vm,
    anna: Person,
    uwe: Person,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
):
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(announcing._outlet(), "tell", told.extend)
    with django_capture_on_commit_callbacks(execute=True):
        give(vm, uwe, by=anna)
    assert {("rights", str(vm.pk)), ("vm", str(vm.pk))} <= set(told)
    told.clear()
    with django_capture_on_commit_callbacks(execute=True):
        give(vm, uwe, by=anna)
    assert told == []


# --- what happens to the machine does not touch its rights ---------------------------------------
@pytest.fixture
def given(vm: Vm, anna: Person, uwe: Person, team: Group) -> Vm:
    give(vm, uwe, by=anna)
    change_rights(vm, Owners.GROUPS, Wishes(given={team.pk: OPERATE}), by=anna)
    return vm


RIGHTS = {"uwe": USE, "team": OPERATE}


def test_a_new_name_changes_nothing(given: Vm, alpha: FakeNode, uwe: Person):
    machine = alpha.machines[given.uuid]
    machine.name = "web2"
    machine.xml = with_panel_mark(machine.xml, PanelMark(Kind.VM, display_name="web2"))
    look(given)
    assert fresh(given).display_name == "web2"
    assert (rights_on(given), may(uwe, Action.START, given)) == (RIGHTS, True)


def test_a_machine_that_was_away_comes_back_with_them(given: Vm, alpha: FakeNode, uwe: Person):
    """As when it is undefined and defined anew, or restored from a backup."""
    del alpha.machines[given.uuid]
    look(given)
    assert fresh(given).gone_at is not None
    alpha.add("other-name", uuid=given.uuid)
    look(given)
    assert fresh(given).gone_at is None
    assert (rights_on(given), may(uwe, Action.START, given)) == (RIGHTS, True)


def test_another_node_changes_nothing(given: Vm, alpha: FakeNode, beta: FakeNode, second_node: Node, uwe: Person):
    del alpha.machines[given.uuid]
    look(given)
    beta.add("web1", Power.RUNNING, uuid=given.uuid)
    given.node = second_node
    look(given)
    assert fresh(given).node == second_node
    assert (rights_on(given), may(uwe, Action.START, given)) == (RIGHTS, True)


def test_a_node_that_is_removed_and_added_again_changes_nothing(given: Vm, alpha: FakeNode, anna: Person, uwe: Person):
    root = Person.objects.create_user("root", is_administrator=True)
    Vm.objects.update(deleted_at=timezone.now())
    remove_node(given.node, by=root)
    assert not Vm.objects.exists()
    given.node = add_node("alpha", alpha.uri, by=root)
    look(given)
    assert (rights_on(given), may(uwe, Action.START, given)) == (RIGHTS, True)


def test_who_is_removed_leaves_no_right_behind(given: Vm, uwe: Person, team: Group):
    uwe.delete()
    team.delete()
    assert rights_on(given) == {}
