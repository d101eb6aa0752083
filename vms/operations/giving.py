"""Who may use a machine: rights on it are given to people and to groups, changed and taken away.

They belong to the machine's UUID, so nothing that happens to the machine or to its node touches them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.db import transaction
from django.utils import timezone

from vms.models import Grant, Vm
from vms.models.viewer import Viewer
from vms.operations.announcing import COUNTS, announce
from vms.operations.auditing import about_vm, write
from vms.operations.permission import require_may
from vms.operations.promising import held, require_possible
from vms.rules.actions import Action
from vms.rules.audit import Outcome
from vms.rules.rights import Right


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


def change_rights(vm: Vm, owners: Owners, wishes: Wishes, *, by: Viewer) -> Given:
    """All or nothing. PermissionDenied, ActionRefused."""
    require_may(by, ACTION_FOR[owners], vm)
    with transaction.atomic():
        vm, under_way = held(vm)
        require_possible(vm, under_way, ACTION_FOR[owners])
        giving = _Giving(vm, owners, by)
        for owner in wishes.taken:
            giving.take_away(owner)
        for owner, right in wishes.changed.items():
            giving.change(owner, right)
        for owner, right in wishes.given.items():
            giving.give(owner, right)
        giving.announce()
    return giving.came


class _Giving:
    def __init__(self, vm: Vm, owners: Owners, by: Viewer) -> None:
        self.came = Given()
        self._vm, self._owners, self._by = vm, owners, by
        grants = Grant.objects.filter(vm=vm).exclude(**{owners: None}).select_related(owners)
        self._grants = {getattr(grant, f"{owners}_id"): grant for grant in grants}

    def give(self, owner: int, right: Right) -> None:
        """Nobody's right is lowered so: whoever has one keeps it."""
        if owner in self._grants:
            return self._note_that_there_was_one(owner, right)
        grant = Grant(vm=self._vm, right=right, given_by_name=str(self._by), **{f"{self._owners}_id": owner})
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
        """Those concerned see it at once, and whoever has the machine before them."""
        if self.came.given or self.came.changed or self.came.taken:
            announce(("rights", str(self._vm.pk)), ("vm", str(self._vm.pk)), COUNTS)

    def _write_down(self, change: str, owner: int, right: Right, **more: str) -> str:
        """The name of whose right it is."""
        values = {"change": change, self._owners: self._name(owner), "right": right.value, **more}
        write(ACTION_FOR[self._owners], about_vm(self._vm), Outcome.SUCCEEDED, by=self._by, values=values)
        return self._name(owner)

    def _name(self, owner: int) -> str:
        return str(getattr(self._grants[owner], self._owners))
