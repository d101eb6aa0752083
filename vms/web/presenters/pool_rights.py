"""Who was given a right on a pool, for its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise

from vms.labels import pool_rights as words
from vms.models import VmPool
from vms.operations.giving import Owners, may_give
from vms.web.presenters.right_holders import Holder, holders_of
from vms.web.presenters.rights_of import rights_of_pool
from vms.web.requests import PanelRequest


@dataclass(frozen=True, slots=True)
class Section:
    """none: said if there are none; choose: leads to where it is changed."""

    title: Promise
    icon: str
    none: Promise
    choose: Promise


SHOWN: Mapping[Owners, Section] = {
    Owners.PEOPLE: Section(words.PEOPLE, "user", words.NO_PERSON, words.CHOOSE_PEOPLE),
    Owners.GROUPS: Section(words.GROUPS, "users", words.NO_GROUP, words.CHOOSE_GROUPS),
}


@dataclass(frozen=True, slots=True)
class Holders:
    """People, or groups. url: of the dialog that changes it."""

    section: Section
    holders: list[Holder]
    url: str


def people_of(pool: VmPool, request: PanelRequest) -> list[Holders]:
    """People and groups, for whoever may change it; others are told nothing. Two queries."""
    of = rights_of_pool(pool)
    return [
        Holders(section, holders_of(pool, owners, of), of.url(owners))
        for owners, section in SHOWN.items()
        if may_give(request.user, owners, pool)
    ]
