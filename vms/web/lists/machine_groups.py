"""What groups of machines do not say themselves: what their nodes, pools and golden images are called, which nodes
answer, and the tags."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import CharField, Count, F, IntegerField, QuerySet, Value
from django.db.models.functions import Cast

from vms.models import Node, Vm, VmPool
from vms.models.vm import VmQuerySet
from vms.rules.kinds import Kind

Group = Mapping[str, Any]
"""What its machines have in common, and as `n` how many they are."""

TOLD_BY: Mapping[str, str] = {
    "node__name": "node_id",
    "stale": "node_id",
    "pool__name": "pool_id",
    "origin__display_name": "origin_id",
}
"""What is known of a whole group when the key of its node, pool or golden image is."""

NOTHING = Value(0, IntegerField())
NODE, POOL, IMAGE, TAG = "node", "pool", "image", "tag"


@dataclass(frozen=True, slots=True)
class NodeOfGroups:
    name: str
    reachable: bool


@dataclass(slots=True)
class Names:
    """tags: how many machines have each; the others by their keys."""

    nodes: dict[int, NodeOfGroups] = field(default_factory=dict)
    pools: dict[UUID | None, str] = field(default_factory=dict)
    images: dict[UUID | None, str] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)

    def completed(self, group: Group) -> Group:
        """With what is known of the whole group because it is of this node, this pool and this golden image."""
        node = self.nodes[group["node_id"]]
        stale = "" if node.reachable else "node"
        return {
            **group,
            "node__name": node.name,
            "stale": "gone" if group["is_gone"] else stale,
            "pool__name": self.pools.get(group.get("pool_id"), ""),
            "origin__display_name": self.images.get(group.get("origin_id"), ""),
        }

    def add(self, what: str, key: str, name: str, number: int) -> None:
        """number: of machines with this tag; whether the node is reachable."""
        if what == NODE:
            self.nodes[int(key)] = NodeOfGroups(name, bool(number))
        elif what == TAG:
            self.tags[name] = number
        else:
            (self.pools if what == POOL else self.images)[UUID(key)] = name


def named(machines: VmQuerySet, groups: Collection[Group]) -> Names:
    """Every node, how many of the machines have each tag, and the pools and golden images if there are any in these
    groups. In one query, because every list asks."""
    nodes = _lines(NODE, Node.objects.all(), F("name"), Cast("reachable", IntegerField()))
    others = [_tags(machines)]
    if any(group.get("pool_id") for group in groups):
        others.append(_lines(POOL, VmPool.objects.all(), F("name"), NOTHING))
    if any(group.get("origin_id") for group in groups):
        others.append(_lines(IMAGE, Vm.objects.all().of_kind(Kind.GOLDEN_IMAGE), F("display_name"), NOTHING))
    names = Names()
    for line in nodes.union(*others, all=True):
        names.add(*line)
    return names


def _lines(what: str, rows: QuerySet[Any], name: F, number: Cast | Value) -> QuerySet[Any]:
    """Of each: what it is, its key, what it is called, and a number."""
    key = Cast("pk", CharField())
    lines: QuerySet[Any] = rows.order_by().values_list(Value(what, CharField()), key, name, number)
    return lines


def _tags(machines: VmQuerySet) -> QuerySet[Any]:
    tagged = machines.filter(tags__isnull=False).order_by()
    counted = tagged.values(what=Value(TAG, CharField()), nothing=Value("", CharField()), tag=F("tags__name"))
    tags: QuerySet[Any] = counted.annotate(n=Count("pk")).values_list("what", "nothing", "tag", "n")
    return tags
