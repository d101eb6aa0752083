"""What a list of machines can be narrowed down to, and how many each choice would show.

All counts come from one query that groups the machines by everything they can be told apart by, and one for the tags
and the nodes.
A choice is counted as if the others were made and its own question were not answered yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import Lower
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from stoney_panel.lists.words import asked_text
from vms import labels
from vms.labels import dynamic as words
from vms.models import Tag
from vms.models.vm import VmQuerySet
from vms.rules.kinds import Kind
from vms.rules.status import Main, Second
from vms.web.lists.machine_differences import IS_GONE, STALENESS, told_apart
from vms.web.lists.machine_groups import TOLD_BY, Group, named
from vms.web.lists.machine_words import with_words

MOST_CHOICES = 100


@dataclass(frozen=True, slots=True)
class Condition:
    """Met by what has, in one of the alternatives, each field among the values. One rule for queries and for groups."""

    alternatives: tuple[Mapping[str, frozenset[Any]], ...]

    def q(self) -> Q:
        met = Q()
        for alternative in self.alternatives:
            met |= Q(**{f"{name}__in": sorted(values) for name, values in alternative.items()})
        return met

    def holds(self, group: Group) -> bool:
        return any(all(group[name] in values for name, values in one.items()) for one in self.alternatives)


@dataclass(frozen=True, slots=True)
class Pill:
    label: Promise
    condition: Condition
    alert: bool = False


UNDER_WAY = frozenset({Main.STARTING, Main.SHUTTING_DOWN, Main.POWERING_OFF, Main.DELETING})
WRONG = frozenset({Main.CRASHED, Main.FROZEN, Main.UNKNOWN})

PILLS: Mapping[str, Pill] = {
    "running": Pill(pgettext_lazy("filter of machines", "Running"), Condition(({"main": frozenset({Main.RUNNING})},))),
    "stopped": Pill(pgettext_lazy("filter of machines", "Stopped"), Condition(({"main": frozenset({Main.STOPPED})},))),
    "busy": Pill(
        # Translators: something is being done with these machines: they are starting, streaming, moving ...
        pgettext_lazy("filter of machines", "Busy"),
        Condition(({"main": UNDER_WAY}, {"second": frozenset(Second)})),
    ),
    "attention": Pill(
        pgettext_lazy("filter of machines", "Needs attention"),
        Condition(({"main": WRONG}, {"main": frozenset({Main.PAUSED}), "at_fault": frozenset({True})})),
        alert=True,
    ),
}
ALL = pgettext_lazy("filter of machines", "All")


@dataclass(frozen=True, slots=True)
class Dimension:
    """A question with several answers. field: what the machines are told apart by; words: its values, in their
    order; None if each value is its own name."""

    label: Promise
    field: str
    words: Mapping[Any, Promise] | None = None

    def word(self, value: str) -> str:
        return value if self.words is None else str(self.words[value])

    def knows(self, value: str) -> bool:
        return bool(value) and (self.words is None or value in self.words)

    def order(self) -> Callable[[str], Any]:
        return str.casefold if self.words is None else list(map(str, self.words)).index


STALE: Mapping[str, Promise] = {
    # Translators: why what the panel knows of a machine may be out of date.
    "node": pgettext_lazy("filter of machines", "Node unreachable"),
    "gone": pgettext_lazy("filter of machines", "Gone from its node"),
}

WAITING: Mapping[str, Promise] = {
    # Translators: the answer to the filter "Changes wait".
    "next-start": pgettext_lazy("filter of machines", "For the next start"),
}

BACKUP: Mapping[str, Promise] = {
    # Translators: the answer to the filter "Backups".
    "missing": pgettext_lazy("filter of machines", "No good backup for 24 h"),
}

_STATUS = Dimension(pgettext_lazy("filter of machines", "Status"), "main", labels.MAIN)
_SECOND = Dimension(pgettext_lazy("filter of machines", "Second state"), "second", labels.SECOND)
_NODE = Dimension(pgettext_lazy("filter of machines", "Node"), "node__name")
_MODE = Dimension(pgettext_lazy("filter of templates", "Mode"), "counts_as", labels.MODE)
_STALE = Dimension(pgettext_lazy("filter of machines", "Stale"), "stale", STALE)
_WAITING = Dimension(pgettext_lazy("filter of machines", "Changes wait"), "waiting", WAITING)
_BACKUP = Dimension(pgettext_lazy("filter of machines", "Backups"), "backed_up", BACKUP)
_POOL = Dimension(words.POOL, "pool__name")
_HELD = Dimension(words.HELD, "held", words.HELD_AS)
_IMAGE = Dimension(words.GOLDEN_IMAGE, "origin__display_name")
_LAST = {"pool": _POOL, "stale": _STALE, "waiting": _WAITING, "backup": _BACKUP}
_SET_UP = (_NODE, _POOL, _HELD, _IMAGE)
"""Asked by whoever is told how machines are set up."""

TAG = "tag"
TAG_LABEL = pgettext_lazy("filter of machines", "Tag")

DIMENSIONS: Mapping[Kind, Mapping[str, Dimension]] = {
    Kind.VM: {"status": _STATUS, "second": _SECOND, "node": _NODE, **_LAST},
    Kind.DYNAMIC: {"status": _STATUS, "held": _HELD, "pool": _POOL, "image": _IMAGE, "node": _NODE, "stale": _STALE},
    Kind.TEMPLATE: {"status": _STATUS, "second": _SECOND, "node": _NODE, "mode": _MODE, **_LAST},
}


@dataclass(frozen=True, slots=True)
class Counts:
    """total: what the address finds. pills: by their key, "" for all of them. values: by the key of the question."""

    total: int
    pills: Mapping[str, int]
    values: Mapping[str, Mapping[str, int]]


@dataclass(slots=True)
class _Tally:
    total: int = 0
    pills: Counter[str] = field(default_factory=Counter)
    values: dict[str, Counter[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for. chosen: the answers to each question; none means that all do. sees_nodes: whoever asks
    may tell machines apart by their nodes."""

    kind: Kind
    sees_nodes: bool
    text: str
    show: str
    chosen: Mapping[str, tuple[str, ...]]
    tags: tuple[str, ...]

    @classmethod
    def asked(cls, query: QueryDict, kind: Kind, *, sees_nodes: bool) -> Filters:
        """What nobody knows is left out, as if it had not been asked."""
        show = query.get("show", "")
        dimensions = _dimensions(kind, sees_nodes=sees_nodes).items()
        return cls(
            kind=kind,
            sees_nodes=sees_nodes,
            text=asked_text(query),
            show=show if show in PILLS else "",
            chosen={key: known(query.getlist(key), dimension) for key, dimension in dimensions},
            tags=_clean(query.getlist(TAG)),
        )

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        return _dimensions(self.kind, sees_nodes=self.sees_nodes)

    def found(self, machines: VmQuerySet) -> VmQuerySet:
        """Those of the machines that the address asks for. machines: all that the person may see."""
        return self._narrowed(self._with_tags(self._base(machines)))

    def counts(self, machines: VmQuerySet) -> Counts:
        """Two queries, however many machines, questions and answers."""
        base = self._base(machines)
        groups = list(self._groups(self._with_tags(base)))
        names = named(self._narrowed(base), groups)
        tally = _Tally(values={key: Counter() for key in self.dimensions})
        for group in groups:
            if group["node_id"] in names.nodes:
                self._add(tally, names.completed(group))
        return Counts(tally.total, tally.pills, {**tally.values, TAG: names.tags})

    def _base(self, machines: VmQuerySet) -> VmQuerySet:
        return with_words(machines.of_kind(self.kind), self.text, sees_nodes=self.sees_nodes)

    def _with_tags(self, machines: VmQuerySet) -> VmQuerySet:
        if not self.tags:
            return machines
        tags = Tag.objects.annotate(small=Lower("name")).filter(small__in=[tag.lower() for tag in self.tags])
        return machines.filter(pk__in=tags.filter(vms__isnull=False).values("vms"))

    def _narrowed(self, machines: VmQuerySet) -> VmQuerySet:
        if self.show or any(self.chosen.values()):
            machines = machines.alias(**told_apart(), stale=STALENESS)
        if self.show:
            machines = machines.filter(PILLS[self.show].condition.q())
        for key, values in self.chosen.items():
            if values:
                machines = machines.filter(**{f"{self.dimensions[key].field}__in": values})
        return machines

    def _groups(self, machines: VmQuerySet) -> Iterator[Group]:
        """By the keys of their nodes and the like: to join each machine with its node would cost more than all the
        rest."""
        asked = {TOLD_BY.get(dimension.field, dimension.field) for dimension in self.dimensions.values()}
        fields = ["node_id", *sorted({"main", "second", "at_fault", *asked} - {"node_id"})]
        apart = machines.order_by().annotate(**told_apart(), is_gone=IS_GONE)
        groups: Iterator[Group] = apart.values(*fields, "is_gone").annotate(n=Count("*")).iterator()
        return groups

    def _add(self, tally: _Tally, group: Group) -> None:
        failed = self._failed(group)
        if not failed:
            tally.total += group["n"]
        if failed <= {"show"}:
            tally.pills[""] += group["n"]
            tally.pills.update(dict.fromkeys(_pills_of(group["main"], group["second"], group["at_fault"]), group["n"]))
        for key, dimension in self.dimensions.items():
            if failed <= {key}:
                tally.values[key][group[dimension.field]] += group["n"]

    def _failed(self, group: Group) -> set[str]:
        """The questions whose answers this group does not meet."""
        failed = {
            key for key, values in self.chosen.items() if values and group[self.dimensions[key].field] not in values
        }
        if self.show and not PILLS[self.show].condition.holds(group):
            failed.add("show")
        return failed


@cache
def _pills_of(main: str, second: str, at_fault: object) -> tuple[str, ...]:
    """Those that count machines of which this is true: groups differ in more than that."""
    group = {"main": main, "second": second, "at_fault": at_fault}
    return tuple(key for key, pill in PILLS.items() if pill.condition.holds(group))


def _dimensions(kind: Kind, *, sees_nodes: bool) -> Mapping[str, Dimension]:
    every = DIMENSIONS[kind]
    return every if sees_nodes else {key: dimension for key, dimension in every.items() if dimension not in _SET_UP}


def known(values: list[str], dimension: Dimension) -> tuple[str, ...]:
    return tuple(value for value in _clean(values) if dimension.knows(value))


def _clean(values: list[str]) -> tuple[str, ...]:
    given = (value.replace("\0", "").strip() for value in values[:MOST_CHOICES])
    return tuple(dict.fromkeys(value for value in given if value))
