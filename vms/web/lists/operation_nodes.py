"""Operations narrowed down to a node: at it, and machines on their way to it or away from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse

from vms.models import Node
from vms.models.viewer import Viewer
from vms.operations.permission import sees_nodes
from vms.rules.actions import Action

NODE, WAY = "node", "way"
DESTINATION = "to"
"""Which argument of a migration is the key of the node that the machine goes to."""


class Way(StrEnum):
    ARRIVING = "arriving"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What an address asks of nodes. node: its name, "" for all; way: only those that move a machine so."""

    node: str = ""
    way: Way | None = None

    def condition(self) -> Q:
        """With a query of its own if a node is asked for: none is met for one that the panel does not know."""
        if not self.node:
            return Q()
        key = Node.objects.filter(name=self.node).values_list("pk", flat=True).first()
        return operations_of(key, self.way) if key is not None else Q(pk__in=())


def narrowed(query: QueryDict, viewer: Viewer) -> Narrowed:
    """Nothing, for whoever is told nothing of nodes."""
    node, way = query.get(NODE, ""), query.get(WAY, "")
    if not (node and sees_nodes(viewer)):
        return Narrowed()
    return Narrowed(node, Way(way) if way in set(Way) else None)


def operations_of(node: int, way: Way | None = None) -> Q:
    """By the key of the node: those at it, and those that bring a machine to it; or only those of one way."""
    here, moves = Q(node=node), Q(action=Action.MIGRATE)
    arrives = moves & Q(**{f"arguments__{DESTINATION}": node})
    return {None: here | arrives, Way.ARRIVING: arrives, Way.LEAVING: here & moves}[way]


def operations_url(node: str, *, way: Way | None = None, show: str = "") -> str:
    """The list of them. node: its name."""
    asked = {NODE: node, WAY: way or "", "show": show}
    return f"{reverse('operations:list')}?{urlencode({name: value for name, value in asked.items() if value})}"
