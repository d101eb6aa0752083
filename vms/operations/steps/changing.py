"""Steps that change what a machine is, not what it does.

A mark is changed as the node has it at that moment: what others have written into it meanwhile stays.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from vms.hypervisor.machine_xml import PanelMark, describe, parse, with_boot_device
from vms.hypervisor.machine_xml.booting import drives_of
from vms.models import Event, Vm, VmPool
from vms.models.pooling import held_pool
from vms.operations.announcing import announce
from vms.operations.settling import settle
from vms.operations.steps.work import Done, Result, StepFailed, Work
from vms.rules.kinds import Kind, Mode
from vms.rules.power import HAS_PROCESS
from vms.rules.problems import Problem
from vms.rules.timeline import What


def set_mode(work: Work) -> Result:
    """Not if somebody has set another one since the person looked."""
    if "mode" not in work.operation.arguments:
        return Done()
    require_mode_unchanged(work)
    return _become(work, _mark_at_node(work), Kind.TEMPLATE, Mode(work.operation.arguments["mode"]))


def require_mode_unchanged(work: Work) -> None:
    arguments = work.operation.arguments
    if "mode" in arguments and (_mark_at_node(work).mode or "") not in {arguments["mode"], arguments["was"]}:
        raise StepFailed(Problem.CHANGED_MEANWHILE)


def become_template(work: Work) -> Result:
    return _become(work, _mark_at_node(work), Kind.TEMPLATE, Mode(work.operation.arguments["mode"]))


def seal(work: Work) -> Result:
    """From here on nothing changes the golden image any more. One that is on at the node is not sealed, whoever started
    it."""
    if work.hypervisor.machine(work.vm.uuid).power in HAS_PROCESS:
        raise StepFailed(Problem.WRONG_STATE)
    return _become(work, _mark_at_node(work), Kind.GOLDEN_IMAGE, Mode.READY_FOR_USE)


def _mark_at_node(work: Work) -> PanelMark:
    return describe(work.hypervisor.xml_of(work.vm.uuid)).panel


def _become(work: Work, there: PanelMark, kind: Kind, mode: Mode) -> Result:
    """At the node first: what the watcher reads there is written down too."""
    if (there.kind, there.mode) != (kind, mode):
        work.hypervisor.write_mark(work.vm.uuid, replace(there, kind=kind, mode=mode))
    with transaction.atomic():
        Vm.objects.select_for_update().get(pk=work.vm.pk)
        if not _is_written_down(work):
            _write_down(work, kind, mode)
        settle(work.vm.uuid)
    return Done()


def _is_written_down(work: Work) -> bool:
    return Event.objects.filter(operation=work.operation, what=What.MODE_CHANGED).exists()


def _write_down(work: Work, kind: Kind, mode: Mode) -> None:
    person = work.operation.requested_by_name
    Vm.objects.filter(pk=work.vm.pk).update(kind=kind, mode=mode, mode_set_at=timezone.now(), mode_set_by_name=person)
    Event.objects.create(
        what=What.MODE_CHANGED,
        vm=work.vm,
        node_id=work.vm.node_id,
        operation=work.operation,
        by_panel=True,
        values={"old": work.operation.arguments.get("was", work.vm.mode), "new": mode, "person": person},
    )


def move_to_pool(work: Work) -> Result:
    """Into another one, or out of all. At the node first, as with a mode."""
    pool, there = _new_pool(work), _mark_at_node(work)
    _require_there(pool)
    if there.pool != pool:
        work.hypervisor.write_mark(work.vm.uuid, replace(there, pool=pool))
    with transaction.atomic():
        new = _held(pool)
        old = Vm.objects.select_for_update(of=("self",)).select_related("pool").get(pk=work.vm.pk).pool
        if old != new:
            _write_pool(work, old, new)
            settle(work.vm.uuid)
    return Done()


def _new_pool(work: Work) -> UUID | None:
    pool = work.operation.arguments.get("pool")
    return UUID(pool) if pool else None


def _held(pool: UUID | None) -> VmPool | None:
    """StepFailed if it was removed meanwhile."""
    try:
        return None if pool is None else held_pool(pool)
    except VmPool.DoesNotExist as error:
        raise StepFailed(Problem.POOL_IS_GONE) from error


def _require_there(pool: UUID | None) -> None:
    """Before anything is written at the node."""
    with transaction.atomic():
        _held(pool)


def _write_pool(work: Work, old: VmPool | None, new: VmPool | None) -> None:
    Vm.objects.filter(pk=work.vm.pk).update(pool=new)
    names = {"old": old.name if old else "", "new": new.name if new else ""}
    Event.objects.create(
        what=What.MOVED_TO_POOL,
        vm=work.vm,
        node_id=work.vm.node_id,
        operation=work.operation,
        by_panel=True,
        values={**names, "person": work.operation.requested_by_name},
    )
    key = str(work.vm.pk)
    announce(*(("pool", str(pool.pk)) for pool in (old, new) if pool), ("vm", key), ("rights", key))


def set_boot_device(work: Work) -> Result:
    """From the next start on."""
    device = work.operation.arguments["device"]
    xml = work.hypervisor.xml_of(work.vm.uuid)
    if describe(xml).boot_devices[:1] != (device,):
        if not drives_of(parse(xml), device):
            raise StepFailed(Problem.NO_SUCH_DRIVE)
        work.hypervisor.define(with_boot_device(xml, device))
    Vm.objects.filter(pk=work.vm.pk).update(boot_device=device)
    settle(work.vm.uuid)
    return Done()
