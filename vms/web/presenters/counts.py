"""The numbers beside the navigation."""

from dataclasses import dataclass

from django.db.models import Count, Q

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
    machines = (
        Vm.objects.all()
        .visible_to(viewer)
        .order_by()
        .aggregate(vms=Count("pk", filter=Q(kind=Kind.VM)), templates=Count("pk", filter=Q(kind=Kind.TEMPLATE)))
    )
    failed = Q(progress__in=[Progress.FAILED, Progress.UNCLEAR], acknowledged_at=None)
    operations = (
        Operation.objects.all()
        .visible_to(viewer)
        .order_by()
        .aggregate(under_way=Count("pk", filter=Q(finished_at=None)), need_attention=Count("pk", filter=failed))
    )
    return Counts(**machines, **operations, nodes=Node.objects.count())
