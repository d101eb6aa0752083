"""All that the page of a node shows."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from vms import labels
from vms.models import Event, Node, Vm
from vms.models.viewer import Viewer
from vms.rules.power import Power
from vms.web import formats
from vms.web.presenters.doubles import DoublesAt, doubles_at
from vms.web.presenters.node_capacity import Share, shares
from vms.web.presenters.node_duty import DutyView, duty_view
from vms.web.presenters.node_emptyings import NodeEmptyings, node_emptyings
from vms.web.presenters.node_places import NetworkView, PoolView, network_views, pool_views
from vms.web.presenters.node_work import NodeWork, node_work
from vms.web.presenters.nodes import NodeView, node_view
from vms.web.presenters.timeline import Timeline, timeline


@dataclass(frozen=True, slots=True)
class NodePage:
    node: NodeView
    duty: DutyView
    shares: list[Share]
    work: NodeWork
    pools: list[PoolView]
    networks: list[NetworkView]
    timeline: Timeline
    doubles: DoublesAt
    last_known: str
    emptyings: NodeEmptyings


def node_page(node: Node, viewer: Viewer, asked: str = "") -> NodePage:
    """asked: as many lines of its timeline as the address asks for. The number of queries is the same for every node,
    whatever runs and lies there."""
    view = node_view(node)
    return NodePage(
        node=view,
        duty=duty_view(node),
        shares=shares(node, view),
        work=node_work(node, viewer),
        pools=pool_views(node),
        networks=network_views(node),
        timeline=timeline(Event.objects.filter(node=node, vm=None), viewer, asked),
        doubles=doubles_at(node, viewer),
        last_known=_last_known(node),
        emptyings=node_emptyings(node),
    )


def _last_known(node: Node) -> str:
    """How its machines were when it last told, "" as long as it does: then their status says it."""
    if node.reachable or node.contact_since is None:
        return ""
    there = Vm.objects.all().present().filter(node=node).order_by()
    counts = dict(there.values_list("power").annotate(Count("pk")))
    parts = (
        labels.COUNT_OF_A_STATE % {"count": counts[power], "state": labels.POWER[power]}
        for power in Power
        if power in counts
    )
    words = ", ".join(str(part) for part in parts)
    return str(labels.LAST_KNOWN_THERE) % {"since": formats.clock(node.contact_since), "states": words} if words else ""
