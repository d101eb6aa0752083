"""Who may use a machine, or those of a pool: rights on it are given to people and to groups, changed and taken away.

They belong to the machine's UUID, so nothing that happens to the machine or to its node touches them. Those on a pool
count on whatever machines it has by then, and end with it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from vms.models import Grant, Vm, VmPool
from vms.models.grant import GrantQuerySet
from vms.models.pooling import held_pool
from vms.models.viewer import Viewer
from vms.operations.announcing import COUNTS, announce
from vms.operations.auditing import about_pool, about_vm, write
from vms.operations.permission import actions_everywhere, may
from vms.operations.promising import held, require_possible
from vms.rules.actions import Action
from vms.rules.audit import Outcome
from vms.rules.rights import Right

Thing = Vm | VmPool
"""On what rights are given."""


class Owners(StrEnum):
    """Whose rights it is about. Also the name of their field in a grant."""

    PEOPLE = "person"
    GROUPS = "group"


ACTION_FOR: Mapping[Owners, Action] = {Owners.PEOPLE: Action.USERS, Owners.GROUPS: Action.GROUPS}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be other than it was shown, by the ids of the people, or of the groups. What others change meanwhile
    is left alone."""

    given: Mapping[int, Right] = field(default_factory=dict)
    changed: Mapping[int, Right] = field(default_factory=dict)
    taken: Collection[int] = ()


@dataclass(slots=True)
class Given:
    """What came of it, by names. had_one: others had given them a right already, and it was left as it is; had_none:
    others had taken away what was to be changed."""

    given: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    had_one: list[str] = field(default_factory=list)
    had_none: int = 0


def may_give(person: Viewer, owners: Owners, thing: Thing) -> bool:
    """On a pool whoever may on every machine: it can have any of them."""
    action = ACTION_FOR[owners]
    return action in actions_everywhere(person) if isinstance(thing, VmPool) else may(person, action, thing)


def change_rights(thing: Thing, owners: Owners, wishes: Wishes, *, by: Viewer) -> Given:
    """All or nothing. PermissionDenied, ActionRefused; VmPool.DoesNotExist if it was removed meanwhile."""
    if not may_give(by, owners, thing):
        raise PermissionDenied
    with transaction.atomic():
        giving = _Giving(_held(thing, owners), owners, by)
        for owner in wishes.taken:
            giving.take_away(owner)
        for owner, right in wishes.changed.items():
            giving.change(owner, right)
        for owner, right in wishes.given.items():
            giving.give(owner, right)
        giving.announce()
    return giving.came


def _held(thing: Thing, owners: Owners) -> Thing:
    """Nobody else changes its rights until the transaction ends. ActionRefused."""
    if isinstance(thing, VmPool):
        return held_pool(thing.pk)
    vm, under_way = held(thing)
    require_possible(vm, under_way, ACTION_FOR[owners])
    return vm


def rights_on(thing: Thing, owners: Owners) -> GrantQuerySet:
    """With whose they are."""
    return Grant.objects.filter(**{_field(thing): thing}).exclude(**{owners: None}).select_related(owners)


def _field(thing: Thing) -> str:
    """In a grant; announcements call it the same."""
    return "pool" if isinstance(thing, VmPool) else "vm"


class _Giving:
    def __init__(self, thing: Thing, owners: Owners, by: Viewer) -> None:
        self.came = Given()
        self._thing, self._owners, self._by = thing, owners, by
        self._grants = {getattr(grant, f"{owners}_id"): grant for grant in rights_on(thing, owners)}

    def give(self, owner: int, right: Right) -> None:
        """Nobody's right is lowered so: whoever has one keeps it."""
        if owner in self._grants:
            return self._note_that_there_was_one(owner, right)
        owned = {_field(self._thing): self._thing, f"{self._owners}_id": owner}
        grant = Grant(right=right, given_by_name=str(self._by), **owned)
        grant.save(force_insert=True)
        self._grants[owner] = grant
        self.came.given.append(self._write_down("given", owner, right))
        return None

    def _note_that_there_was_one(self, owner: int, right: Right) -> None:
        if self._grants[owner].right != right:
            self.came.had_one.append(self._name(owner))

    def change(self, owner: int, right: Right) -> None:
        grant = self._grants.get(owner)
        if grant is None:
            self.came.had_none += 1
        elif grant.right != right:
            was = grant.right
            grant.right, grant.given_by_name, grant.given_at = right, str(self._by), timezone.now()
            grant.save(update_fields=["right", "given_by_name", "given_at"])
            self.came.changed.append(self._write_down("changed", owner, right, was=was))

    def take_away(self, owner: int) -> None:
        grant = self._grants.get(owner)
        if grant is not None:
            self.came.taken.append(self._write_down("taken", owner, Right(grant.right)))
            grant.delete()
            del self._grants[owner]

    def announce(self) -> None:
        """Those concerned see it at once, and whoever has the machine or the pool before them."""
        if self.came.given or self.came.changed or self.came.taken:
            key = str(self._thing.pk)
            announce(("rights", key), (_field(self._thing), key), COUNTS)

    def _write_down(self, change: str, owner: int, right: Right, **more: str) -> str:
        """The name of whose right it is."""
        values = {"change": change, self._owners: self._name(owner), "right": right.value, **more}
        about = about_pool(self._thing) if isinstance(self._thing, VmPool) else about_vm(self._thing)
        write(ACTION_FOR[self._owners], about, Outcome.SUCCEEDED, by=self._by, values=values)
        return self._name(owner)

    def _name(self, owner: int) -> str:
        return str(getattr(self._grants[owner], self._owners))
