"""Accounts, for the list and for the page of each."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.urls import reverse

from directory import labels
from directory.models import Person
from directory.models.person import Standing
from directory.policy import Change, why_not
from directory.presenters.moments import moment
from directory.roles import Role


@dataclass(frozen=True, slots=True)
class GroupLink:
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class PersonView:
    """look: of the badge with the state, good, warn, bad or "". explanation: of the state, "" if it needs none."""

    pk: int
    url: str
    username: str
    full_name: str
    email: str
    source: str
    is_local: bool
    role: str
    role_says: str
    groups: list[GroupLink]
    last_login: datetime.datetime | None
    last_login_text: str
    joined: datetime.datetime
    joined_text: str
    state: str
    look: str
    explanation: str
    is_locked: bool


@dataclass(frozen=True, slots=True)
class Possible:
    """What the reader may do to an account. own: it is the reader's own."""

    edit: bool
    set_password: bool
    block: bool
    let_in: bool
    delete: bool
    own: bool


_LOOK = {Standing.MAY_LOG_IN: "good", Standing.BLOCKED: "bad", Standing.GONE: ""}


def person_views(people: Iterable[Person], locked: set[str]) -> list[PersonView]:
    """people: with their groups; locked: the names that have to wait now."""
    return [person_view(person, locked) for person in people]


def person_view(person: Person, locked: set[str]) -> PersonView:
    is_locked = person.is_active and person.username.lower() in locked
    return PersonView(
        pk=person.pk,
        url=reverse("people:person", args=[person.pk]),
        username=person.username,
        full_name=person.full_name,
        email=person.email,
        source=str(labels.LOCAL if person.is_local else labels.FROM_DIRECTORY),
        is_local=person.is_local,
        role=str(labels.ROLE[Role(person.role)]),
        role_says=str(labels.ROLE_SAYS[Role(person.role)]),
        groups=[_group_link(group) for group in person.groups.all()],
        last_login=person.last_login,
        last_login_text=moment(person.last_login),
        joined=person.joined_at,
        joined_text=moment(person.joined_at),
        state=str(labels.LOCKED_NOW if is_locked else labels.STANDING[person.standing]),
        look="warn" if is_locked else _LOOK[person.standing],
        explanation=str(labels.STANDING_SAYS.get(person.standing, "")),
        is_locked=is_locked,
    )


def possible(person: Person, by: Person) -> Possible:
    may = {change: why_not(change, person, by) is None for change in Change}
    return Possible(
        edit=may[Change.EDIT],
        set_password=may[Change.SET_PASSWORD] and person.pk != by.pk,
        block=may[Change.BLOCK],
        let_in=may[Change.LET_IN],
        delete=may[Change.DELETE],
        own=person.pk == by.pk,
    )


def _group_link(group: Group) -> GroupLink:
    return GroupLink(group.name, reverse("people:group", args=[group.pk]))
