"""Looking for people and groups who could be given something: in the panel's accounts and in a real directory."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import settings as current
from django.contrib.auth.models import Group
from pytest_django.fixtures import Settings

from directory import labels
from directory.accounts import take_leave
from directory.candidates import Candidate
from directory.finding import MOST, find_groups, find_people, group_of, person_of
from directory.ldap.access import Access, Attributes, GroupKind
from directory.ldap.problems import Problem
from directory.models import DirectoryGroup, Person
from directory.refreshing import refresh_people
from directory.roles import Role
from tests.directory.running import PEOPLE, RunningSlapd, dn_of, group, group_dn, person
from tests.directory.test_groups import ODD, ODD_DN
from tests.directory.test_kinds_of_groups import GUID
from vms.operations.people import people

JOERG = "Müller, Jörg (Büro) * \\ +"


@pytest.fixture
def directory(db: None, access: Access, settings: Settings) -> RunningSlapd | None:
    settings.DIRECTORY = access
    return None


@pytest.fixture
def joerg(slapd: RunningSlapd) -> None:
    """With a full name that has everything in it, and without a mail address."""
    slapd.add(f"uid=jm,{PEOPLE}", person("jm", cn=JOERG, mail=[]))
    slapd.change(group_dn("users"), "member", f"uid=jm,{PEOPLE}")


def named(text: str) -> list[str]:
    return [candidate.name for candidate in find_people(text).candidates]


def groups_named(text: str) -> list[str]:
    return [candidate.name for candidate in find_groups(text).candidates]


def only(text: str) -> Candidate:
    (candidate,) = find_people(text).candidates
    return candidate


def only_group(text: str) -> Candidate:
    (candidate,) = find_groups(text).candidates
    return candidate


def test_it_is_what_machines_know_of_people():
    assert people().find_people is find_people
    assert people().group_of is group_of


def test_without_a_directory_there_are_the_local_ones(db: None):
    assert current.DIRECTORY is None
    root = Person.objects.create_user("root")
    team = Group.objects.create(name="Team Zürich")
    Person.objects.create_user("blocked")
    Person.objects.filter(username="blocked").update(is_active=False)
    found = find_people("ROO")
    assert found.candidates == (Candidate(f"account:{root.pk}", "root", "", "", "", is_local=True),)
    assert (found.more, found.trouble) == (False, "")
    assert named("") == ["root"]
    assert person_of(found.candidates[0].key) == root
    assert only_group("ZÜRICH team") == Candidate(f"group:{team.pk}", "Team Zürich", "", "", "", is_local=True)
    assert group_of(f"group:{team.pk}") == team


@pytest.mark.live
@pytest.mark.parametrize("text", ["otto", "OTT", "tto@example", "o t example.org"])
def test_a_part_of_name_or_mail_finds_somebody_of_the_directory(directory: None, text: str):
    assert "otto" in named(text)
    assert named("nobody") == []


@pytest.mark.live
@pytest.mark.parametrize("text", ["jörg", "MÜLLER", "müller, jörg", "jörg müller", "(büro)", "*", "\\", "+", "jm"])
def test_any_name_is_found(directory: None, joerg: None, text: str):
    candidate = only(text)
    assert (candidate.name, candidate.full_name, candidate.mail) == ("jm", JOERG, "")
    assert (candidate.place, candidate.is_local) == (f"uid=jm,{PEOPLE}", False)


@pytest.mark.live
@pytest.mark.parametrize(
    "trick",
    [
        "*)(uid=*",
        "x)(|(uid=*)",
        "a\0",
        "%s",
        "%",
        "\\2a",
        "*)(objectClass=*",
        "&",
        "(",
        ")",
        "x" * 5_000,
        "ott*",
        "*o*",
    ],
)
def test_what_is_typed_looks_for_itself_only(directory: None, trick: str):
    for found in (find_people(trick), find_groups(trick)):
        assert (found.candidates, found.trouble) == ((), "")


@pytest.mark.live
def test_passwords_and_other_attributes_are_not_searched(directory: None):
    assert named("inetOrgPerson") == named("correct") == []


@pytest.mark.live
def test_somebody_who_never_logged_in_gets_an_account(directory: None):
    found = only("otto")
    assert found.key.startswith("entry:")
    otto = person_of(found.key)
    assert (otto.username, otto.role, otto.is_active, otto.last_login) == ("otto", Role.OPERATOR, True, None)
    assert set(otto.groups.values_list("name", flat=True)) == {"users", "operators"}
    assert person_of(found.key) == otto
    again = only("otto")
    assert (again.key, again.place) == (f"account:{otto.pk}", dn_of("otto"))


@pytest.mark.live
def test_everybody_is_there_once(directory: None, slapd: RunningSlapd):
    otto = person_of(only("otto").key)
    slapd.rename(dn_of("otto"), "uid=oskar")
    assert [candidate.key for candidate in find_people("o").candidates if candidate.name in {"otto", "oskar"}] == [
        f"account:{otto.pk}"
    ]


@pytest.mark.live
def test_who_may_not_log_in_gets_no_account(directory: None, slapd: RunningSlapd):
    vera = only("vera")
    with pytest.raises(LookupError, match="may not log in"):
        person_of(vera.key)
    assert not Person.objects.exists()
    Person.objects.create_user("uwe")
    (local, other) = sorted(find_people("uwe").candidates, key=lambda one: not one.is_local)
    with pytest.raises(LookupError, match="local account"):
        person_of(other.key)
    assert person_of(local.key).is_local


@pytest.mark.live
def test_blocked_people_are_not_offered_and_get_nothing(directory: None):
    key = only("otto").key
    Person.objects.filter(pk=person_of(key).pk).update(is_active=False)
    assert named("otto") == []
    with pytest.raises(LookupError):
        person_of(key)


@pytest.mark.live
def test_who_has_left_is_offered_again_when_the_directory_has_them(directory: None):
    key = only("otto").key
    otto = person_of(key)
    take_leave(otto, Problem.NOT_FOUND)
    assert not otto.groups.exists()
    assert only("otto").key == key
    assert person_of(key) == otto
    assert person_of(key).is_active


@pytest.mark.live
@pytest.mark.parametrize(
    "key", ["", "account:", "account:x", "account:99", f"account:{'9' * 99}", "entry:", "entry:*", "entry:x\0", "x:1"]
)
def test_nobody_has_a_key_that_was_made_up(directory: None, key: str):
    Person.objects.create_user("root")
    with pytest.raises(LookupError):
        person_of(key)
    for group_key in (key.replace("account", "group"), key.replace("entry", "group-entry"), "group-entry:cn=x,dc=y"):
        with pytest.raises(LookupError):
            group_of(group_key)


@pytest.mark.live
def test_groups_are_found_and_remembered(directory: None, slapd: RunningSlapd):
    slapd.add(ODD_DN, group(ODD, dn_of("uwe")))
    for text in ("räume", "zürich ost", "(", "*", "\\"):
        assert only_group(text).name == ODD
    found = only_group(ODD)
    assert (found.place, found.is_local) == (ODD_DN, False)
    remembered = group_of(found.key)
    assert remembered.name == ODD
    assert only_group(ODD).key == f"group:{remembered.pk}"
    assert not remembered.user_set.exists()
    uwe = person_of(only("uwe").key)
    assert list(remembered.user_set.all()) == [uwe]


@pytest.mark.live
def test_a_group_that_is_gone_is_not_offered(directory: None, slapd: RunningSlapd):
    operators = group_of(only_group("operators").key)
    uwe = person_of(only("uwe").key)
    Person.objects.filter(pk=uwe.pk).update(last_login=uwe.joined_at)
    slapd.delete(group_dn("operators"))
    refresh_people()
    assert groups_named("operators") == []
    with pytest.raises(LookupError):
        group_of(f"group:{operators.pk}")
    remembered = DirectoryGroup.objects.get(group=operators)
    with pytest.raises(LookupError):
        group_of(f"group-entry:{remembered.key}")


@pytest.mark.live
def test_a_big_directory_is_cut_and_says_so(directory: None, slapd: RunningSlapd):
    for number in range(MOST + 10):
        slapd.add(dn_of(f"p{number}"), person(f"p{number}", cn=f"Somebody Else {number}"))
        slapd.add(group_dn(f"g{number}"), group(f"g{number}", dn_of("uwe")))
    for found in (find_people("else"), find_groups("g")):
        assert (len(found.candidates), found.more, found.trouble) == (MOST, True, "")
    assert not find_people("else 12").more


@pytest.mark.live
def test_a_group_of_ten_thousand_is_found_and_remembered(directory: None, slapd: RunningSlapd):
    slapd.change(group_dn("operators"), "member", dn_of("uwe"), *(dn_of(f"p{n}") for n in range(10_000)))
    operators = group_of(only_group("operators").key)
    person_of(only("uwe").key)
    assert operators.user_set.count() == Person.objects.count() == 1


@pytest.mark.live
def test_the_attributes_of_active_directory(directory: None, slapd: RunningSlapd, access: Access, settings: Settings):
    slapd.add(
        f"cn=Ötzi\\2c x,{PEOPLE}",
        person("x", objectClass=["user"], uid=[], cn="Ötzi, x", sAMAccountName="oetzi", memberOf=group_dn("users")),
        objectGUID=GUID.bytes_le,
    )
    settings.DIRECTORY = replace(
        access,
        people_filter="(&(objectClass=user)(!(uid=x)))",
        attributes=Attributes(name="sAMAccountName", key="objectGUID"),
        groups=replace(access.groups, kind=GroupKind.MEMBER_OF),
    )
    assert only("ötzi").key == f"entry:{GUID}"
    oetzi = person_of(only("oetzi").key)
    group_of(only_group("users").key)
    assert list(oetzi.groups.all()) == [group_of(only_group("users").key)]
    for made_up in ("entry:x", "entry:01234567"):
        with pytest.raises(LookupError):
            person_of(made_up)


@pytest.mark.live
def test_posix_groups_are_found(directory: None, slapd: RunningSlapd, access: Access, settings: Settings):
    slapd.add(group_dn("posix"), group("posix", "otto", kind="posixGroup", by="memberUid", gidNumber="4711"))
    settings.DIRECTORY = replace(access, groups=replace(access.groups, kind=GroupKind.POSIX_GROUP, roles={}))
    assert groups_named("") == ["posix"]
    posix = group_of(only_group("posix").key)
    assert list(person_of(only("otto").key).groups.all()) == [posix]


@pytest.mark.live
def test_without_a_readable_key_groups_are_found_by_their_names(
    directory: None, slapd: RunningSlapd, access: Access, settings: Settings
):
    slapd.add(ODD_DN, group(ODD, dn_of("uwe")))
    settings.DIRECTORY = replace(access, attributes=replace(access.attributes, key="uid"))
    odd = group_of(only_group("räume").key)
    assert only_group("räume").key == f"group:{odd.pk}"
    assert odd in person_of(only("uwe").key).groups.all()
    with pytest.raises(LookupError):
        group_of(f"group-entry:{dn_of('uwe')}")


@pytest.mark.live
def test_where_people_log_in_themselves_nobody_can_be_looked_for(directory: None, access: Access, settings: Settings):
    Person.objects.create_user("root")
    settings.DIRECTORY = replace(access, bind_dn="", bind_password="", person_dn=f"uid={{name}},{PEOPLE}")
    found = find_people("")
    assert ([one.name for one in found.candidates], found.trouble) == (["root"], str(labels.MAY_NOT_SEARCH))
    with pytest.raises(LookupError):
        person_of("entry:x")


@pytest.mark.live
def test_groups_without_a_place_are_not_looked_for(directory: None, access: Access, settings: Settings):
    settings.DIRECTORY = replace(access, groups=replace(access.groups, base="", kind=GroupKind.MEMBER_OF))
    assert find_groups("").trouble == ""
    assert groups_named("") == []
