"""What "+" and a machine's own page show: operations, disks, network, facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Prefetch, prefetch_related_objects
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise

from vms import labels
from vms.models import Backup, Disk, Interface, Operation, Vm, VmPool
from vms.models.viewer import Viewer
from vms.operations.definitions import fetch_hardware
from vms.operations.permission import sees_every_vm, sees_nodes
from vms.rules.actions import Slot
from vms.rules.kinds import BACKED_UP, Kind
from vms.rules.power import Power
from vms.web import formats
from vms.web.presenters.backups import BackupRow, backup_rows, backups_of
from vms.web.presenters.changes import ChangeLine, waiting_lines
from vms.web.presenters.dependants import DependantView, LinkedView, dependants, linked_view
from vms.web.presenters.doubles import DoubleView, double_views
from vms.web.presenters.facts import Fact
from vms.web.presenters.modes import mode_and_who_set_it
from vms.web.presenters.move_to_pool import change_pool_url
from vms.web.presenters.operations import OperationView, operation_view
from vms.web.presenters.pool_facts import pool_facts

LAST_OPERATIONS = LAST_BACKUPS = 5
AT_ONCE = len(Slot)
"""At most so many operations of a machine are under way: one in each slot."""

RECENT, RECENT_BACKUPS = "recent_operations", "recent_backups"


@dataclass(frozen=True, slots=True)
class DiskView:
    """text: its size and use, or what is in the drive; percent: how much of it is in use, None if not known.
    file: the end of its path; both "" for whoever is told nothing of nodes."""

    target: str
    text: str
    percent: int | None
    label: str
    path: str
    file: str
    kind: str


@dataclass(frozen=True, slots=True)
class InterfaceView:
    name: str
    plugged_into: str
    mac: str
    model: str
    addresses: list[str]


@dataclass(frozen=True, slots=True)
class Details:
    """backups: its newest ones; is_backed_up: there should be some; dependants: the machines whose disks still need
    this one's; linked: it still needs another's, and does not stream; waiting: what changes at its next start."""

    under_way: list[OperationView]
    last: list[OperationView]
    operations_url: str
    backups: list[BackupRow]
    backups_url: str
    is_backed_up: bool
    disks: list[DiskView]
    interfaces: list[InterfaceView]
    facts: list[Fact]
    notes: str
    log_lines: str
    dependants: list[DependantView]
    linked: LinkedView | None
    waiting: list[ChangeLine]
    doubles: list[DoubleView]
    change_pool_url: str


def fetch_details(machines: Sequence[Vm], viewer: Viewer) -> None:
    """What details() needs, for all of them at once: a few queries, however many machines."""
    recent = Operation.objects.without_routine().with_destination().select_related("node")[: LAST_OPERATIONS + AT_ONCE]
    operations = Prefetch("operations", queryset=recent, to_attr=RECENT)
    backups = Backup.objects.shown().select_related("target", "schedule")[:LAST_BACKUPS]
    newest = Prefetch("backups", queryset=backups, to_attr=RECENT_BACKUPS)
    origin = Prefetch("origin", queryset=Vm.objects.all().given_to(viewer))
    pool = Prefetch("pool", queryset=VmPool.objects.all().visible_to(viewer))
    prefetch_related_objects(machines, "disks", "interfaces", "assigned_to", origin, pool, operations, newest)
    fetch_hardware([vm for vm in machines if vm.changes_wait])


def details(vm: Vm, viewer: Viewer) -> Details:
    """vm: from with_operations_under_way(), with its details fetched, or they are now."""
    if not hasattr(vm, RECENT):
        fetch_details([vm], viewer)
    operations = [operation_view(operation, viewer) for operation in getattr(vm, RECENT)]
    return Details(
        under_way=[operation for operation in operations if operation.under_way],
        last=[operation for operation in operations if not operation.under_way][:LAST_OPERATIONS],
        operations_url=f"{reverse('operations:list')}?{urlencode({'q': vm.display_name})}",
        backups=backup_rows(getattr(vm, RECENT_BACKUPS), viewer),
        backups_url=backups_of(vm),
        is_backed_up=vm.kind in BACKED_UP,
        disks=[_disk(disk, shows_path=sees_nodes(viewer)) for disk in vm.disks.all()],
        interfaces=[_interface(interface) for interface in vm.interfaces.all()],
        facts=list(_facts(vm, viewer)),
        notes=vm.notes,
        log_lines=vm.last_log_lines if sees_nodes(viewer) else "",
        dependants=dependants(vm, viewer),
        linked=linked_view(vm, viewer),
        waiting=waiting_lines(vm, viewer),
        doubles=double_views(vm, viewer),
        change_pool_url=change_pool_url(vm, viewer),
    )


def _disk(disk: Disk, *, shows_path: bool) -> DiskView:
    drive, path = labels.DRIVE.get(disk.device, ""), disk.path if shows_path else ""
    return DiskView(
        target=disk.target,
        text=", ".join(str(part) for part in (drive, disk_size(disk)) if part),
        percent=_percent_used(disk),
        label=str(labels.DISK_IN_USE) % {"disk": disk.target},
        path=path,
        file=path.rpartition("/")[2],
        kind=" · ".join(part for part in (disk.bus, disk.image_format) if part),
    )


def disk_size(disk: Disk) -> str:
    if not disk.path:
        return str(labels.EMPTY_DRIVE)
    if disk.capacity is None or disk.allocation is None:
        return str(labels.DISK_SIZE_UNKNOWN)
    if disk.device in labels.DRIVE:
        return formats.size(disk.capacity)
    return str(labels.DISK_USE) % {"capacity": formats.size(disk.capacity), "used": formats.size(disk.allocation)}


def _percent_used(disk: Disk) -> int | None:
    """An image takes a little more than it holds: never above 100."""
    if not disk.path or not disk.capacity or disk.allocation is None or disk.device in labels.DRIVE:
        return None
    return min(100, round(100 * disk.allocation / disk.capacity))


def _interface(interface: Interface) -> InterfaceView:
    return InterfaceView(
        name=f"net{interface.position}",
        plugged_into=labels.plugged_into(interface.source_type, interface.source),
        mac=interface.mac,
        model=interface.model,
        addresses=list(interface.addresses),
    )


def _facts(vm: Vm, viewer: Viewer) -> Iterator[Fact]:
    """What is not known, or not said to the viewer, is left out."""
    for label, value in _plain_facts(vm):
        if value:
            yield Fact(str(label), value)
    if vm.protected:
        yield Fact(str(labels.FACT_PROTECTED), str(labels.IS_PROTECTED), icon="lock")
    yield from pool_facts(vm, viewer)
    yield from _facts_about_the_origin(vm, viewer)
    if sees_nodes(viewer):
        yield Fact(str(labels.FACT_NODE), vm.node.name, url=reverse("nodes:page", args=[vm.node_id]))
    if vm.name != vm.display_name:
        yield Fact(str(labels.FACT_NAME_AT_NODE), vm.name, code=True)
    yield Fact(str(labels.FACT_ID), str(vm.uuid), code=True)


def _plain_facts(vm: Vm) -> list[tuple[Promise, str]]:
    return [
        (labels.FACT_VCPUS, str(vm.vcpus or "–")),
        (labels.FACT_MEMORY, formats.size(vm.memory) if vm.memory else "–"),
        (labels.FACT_OS, vm.os_name),
        (labels.FACT_AGENT, _agent(vm) if vm.guest_is_on else ""),
        (labels.FACT_HOSTNAME, vm.guest_hostname),
        (labels.FACT_UP, _up(vm)),
        (_reported(vm), str(labels.POWER[Power(vm.power)])),
        (labels.FACT_SINCE, formats.clock(vm.status_since)),
        (labels.FACT_MODE, mode_and_who_set_it(vm) if vm.kind == Kind.TEMPLATE else ""),
        (labels.FACT_BOOTS_FROM, _boot_device(vm) if vm.kind == Kind.TEMPLATE else ""),
    ]


def _reported(vm: Vm) -> Promise:
    return labels.FACT_REPORTED if vm.node.reachable else labels.FACT_LAST_REPORTED


def _up(vm: Vm) -> str:
    """Not while its node cannot be asked: it may be off by now."""
    if vm.started_at is None or not vm.node.reachable or not vm.guest_is_on:
        return ""
    return formats.span((timezone.now() - vm.started_at).total_seconds())


def _boot_device(vm: Vm) -> str:
    """Where nothing is said, libvirt takes the disk."""
    device = vm.boot_device or "hd"
    return str(labels.BOOT_DEVICE.get(device, device))


def _facts_about_the_origin(vm: Vm, viewer: Viewer) -> Iterator[Fact]:
    """vm: with its details fetched. The panel may not know the machine it was made from (any more). On which golden
    image a dynamic VM stands is said with its pool."""
    if vm.origin_id is None or vm.kind == Kind.DYNAMIC or not (vm.origin or sees_every_vm(viewer)):
        return
    name = vm.origin.display_name if vm.origin else str(vm.origin_id)
    url = reverse("vms:page", args=[vm.origin_id]) if vm.origin else ""
    yield Fact(str(labels.FACT_ORIGIN), name, url, code=not url)
    if vm.link:
        yield Fact(str(labels.FACT_STILL_NEEDS), name, url, code=not url)


def _agent(vm: Vm) -> str:
    if not vm.has_agent_channel:
        return str(labels.AGENT_NO_CHANNEL)
    if not vm.agent_used_to_answer:
        return str(labels.AGENT_NOT_HEARD)
    return str(labels.AGENT_SILENT if vm.agent_silent_checks else labels.AGENT_ANSWERS)
