"""Looking for people and groups by parts of their names, and for groups that were seen before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from directory.ldap.access import Access, GroupKind
from directory.ldap.conversation import Conversation
from directory.ldap.entries import (
    GROUP_NAME,
    Entry,
    GroupEntry,
    attributes_searched,
    attributes_shown,
    entry_of,
    filter_value_of_key,
    group_entry_of,
    is_named_by_place,
)
from directory.ldap.filters import has_all_words, is_of_class, one_of
from directory.ldap.membership import CLASSES, attributes_of_groups
from directory.ldap.names import is_dn
from directory.ldap.problems import DirectoryFault
from directory.ldap.searching import Question, Result, Results

ANYTHING = "(objectClass=*)"
AT_ONCE = 100
"""Keys in one question."""


def look_for_people(directory: Conversation, access: Access, words: Sequence[str], most: int) -> Results[Entry]:
    """Those with each word in their names or mail address.

    Who has no key is left out: nobody could be sure who it is."""
    names = access.attributes
    condition = f"(&{access.people_filter}{has_all_words(words, attributes_searched(names))})"
    found = directory.search(Question(access.people_base, condition, attributes_shown(names), most=most))
    return Results(tuple(_entries(access, found.entries)), found.more)


def _entries(access: Access, found: Iterable[Result]) -> Iterator[Entry]:
    for dn, values in found:
        with suppress(DirectoryFault):
            yield entry_of(access.attributes, dn, values)


def look_for_groups(directory: Conversation, access: Access, words: Sequence[str], most: int) -> Results[GroupEntry]:
    if not access.groups.base:
        return Results()
    condition = f"(&{_is_group(access)}{has_all_words(words, [GROUP_NAME])})"
    found = directory.search(
        Question(access.groups.base, condition, attributes_of_groups(access.attributes), most=most)
    )
    return Results(tuple(_group(access, result) for result in found.entries), found.more)


def look_for_group(directory: Conversation, access: Access, address: str) -> GroupEntry | None:
    """address: as `GroupEntry.address` gave it."""
    if is_dn(address):
        result = directory.look_at(address, _is_group(access), attributes_of_groups(access.attributes))
        return _group(access, result) if result else None
    return next(iter(_with_keys(directory, access, [address])), None)


def look_again(directory: Conversation, access: Access, remembered: Mapping[str, str]) -> list[GroupEntry]:
    """Those that are still there, whatever they are called now. remembered: distinguished names by key.

    Nobody can be asked about a group that is only a name on people (memberOf): it is there."""
    by_key = [key for key, dn in remembered.items() if not is_named_by_place(key, dn)]
    by_name = [dn for key, dn in remembered.items() if is_named_by_place(key, dn)]
    return [*_with_keys(directory, access, by_key), *_with_names(directory, access, by_name)]


def _with_keys(directory: Conversation, access: Access, keys: Iterable[str]) -> Iterator[GroupEntry]:
    conditions = list(_conditions(access, keys)) if access.groups.base else []
    for start in range(0, len(conditions), AT_ONCE):
        condition = one_of(conditions[start : start + AT_ONCE])
        found = directory.search(Question(access.groups.base, condition, attributes_of_groups(access.attributes)))
        yield from (_group(access, result) for result in found.entries)


def _conditions(access: Access, keys: Iterable[str]) -> Iterator[str]:
    """Nobody has a key that is no key in this directory."""
    for key in keys:
        with suppress(DirectoryFault):
            yield f"({access.attributes.key}={filter_value_of_key(access.attributes, key)})"


def _with_names(directory: Conversation, access: Access, dns: Iterable[str]) -> Iterator[GroupEntry]:
    wanted = attributes_of_groups(access.attributes)
    for dn in dns:
        is_only_a_name = access.groups.kind is GroupKind.MEMBER_OF
        result = (dn, {}) if is_only_a_name else directory.look_at(dn, ANYTHING, wanted)
        if result:
            yield _group(access, result)


def _is_group(access: Access) -> str:
    return is_of_class(CLASSES[access.groups.kind])


def _group(access: Access, result: Result) -> GroupEntry:
    return group_entry_of(access.groups, access.attributes, *result)
