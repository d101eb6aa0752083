"""How much of a node is in use, and how much of it was given to machines."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, Sum

from vms import labels
from vms.models import Node, Vm
from vms.rules.power import HAS_PROCESS
from vms.rules.status import Main
from vms.web import formats
from vms.web.presenters.nodes import NodeView

IS_ON = Q(power__in=HAS_PROCESS) & ~Q(main__in=[Main.STOPPED, Main.CRASHED])
"""Machines whose guests are on; not those that only have a process for a job."""


@dataclass(frozen=True, slots=True)
class Share:
    """A bar. percent: 0 to 100; note: what was given to machines."""

    label: str
    percent: int
    text: str
    note: str


def shares(node: Node, view: NodeView) -> list[Share]:
    """Of what is known. One query."""
    on = Vm.objects.all().present().filter(IS_ON, node=node).order_by()
    given = on.aggregate(memory=Sum("memory", default=0), vcpus=Sum("vcpus", default=0))
    memory = str(labels.MEMORY_GIVEN) % {"size": formats.size(given["memory"])}
    vcpus = str(labels.VCPUS_GIVEN % {"count": given["vcpus"]})
    use = view.use
    known = [
        (labels.MEMORY_IN_USE, use.memory_percent, use.memory_text, memory),
        (labels.CPUS_IN_USE, use.cpu_percent, use.cpu_text, vcpus),
    ]
    return [Share(str(label), percent, text, note) for label, percent, text, note in known if percent is not None]
