"""People and groups as they are offered to somebody who looks for them, each once, wherever they are known from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import Group

from directory.ldap.entries import Entry, GroupEntry
from directory.models import DirectoryGroup, Person

ACCOUNT, ENTRY, GROUP, GROUP_ENTRY = "account", "entry", "group", "group-entry"
"""What stands before the colon of a key. The first of each two are in the panel's database."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """place: the distinguished name, "" if the directory has not just said it."""

    key: str
    name: str
    full_name: str
    mail: str
    place: str
    is_local: bool


def of_account(person: Person) -> Candidate:
    return Candidate(
        f"{ACCOUNT}:{person.pk}", person.username, person.full_name, person.email, "", is_local=person.is_local
    )


def of_group(group: Group) -> Candidate:
    from_directory: DirectoryGroup | None = getattr(group, "from_directory", None)
    place = from_directory.dn if from_directory else ""
    return Candidate(f"{GROUP}:{group.pk}", group.name, "", "", place, is_local=from_directory is None)


def of_entries(entries: Sequence[Entry]) -> Iterator[Candidate]:
    """Without those who were blocked in the panel."""
    accounts = Person.objects.filter(directory_key__in=[entry.key for entry in entries])
    known = {person.directory_key: person for person in accounts}
    for entry in entries:
        person = known.get(entry.key)
        if person is None or person.gone_at:
            yield _of_entry(f"{ENTRY}:{entry.key}", entry)
        elif person.is_active:
            yield _of_entry(f"{ACCOUNT}:{person.pk}", entry)


def of_group_entries(entries: Sequence[GroupEntry]) -> Iterator[Candidate]:
    there = DirectoryGroup.objects.filter(gone_at=None, key__in=[entry.key for entry in entries])
    known = {remembered.key: remembered.group for remembered in there.select_related("group")}
    for entry in entries:
        group = known.get(entry.key)
        key = f"{GROUP}:{group.pk}" if group else f"{GROUP_ENTRY}:{entry.address}"
        yield Candidate(key, group.name if group else entry.name, "", "", entry.dn, is_local=False)


def each_once(candidates: Iterable[Candidate]) -> list[Candidate]:
    """By their names; of two with one key the later, which the directory has just said."""
    by_key = {candidate.key: candidate for candidate in candidates}
    return sorted(by_key.values(), key=lambda one: ((one.full_name or one.name).casefold(), one.name))


def _of_entry(key: str, entry: Entry) -> Candidate:
    return Candidate(key, entry.name, entry.full_name, entry.mail, entry.dn, is_local=False)
