"""First sight, change and disappearance of machines. Nothing about a machine is changed at its node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Model

from vms.hypervisor.machine_xml import MachineDescription, PanelMark
from vms.models import Definition, Disk, Double, Interface, Vm
from vms.operations.announcing import COUNTS, announce
from vms.operations.following import follow
from vms.operations.settling import settle
from vms.operations.telling import tell
from vms.rules.actions import MAKES_A_MACHINE, Action, Slot
from vms.rules.backing_up import is_overlay
from vms.rules.following import first_wish
from vms.rules.kinds import Kind, Link
from vms.rules.power import Power, PowerReason, Wanted
from vms.rules.timeline import What
from vms.watcher.doubles import is_on_there, leave_double, note_double, other_home
from vms.watcher.news import MachineSeen
from vms.watcher.recording_marks import assigned_at_first_sight, mark_seen, pool_seen

LONGEST = 255
"""Characters of a name that are kept; other tools may give longer ones."""


def adopt(news: MachineSeen, vm: Vm | None) -> Vm | None:
    """The row of this machine, made now if it is new. None if it belongs to another node for now, or is no more.

    vm: the row that there is.
    """
    if vm is None:
        return _first_sight(news)
    if vm.deleted_at and news.asked_at <= vm.deleted_at:
        return None  # seen before it was deleted, told after
    if vm.node_id != news.node and not _takes_over(vm, news):
        note_double(vm, news)
        return None
    if vm.gone_at or vm.deleted_at:
        _is_back(vm, news)
    return vm


def _first_sight(news: MachineSeen) -> Vm:
    machine, kind = news.machine, _mark(news).kind or Kind.VM
    vm = Vm.objects.create(
        uuid=machine.uuid,
        name=machine.name[:LONGEST],
        display_name=machine.name[:LONGEST],
        kind=kind,
        assigned_at=assigned_at_first_sight(kind),
        node_id=news.node,
        power=machine.power,
        power_reason=machine.reason,
        wanted=_first_wish(news),
    )
    tell(What.FOUND, vm, {"node": vm.node.name})
    settle(vm.uuid)
    announce(COUNTS)
    return vm


def _mark(news: MachineSeen) -> PanelMark:
    return news.description.panel if news.description else PanelMark()


def _first_wish(news: MachineSeen) -> Wanted:
    """One that is held while its disks stream was stopped to people, whoever let it stream."""
    mark = _mark(news)
    if mark.link is Link.STREAMING and news.machine.power is Power.PAUSED:
        return Wanted.OFF
    return first_wish(news.machine.power, news.machine.reason)


def _takes_over(vm: Vm, news: MachineSeen) -> bool:
    """Two nodes know the same machine: it is where it is on, else it stays where it was."""
    elsewhere_is_gone = vm.gone_at is not None or vm.deleted_at is not None
    if not (elsewhere_is_gone or is_on_there(vm, news)):
        return False
    leave_double(vm)
    _belongs_to(vm, news.node)
    return True


def _belongs_to(vm: Vm, node: int) -> None:
    old = vm.node.name
    Double.objects.filter(vm=vm, node=node).delete()
    Vm.objects.filter(pk=vm.pk).update(node=node)
    vm.refresh_from_db()
    tell(What.MOVED, vm, {"old": old, "new": vm.node.name})


def _is_back(vm: Vm, news: MachineSeen) -> None:
    Vm.objects.filter(pk=vm.pk).update(
        gone_at=None, deleted_at=None, wanted=first_wish(news.machine.power, news.machine.reason)
    )
    vm.refresh_from_db()
    tell(What.BACK, vm, {"node": vm.node.name})
    settle(vm.uuid)


def mark_gone(vm: Vm) -> None:
    """The node no longer lists it. The row stays, with all rights that hang on it: at another node that has it too, if
    there is one."""
    double = other_home(vm)
    if double is not None:
        _go_to(vm, double)
        return
    if not vm.mark_gone():
        return
    tell(What.GONE, vm, {"node": vm.node.name})
    settle(vm.uuid)


def _go_to(vm: Vm, double: Double) -> None:
    power, reason = Power(double.power), PowerReason(double.power_reason)
    _belongs_to(vm, double.node_id)
    if vm.observe(power, reason):
        follow(vm, power, reason)
    settle(vm.uuid)


def write_description(vm: Vm, description: MachineDescription, asked_at: datetime, *, digest: str = "") -> None:
    """What the definition said then: hardware, and the panel's own mark if there is one. digest: of that definition, ""
    if nobody knows."""
    mark, description = description.panel, _without_overlays(vm, description)
    known_hardware = _hardware_of(vm)
    mark_seen(vm, mark, asked_at, first=not known_hardware[0])
    old_name, known_origin = vm.display_name, (vm.origin_id, vm.link)
    vm.name = description.name[:LONGEST]
    vm.display_name = (mark.display_name or description.title or description.name)[:LONGEST]
    vm.origin_id, vm.link = mark.origin, mark.link
    vm.memory = description.memory
    vm.vcpus = description.vcpus
    boot_device = description.boot_devices[0] if description.boot_devices else ""
    vm.boot_device = _cut(Vm, {"boot_device": boot_device})["boot_device"]
    vm.has_agent_channel = description.has_agent_channel
    vm.save(update_fields=["name", "display_name", "origin", "link", *_HARDWARE])
    pool_seen(vm, mark, asked_at)
    _write_disks(vm, description)
    _write_interfaces(vm, description)
    _tell_if_renamed(vm, old_name)
    if known_hardware[0] and known_hardware != _hardware_of(vm) and not _is_our_doing(vm, digest):
        tell(What.DEFINITION_CHANGED, vm)
    if vm.origin_id and (vm.origin_id, vm.link) != known_origin:
        settle(vm.origin_id)


def _without_overlays(vm: Vm, description: MachineDescription) -> MachineDescription:
    """With the disks that it is going to have again when a backup of it is over."""
    if not any(is_overlay(disk.source) for disk in description.disks):
        return description
    known = dict(vm.disks.values_list("target", "path"))
    disks = (
        replace(disk, source=known.get(disk.target, disk.source)) if is_overlay(disk.source) else disk
        for disk in description.disks
    )
    return replace(description, disks=tuple(disks))


_HARDWARE = ("memory", "vcpus", "boot_device", "has_agent_channel")


def _hardware_of(vm: Vm) -> list[object]:
    disks = vm.disks.values_list("target", "path", "device", "bus")
    interfaces = vm.interfaces.values_list("mac", "source")
    return [*(getattr(vm, field) for field in _HARDWARE), *disks, *interfaces]


_NOT_MEASURED = {"capacity": None, "allocation": None}


def _write_disks(vm: Vm, description: MachineDescription) -> None:
    there = {disk.target: disk for disk in vm.disks.all()}
    left = set(there)
    for disk in description.disks:
        values = {
            "target": disk.target,
            "device": disk.device,
            "bus": disk.bus,
            "path": disk.source,
            "image_format": disk.format,
            "made_by_panel": disk.source in description.panel.made_disks,
        }
        kept = _cut(Disk, values)
        known = there.get(kept["target"])
        if known is None:
            there[kept["target"]] = Disk.objects.create(vm=vm, **kept)
        elif _differs(known, kept):
            unmeasured = {} if known.path == kept["path"] else _NOT_MEASURED
            Disk.objects.filter(pk=known.pk).update(**kept, **unmeasured)
        left.discard(kept["target"])
    if left:
        vm.disks.filter(target__in=left).delete()


def _write_interfaces(vm: Vm, description: MachineDescription) -> None:
    there = {interface.position: interface for interface in vm.interfaces.all()}
    for position, interface in enumerate(description.interfaces):
        values = {
            "mac": interface.mac,
            "model": interface.model,
            "source_type": interface.source_type,
            "source": interface.source,
        }
        kept, known = _cut(Interface, values), there.get(position)
        if known is None:
            Interface.objects.create(vm=vm, position=position, **kept)
        elif _differs(known, kept):
            Interface.objects.filter(pk=known.pk).update(**kept)
    if len(there) > len(description.interfaces):
        vm.interfaces.filter(position__gte=len(description.interfaces)).delete()


def _differs(row: Model, values: Mapping[str, object]) -> bool:
    return any(getattr(row, name) != value for name, value in values.items())


def _cut(model: type[Model], values: Mapping[str, Any]) -> dict[str, Any]:
    """What does not fit its column is cut: a strange definition is no reason not to show the machine."""
    fields = {name: model._meta.get_field(name) for name in values}  # noqa: SLF001 -- how Django lets one ask
    lengths = {name: getattr(field, "max_length", None) for name, field in fields.items()}
    return {name: value[:length] if (length := lengths[name]) else value for name, value in values.items()}


def _tell_if_renamed(vm: Vm, old_name: str) -> None:
    """What the panel itself just writes is told by who writes it."""
    by_the_panel = vm.operations.filter(slot=Slot.CHANGE, finished_at=None, arguments__name=vm.display_name)
    if old_name not in {vm.display_name, vm.name} and not by_the_panel.exists():
        tell(What.RENAMED, vm, {"old": old_name, "new": vm.display_name})


def _is_our_doing(vm: Vm, digest: str) -> bool:
    """Whoever changes it writes down what it has become, and may have ended before anybody looks."""
    ours = [*MAKES_A_MACHINE, Action.EDIT, Action.TOGGLE, Action.RESTORE]
    changing = vm.operations.filter(action__in=ours, finished_at=None)
    return changing.exists() or (bool(digest) and Definition.objects.filter(vm=vm, digest=digest).exists())
