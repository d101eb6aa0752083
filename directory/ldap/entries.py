"""What the directory says about one person, in the panel's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import ldap.filter

from directory.ldap.access import Attributes
from directory.ldap.problems import DirectoryFault, Problem
from directory.roles import Role

# Active Directory's key is sixteen bytes; everybody else's is text.
GUID = "objectguid"
FOR_GROUPS = ("uid", "gidNumber", "memberOf")

Values = Mapping[str, list[Any]]


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
class Found:
    """An entry, with what its groups make of it. role: None if it may not log in."""

    entry: Entry
    groups: tuple[str, ...]
    role: Role | None


def attributes_wanted(names: Attributes) -> list[str]:
    """Operational attributes such as entryUUID come only when they are asked for by name."""
    return [names.name, names.key, names.full_name, names.mail, names.language, *FOR_GROUPS]


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


def filter_value_of_key(names: Attributes, key: str) -> str:
    if names.key.lower() != GUID:
        return str(ldap.filter.escape_filter_chars(key))
    return "".join(f"\\{byte:02x}" for byte in UUID(key).bytes_le)


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
