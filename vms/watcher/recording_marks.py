"""What a machine is to people, as the mark in its definition says: its kind, and a template's mode."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from vms.hypervisor.machine_xml import PanelMark
from vms.models import Vm
from vms.operations.telling import tell
from vms.rules.actions import Slot
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
    Vm.objects.filter(pk=vm.pk).update(kind=kind, mode=mode)
    if not first and vm.mode != mode:
        _tell_who_set_it(vm, mode)


def _was_set_since(asked_at: datetime, vm: Vm) -> bool:
    """Seen before it was set, told after."""
    return vm.mode_set_at is not None and asked_at <= vm.mode_set_at


def _is_being_set(vm: Vm, mode: str) -> bool:
    return vm.operations.filter(slot=Slot.CHANGE, finished_at=None, arguments__mode=mode).exists()


def _tell_who_set_it(vm: Vm, mode: str) -> None:
    """Nobody the panel knows."""
    Vm.objects.filter(pk=vm.pk).update(mode_set_at=timezone.now(), mode_set_by_name="")
    tell(What.MODE_CHANGED, vm, {"old": vm.mode, "new": mode, "person": ""})
