"""Groups, the panel's own and those of the directory."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.urls import reverse

from directory import labels
from directory.models import DirectoryGroup, Person
from directory.presenters.moments import moment


@dataclass(frozen=True, slots=True)
class GroupView:
    """dn: of a group of the directory. gone: since when the directory does not know it any more."""

    pk: int
    url: str
    name: str
    source: str
    is_local: bool
    dn: str
    gone: datetime.datetime | None
    gone_text: str
    members: int


@dataclass(frozen=True, slots=True)
class MemberView:
    pk: int
    url: str
    username: str
    full_name: str


def group_views(groups: Iterable[Group]) -> list[GroupView]:
    """groups: with what the directory says of them, and with their `members` counted."""
    return [group_view(group, members=group.members) for group in groups]  # type: ignore[attr-defined]  # annotated


def group_view(group: Group, *, members: int) -> GroupView:
    known: DirectoryGroup | None = getattr(group, "from_directory", None)
    return GroupView(
        pk=group.pk,
        url=reverse("people:group", args=[group.pk]),
        name=group.name,
        source=str(labels.FROM_DIRECTORY if known else labels.LOCAL),
        is_local=known is None,
        dn=known.dn if known else "",
        gone=known.gone_at if known else None,
        gone_text=moment(known.gone_at) if known else "",
        members=members,
    )


def member_views(people: Iterable[Person]) -> list[MemberView]:
    return [
        MemberView(person.pk, reverse("people:person", args=[person.pk]), person.username, person.full_name)
        for person in people
    ]
