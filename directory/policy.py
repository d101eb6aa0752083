"""What may be done to an account, so that nobody shuts themselves or everybody out."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX

from directory.models import Person
from directory.models.person import Standing


class Change(StrEnum):
    EDIT = "edit"
    SET_PASSWORD = "set_password"  # noqa: S105 -- the name of a change
    DEMOTE = "demote"
    BLOCK = "block"
    LET_IN = "let_in"
    DELETE = "delete"


class Refusal(StrEnum):
    FROM_DIRECTORY = "from_directory"
    YOURSELF = "yourself"
    LAST_ADMINISTRATOR = "last_administrator"
    BLOCKED_ALREADY = "blocked_already"
    NOT_BLOCKED = "not_blocked"


class Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


OF_LOCAL_ACCOUNTS = {Change.EDIT, Change.SET_PASSWORD, Change.DEMOTE, Change.DELETE}
SHUTS_OUT = {Change.DEMOTE, Change.BLOCK, Change.DELETE}
WRONG_WHEN: Mapping[Change, tuple[bool, Refusal]] = {
    Change.BLOCK: (True, Refusal.BLOCKED_ALREADY),
    Change.LET_IN: (False, Refusal.NOT_BLOCKED),
}
"""Whether the account must not, or must, be blocked for it."""


def why_not(change: Change, person: Person, by: Person) -> Refusal | None:
    """None if `by`, who is an administrator, may do this to the account."""
    if change in OF_LOCAL_ACCOUNTS and not person.is_local:
        return Refusal.FROM_DIRECTORY
    if change in SHUTS_OUT and person.pk == by.pk:
        return Refusal.YOURSELF
    if change in SHUTS_OUT and is_last_administrator(person):
        return Refusal.LAST_ADMINISTRATOR
    when, refusal = WRONG_WHEN.get(change, (None, None))
    return refusal if when is (person.standing is Standing.BLOCKED) else None


def require(change: Change, person: Person, by: Person) -> None:
    """Else `Refused`."""
    refusal = why_not(change, person, by)
    if refusal is not None:
        raise Refused(refusal)


def is_last_administrator(person: Person) -> bool:
    """Nobody else could log in and set things right while the directory of people is away."""
    able = Person.objects.filter(is_superuser=True, is_active=True, directory_key=None).exclude(
        password__startswith=UNUSABLE_PASSWORD_PREFIX
    )
    keys = set(able.values_list("pk", flat=True))
    return keys == {person.pk}
