"""The ways in which directories say who is in a group, each on a real one; Active Directory's by its attributes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import ldap
import pytest

from directory.ldap.access import Access, Attributes, GroupKind, Groups
from directory.ldap.asking import conversation, log_in
from directory.ldap.entries import GroupEntry
from directory.ldap.membership import Member, groups_of
from directory.ldap.names import dn_key
from directory.ldap.problems import DirectoryFault, Problem
from directory.roles import Role
from tests.directory.running import GROUPS, PASSWORD, PEOPLE, RunningSlapd, dn_of, group, group_dn, person

GUID = UUID("01234567-89ab-cdef-8123-456789abcdef")
WANTED = dn_key(group_dn("wanted"))


def with_groups(access: Access, kind: GroupKind, *, nested: bool = False) -> Access:
    return replace(access, groups=Groups(GROUPS, kind, nested, {Role.OPERATOR: frozenset({WANTED})}))


def role_of(access: Access, name: str) -> Role | None:
    return log_in(access, name, PASSWORD).role


@pytest.mark.live
def test_group_of_names(slapd: RunningSlapd, access: Access):
    slapd.add(group_dn("wanted"), group("wanted", dn_of("otto")))
    ways = with_groups(access, GroupKind.GROUP_OF_NAMES)
    assert (role_of(ways, "otto"), role_of(ways, "uwe")) == (Role.OPERATOR, Role.USER)


@pytest.mark.live
def test_group_of_unique_names(slapd: RunningSlapd, access: Access):
    slapd.add(group_dn("wanted"), group("wanted", dn_of("otto"), kind="groupOfUniqueNames", by="uniqueMember"))
    ways = with_groups(access, GroupKind.GROUP_OF_UNIQUE_NAMES)
    assert (role_of(ways, "otto"), role_of(ways, "uwe")) == (Role.OPERATOR, Role.USER)


@pytest.mark.live
def test_groups_in_groups_also_in_a_circle(slapd: RunningSlapd, access: Access):
    slapd.add(group_dn("inner"), group("inner", dn_of("otto"), group_dn("wanted")))
    slapd.add(group_dn("wanted"), group("wanted", group_dn("inner")))
    assert role_of(with_groups(access, GroupKind.GROUP_OF_NAMES), "otto") == Role.USER
    nested = with_groups(access, GroupKind.GROUP_OF_NAMES, nested=True)
    assert (role_of(nested, "otto"), role_of(nested, "uwe")) == (Role.OPERATOR, Role.USER)


@pytest.mark.live
def test_posix_group_by_name_and_as_the_first_group(slapd: RunningSlapd, access: Access):
    wanted = group("wanted", "otto", kind="posixGroup", by="memberUid", gidNumber="4711")
    slapd.add(group_dn("wanted"), wanted)
    kinds = ["inetOrgPerson", "posixAccount"]
    numbers = {"uidNumber": "1", "homeDirectory": "/nonexistent"}
    slapd.add(dn_of("first"), person("first", objectClass=kinds, gidNumber="4711", **numbers))
    slapd.add(dn_of("other"), person("other", objectClass=kinds, gidNumber="4712", **numbers))
    ways = with_groups(access, GroupKind.POSIX_GROUP)
    assert [role_of(ways, name) for name in ("otto", "first", "other", "uwe")] == [
        *(Role.OPERATOR, Role.OPERATOR),
        *(Role.USER, Role.USER),
    ]


@pytest.fixture
def active_directory(slapd: RunningSlapd, access: Access) -> Iterator[Access]:
    """As one looks from outside: its names, its key in bytes, memberOf on the person."""
    slapd.add(
        f"cn=Ötzi (AD)\\2c x,{PEOPLE}",
        person(
            "x", objectClass=["user"], uid=[], cn="Ötzi (AD), x", sAMAccountName="oetzi", memberOf=group_dn("wanted")
        ),
        objectGUID=GUID.bytes_le,
    )
    names = Attributes(name="sAMAccountName", key="objectGUID", full_name="cn")
    yield replace(
        with_groups(access, GroupKind.MEMBER_OF), people_filter="(&(objectClass=user)(!(uid=x)))", attributes=names
    )


@pytest.mark.live
def test_the_attributes_of_active_directory(active_directory: Access):
    found = log_in(active_directory, "OETZI", PASSWORD)
    assert (found.entry.name, found.entry.key, found.role) == ("oetzi", str(GUID), Role.OPERATOR)
    with conversation(active_directory) as directory:
        directory.introduce()
        assert directory.find_again(str(GUID)).name == "oetzi"
        with pytest.raises(DirectoryFault) as nobody:
            directory.find_again(str(UUID(int=1)))
    assert nobody.value.problem is Problem.NOT_FOUND


class Listener:
    """Instead of Active Directory, which follows groups in groups by itself: notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        entry = (group_dn("wanted"), {"cn": [b"wanted"], "objectGUID": [GUID.bytes_le]})
        self._answers = iter(
            [
                (ldap.RES_SEARCH_REFERENCE, [(None, ["ldap://elsewhere"])]),
                (ldap.RES_SEARCH_ENTRY, [entry]),
                (ldap.RES_SEARCH_RESULT, []),
            ]
        )

    def search_ext(self, _base: str, _scope: int, condition: str, wanted: list[str], *, sizelimit: int) -> int:
        self.asked.append(condition)
        assert (wanted, sizelimit) == (["cn", "objectGUID"], 0)
        return 1

    def get_option(self, _option: int) -> float:
        return 5.0

    def result3(self, _asked: int, _all: int, _timeout: float) -> tuple[Any, ...]:
        return next(self._answers)


def test_active_directory_is_asked_by_its_own_rule():
    listener = Listener()
    member = Member("cn=Ö (x)\\, y,dc=example", {}, listener)
    groups, names = Groups(GROUPS, GroupKind.ACTIVE_DIRECTORY, nested=True), Attributes(key="objectGUID")
    assert groups_of(member, groups, names) == (GroupEntry(group_dn("wanted"), str(GUID), "wanted"),)
    assert listener.asked == ["(&(objectClass=*)(member:1.2.840.113556.1.4.1941:=cn=Ö \\28x\\29\\5c, y,dc=example))"]
