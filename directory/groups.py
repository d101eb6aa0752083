"""Groups of the LDAP directory as the panel remembers them. A group is what its key says; its name is for people."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from directory.ldap.entries import GroupEntry
from directory.ldap.names import first_value, place_of
from directory.models import DirectoryGroup, Person
from directory.models.person import LONGEST_NAME

log = logging.getLogger(__name__)


def be_in(person: Person, entries: Iterable[GroupEntry]) -> None:
    """In these groups of the directory and in none of its others. The panel's own groups are none of its business."""
    wanted = {known.group_id for known in remember(entries)}
    present = set(person.groups.exclude(from_directory=None).values_list("pk", flat=True))
    person.groups.add(*wanted - present)
    person.groups.remove(*present - wanted)


def leave_all(person: Person) -> None:
    """The groups of the directory."""
    be_in(person, ())


def remembered_groups() -> Mapping[str, str]:
    """Distinguished names by key, of those that were there when somebody last looked."""
    return dict(DirectoryGroup.objects.filter(gone_at=None).values_list("key", "dn"))


def follow_groups(asked_about: Collection[str], left: Iterable[GroupEntry]) -> None:
    """asked_about: keys. Of these, only the ones that are left are there."""
    there = {known.key for known in remember(left)}
    for known in DirectoryGroup.objects.filter(gone_at=None, key__in=set(asked_about) - there):
        _note_gone(known)


def remember(entries: Iterable[GroupEntry]) -> list[DirectoryGroup]:
    """Made if they are new, renamed if they are called otherwise now. As many questions to the database for hundreds as
    for one, but for those that have changed."""
    by_key = {entry.key: entry for entry in entries}
    try:
        return _remember(by_key)
    except IntegrityError:
        log.info("A group is being remembered by another request at the same moment")
    return _remember(by_key)


@transaction.atomic
def _remember(by_key: Mapping[str, GroupEntry]) -> list[DirectoryGroup]:
    known = list(DirectoryGroup.objects.select_related("group").filter(key__in=by_key))
    new = [by_key[key] for key in sorted(by_key.keys() - {group.key for group in known})]
    changed = [group for group in known if _has_changed(group, by_key[group.key])]
    _free_names([*new, *(by_key[group.key] for group in changed)])
    for group in changed:
        _bring_up_to_date(group, by_key[group.key])
    return [*known, *_make(new)]


def _has_changed(known: DirectoryGroup, entry: GroupEntry) -> bool:
    return known.gone_at is not None or known.dn != entry.dn or known.group.name not in _names(entry)


def _bring_up_to_date(known: DirectoryGroup, entry: GroupEntry) -> None:
    if known.group.name not in _names(entry):
        before, (known.group.name,) = known.group.name, _names_for([entry])
        known.group.save(update_fields=["name"])
        log.info("The group %s is called %s now: %s", before, known.group.name, entry.dn)
    known.dn, known.gone_at = entry.dn, None
    known.save(update_fields=["dn", "gone_at"])


def _make(entries: Sequence[GroupEntry]) -> list[DirectoryGroup]:
    groups = Group.objects.bulk_create([Group(name=name) for name in _names_for(entries)])
    return DirectoryGroup.objects.bulk_create(
        [DirectoryGroup(group=group, key=entry.key, dn=entry.dn) for group, entry in zip(groups, entries, strict=True)]
    )


def _names_for(entries: Sequence[GroupEntry]) -> list[str]:
    """One for each, of which no other group is called so."""
    wanted = {name for entry in entries for name in _names(entry)}
    taken = set(Group.objects.filter(name__in=wanted).values_list("name", flat=True))
    names = []
    for entry in entries:
        names.append(next(name for name in _names(entry) if name not in taken))
        taken.add(names[-1])
    return names


def _names(entry: GroupEntry) -> list[str]:
    """The best first: as it is called, then with where it is, last what nobody else can have."""
    place = place_of(entry.dn)
    digest = hashlib.sha256(entry.key.encode()).hexdigest()[:12]
    short = entry.name[: LONGEST_NAME - len(digest) - 1]
    long = [entry.name, f"{entry.name} ({first_value(place)})", f"{entry.name} ({place})"]
    return [*(name for name in long if len(name) <= LONGEST_NAME), f"{short}~{digest}"]


def _free_names(entries: Sequence[GroupEntry]) -> None:
    """Of groups that are gone, or that are elsewhere now: what was given to those stays with them."""
    is_elsewhere = Q(dn__in=[entry.dn for entry in entries]) | Q(gone_at__isnull=False)
    earlier = DirectoryGroup.objects.filter(is_elsewhere, group__name__in=[entry.name for entry in entries])
    for known in earlier.exclude(key__in=[entry.key for entry in entries]).select_related("group"):
        log.warning("The name %s belongs to another group of the directory now: %s", known.group.name, known.dn)
        known.group.name = f"{known.group.name[:120]}~{known.group_id}"
        known.group.save(update_fields=["name"])


@transaction.atomic
def _note_gone(known: DirectoryGroup) -> None:
    """It gives nothing to anybody any more, until the directory has it again."""
    log.warning("The directory has no group %s any more", known.dn)
    known.group.user_set.clear()
    known.gone_at = timezone.now()
    known.save(update_fields=["gone_at"])
