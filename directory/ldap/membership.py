"""In which groups somebody is, in the ways directories say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import ldap
from django_auth_ldap.config import (
    GroupOfNamesType,
    GroupOfUniqueNamesType,
    LDAPSearch,
    MemberDNGroupType,
    NestedGroupOfNamesType,
    NestedGroupOfUniqueNamesType,
    PosixGroupType,
)

from directory.ldap.access import Attributes, GroupKind, Groups
from directory.ldap.entries import GROUP_NAME, GroupEntry, group_entry_named, group_entry_of
from directory.ldap.searching import Question, Result, search

# Active Directory follows groups in groups by itself when it is asked with this matching rule.
IN_CHAIN = "1.2.840.113556.1.4.1941"

CLASSES: Mapping[GroupKind, tuple[str, ...]] = {
    GroupKind.GROUP_OF_NAMES: ("groupOfNames", "groupOfMembers"),
    GroupKind.GROUP_OF_UNIQUE_NAMES: ("groupOfUniqueNames",),
    GroupKind.POSIX_GROUP: ("posixGroup",),
    GroupKind.MEMBER_OF: ("groupOfNames", "groupOfMembers", "groupOfUniqueNames", "group"),
    GroupKind.ACTIVE_DIRECTORY: ("group",),
}
"""Of the groups that can be looked for by name. Who is in a group counts whatever its class."""


@dataclass(frozen=True, slots=True)
class Member:
    """What the group types of django-auth-ldap want to know of somebody. attrs: names in any case."""

    dn: str
    attrs: Mapping[str, list[Any]]
    connection: Any


class GroupType(Protocol):
    def user_groups(self, ldap_user: Any, group_search: Any) -> Any: ...


_TYPES: Mapping[tuple[GroupKind, bool], Callable[[], GroupType]] = {
    (GroupKind.GROUP_OF_NAMES, False): GroupOfNamesType,
    (GroupKind.GROUP_OF_NAMES, True): NestedGroupOfNamesType,
    (GroupKind.GROUP_OF_UNIQUE_NAMES, False): GroupOfUniqueNamesType,
    (GroupKind.GROUP_OF_UNIQUE_NAMES, True): NestedGroupOfUniqueNamesType,
    (GroupKind.POSIX_GROUP, False): PosixGroupType,
    (GroupKind.POSIX_GROUP, True): PosixGroupType,  # they cannot be nested
    (GroupKind.ACTIVE_DIRECTORY, False): GroupOfNamesType,
    (GroupKind.ACTIVE_DIRECTORY, True): lambda: MemberDNGroupType(f"member:{IN_CHAIN}:"),
}


class _GroupSearch(LDAPSearch):  # type: ignore[misc]  # it has no types
    """Leaves distinguished names as they are written."""

    def execute(self, connection: Any) -> tuple[Result, ...]:
        return search(connection, Question(self.base_dn, self.filterstr, self.attrlist, self.scope)).entries


def attributes_of_groups(names: Attributes) -> list[str]:
    """A group's members are not among them: there may be ten thousand."""
    return [GROUP_NAME, names.key]


def groups_of(member: Member, groups: Groups, names: Attributes) -> tuple[GroupEntry, ...]:
    if groups.kind is GroupKind.MEMBER_OF:
        return tuple(map(group_entry_named, member.attrs.get("memberOf", [])))
    if not groups.base:
        return ()
    search_for = _GroupSearch(groups.base, ldap.SCOPE_SUBTREE, attrlist=attributes_of_groups(names))
    found = _TYPES[groups.kind, groups.nested]().user_groups(member, search_for)
    return tuple(group_entry_of(groups, names, dn, values) for dn, values in found)
