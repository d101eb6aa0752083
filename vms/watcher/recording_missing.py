"""What a node no longer has."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from vms.models import Node, Operation, Vm
from vms.models.vm import VmQuerySet
from vms.operations.following import wake
from vms.rules.actions import MAKES_A_MACHINE, Action
from vms.watcher.adopting import mark_gone
from vms.watcher.doubles import doubled_at, forget_double
from vms.watcher.news import AllListed, MachineMissing

COMES = MAKES_A_MACHINE | {Action.MIGRATE}
COMES_OR_GOES = COMES | {Action.DELETE}
"""Whoever works on one of these knows better where the machine is."""


def all_listed(news: AllListed) -> None:
    arrived_since = Operation.objects.filter(action__in=COMES, vm__node=news.node, finished_at__gte=news.asked_at)
    for vm in _known_at(news.node).exclude(pk__in=news.uuids).exclude(pk__in=arrived_since.values("vm")):
        _missing_at(news.node, vm)
    Node.objects.filter(pk=news.node).update(last_contact_at=timezone.now())


def machine_missing(news: MachineMissing) -> None:
    for vm in _known_at(news.node).filter(pk=news.uuid):
        _missing_at(news.node, vm)
    wake(news.uuid)


def _known_at(node: int) -> VmQuerySet:
    busy = Operation.objects.filter(action__in=COMES_OR_GOES, finished_at=None)
    here = Q(node=node, gone_at=None, deleted_at=None)
    return Vm.objects.filter(here | Q(pk__in=doubled_at(node))).exclude(pk__in=busy.values("vm"))


def _missing_at(node: int, vm: Vm) -> None:
    if vm.node_id == node:
        mark_gone(vm)
    else:
        forget_double(node, vm.pk)
