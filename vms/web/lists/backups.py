"""What the list of backups can be narrowed down to, and how many each choice would show: one query, however many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Case, CharField, Count, ExpressionWrapper, F, Q, Value, When
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from stoney_panel.lists import ColumnKind, ListKind
from stoney_panel.lists.words import asked_text, in_some_field
from vms import labels
from vms.models.backup import BackupQuerySet
from vms.models.viewer import Viewer
from vms.operations.permission import sees_every_vm, sees_nodes
from vms.rules.backups import BackupState
from vms.web.lists.machine_filters import Condition, Dimension, Pill, known

LIST = ListKind(
    columns={
        "made": ColumnKind(pgettext_lazy("column: when a backup was made", "Made"), "made_at"),
        "machine": ColumnKind(gettext_lazy("Machine"), "vm__display_name"),
        "state": ColumnKind(gettext_lazy("State"), "state"),
        "kind": ColumnKind(gettext_lazy("Kind"), "kind"),
        "size": ColumnKind(gettext_lazy("Size"), "size", css="num"),
        "took": ColumnKind(
            pgettext_lazy("column: how long it lasted", "Took"), F("finished_at") - F("began_at"), css="num"
        ),
        "consistency": ColumnKind(pgettext_lazy("column: of a backup", "Consistency"), "consistency"),
        "checked": ColumnKind(pgettext_lazy("column: when a backup was verified", "Verified"), F("checked_at")),
        "by": ColumnKind(pgettext_lazy("column: who made it", "By"), "requested_by_name"),
        "target": ColumnKind(pgettext_lazy("column: where backups are kept", "Target"), "target__name"),
    },
    search=(),
    default="-made",
)
FIELDS = ("machine_name", "vm__display_name", "notes", "requested_by_name")
OF_NODES = ("target__name", "node__name")
OF_ALL = ("schedule__name",)

WHOLE, CHANGES = "whole", "changes"
KIND: Mapping[str, Promise] = {
    # Translators: what a backup holds: all that is on the disks, or what has changed since the one before.
    WHOLE: pgettext_lazy("kind of a backup", "Whole"),
    CHANGES: pgettext_lazy("kind of a backup", "Changes"),
}
SHOW: Mapping[str, Pill] = {
    "good": Pill(labels.BACKUP_STATE[BackupState.GOOD], Condition(({"state": frozenset({BackupState.GOOD})},))),
    "damaged": Pill(
        labels.BACKUP_STATE[BackupState.DAMAGED],
        Condition(({"state": frozenset({BackupState.DAMAGED})},)),
        alert=True,
    ),
    "unverified": Pill(
        pgettext_lazy("filter of backups", "Not verified yet"), Condition(({"is_checked": frozenset({False})},))
    ),
    "kept": Pill(pgettext_lazy("filter of backups", "Kept for good"), Condition(({"kept": frozenset({True})},))),
}
DIMENSIONS: Mapping[str, Dimension] = {
    "kind": Dimension(gettext_lazy("Kind"), "kind", KIND),
    "consistency": Dimension(pgettext_lazy("filter of backups", "Consistency"), "consistency", labels.CONSISTENCY),
    "target": Dimension(pgettext_lazy("filter of backups", "Target"), "target__name"),
    "schedule": Dimension(pgettext_lazy("filter of backups", "Schedule"), "schedule__name"),
    "node": Dimension(pgettext_lazy("filter of backups", "Node"), "node__name"),
}
TOLD_APART = {
    "kind": Case(When(below=None, then=Value(WHOLE)), default=Value(CHANGES), output_field=CharField()),
    "is_checked": ExpressionWrapper(Q(checked_at__isnull=False), BooleanField()),
}
"""What backups are told apart by beyond their fields."""

MACHINE = "vm"
"""The question of which machine: asked by links only."""


def list_of_backups(person: Viewer) -> ListKind:
    """Whoever is told nothing of nodes is not told where backups are kept."""
    columns = {key: column for key, column in LIST.columns.items() if key != "target" or sees_nodes(person)}
    return replace(LIST, columns=columns)


@dataclass(frozen=True, slots=True)
class BackupCounts:
    """total: what the address finds. pills: by their key, "" for all; values: by the key of the question."""

    total: int
    pills: Mapping[str, int]
    values: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class BackupFilters:
    """What the address asks for. chosen: the answers to each question that this person may ask, none for all; vm: the
    machine whose backups are asked for, None for all."""

    text: str
    fields: tuple[str, ...]
    show: str
    chosen: Mapping[str, tuple[str, ...]]
    vm: UUID | None

    @classmethod
    def asked(cls, query: QueryDict, person: Viewer) -> BackupFilters:
        show = query.get("show", "")
        return cls(
            text=asked_text(query),
            fields=(*FIELDS, *(OF_NODES if sees_nodes(person) else ()), *(OF_ALL if sees_every_vm(person) else ())),
            show=show if show in SHOW else "",
            chosen={key: known(query.getlist(key), DIMENSIONS[key]) for key in _may_ask(person)},
            vm=_uuid(query.get(MACHINE, "")),
        )

    def found(self, backups: BackupQuerySet) -> BackupQuerySet:
        """Those of the backups that the address asks for. backups: all that the person may see."""
        found = self._base(backups).alias(**TOLD_APART)
        if self.show:
            found = found.filter(SHOW[self.show].condition.q())
        for key, values in self.chosen.items():
            if values:
                found = found.filter(**{f"{DIMENSIONS[key].field}__in": values})
        return found

    def counts(self, backups: BackupQuerySet) -> BackupCounts:
        """One query. A choice is counted as if its own question were not answered yet."""
        total, pills = 0, Counter[str]()
        values = {key: Counter[str]() for key in self.chosen}
        for group in self._groups(backups):
            failed, count = self._failed(group), group["n"]
            total += 0 if failed else count
            if failed <= {"show"}:
                pills.update(dict.fromkeys(["", *_pills_of(group)], count))
            for key in self.chosen:
                if failed <= {key}:
                    values[key][group[DIMENSIONS[key].field] or ""] += count
        return BackupCounts(total, pills, values)

    def _base(self, backups: BackupQuerySet) -> BackupQuerySet:
        for word in self.text.split():
            backups = backups.filter(in_some_field(self.fields, word))
        return backups.filter(vm=self.vm) if self.vm else backups

    def _groups(self, backups: BackupQuerySet) -> Iterator[dict[str, Any]]:
        fields = ["state", "kept", "is_checked", *(DIMENSIONS[key].field for key in self.chosen)]
        apart = self._base(backups).order_by().annotate(**TOLD_APART)
        groups: Iterator[dict[str, Any]] = apart.values(*fields).annotate(n=Count("*")).iterator()
        return groups

    def _failed(self, group: Mapping[str, Any]) -> set[str]:
        """The questions whose answers this group does not meet."""
        failed = {key for key, values in self.chosen.items() if values and group[DIMENSIONS[key].field] not in values}
        return failed | ({"show"} if self.show and not SHOW[self.show].condition.holds(group) else set())


def _pills_of(group: Mapping[str, Any]) -> list[str]:
    return [key for key, pill in SHOW.items() if pill.condition.holds(group)]


def _may_ask(person: Viewer) -> list[str]:
    hidden = {"target", "node"} if not sees_nodes(person) else set()
    hidden |= {"schedule"} if not sees_every_vm(person) else set()
    return [key for key in DIMENSIONS if key not in hidden]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
