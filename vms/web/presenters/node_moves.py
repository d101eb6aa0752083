"""Machines on their way to a node or away from it, as that node sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise

from vms import labels
from vms.models import Node, Operation, Vm
from vms.models.operation import OperationQuerySet
from vms.rules.kinds import Kind
from vms.rules.status import Main, Second, Status
from vms.web import formats
from vms.web.lists.operation_nodes import Way, operations_of, operations_url
from vms.web.presenters.journeys import HANDED_OVER
from vms.web.presenters.statuses import LOOK, status_text

MOST_LINES = 12

COUNTED: Mapping[Way, Promise] = {Way.ARRIVING: labels.ARRIVING, Way.LEAVING: labels.LEAVING}


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """status, look: as the node sees the machine. other: where it comes from, or goes. url: of the operation."""

    vm_name: str
    vm_url: str
    status: str
    look: str
    other: str
    percent: float
    percent_text: str
    url: str


@dataclass(frozen=True, slots=True)
class Moves:
    """All of one way, counted, with the list of them; and the newest."""

    text: str
    url: str
    machines: list[OnItsWay]


def node_moves(node: Node, going_on: OperationQuerySet, counts: Mapping[str, int]) -> list[Moves]:
    """None of either way without any, in two queries at most. going_on: with vm and node, from with_destination()."""
    return [_moves(node, way, going_on, counts[way]) for way in Way if counts[way]]


def _moves(node: Node, way: Way, going_on: OperationQuerySet, count: int) -> Moves:
    newest: Iterable[Operation] = going_on.filter(operations_of(node.pk, way))[:MOST_LINES]
    return Moves(
        text=str(COUNTED[way] % {"count": count}),
        url=operations_url(node.name, way=way, show="running"),
        machines=[_on_its_way(operation, way) for operation in newest],
    )


def _on_its_way(operation: Operation, way: Way) -> OnItsWay:
    vm, percent = operation.vm, operation.percent or 0
    status = _arriving(operation, vm) if way is Way.ARRIVING else vm.status
    return OnItsWay(
        vm_name=vm.display_name,
        vm_url=reverse("vms:page", args=[vm.pk]),
        status=status_text(Kind(vm.kind), status, None),
        look=LOOK[status.main],
        other=_other(operation, way),
        percent=percent,
        percent_text=formats.percent(percent),
        url=reverse("operations:page", args=[operation.pk]),
    )


def _arriving(operation: Operation, vm: Vm) -> Status:
    """Its guest is held until it is handed over; one that is off is so on both nodes."""
    if not vm.guest_is_on:
        return Status(Main.STOPPED, Second.MIGRATING)
    handed_over = operation.measures.get("stage") == HANDED_OVER
    return Status(Main.RUNNING if handed_over else Main.PAUSED, Second.MIGRATING)


def _other(operation: Operation, way: Way) -> str:
    if way is Way.LEAVING:
        return str(labels.MOVE_TO) % {"node": operation.destination}
    return str(labels.MOVE_FROM) % {"node": operation.node.name if operation.node else ""}
