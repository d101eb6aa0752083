"""What groups of machines do not say themselves: their nodes' names, which of these answer, and the tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, Count, F, IntegerField, Value
from django.db.models.functions import Cast

from vms.models import Node
from vms.models.vm import VmQuerySet

Group = Mapping[str, Any]
"""What its machines have in common, and as `n` how many they are."""


@dataclass(frozen=True, slots=True)
class NodeOfGroups:
    name: str
    reachable: bool

    def completed(self, group: Group) -> Group:
        """With what is known of the whole group because it is of this node."""
        stale = "" if self.reachable else "node"
        return {**group, "node__name": self.name, "stale": "gone" if group["is_gone"] else stale}


def nodes_and_tags(machines: VmQuerySet) -> tuple[dict[int, NodeOfGroups], dict[str, int]]:
    """Every node by its key, and how many of the machines have each tag. In one query, because every list asks."""
    nodes = Node.objects.order_by().values_list("pk", "name", Cast("reachable", IntegerField()))
    tagged = machines.filter(tags__isnull=False).order_by()
    tags = tagged.values(nowhere=Value(None, BigIntegerField()), tag=F("tags__name")).annotate(n=Count("pk"))
    rows = list(nodes.union(tags.values_list("nowhere", "tag", "n"), all=True))
    return (
        {pk: NodeOfGroups(name, bool(number)) for pk, name, number in rows if pk is not None},
        {name: number for pk, name, number in rows if pk is None},
    )
