"""The nodes that the machines of an emptied node go to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Case, Count, F, Q, QuerySet, Sum, Value, When
from django.urls import reverse

from vms import labels
from vms.models import EmptyingItem, Node
from vms.rules.emptying import Verdict
from vms.rules.preflight import Way
from vms.web import formats
from vms.web.presenters.emptying_items import OUTCOMES
from vms.web.presenters.migrating import MemoryThen, memory_then


@dataclass(frozen=True, slots=True)
class Arrivals:
    """A node that machines go to. memory: once all of them are there."""

    name: str
    url: str
    machines: str
    to_copy: str
    memory: MemoryThen | None


def arrivals_of(items: QuerySet[EmptyingItem]) -> list[Arrivals]:
    """Memory that is there already is counted by the node itself."""
    going = items.filter(verdict=Verdict.GOES, to__isnull=False).exclude(OUTCOMES["left"])
    still = Q(finished_at=None) & ~Q(vm__node=F("to"))
    comes = Case(When(still & Q(way=Way.LIVE), then=F("vm__memory")), default=Value(0))
    found = going.order_by().values("to").annotate(machines=Count("pk"), memory=Sum(comes))
    nodes = Node.objects.in_bulk([each["to"] for each in found])
    copied = _to_copy(going)
    return sorted(
        (_arrival(nodes[each["to"]], each["machines"], each["memory"], copied[each["to"]]) for each in found),
        key=lambda each: each.name,
    )


def _to_copy(going: QuerySet[EmptyingItem]) -> Counter[int]:
    sizes: Counter[int] = Counter()
    for to, kept in going.exclude(copies=[]).values_list("to", "stands_against"):
        sizes[to] += sum(each["to_copy"] for each in kept if each["node"] == to)
    return sizes


def _arrival(node: Node, machines: int, memory: int, to_copy: int) -> Arrivals:
    return Arrivals(
        name=node.name,
        url=reverse("nodes:page", args=[node.pk]),
        machines=str(labels.EMPTYING_ARRIVING % {"count": machines}),
        to_copy=formats.size(to_copy) if to_copy else "",
        memory=memory_then(node, node.memory_free, memory),
    )
