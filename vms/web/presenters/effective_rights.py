"""What one person may do with one machine, through what, and whether it is possible just now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils.functional import Promise

from vms import labels
from vms.labels import pool_rights as words
from vms.models import Grant, Vm, VmPool
from vms.models.facts import facts_of
from vms.models.grant import MACHINE
from vms.models.viewer import Viewer
from vms.operations.giving import Owners
from vms.operations.people import people
from vms.operations.permission import Permissions, actions_everywhere, actions_given, sees_every_vm
from vms.operations.requesting import holder_of
from vms.rules.actions import Action
from vms.rules.asking import possible
from vms.rules.kinds import Kind
from vms.rules.matrix import COLUMNS
from vms.rules.rights import Right
from vms.web.presenters.grants import where_from
from vms.web.presenters.holding import why_off
from vms.web.presenters.right_holders import given_by


class Account(Viewer, Protocol):
    """A person as this page shows them."""

    role: str
    is_active: bool
    gone_at: Any

    def get_username(self) -> str: ...


@dataclass(frozen=True, slots=True)
class RightRow:
    """through: what gives the right, also if it does not count now; possible: None where the moment does not matter;
    why_not: a sentence."""

    label: str
    may: bool
    through: list[str]
    possible: bool | None
    why_not: str


@dataclass(frozen=True, slots=True)
class RightsView:
    """nothing_counts: why this person may do nothing at all at the moment, "" if that is not so."""

    name: str
    username: str
    role: str
    nothing_counts: str
    rows: list[RightRow]


@dataclass(frozen=True, slots=True)
class Somebody:
    """One who was found."""

    key: str
    name: str
    full_name: str
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Search:
    """said: what came of it, in sentences; trouble: why some may be missing."""

    text: str
    found: list[Somebody]
    said: str
    trouble: str


def rights_view(vm: Vm, person: Account, viewer: Viewer) -> RightsView:
    """vm: from with_operations_under_way(); viewer: whoever reads it."""
    visible = person.is_active and Vm.objects.all().visible_to(person).filter(pk=vm.pk).exists()
    permitted = Permissions(person, [vm.pk]).on(vm.pk) if visible else frozenset()
    counting = Grant.objects.counting_for(person).filter(**{MACHINE: vm.pk}).select_related("group", "pool")
    grants = list(counting.order_by("pool", "group__name"))
    return RightsView(
        name=str(person),
        username=person.get_username(),
        role=_role(person),
        nothing_counts=_nothing_counts(person),
        rows=[_seeing(person, grants, visible=visible), *_rows(vm, person, grants, permitted, viewer)],
    )


def search_people(text: str) -> Search:
    if not text:
        return Search("", [], "", "")
    found = people().find_people(text)
    rows = [Somebody(each.key, each.name, each.full_name, where_from(Owners.PEOPLE, each)) for each in found.candidates]
    more = str(labels.FOUND_MORE % {"count": len(rows)}) if found.more else ""
    return Search(text, rows, more if rows else str(labels.NOTHING_FOUND[Action.USERS]), found.trouble)


def _seeing(person: Account, grants: Sequence[Grant], *, visible: bool) -> RightRow:
    role = [_through_role(person)] if sees_every_vm(person) else []
    return RightRow(str(labels.SEE_IT), visible, [*role, *map(_through, grants)], None, "")


def _rows(
    vm: Vm, person: Account, grants: Sequence[Grant], permitted: frozenset[Action], viewer: Viewer
) -> Iterator[RightRow]:
    facts, everywhere = facts_of(vm, vm.under_way), actions_everywhere(person)
    for action in COLUMNS[Kind(vm.kind)]:
        role = [_through_role(person)] if action in everywhere else []
        giving = [_through(grant) for grant in grants if action in _actions_of(grant)]
        reason = possible(facts, action).reason
        why_not = why_off(reason, holder_of(vm.under_way, action), vm, viewer) if reason else ""
        yield RightRow(str(labels.ACTION[action]), action in permitted, [*role, *giving], reason is None, why_not)


def _through_role(person: Account) -> str:
    return str(labels.THROUGH_ROLE) % {"role": _role(person)}


def _actions_of(grant: Grant) -> frozenset[Action]:
    return actions_given(grant.right, grant.pool.kind if grant.pool else None)


def _through(grant: Grant) -> str:
    named = {"right": labels.RIGHT[Right(grant.right)], "given": given_by(grant), "group": grant.group}
    by_own, by_group = _words_of(grant.pool)
    return str(by_group if grant.group else by_own) % {**named, "pool": grant.pool}


def _words_of(pool: VmPool | None) -> tuple[Promise, Promise]:
    """Of an own right, and of that of a group."""
    if pool is None:
        return labels.THROUGH_OWN, labels.THROUGH_GROUP
    return (words.HAS_IT_BY_OWN, words.HAS_IT_BY_GROUP) if pool.is_dynamic else (words.THROUGH_OWN, words.THROUGH_GROUP)


def _role(person: Account) -> str:
    return str(labels.ROLE[person.role])


def _nothing_counts(person: Account) -> str:
    if person.is_active:
        return ""
    words = labels.NOTHING_COUNTS_GONE if person.gone_at else labels.NOTHING_COUNTS_BLOCKED
    return str(words) % {"person": person}
