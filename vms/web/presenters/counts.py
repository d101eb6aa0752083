"""The numbers beside the navigation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import CharField, Count, QuerySet, Value
from django.utils import timezone

from vms.models import Heartbeat, Node, Operation, Vm, VmPool
from vms.models.viewer import Viewer
from vms.models.vm import VmQuerySet
from vms.operations.permission import to_look_after
from vms.rules.kinds import Kind
from vms.rules.progress import Progress

LATE_AFTER = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Counts:
    """watching: 1 while the watcher shows signs of life, else 0."""

    vms: int = 0
    dynamic: int = 0
    templates: int = 0
    pools: int = 0
    nodes: int = 0
    under_way: int = 0
    need_attention: int = 0
    watching: int = 0


def counts_for(viewer: Viewer) -> Counts:
    """One query: every page asks for them."""
    machines, operations = Vm.objects.all().visible_to(viewer), Operation.objects.all().visible_to(viewer)
    failures = operations.filter(progress__in=[Progress.FAILED, Progress.UNCLEAR], acknowledged_at=None)
    counted = _count("nodes", Node.objects.all()).union(
        _of_each_kind(machines),
        _count("pools", VmPool.objects.all().visible_to(viewer)),
        _count("under_way", operations.filter(finished_at=None)),
        _count("need_attention", to_look_after(failures, viewer)),
        _count("watching", Heartbeat.objects.filter(process="watcher", at__gte=timezone.now() - LATE_AFTER)),
        all=True,
    )
    return Counts(**{_COUNTED_AS.get(what, what): number for what, number in counted})


_COUNTED_AS: Mapping[str, str] = {Kind.VM: "vms", Kind.DYNAMIC: "dynamic", Kind.TEMPLATE: "templates"}


def _of_each_kind(machines: VmQuerySet) -> QuerySet[Any]:
    """A query of one line for each kind of which there are any."""
    listed = machines.filter(kind__in=list(_COUNTED_AS)).order_by()
    counted: QuerySet[Any] = listed.values("kind").annotate(n=Count("pk")).values_list("kind", "n")
    return counted


def _count(what: str, rows: QuerySet[Any]) -> QuerySet[Any]:
    """A query of one line: what was counted, and how many there are."""
    named: QuerySet[Any] = rows.order_by().values(what=Value(what, CharField()))
    counted: QuerySet[Any] = named.annotate(n=Count("pk")).values_list("what", "n")
    return counted
