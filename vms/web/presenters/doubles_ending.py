"""The question before what one node has of a machine is ended: it names the machine, both nodes and the consequence."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise

from vms import labels
from vms.models import Node, Vm
from vms.models.viewer import Viewer
from vms.operations.doubles import Ending, against
from vms.operations.requesting import holder_of
from vms.rules.actions import Action
from vms.rules.power import PowerReason
from vms.web.presenters.confirming import Confirmation
from vms.web.presenters.deleting import Fates
from vms.web.presenters.doubles import url_of_ending
from vms.web.presenters.holding import why_off


def ending_question(vm: Vm, ending: Ending, key: UUID, viewer: Viewer) -> Confirmation:
    """vm: from with_operations_under_way()."""
    names = {"vm": vm.display_name, "there": ending.there.name, "kept": ending.kept.name}
    reason = against(vm, ending, vm.under_way)
    return Confirmation(
        title=str(labels.DOUBLE_ASKS[ending.action]) % names,
        text=str(labels.DOUBLE_CONSEQUENCE[ending.action]) % names,
        points=[str(point) % names for point in _points(vm, ending)],
        disks=Fates(),
        label=str(labels.ACTION[ending.action]),
        danger=True,
        url=url_of_ending(vm, ending.there, ending.action),
        cancel_url=reverse("vms:page", args=[vm.pk]),
        key=key,
        refused=why_off(reason, holder_of(vm.under_way, ending.action), vm, viewer) if reason else "",
    )


def _points(vm: Vm, ending: Ending) -> Iterator[Promise]:
    yield labels.DOUBLE_LOOKS_AGAIN
    reasons = {vm.node_id: vm.power_reason, **{double.node_id: double.power_reason for double in vm.doubles.all()}}
    if ending.action is Action.FORGET_DOUBLE and reasons.get(ending.there.pk) == PowerReason.SAVED:
        yield labels.DOUBLE_LOSES_MEMORY


def disregard_question(vm: Vm, there: Node) -> Confirmation:
    names = {"vm": vm.display_name, "there": there.name}
    had_it = vm.doubles.filter(node=there, node__reachable=False).exists()
    return Confirmation(
        title=str(labels.DISREGARD_TITLE) % names,
        text=str(labels.DISREGARD_MEANS) % names,
        points=[str(labels.DISREGARD_FINDS_AGAIN) % names],
        disks=Fates(),
        label=str(labels.DOUBLE_DISREGARD) % {"node": there.name},
        danger=True,
        url=reverse("vms:disregard", args=[vm.pk, there.pk]),
        cancel_url=reverse("vms:page", args=[vm.pk]),
        key=None,
        refused="" if had_it else str(labels.DISREGARD_TOO_LATE) % names,
    )


def was_disregarded(vm: Vm, there: Node) -> str:
    """A sentence."""
    return str(labels.DISREGARDED) % {"vm": vm.display_name, "there": there.name}


def is_being_ended(vm: Vm, ending: Ending) -> str:
    """A sentence."""
    return str(labels.DOUBLE_BEGINS[ending.action]) % {"vm": vm.display_name, "there": ending.there.name}
