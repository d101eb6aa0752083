"""How a node is being emptied of its machines, and how it was before."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from vms import labels
from vms.models import Emptying, Node
from vms.rules.emptying import State
from vms.web import formats
from vms.web.presenters.emptying import LOOK

LAST = 5


@dataclass(frozen=True, slots=True)
class EmptyingLine:
    url: str
    state: str
    look: str
    at: str
    person: str


@dataclass(frozen=True, slots=True)
class NodeEmptyings:
    """now: the one that has not ended, None if there is none; last: those that ended last. url: where one is asked for,
    or where the one that has not ended is."""

    now: EmptyingLine | None
    last: list[EmptyingLine]
    url: str


def node_emptyings(node: Node) -> NodeEmptyings:
    """One query."""
    lines = [(each, _line(each)) for each in node.emptyings.order_by("-requested_at")[: LAST + 1]]
    now = next((line for each, line in lines if each.finished_at is None), None)
    last = [line for each, line in lines if each.finished_at is not None][:LAST]
    return NodeEmptyings(now, last, now.url if now else reverse("nodes:empty", args=[node.pk]))


def _line(emptying: Emptying) -> EmptyingLine:
    state = State(emptying.state)
    return EmptyingLine(
        url=reverse("nodes:emptying", args=[emptying.node_id, emptying.pk]),
        state=str(labels.EMPTYING_STATE[state]),
        look=LOOK[state],
        at=formats.clock(emptying.finished_at or emptying.requested_at),
        person=emptying.requested_by_name or str(labels.THE_PANEL),
    )
