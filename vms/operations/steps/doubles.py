"""Steps for a machine that two nodes know: of what one of them has, its process or its definition is ended.

Both are asked right before: whatever was seen of them when somebody chose, may have changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction

from vms.hypervisor.contract import Hypervisor
from vms.hypervisor.migrating import Presence
from vms.models import Double, Event, Node, Vm
from vms.operations.announcing import announce
from vms.operations.reaching import a_turn_at
from vms.operations.settling import settle
from vms.operations.steps.work import Again, Done, Result, StepFailed, Work
from vms.rules.power import HAS_PROCESS, Power
from vms.rules.problems import Problem
from vms.rules.timeline import What


@dataclass(frozen=True, slots=True)
class _Both:
    """there: what is to be ended, None if there is nothing (any more); kept: the other one."""

    there: Presence | None
    kept: Presence | None


def forget_there(work: Work) -> Result:
    """Its definition, and nothing else: disks and what its firmware has written down may be those of the other one."""
    there, kept = _nodes(work)
    with _at(work, there) as hypervisor:
        both = _look(work, hypervisor, kept)
        _require_another(work, both, there, kept)
        if both.there is not None:
            hypervisor.undefine(work.vm.uuid, keep_files=True)
    _write_down(work, there, kept, both.kept)
    return Done()


def end_there(work: Work) -> Result:
    """Only as long as the other one runs too."""
    there, kept = _nodes(work)
    with _at(work, there) as hypervisor:
        both = _look(work, hypervisor, kept)
        if both.there is None or both.there.power not in HAS_PROCESS:
            return Done()
        if both.kept is None or both.kept.power not in HAS_PROCESS:
            raise StepFailed(Problem.IS_THE_ONLY_ONE, there=there.name, kept=kept.name)
        hypervisor.power_off(work.vm.uuid)
    return Done()


def see_it_off_there(work: Work) -> Result:
    there, _kept = _nodes(work)
    with _at(work, there) as hypervisor:
        seen = hypervisor.presence(work.vm.uuid)
    is_on = seen is not None and seen.power in HAS_PROCESS
    return Again(0.5) if is_on else Done()


def _nodes(work: Work) -> tuple[Node, Node]:
    arguments = work.operation.arguments
    nodes = Node.objects.in_bulk([arguments["there"], arguments["kept"]])
    if len(nodes) < len({"there", "kept"}):
        raise StepFailed(Problem.NO_LONGER_POSSIBLE)  # one of them was removed from the panel
    return nodes[arguments["there"]], nodes[arguments["kept"]]


@contextmanager
def _at(work: Work, node: Node) -> Iterator[Hypervisor]:
    """Of the machine's own node there is a turn already."""
    if node.pk == work.vm.node_id:
        yield work.hypervisor
        return
    with a_turn_at(node) as hypervisor:
        yield hypervisor


def _look(work: Work, there: Hypervisor, kept: Node) -> _Both:
    with _at(work, kept) as other:
        seen = other.presence(work.vm.uuid)
    return _Both(there.presence(work.vm.uuid), seen)


def _require_another(work: Work, both: _Both, there: Node, kept: Node) -> None:
    names = {"there": there.name, "kept": kept.name}
    if both.there is not None and both.there.power is not Power.OFF:
        raise StepFailed(Problem.IS_ON_THERE, **names)
    if both.kept is None or not both.kept.defined:
        raise StepFailed(Problem.IS_THE_ONLY_ONE, **names)


@transaction.atomic
def _write_down(work: Work, there: Node, kept: Node, seen: Presence | None) -> None:
    """The watcher sees it too, if it is not late."""
    vm = Vm.objects.select_for_update().get(pk=work.vm.pk)
    Double.objects.filter(vm=vm, node=there).delete()
    if vm.node_id == there.pk and seen is not None:
        Double.objects.filter(vm=vm, node=kept).delete()
        Vm.objects.filter(pk=vm.pk).update(node=kept, gone_at=None)
        vm.observe(seen.power, seen.reason)
        values = {"old": there.name, "new": kept.name}
        Event.objects.create(what=What.MOVED, vm=vm, node=kept, operation=work.operation, by_panel=True, values=values)
    settle(vm.uuid)
    announce(("node", str(there.pk)), ("node", str(kept.pk)))
