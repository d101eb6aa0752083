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

from directory.ldap.access import GroupKind, Groups

# Active Directory follows groups in groups by itself when it is asked with this matching rule.
IN_CHAIN = "1.2.840.113556.1.4.1941"
ONLY_THE_NAME = ["cn"]


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


def groups_of(member: Member, groups: Groups) -> tuple[str, ...]:
    """Their distinguished names. A group's other members are not fetched: there may be ten thousand of them."""
    if groups.kind is GroupKind.MEMBER_OF:
        return tuple(member.attrs.get("memberOf", []))
    if not groups.base:
        return ()
    search = LDAPSearch(groups.base, ldap.SCOPE_SUBTREE, attrlist=ONLY_THE_NAME)
    found = _TYPES[groups.kind, groups.nested]().user_groups(member, search)
    return tuple(dn for dn, _attributes in found)
