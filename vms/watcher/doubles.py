"""Machines that more than one node knows. A row belongs to one node; what the others have is written down beside it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from vms.models import Double, Event, Node, Vm
from vms.operations.announcing import announce
from vms.operations.settling import settle
from vms.operations.telling import tell
from vms.rules.actions import OF_A_DOUBLE, Action, Slot
from vms.rules.doubles import is_leaving, is_on_its_way, runs
from vms.rules.power import HAS_PROCESS, Power, PowerReason
from vms.rules.timeline import What
from vms.watcher.news import MachineSeen


def is_on_there(vm: Vm, news: MachineSeen) -> bool:
    """Whether a machine that its own node has too is to be followed to where it is on. Not while something is done with
    it: that is done at the node to which it belongs now."""
    if news.machine.power not in HAS_PROCESS or is_on_its_way(news.machine.power, news.machine.reason):
        return False
    is_on_here = vm.power in HAS_PROCESS and not is_leaving(Power(vm.power), PowerReason(vm.power_reason))
    is_followed = not (is_on_here and vm.node.reachable) and not _is_being_moved_or_switched(vm)
    return is_followed and not _is_told_too_late(vm, news.asked_at)


def note_double(vm: Vm, news: MachineSeen) -> None:
    """Another node than its own knows it too. Of one that moves, or did when it was looked at, the move itself knows
    better."""
    power, reason = news.machine.power, news.machine.reason
    if is_on_its_way(power, reason) or _is_told_too_late(vm, news.asked_at):
        return
    known = Double.objects.filter(vm=vm, node=news.node).first()
    if known is None or (known.power, known.power_reason) != (power, reason):
        _write(vm, Node.objects.get(pk=news.node), power, reason)
    if runs(power) and runs(Power(vm.power)) and not _was_told(vm, known):
        tell(What.RUNS_TWICE, vm, {"node": Node.objects.get(pk=news.node).name})


def leave_double(vm: Vm) -> None:
    """It is followed to another node, and the one that it is said to be at has it too, as far as anybody knows. vm: as
    it was before."""
    is_gone = vm.gone_at is not None or vm.deleted_at is not None
    if not is_gone and not is_leaving(Power(vm.power), PowerReason(vm.power_reason)):
        _write(vm, vm.node, Power(vm.power), PowerReason(vm.power_reason))


def forget_double(node: int, uuid: UUID) -> None:
    """This node does not have it any more, or it is its own node from now on."""
    for double in Double.objects.filter(node=node, vm=uuid).select_related("vm", "node"):
        _end(double)


def other_home(vm: Vm) -> Double | None:
    """Where else a machine is that its own node no longer has: rather where it is on. Not while something is done with
    it."""
    if _is_being_moved_or_switched(vm):
        return None
    doubles = Double.objects.filter(vm=vm, node__reachable=True).exclude(node=vm.node_id)
    return next(iter(sorted(doubles, key=lambda double: double.power not in HAS_PROCESS)), None)


def doubled_at(node: int) -> QuerySet[Double, UUID]:
    """Machines of other nodes that this one knows too."""
    return Double.objects.filter(node=node).values_list("vm_id", flat=True)


def _is_being_moved_or_switched(vm: Vm) -> bool:
    return vm.operations.filter(Q(slot=Slot.RUN) | Q(action=Action.MIGRATE), finished_at=None).exists()


def is_moving(vm: Vm) -> bool:
    """Then the move itself looks where it is, and writes it down."""
    return vm.operations.filter(action=Action.MIGRATE, finished_at=None).exists()


def _is_told_too_late(vm: Vm, asked_at: datetime) -> bool:
    moves = Q(action=Action.MIGRATE, finished_at=None)
    ended_since = Q(action__in=[Action.MIGRATE, *OF_A_DOUBLE], finished_at__gte=asked_at)
    return vm.operations.filter(moves | ended_since).exists()


def _was_told(vm: Vm, known: Double | None) -> bool:
    """That it runs on both. known: as it was before; what was only believed of a node away was not told."""
    if known is None or not runs(Power(known.power)):
        return False
    return Event.objects.filter(vm=vm, what=What.RUNS_TWICE, at__gte=known.found_at).exists()


def _write(vm: Vm, node: Node, power: Power, reason: PowerReason) -> None:
    told = {"power": power, "power_reason": reason}
    _double, is_new = Double.objects.update_or_create(vm=vm, node=node, defaults=told)
    if is_new:
        tell(What.ALSO_ELSEWHERE, vm, {"node": node.name})
    _announce(vm.pk, node.pk)


def _end(double: Double) -> None:
    if Double.objects.filter(pk=double.pk).delete()[0]:
        tell(What.NO_LONGER_ELSEWHERE, double.vm, {"node": double.node.name})
        _announce(double.vm_id, double.node_id)


def _announce(vm: UUID, node: int) -> None:
    settle(vm)
    announce(("node", str(node)))
