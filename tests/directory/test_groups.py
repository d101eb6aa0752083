"""Groups of the directory as the panel remembers them: who is in them, what they are called, when they are gone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from unittest.mock import ANY
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from directory.groups import remember
from directory.ldap.access import Access, GroupKind
from directory.ldap.entries import GroupEntry, group_entry_named
from directory.ldap.names import dn_key, first_value, key_of_dn
from directory.models import DirectoryGroup, Person
from directory.refreshing import refresh_people
from tests.conftest import AddVm
from tests.directory.conftest import LogIn
from tests.directory.running import GROUPS, PEOPLE, RunningSlapd, dn_of, group, group_dn, person
from vms.models import Grant, Vm
from vms.operations.permission import may
from vms.rules.actions import Action
from vms.rules.rights import Right

TEAM = group_dn("team")
ODD = "Räume (Zürich), Ost * \\"
ODD_DN = f"cn=Räume (Zürich)\\2C Ost * \\5C,{GROUPS}"


def names_of(name: str) -> set[str]:
    return set(Person.objects.get(username=name).groups.values_list("name", flat=True))


@pytest.fixture
def team(slapd: RunningSlapd) -> None:
    slapd.add(TEAM, group("team", dn_of("uwe"), dn_of("mia")))


@pytest.fixture
def given(panel: LogIn, team: None, add_vm: AddVm) -> Vm:
    """A machine that uwe and mia may use, because their group was given it; uwe is logged in."""
    assert panel("uwe")
    vm = add_vm("given")
    Grant.objects.create(vm=vm, group=Group.objects.get(name="team"), right=Right.OPERATE)
    return vm


def may_start(name: str, vm: Vm) -> bool:
    return may(Person.objects.get(username=name), Action.START, vm)


@pytest.mark.live
def test_groups_are_remembered_with_the_first_of_their_members(panel: LogIn, team: None):
    assert panel("uwe")
    assert names_of("uwe") == {"users", "team"}
    assert panel("otto")
    assert names_of("otto") == {"users", "operators"}
    remembered = DirectoryGroup.objects.get(group__name="team")
    assert (remembered.dn, remembered.gone_at, len(remembered.key)) == (TEAM, None, 36)


@pytest.mark.live
def test_who_comes_into_a_group_gets_what_it_was_given(panel: LogIn, slapd: RunningSlapd, given: Vm):
    slapd.change(TEAM, "member", dn_of("otto"))
    assert panel("mia")
    assert may_start("uwe", given) and not may_start("mia", given)
    slapd.change(TEAM, "member", dn_of("mia"))
    refresh_people()
    assert may_start("mia", given) and not may_start("uwe", given)
    assert (names_of("mia"), names_of("uwe")) == ({"users", "team"}, {"users"})


@pytest.mark.live
def test_who_leaves_a_group_loses_it_at_the_next_login_too(panel: LogIn, slapd: RunningSlapd, given: Vm):
    slapd.change(TEAM, "member", dn_of("mia"))
    assert panel("uwe")
    assert not may_start("uwe", given)


@pytest.mark.live
def test_the_panels_own_groups_are_left_alone(panel: LogIn, slapd: RunningSlapd, given: Vm):
    own = Group.objects.create(name="own")
    Person.objects.get(username="uwe").groups.add(own)
    slapd.change(TEAM, "member", dn_of("mia"))
    refresh_people()
    assert names_of("uwe") == {"users", "own"}
    slapd.delete(dn_of("uwe"))
    refresh_people()
    assert names_of("uwe") == {"own"}


@pytest.mark.live
@pytest.mark.parametrize("meets_it", [refresh_people, Client])
def test_a_renamed_group_keeps_what_it_was_given(panel: LogIn, slapd: RunningSlapd, given: Vm, meets_it: object):
    slapd.rename(TEAM, "cn=Équipe (nouvelle)")
    assert callable(meets_it)
    meets_it()
    assert panel("uwe")
    assert names_of("uwe") == {"users", "Équipe (nouvelle)"}
    assert may_start("uwe", given)
    assert not Group.objects.filter(name="team").exists()


@pytest.mark.live
def test_a_group_that_is_gone_gives_nothing(
    panel: LogIn, slapd: RunningSlapd, given: Vm, caplog: pytest.LogCaptureFixture
):
    slapd.delete(TEAM)
    refresh_people()
    assert not may_start("uwe", given)
    gone = DirectoryGroup.objects.get(dn=TEAM)
    assert gone.gone_at and not gone.group.user_set.exists()
    assert f"no group {TEAM} any more" in caplog.text


@pytest.mark.live
def test_a_group_without_members_in_the_panel_is_followed_too(panel: LogIn, slapd: RunningSlapd, given: Vm):
    Person.objects.get(username="uwe").groups.clear()
    slapd.change(TEAM, "member", dn_of("vera"))
    slapd.rename(TEAM, "cn=crew")
    refresh_people()
    assert Grant.objects.get().group.name == "crew"  # type: ignore[union-attr]  # it was given to a group
    slapd.delete(group_dn("crew"))
    refresh_people()
    assert DirectoryGroup.objects.get(dn=group_dn("crew")).gone_at


@pytest.mark.live
def test_a_new_group_of_an_old_name_gets_nothing_of_it(panel: LogIn, slapd: RunningSlapd, given: Vm):
    slapd.delete(TEAM)
    slapd.add(TEAM, group("team", dn_of("uwe")))
    assert panel("uwe")
    assert names_of("uwe") == {"users", "team"}
    assert not may_start("uwe", given)
    refresh_people()
    old = DirectoryGroup.objects.exclude(gone_at=None).get()
    assert (old.group.name, Grant.objects.get().group) == (f"team~{old.group_id}", old.group)


@pytest.mark.live
def test_a_renamed_person_is_still_in_the_groups(panel: LogIn, slapd: RunningSlapd, given: Vm):
    slapd.rename(dn_of("uwe"), "uid=urs")
    slapd.change(TEAM, "member", dn_of("urs"))
    slapd.change(group_dn("users"), "member", dn_of("urs"))
    refresh_people()
    assert may_start("urs", given)


@pytest.mark.live
def test_a_deleted_person_with_rights_has_none_and_somebody_new_of_the_name_neither(
    panel: LogIn, slapd: RunningSlapd, given: Vm
):
    uwe = Person.objects.get(username="uwe")
    Grant.objects.create(vm=given, person=uwe, right=Right.USE)
    slapd.delete(dn_of("uwe"))
    slapd.change(TEAM, "member", dn_of("mia"))
    refresh_people()
    uwe.refresh_from_db()
    assert (uwe.is_active, uwe.groups.count(), uwe.grants.count()) == (False, 0, 1)
    assert not panel("uwe")
    slapd.add(dn_of("uwe"), person("uwe"))
    assert panel("uwe")
    assert not Vm.objects.all().visible_to(Person.objects.get(username="uwe")).exists()


@pytest.mark.live
@pytest.mark.parametrize("how", ["stop", "freeze"])
def test_nobody_gets_more_or_less_while_the_directory_cannot_be_asked(
    panel: LogIn, slapd: RunningSlapd, given: Vm, how: str
):
    slapd.change(TEAM, "member", dn_of("mia"))
    getattr(slapd, how)()
    refresh_people()
    assert not panel("mia")
    assert may_start("uwe", given)
    assert DirectoryGroup.objects.filter(gone_at=None).count() == DirectoryGroup.objects.count()


@pytest.mark.live
def test_a_base_that_is_missing_changes_nothing(
    panel: LogIn, slapd: RunningSlapd, given: Vm, access: Access, settings: Settings
):
    settings.DIRECTORY = replace(access, groups=replace(access.groups, base="ou=nowhere,dc=example,dc=org"))
    refresh_people()
    assert may_start("uwe", given)


@pytest.mark.live
@pytest.mark.parametrize("nested", [True, False])
def test_groups_in_groups_count_where_the_setting_says_so(
    panel: LogIn, slapd: RunningSlapd, given: Vm, access: Access, settings: Settings, nested: bool
):
    settings.DIRECTORY = replace(access, groups=replace(access.groups, nested=nested))
    slapd.add(group_dn("inner"), group("inner", dn_of("ada"), TEAM))
    slapd.change(TEAM, "member", dn_of("mia"), group_dn("inner"))
    assert panel("ada")
    assert names_of("ada") == {"users", "auditors", "inner"} | ({"team"} if nested else set())
    assert Grant.objects.of(Person.objects.get(username="ada")).exists() == nested


@pytest.mark.live
def test_groups_of_one_name_in_different_places_can_be_told_apart(panel: LogIn, slapd: RunningSlapd, team: None):
    zurich = f"ou=Zürich,{GROUPS}"
    slapd.add(zurich, {"objectClass": ["organizationalUnit"], "ou": ["Zürich"]})
    slapd.add(f"cn=team,{zurich}", group("team", dn_of("uwe")))
    Group.objects.create(name="users")
    assert panel("uwe")
    assert names_of("uwe") == {"team", "team (Zürich)", "users (groups)"}
    refresh_people()
    assert names_of("uwe") == {"team", "team (Zürich)", "users (groups)"}


@pytest.mark.live
def test_any_name_will_do(panel: LogIn, slapd: RunningSlapd):
    inside = f"cn=x\\2c (Ü),{PEOPLE}"
    slapd.add(inside, person("uwe2", cn=ODD))
    slapd.change(group_dn("users"), "member", inside)
    slapd.add(ODD_DN, group(ODD, inside))
    assert panel("uwe2")
    assert names_of("uwe2") == {"users", ODD}
    refresh_people()
    assert names_of("uwe2") == {"users", ODD}


@pytest.mark.live
def test_posix_groups_are_remembered_as_well(panel: LogIn, slapd: RunningSlapd, access: Access, settings: Settings):
    slapd.add(TEAM, group("team", "otto", kind="posixGroup", by="memberUid", gidNumber="4711"))
    settings.DIRECTORY = replace(access, groups=replace(access.groups, kind=GroupKind.POSIX_GROUP, roles={}))
    assert panel("otto")
    assert names_of("otto") == {"team"}
    slapd.rename(TEAM, "cn=crew")
    refresh_people()
    assert names_of("otto") == {"crew"}


@pytest.mark.live
def test_what_stands_on_the_person_is_known_by_its_name(
    panel: LogIn, slapd: RunningSlapd, access: Access, settings: Settings
):
    odd = person("x", objectClass=["user"], memberOf=[group_dn("users"), f"CN=Räume\\, Ost,{GROUPS}"])
    slapd.add(dn_of("x"), odd)
    settings.DIRECTORY = replace(access, groups=replace(access.groups, base="", kind=GroupKind.MEMBER_OF))
    assert panel("x")
    assert names_of("x") == {"users", "Räume, Ost"}
    refresh_people()
    assert names_of("x") == {"users", "Räume, Ost"}
    slapd.change(dn_of("x"), "memberOf", group_dn("users"))
    refresh_people()
    assert names_of("x") == {"users"}


@pytest.mark.live
def test_without_a_readable_key_a_group_is_known_by_its_name(
    panel: LogIn, slapd: RunningSlapd, access: Access, settings: Settings, team: None
):
    settings.DIRECTORY = replace(access, attributes=replace(access.attributes, key="uid"))
    assert panel("uwe")
    assert DirectoryGroup.objects.get(group__name="team").key == key_of_dn(TEAM)
    refresh_people()
    assert names_of("uwe") == {"users", "team"}
    slapd.delete(TEAM)
    refresh_people()
    assert names_of("uwe") == {"users"}
    assert DirectoryGroup.objects.get(group__name="team").gone_at


@pytest.mark.live
def test_the_other_members_of_a_group_are_not_fetched(panel: LogIn, slapd: RunningSlapd, given: Vm):
    slapd.change(TEAM, "member", dn_of("uwe"), *(dn_of(f"p{number}") for number in range(10_000)))
    assert panel("uwe")
    refresh_people()
    assert may_start("uwe", given)
    assert Person.objects.count() == 1


def test_hundreds_of_groups_cost_as_many_questions_as_one(
    db: None, django_assert_max_num_queries: DjangoAssertNumQueries
):
    for number in (1, 300):
        names = [f"group {n} of {number}" for n in range(number)]
        new = [GroupEntry(group_dn(name), str(uuid4()), name) for name in names]
        with django_assert_max_num_queries(8):
            remember(new)
        with django_assert_max_num_queries(4):
            remember(new)


@pytest.mark.django_db(transaction=True)
def test_a_group_is_remembered_once_by_many_at_the_same_moment():
    entries = [GroupEntry(group_dn(name), str(uuid4()), name) for name in map(str, range(20))]

    def at_once(_number: int) -> list[int]:
        try:
            return sorted(remembered.pk for remembered in remember(entries))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as many:
        first, *others = many.map(at_once, range(8))
    assert others == [first] * 7
    assert DirectoryGroup.objects.count() == Group.objects.count() == len(entries)


def test_names_are_short_enough_and_different(db: None):
    alike = [GroupEntry(f"cn={'x' * 200},ou={place},{GROUPS}", place, "x" * 200) for place in ("a", "b")]
    alike += [GroupEntry(f"cn=x,ou={place},dc={place},dc=org", f"x{place}", "x") for place in ("a", "b")]
    alike += [GroupEntry(f"cn=x,ou=a,dc={place},dc=org", f"xx{place}", "x") for place in ("a", "b")]
    names = [remembered.group.name for remembered in remember(alike)]
    assert len(set(names)) == len(alike)
    assert max(map(len, names)) <= 150


def test_two_spellings_of_a_distinguished_name_are_one_key():
    assert key_of_dn("CN=Ops,  OU=Groups,DC=Example") == key_of_dn("cn=ops,ou=groups,dc=example")
    assert key_of_dn("cn=a\\,b,dc=x") == key_of_dn("cn=a\\2cb,dc=x") != key_of_dn("cn=a,cn=b,dc=x")
    assert dn_key(key_of_dn(ODD_DN)) == dn_key(ODD_DN)
    assert len(key_of_dn(f"cn={'ö' * 300},dc=x")) < 255
    assert first_value(ODD_DN) == ODD
    assert group_entry_named("").name == ""
    assert group_entry_named(ODD_DN) == GroupEntry(ODD_DN, ANY, ODD)
    assert group_entry_named(ODD_DN).address == ODD_DN
