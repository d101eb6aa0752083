"""Those who have a right on a machine, or on a pool: their names, and by whom and when it was given."""

from __future__ import annotations

from dataclasses import dataclass

from vms import labels
from vms.models import Grant
from vms.operations.giving import Owners, Thing, rights_on
from vms.rules.rights import Right
from vms.web import formats
from vms.web.presenters.rights_of import RightsOf


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody, or a group, with a right that is only shown. url: of what they may do, "" if nothing says it."""

    name: str
    full_name: str
    notes: list[str]
    right: str
    url: str


def holders_of(thing: Thing, owners: Owners, shown_at: RightsOf) -> list[Holder]:
    """By name."""
    return [_holder(grant, shown_at) for grant in by_name(thing, owners)]


def by_name(thing: Thing, owners: Owners) -> list[Grant]:
    return sorted(rights_on(thing, owners), key=lambda grant: str(getattr(grant, owners)).casefold())


def _holder(grant: Grant, shown_at: RightsOf) -> Holder:
    name, full_name = names_of(grant)
    url = shown_at.url_of_person(grant.person_id) if grant.person_id else ""
    return Holder(name, full_name, notes_of(grant), str(labels.RIGHT[Right(grant.right)]), url)


def names_of(grant: Grant) -> tuple[str, str]:
    """Of whose it is: the name they are known by, and the full name, "" if there is none."""
    if grant.person is not None:
        return grant.person.get_username(), grant.person.full_name
    return str(grant.group), ""


def notes_of(grant: Grant) -> list[str]:
    blocked = grant.person is not None and not grant.person.is_active
    return [*([str(labels.MAY_NOT_LOG_IN)] if blocked else []), given_by(grant)]


def given_by(grant: Grant) -> str:
    """By whom and when."""
    giver = grant.given_by_name or labels.THE_PANEL
    return str(labels.RIGHT_BY) % {"person": giver, "since": formats.clock(grant.given_at)}
