"""What has become of the people who are logged in and of their groups: both follow the directory."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from directory.accounts import account_of, take_leave
from directory.groups import follow_groups, remembered_groups
from directory.ldap.access import Access
from directory.ldap.asking import conversation
from directory.ldap.conversation import Conversation
from directory.ldap.looking import look_again
from directory.ldap.problems import DirectoryFault
from directory.models import Person

log = logging.getLogger(__name__)

SECONDS = 120
"""For all of them together."""


def refresh_people() -> None:
    """A directory that cannot be asked changes nothing: nobody gets more, and nobody loses what they have."""
    access: Access | None = settings.DIRECTORY
    if access is None or access.person_dn:  # where people log in themselves, nobody can be asked about them
        return
    people = list(_with_sessions())
    if not people:
        return
    try:
        with conversation(access, seconds=SECONDS) as directory:
            directory.introduce()
            for person in people:
                _refresh(directory, person)
            remembered = remembered_groups()
            follow_groups(remembered.keys(), look_again(directory, access, remembered))
    except DirectoryFault as fault:
        log.warning("The directory could not be asked about people: %s. See manage.py check_directory", fault)


def _with_sessions() -> list[Person]:
    """Everybody from the directory whose session can still be good."""
    since = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    return list(Person.objects.filter(is_active=True, last_login__gte=since).exclude(directory_key=None))


def _refresh(directory: Conversation, person: Person) -> None:
    try:
        account_of(directory.look_for_groups(directory.find_again(str(person.directory_key))))
    except DirectoryFault as fault:
        if not fault.is_about_the_person:
            raise
        take_leave(person, fault.problem)
