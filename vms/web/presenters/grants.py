"""Who may use a machine, or those of a pool: who was found, and beside them who was given a right, with changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from vms import labels
from vms.labels import pool_rights as words
from vms.models import Grant, VmPool
from vms.operations.giving import ACTION_FOR, Given, Owners
from vms.operations.people import Candidate, Found, people
from vms.rules.rights import Right
from vms.web.forms.grants import Chosen, Draft, New, chosen
from vms.web.presenters.right_holders import Holder, by_name, holders_of, names_of, notes_of
from vms.web.presenters.rights_of import RightsOf, rights_of_pool

NAMES_SAID = 8


@dataclass(frozen=True, slots=True)
class FoundRow:
    """notes: where it comes from; mark: whether there is a right already; value: what a tick hands on."""

    value: str
    name: str
    full_name: str
    notes: list[str]
    mark: str
    ticked: bool


@dataclass(frozen=True, slots=True)
class FoundView:
    """said: how many, or what to do, in a sentence; trouble: why some may be missing, "" if none are."""

    rows: list[FoundRow]
    said: str
    more: str
    trouble: str


@dataclass(frozen=True, slots=True)
class RightChoice:
    """is_so: it is what holds now."""

    value: str
    label: str
    chosen: bool
    is_so: bool


@dataclass(frozen=True, slots=True)
class GrantRow:
    """Somebody's right. field and choices: of a list to choose from; away and away_field: of the box that is ticked to
    take it away; error: why it cannot be given."""

    name: str
    full_name: str
    notes: list[str]
    field: str
    choices: list[RightChoice]
    away_field: str
    away: str
    away_ticked: bool
    is_new: bool
    error: str
    url: str


@dataclass(frozen=True, slots=True)
class ThroughPool:
    """Those who have the right through its pool. url: where that is changed."""

    title: str
    url: str
    holders: list[Holder]


@dataclass(frozen=True, slots=True)
class GrantsView:
    """may_use: above those who may."""

    title: str
    crumb: str
    icon: str
    may_use: str
    nobody: str
    text: str
    found: FoundView
    rows: list[GrantRow]
    through: ThroughPool | None
    tips: list[tuple[str, str]]


_SEARCH: Mapping[Owners, Callable[[str], Found]] = {
    Owners.PEOPLE: lambda text: people().find_people(text),
    Owners.GROUPS: lambda text: people().find_groups(text),
}


def grants_view(of: RightsOf, draft: Draft, errors: Mapping[str, str]) -> GrantsView:
    """errors: by the keys of those who could not be given a right."""
    owners, action = draft.owners, ACTION_FOR[draft.owners]
    grants = by_name(of.thing, owners)
    known = {_key(grant, owners) for grant in grants}
    return GrantsView(
        title=str(of.words.who_may_use[action]) % of.named,
        crumb=str(labels.ACTION[action]),
        icon="user" if owners is Owners.PEOPLE else "users",
        may_use=str(of.words.may_use),
        nobody=str(of.words.nobody_may_yet[action]),
        text=draft.text,
        found=_found(draft, known),
        rows=[*(_new_row(new, errors) for new in draft.new), *(_row(of, grant, draft) for grant in grants)],
        through=_through(of, of.through, owners) if of.through else None,
        tips=[(str(labels.RIGHT[right]), str(of.words.tips[right])) for right in Right],
    )


def _through(of: RightsOf, pool: VmPool, owners: Owners) -> ThroughPool | None:
    """None if nobody has any."""
    there = rights_of_pool(pool)
    holders = holders_of(pool, owners, of)
    return ThroughPool(str(words.ALSO_THROUGH) % there.named, there.url(owners), holders) if holders else None


def _found(draft: Draft, known: set[str]) -> FoundView:
    """Those who were ticked stand first, whatever is searched now."""
    found = _SEARCH[draft.owners](draft.text) if draft.text else None
    candidates = found.candidates if found else ()
    picked = {whom.key for whom in draft.picked}
    new = {new.whom.key for new in draft.new}
    kept = [_picked_row(whom) for whom in draft.picked]
    others = [_found_row(draft.owners, each, known, new) for each in candidates if each.key not in picked]
    return FoundView(
        rows=[*kept, *others],
        said=_said(draft, candidates),
        more=str(labels.FOUND_MORE % {"count": len(candidates)}) if found and found.more else "",
        trouble=found.trouble if found else "",
    )


def _said(draft: Draft, candidates: Sequence[Candidate]) -> str:
    action = ACTION_FOR[draft.owners]
    if not draft.text:
        return str(labels.TYPE_A_NAME[action])
    if not candidates:
        return str(labels.NOTHING_FOUND[action])
    return str(labels.FOUND_SO_MANY % {"count": len(candidates)})


def _picked_row(whom: Chosen) -> FoundRow:
    return FoundRow(whom.token, whom.name, whom.full_name, [], "", ticked=True)


def _found_row(owners: Owners, candidate: Candidate, known: set[str], new: set[str]) -> FoundRow:
    mark: Promise | str = labels.HAS_A_RIGHT if candidate.key in known else ""
    mark = labels.IS_CHOSEN if candidate.key in new else mark
    return FoundRow(
        value=chosen(owners, candidate.key, candidate.name, candidate.full_name).token,
        name=candidate.name,
        full_name=candidate.full_name,
        notes=where_from(owners, candidate),
        mark=str(mark),
        ticked=False,
    )


def where_from(owners: Owners, candidate: Candidate) -> list[str]:
    place = str(labels.IS_LOCAL[ACTION_FOR[owners]]) if candidate.is_local else candidate.place
    return [word for word in (candidate.mail, place) if word]


def _new_row(new: New, errors: Mapping[str, str]) -> GrantRow:
    return GrantRow(
        name=new.whom.name,
        full_name=new.whom.full_name,
        notes=[str(labels.RIGHT_IS_NEW)],
        field="new",
        choices=[
            RightChoice(f"{right}.{new.whom.token}", str(labels.RIGHT[right]), right is new.right, is_so=True)
            for right in Right
        ],
        away_field="drop",
        away=new.whom.token,
        away_ticked=new.dropped,
        is_new=True,
        error=errors.get(new.whom.key, ""),
        url="",
    )


def _row(of: RightsOf, grant: Grant, draft: Draft) -> GrantRow:
    owner = getattr(grant, f"{draft.owners}_id")
    shown, now = _shown_and_chosen(grant, draft.rights.get(owner))
    away = owner in draft.taken
    name, full_name = names_of(grant)
    return GrantRow(
        name=name,
        full_name=full_name,
        notes=notes_of(grant),
        field="right",
        choices=[
            RightChoice(f"{owner}.{shown}.{right}", str(labels.RIGHT[right]), right is now, right is shown)
            for right in Right
        ],
        away_field="take",
        away=str(owner),
        away_ticked=away,
        is_new=False,
        error="",
        url=of.url_of_person(owner) if draft.owners is Owners.PEOPLE else "",
    )


def _shown_and_chosen(grant: Grant, drafted: tuple[Right, Right] | None) -> tuple[Right, Right]:
    """As it is now, unless another one was chosen."""
    shown, now = drafted or (Right(grant.right), Right(grant.right))
    return (shown, now) if now is not shown else (Right(grant.right), Right(grant.right))


def _key(grant: Grant, owners: Owners) -> str:
    """The same as a candidate's who is remembered."""
    return f"account:{grant.person_id}" if owners is Owners.PEOPLE else f"group:{grant.group_id}"


def what_came(of: RightsOf, given: Given) -> list[str]:
    """In sentences."""
    said = [
        (of.words.given, given.given),
        (of.words.changed, given.changed),
        (of.words.taken, given.taken),
        (of.words.had_one, given.had_one),
    ]
    sentences = [str(text) % {**of.named, "names": _listed(names)} for text, names in said if names]
    if given.had_none:
        sentences.append(str(labels.RIGHTS_HAD_NONE % {"count": given.had_none}))
    return sentences or [str(of.words.unchanged) % of.named]


def _listed(names: Iterable[str]) -> str:
    names = sorted(names, key=str.casefold)
    said = ", ".join(names[:NAMES_SAID])
    left = len(names) - NAMES_SAID
    return labels.AND_MORE % {"names": said, "count": left} if left > 0 else said
