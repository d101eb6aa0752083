"""All that the page of a node shows."""

from __future__ import annotations

from dataclasses import dataclass

from vms.models import Event, Node
from vms.models.viewer import Viewer
from vms.web.presenters.node_capacity import Share, shares
from vms.web.presenters.node_duty import DutyView, duty_view
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
    )
