"""What one person may do with one machine, through what, and whether it is possible just now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from vms import labels
from vms.models import Grant, Vm
from vms.models.facts import facts_of
from vms.models.viewer import Viewer
from vms.operations.giving import Owners
from vms.operations.people import people
from vms.operations.permission import PERMISSION_FOR, Permissions, actions_everywhere, sees_every_vm
from vms.operations.requesting import holder_of
from vms.rules.actions import Action
from vms.rules.asking import possible
from vms.rules.kinds import Kind
from vms.rules.matrix import COLUMNS
from vms.rules.rights import ACTIONS_OF, Right
from vms.web.presenters.grants import given_by, where_from
from vms.web.presenters.holding import why_off


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
    grants = list(Grant.objects.of(person).filter(vm=vm).select_related("group").order_by("group__name"))
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
        label = str(labels.ACTION[action])
        if action not in PERMISSION_FOR:
            yield RightRow(label, may=False, through=[str(labels.NOBODY_CAN_YET)], possible=None, why_not="")
            continue
        role = [_through_role(person)] if action in everywhere else []
        giving = [_through(grant) for grant in grants if action in ACTIONS_OF[Right(grant.right)]]
        reason = possible(facts, action).reason
        why_not = why_off(reason, holder_of(vm.under_way, action), vm, viewer) if reason else ""
        yield RightRow(label, action in permitted, [*role, *giving], reason is None, why_not)


def _through_role(person: Account) -> str:
    return str(labels.THROUGH_ROLE) % {"role": _role(person)}


def _through(grant: Grant) -> str:
    words = labels.THROUGH_GROUP if grant.group else labels.THROUGH_OWN
    named = {"right": labels.RIGHT[Right(grant.right)], "given": given_by(grant), "group": grant.group}
    return str(words) % named


def _role(person: Account) -> str:
    return str(labels.ROLE[person.role])


def _nothing_counts(person: Account) -> str:
    if person.is_active:
        return ""
    words = labels.NOTHING_COUNTS_GONE if person.gone_at else labels.NOTHING_COUNTS_BLOCKED
    return str(words) % {"person": person}
