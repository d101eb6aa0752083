"""The numbers beside the navigation."""

from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Count, QuerySet, Value

from vms.models import Node, Operation, Vm
from vms.models.viewer import Viewer
from vms.rules.kinds import Kind
from vms.rules.progress import Progress


@dataclass(frozen=True, slots=True)
class Counts:
    vms: int = 0
    templates: int = 0
    nodes: int = 0
    under_way: int = 0
    need_attention: int = 0


def counts_for(viewer: Viewer) -> Counts:
    """One query: every page asks for them."""
    machines, operations = Vm.objects.all().visible_to(viewer), Operation.objects.all().visible_to(viewer)
    failed = operations.filter(progress__in=[Progress.FAILED, Progress.UNCLEAR], acknowledged_at=None)
    counted = _count("nodes", Node.objects.all()).union(
        _count("vms", machines.of_kind(Kind.VM)),
        _count("templates", machines.of_kind(Kind.TEMPLATE)),
        _count("under_way", operations.filter(finished_at=None)),
        _count("need_attention", failed),
        all=True,
    )
    return Counts(**dict(counted))


def _count(what: str, rows: QuerySet[Any]) -> QuerySet[Any]:
    """A query of one line: what was counted, and how many there are."""
    named: QuerySet[Any] = rows.order_by().values(what=Value(what, CharField()))
    counted: QuerySet[Any] = named.annotate(n=Count("pk")).values_list("what", "n")
    return counted
