"""Steps that change what a machine is, not what it does.

A mark is changed as the node has it at that moment: what others have written into it meanwhile stays.
"""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from vms.hypervisor.machine_xml import PanelMark, describe, parse, with_boot_device
from vms.hypervisor.machine_xml.booting import drives_of
from vms.models import Event, Vm
from vms.operations.settling import settle
from vms.operations.steps.work import Done, Result, StepFailed, Work
from vms.rules.kinds import Kind, Mode
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
        values={"old": work.operation.arguments["was"], "new": mode, "person": person},
    )


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
