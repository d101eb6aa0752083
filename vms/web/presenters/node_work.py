"""What is being done on a node and what was done last, and which machines move to it or away from it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from vms import labels
from vms.models import Node, Operation
from vms.models.viewer import Viewer
from vms.web.lists.operation_nodes import Way, operations_of, operations_url
from vms.web.presenters.node_moves import Moves, node_moves
from vms.web.presenters.operations import OperationView, operation_rows

MOST_UNDER_WAY = 12
LAST_ENDED = 10


@dataclass(frozen=True, slots=True)
class Counted:
    """So many of something, with the list of them."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class NodeWork:
    """under_way: the newest of them, counted: all of them; last: those that ended last. moves: machines on their way;
    none of either without any."""

    under_way: list[OperationView]
    last: list[OperationView]
    counted: list[Counted]
    moves: list[Moves]
    operations_url: str


def node_work(node: Node, viewer: Viewer) -> NodeWork:
    """At most six queries, however much there is."""
    visible = Operation.objects.with_destination().visible_to(viewer).select_related("vm", "node")
    here = visible.filter(operations_of(node.pk))
    going_on = here.filter(finished_at=None)
    ended = here.exclude(finished_at=None).order_by("-finished_at", "-pk")
    shown = operation_rows([*going_on[:MOST_UNDER_WAY], *ended[:LAST_ENDED]], viewer)
    conditions: dict[str, Q] = {"": Q()} | {way: operations_of(node.pk, way) for way in Way}
    counts = going_on.counted(conditions)
    under_way = str(labels.OPERATIONS_UNDER_WAY % {"count": counts[""]})
    return NodeWork(
        under_way=[operation for operation in shown if operation.under_way],
        last=[operation for operation in shown if not operation.under_way],
        counted=[Counted(under_way, operations_url(node.name, show="running"))] if counts[""] else [],
        moves=node_moves(node, going_on, counts),
        operations_url=operations_url(node.name),
    )
