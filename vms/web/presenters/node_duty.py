"""A node's maintenance: since when, and the question before it begins or ends."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count
from django.urls import reverse

from vms import labels
from vms.labels import dynamic as words
from vms.models import Event, Node, Vm
from vms.operations.departures import ended_by_their_pools
from vms.rules.duty import Duty
from vms.rules.timeline import What
from vms.web import formats
from vms.web.presenters.confirming import Confirmation
from vms.web.presenters.deleting import Fates
from vms.web.presenters.node_capacity import IS_ON


@dataclass(frozen=True, slots=True)
class DutyView:
    """The other duty, which can be chosen. since, means: of a maintenance, "" if the node is in none."""

    change_url: str
    change_label: str
    since: str
    means: str


def duty_view(node: Node) -> DutyView:
    other = _other(node)
    in_maintenance = node.duty == Duty.MAINTENANCE
    return DutyView(
        change_url=reverse("nodes:duty", args=[node.pk, other]),
        change_label=str(labels.DUTY_BUTTON[other]),
        since=_since(node) if in_maintenance else "",
        means=str(labels.DUTY_MEANS[Duty.MAINTENANCE]) % {"node": node.name} if in_maintenance else "",
    )


def _other(node: Node) -> Duty:
    return Duty.ACTIVE if node.duty == Duty.MAINTENANCE else Duty.MAINTENANCE


def _since(node: Node) -> str:
    began = Event.objects.filter(node=node, vm=None, what=What.MAINTENANCE_BEGAN).first()
    if began is None:
        return str(labels.MAINTENANCE_NOW)
    return str(labels.MAINTENANCE_SINCE) % {"since": formats.clock(began.at), "person": began.values["person"]}


def duty_question(node: Node, duty: Duty) -> Confirmation:
    names = {"node": node.name}
    return Confirmation(
        title=str(labels.DUTY_TITLE[duty]) % names,
        text=str(labels.DUTY_MEANS[duty]) % names,
        points=_points(node) if duty is Duty.MAINTENANCE else [],
        disks=Fates(),
        label=str(labels.DUTY_BUTTON[duty]),
        danger=False,
        url=reverse("nodes:duty", args=[node.pk, duty]),
        cancel_url=reverse("nodes:page", args=[node.pk]),
        key=None,
        refused=str(labels.DUTY_IS_SO[duty]) % names if node.duty == duty else "",
    )


def _points(node: Node) -> list[str]:
    """What it means for the machines that are there."""
    there = Vm.objects.all().present().filter(node=node).order_by()
    counts = there.aggregate(all=Count("pk"), on=Count("pk", filter=IS_ON))
    if not counts["all"]:
        return [str(labels.NO_MACHINE_CONCERNED)]
    stay, run = labels.NOTHING_IS_MOVED % {"count": counts["all"]}, labels.THEY_RUN_ON % {"count": counts["on"]}
    points = [str(stay), *([str(run)] if counts["on"] else []), str(labels.CAN_STILL_BE_STARTED)]
    free = ended_by_their_pools(node).count()
    return [*points, str(words.FREE_ONES_END % {"count": free, "node": node.name})] if free else points
