"""What a machine is to people, as the mark in its definition says: its kind, a template's mode, and its pool."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from vms.hypervisor.machine_xml import PanelMark
from vms.models import Operation, Vm, VmPool
from vms.operations.announcing import announce
from vms.operations.telling import tell
from vms.rules.actions import Action, Slot
from vms.rules.kinds import Kind
from vms.rules.timeline import What


def mark_seen(vm: Vm, mark: PanelMark, asked_at: datetime, *, first: bool) -> None:
    """Follow what somebody wrote into it. What the panel itself just writes is written down by who writes it.

    vm: as it was before; first: its definition was never read before.
    """
    kind, mode = mark.kind or Kind.VM, mark.mode or ""
    if (vm.kind, vm.mode) == (kind, mode):
        return
    vm = Vm.objects.select_for_update().get(pk=vm.pk)
    if _was_set_since(asked_at, vm) or _is_being_set(vm, mode):
        return
    assigned_at = vm.assigned_at or assigned_at_first_sight(kind)
    Vm.objects.filter(pk=vm.pk).update(kind=kind, mode=mode, assigned_at=assigned_at)
    if not first and vm.mode != mode:
        _tell_who_set_it(vm, mode)


def assigned_at_first_sight(kind: Kind) -> datetime | None:
    """Nobody knows who had a dynamic VM that somebody else has made, or another panel: it is given to nobody."""
    return timezone.now() if kind is Kind.DYNAMIC else None


def pool_seen(vm: Vm, mark: PanelMark, asked_at: datetime) -> None:
    """Likewise. A pool that the panel does not know (any more) is none."""
    if mark.pool == vm.pool_id:
        return
    pool = mark.pool if VmPool.objects.filter(pk__in=[mark.pool]).exists() else None
    if Vm.objects.exclude(pk__in=_moved_since(asked_at, vm)).filter(pk=vm.pk).update(pool_id=pool):
        announce(("rights", str(vm.pk)))
    vm.refresh_from_db(fields=["pool"])


def _moved_since(asked_at: datetime, vm: Vm) -> QuerySet[Operation, UUID | None]:
    """The machine, if the panel itself writes another pool into it just now, or has done so since it was asked."""
    moves = vm.operations.filter(action__in=[Action.MOVE_TO_POOL, Action.MAKE_TEMPLATE])
    return moves.filter(Q(finished_at=None) | Q(finished_at__gte=asked_at)).values_list("vm_id", flat=True)


def _was_set_since(asked_at: datetime, vm: Vm) -> bool:
    """Seen before it was set, told after."""
    return vm.mode_set_at is not None and asked_at <= vm.mode_set_at


def _is_being_set(vm: Vm, mode: str) -> bool:
    return vm.operations.filter(slot=Slot.CHANGE, finished_at=None, arguments__mode=mode).exists()


def _tell_who_set_it(vm: Vm, mode: str) -> None:
    """Nobody the panel knows."""
    Vm.objects.filter(pk=vm.pk).update(mode_set_at=timezone.now(), mode_set_by_name="")
    tell(What.MODE_CHANGED, vm, {"old": vm.mode, "new": mode, "person": ""})
