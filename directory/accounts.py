"""People of the LDAP directory as the panel remembers them. A person is who the key says, never who the name says."""

from __future__ import annotations

import logging

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from directory.groups import be_in, leave_all
from directory.ldap.entries import Entry, Found
from directory.ldap.problems import DirectoryFault, Problem
from directory.models import Person
from directory.models.person import LONGEST_NAME
from directory.roles import Role

log = logging.getLogger(__name__)

# A new account and its first login at the same moment in two windows.
TRIES = 2


def account_of(found: Found) -> Person:
    """The account, made if there is none yet and brought up to date. A `DirectoryFault` if there must not be one."""
    role = require_may_have_account(found)
    for _try in range(TRIES - 1):
        try:
            return _account(found, role)
        except IntegrityError:
            log.info("The account of %s is being made by another request", found.entry.name)
    return _account(found, role)


def require_may_have_account(found: Found) -> Role:
    """The role. A `DirectoryFault` if the panel must not let this person in."""
    entry = found.entry
    _require_usable_name(entry.name)
    if Person.objects.filter(username__iexact=entry.name, directory_key=None).exists():
        raise DirectoryFault(Problem.LOCAL_ACCOUNT, entry.name)
    if Person.objects.filter(directory_key=entry.key, is_active=False, gone_at=None).exists():
        raise DirectoryFault(Problem.BLOCKED, entry.name)
    if found.role is None:
        raise DirectoryFault(Problem.NO_ROLE, entry.dn)
    return found.role


def is_local(name: str) -> bool:
    """Whether this name belongs to the panel itself, so that its password is nobody else's business."""
    return Person.objects.filter(username__iexact=name.strip(), directory_key=None).exists()


@transaction.atomic
def take_leave(person: Person, why: Problem) -> None:
    """The directory does not vouch for this person any more: sessions end. What the person was given waits, unused,
    for somebody with the same key."""
    log.warning("%s may not log in any more: %s", person.username, why)
    person.take_role(Role.USER)
    person.is_active = False
    person.gone_at = timezone.now()
    person.save(update_fields=["role", "is_superuser", "is_active", "gone_at"])
    leave_all(person)


@transaction.atomic
def _account(found: Found, role: Role) -> Person:
    entry = found.entry
    _take_name_from_earlier_owner(entry)
    person = Person.objects.filter(directory_key=entry.key).first() or _new_person(entry)
    if person.username not in {"", entry.name}:
        log.info("%s is called %s now", person.username, entry.name)
    person.username = entry.name
    person.full_name = entry.full_name[:LONGEST_NAME]
    person.email = _mail(entry)
    person.language = entry.language[:20]
    person.take_role(role)
    person.is_active, person.gone_at = True, None
    person.save()
    be_in(person, found.groups)
    return person


def _new_person(entry: Entry) -> Person:
    person = Person(directory_key=entry.key)
    person.set_unusable_password()
    return person


def _take_name_from_earlier_owner(entry: Entry) -> None:
    """Somebody new has the name of somebody who is gone or renamed: what those were given stays with them."""
    earlier = Person.objects.filter(username__iexact=entry.name).exclude(directory_key=entry.key).first()
    if earlier is not None:
        log.warning("The name %s belongs to another entry of the directory now: %s", entry.name, entry.dn)
        earlier.username = f"{earlier.username[:120]}~{earlier.pk}"  # a name that no directory can give
        earlier.save(update_fields=["username"])


def _require_usable_name(name: str) -> None:
    try:
        Person.check_username(name)
    except ValidationError as error:
        raise DirectoryFault(Problem.NAME_UNUSABLE, name) from error


def _mail(entry: Entry) -> str:
    """ "" if there is none that could be written to."""
    try:
        validate_email(entry.mail)
    except ValidationError:
        return ""
    return entry.mail
