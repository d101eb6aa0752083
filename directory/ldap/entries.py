"""What the directory says about a person or a group, in the panel's words."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import ldap.filter

from directory.ldap.access import Attributes, GroupKind, Groups
from directory.ldap.names import first_value, key_of_dn
from directory.ldap.problems import DirectoryFault, Problem
from directory.ldap.searching import Values
from directory.roles import Role

# Active Directory's key is sixteen bytes; everybody else's is text.
GUID = "objectguid"
FOR_GROUPS = ("uid", "gidNumber", "memberOf")
GROUP_NAME = "cn"


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody as the directory has them. key: the same after a rename, another for somebody new of the same name."""

    dn: str
    key: str
    name: str
    full_name: str
    mail: str
    language: str
    attributes: Values = field(repr=False)


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """A group as the directory has it. key: the same after a rename; where the directory shows no such thing, its
    distinguished name in the one spelling that `key_of_dn` gives."""

    dn: str
    key: str
    name: str

    @property
    def address(self) -> str:
        """What it is found by again."""
        return self.dn if is_named_by_place(self.key, self.dn) else self.key


@dataclass(frozen=True, slots=True)
class Found:
    """An entry, with what its groups make of it. role: None if it may not log in."""

    entry: Entry
    groups: tuple[GroupEntry, ...]
    role: Role | None


def attributes_wanted(names: Attributes) -> list[str]:
    """Operational attributes such as entryUUID come only when they are asked for by name."""
    return [*attributes_shown(names), names.language, *FOR_GROUPS]


def attributes_shown(names: Attributes) -> list[str]:
    return [names.key, *attributes_searched(names)]


def attributes_searched(names: Attributes) -> list[str]:
    return [names.name, names.full_name, names.mail]


def is_named_by_place(key: str, dn: str) -> bool:
    """Whether a group's key is nothing but its name."""
    return key == key_of_dn(dn)


def entry_of(names: Attributes, dn: str, values: Values) -> Entry:
    entry = Entry(
        dn=dn,
        key=_key(names.key, values),
        name=_first(names.name, values),
        full_name=_first(names.full_name, values),
        mail=_first(names.mail, values),
        language=_first(names.language, values),
        attributes=values,
    )
    if not entry.key:
        raise DirectoryFault(Problem.NO_KEY, names.key)
    return entry


def group_entry_of(groups: Groups, names: Attributes, dn: str, values: Values) -> GroupEntry:
    """What stands on people (memberOf) is a name and nothing more, so groups that are found count by it as well."""
    if groups.kind is GroupKind.MEMBER_OF:
        return group_entry_named(dn)
    return GroupEntry(dn, _key(names.key, values) or key_of_dn(dn), _first(GROUP_NAME, values) or first_value(dn))


def group_entry_named(dn: str) -> GroupEntry:
    return GroupEntry(dn, key_of_dn(dn), first_value(dn))


def filter_value_of_key(names: Attributes, key: str) -> str:
    """A `DirectoryFault` if nobody can have this key."""
    if names.key.lower() != GUID:
        return str(ldap.filter.escape_filter_chars(key))
    try:
        return "".join(f"\\{byte:02x}" for byte in UUID(key).bytes_le)
    except ValueError as error:
        raise DirectoryFault(Problem.NOT_FOUND, key) from error


def _key(name: str, values: Values) -> str:
    first = next(iter(values.get(name, [])), "")
    if name.lower() != GUID or not first:
        return first if isinstance(first, str) else ""
    # Sixteen bytes that happen to be UTF-8 have been decoded on the way here.
    return str(UUID(bytes_le=first if isinstance(first, bytes) else first.encode()))


def _first(name: str, values: Values) -> str:
    """ "" if there is none, or if it is no text."""
    first = next(iter(values.get(name, [])), "")
    return " ".join(first.split()) if isinstance(first, str) else ""
