"""A machine as a row of a list, opened or not, and as a page."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.safestring import SafeString

from vms import labels
from vms.models import Disk, Event, Interface, Operation, Vm
from vms.models.viewer import Viewer
from vms.rules.kinds import Kind, Mode
from vms.rules.power import Power
from vms.rules.status import Main
from vms.web import formats
from vms.web.presenters.buttons import OTHER_ACTIONS, RUN_ACTIONS, action_bar, offered
from vms.web.presenters.operations import OperationView, operation_view
from vms.web.presenters.statuses import status_cell, status_view
from vms.web.presenters.timeline import TimelineEntry, timeline_entry

LAST_OPERATIONS = 5
LAST_EVENTS = 50


@dataclass(frozen=True, slots=True)
class Details:
    """What "+" shows."""

    operations: list[OperationView]
    disks: list[str]
    interfaces: list[str]
    facts: list[tuple[str, str]]
    log_lines: str


@dataclass(frozen=True, slots=True)
class MachineRow:
    uuid: str
    number: int | None
    name: str
    url: str
    status: SafeString
    run_actions: SafeString
    other_actions: SafeString
    memory: str
    node_name: str
    node_url: str
    is_stale: bool
    details: Details | None


def machine_rows(
    machines: Iterable[Vm], viewer: Viewer, *, first: int | None, opened: Collection[str]
) -> list[MachineRow]:
    """machines: from with_operations_under_way(). first: the number of the first row, None if they have none."""
    return [
        machine_row(vm, viewer, number=None if first is None else first + offset, opened=str(vm.uuid) in opened)
        for offset, vm in enumerate(machines)
    ]


def machine_row(vm: Vm, viewer: Viewer, *, number: int | None, opened: bool) -> MachineRow:
    return MachineRow(
        uuid=str(vm.uuid),
        number=number,
        name=vm.display_name,
        url=reverse("vms:page", args=[vm.uuid]),
        status=status_cell(status_view(vm)),
        run_actions=action_bar(vm, offered(RUN_ACTIONS, viewer)),
        other_actions=action_bar(vm, offered(OTHER_ACTIONS, viewer)),
        memory=formats.size(vm.memory) if vm.memory else "",
        node_name=vm.node.name,
        node_url=reverse("nodes:page", args=[vm.node_id]),
        is_stale=vm.main == Main.UNKNOWN,
        details=details(vm, viewer) if opened else None,
    )


def details(vm: Vm, viewer: Viewer) -> Details:
    recent = Operation.objects.filter(vm=vm).select_related("vm", "node")[:LAST_OPERATIONS]
    return Details(
        operations=[operation_view(operation, viewer) for operation in recent],
        disks=[_disk(disk) for disk in vm.disks.all()],
        interfaces=[_interface(interface) for interface in vm.interfaces.all()],
        facts=_facts(vm),
        log_lines=vm.last_log_lines,
    )


def timeline(vm: Vm) -> list[TimelineEntry]:
    return [timeline_entry(event) for event in Event.objects.filter(vm=vm).select_related("operation")[:LAST_EVENTS]]


def _disk(disk: Disk) -> str:
    return " · ".join(
        part for part in (disk.target, disk.device, disk.bus, disk.path or str(labels.EMPTY_DRIVE)) if part
    )


def _interface(interface: Interface) -> str:
    parts = (interface.mac, interface.model, interface.source_type, interface.source)
    return " · ".join(part for part in parts if part)


def _facts(vm: Vm) -> list[tuple[str, str]]:
    facts = [
        (str(labels.FACT_ID), str(vm.uuid)),
        (str(labels.FACT_NAME_AT_NODE), vm.name),
        (str(labels.FACT_NODE), vm.node.name),
        (str(labels.FACT_VCPUS), str(vm.vcpus)),
        (str(labels.FACT_MEMORY), formats.size(vm.memory)),
        (str(labels.FACT_REPORTED), str(labels.POWER[Power(vm.power)])),
        (str(labels.FACT_SINCE), formats.clock(vm.status_since)),
    ]
    if vm.kind == Kind.TEMPLATE:
        mode = labels.MODE[Mode(vm.mode)] if vm.mode else labels.MODE_MISSING
        facts.append((str(labels.FACT_MODE), str(mode)))
    return facts
