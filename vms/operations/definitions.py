"""What a node has written down of a machine, as the panel keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Prefetch, prefetch_related_objects

from vms.hypervisor.editing import Definition as NodesDefinition
from vms.hypervisor.machine_xml import hardware_of as hardware_in
from vms.hypervisor.machine_xml import without_secrets
from vms.models import Definition, Vm
from vms.rules.editing import waiting
from vms.rules.hardware import Hardware


@dataclass(frozen=True, slots=True)
class Reading:
    """A definition without its secrets, and what it said then. live_xml, live_hardware: "" and None if it was off."""

    digest: str
    xml: str = field(repr=False)
    live_xml: str = field(repr=False)
    hardware: Hardware
    live_hardware: Hardware | None
    asked_at: datetime

    @property
    def changes_wait(self) -> bool:
        return self.live_hardware is not None and bool(waiting(self.hardware, self.live_hardware))


def reading_of(definition: NodesDefinition, asked_at: datetime) -> Reading:
    """InvalidXml if it cannot be read."""
    live, autostart = definition.live, definition.autostart
    return Reading(
        digest=definition.digest,
        xml=without_secrets(definition.xml),
        live_xml=without_secrets(live) if live else "",
        hardware=hardware_in(definition.xml, autostart=autostart),
        live_hardware=hardware_in(live, autostart=autostart) if live else None,
        asked_at=asked_at,
    )


def write_definition(vm: Vm, definition: NodesDefinition, asked_at: datetime) -> None:
    """Of a machine whose definition was just read, or changed. Whoever calls this settles it. InvalidXml if it cannot
    be read."""
    write_readings({vm.uuid: reading_of(definition, asked_at)})


@transaction.atomic
def write_readings(readings: Mapping[UUID, Reading]) -> None:
    """By machine. What was read before what is known is too late; what has not changed is not written."""
    machines = Vm.objects.filter(pk__in=readings).select_related("definition")
    held = machines.select_for_update(of=("self",)).order_by("pk")
    rows = [Definition(vm=vm, **values) for vm in held if (values := _news_of(vm, readings[vm.uuid]))]
    Definition.objects.bulk_create(rows, update_conflicts=True, unique_fields=["vm"], update_fields=_FIELDS)
    others = [vm.uuid for vm in (row.vm for row in rows) if vm.changes_wait != readings[vm.uuid].changes_wait]
    if others:
        Vm.objects.filter(pk__in=others).update(changes_wait=~F("changes_wait"))


_FIELDS = ["digest", "xml", "live_xml", "hardware", "live_hardware", "asked_at"]


def _news_of(vm: Vm, reading: Reading) -> dict[str, Any]:
    """The values of its row; empty if they are known, or too old."""
    known: Definition | None = getattr(vm, "definition", None)
    told = _values(reading)
    if known is None:
        return told
    is_known = all(getattr(known, name) == value for name, value in told.items() if name != "asked_at")
    return {} if is_known or known.asked_at > reading.asked_at else told


def _values(reading: Reading) -> dict[str, Any]:
    return {
        "digest": reading.digest,
        "xml": reading.xml,
        "live_xml": reading.live_xml,
        "hardware": _as_json(reading.hardware),
        "live_hardware": _as_json(reading.live_hardware) if reading.live_hardware else None,
        "asked_at": reading.asked_at,
    }


def _as_json(hardware: Hardware) -> Any:
    """As it comes back from the database, to be compared."""
    return json.loads(json.dumps(hardware.as_arguments()))


def hardware_of(vm: Vm) -> Hardware | None:
    """What it will be at its next start, with the sizes of its disks as far as they are known. None if its definition
    was never read."""
    known = Definition.objects.filter(vm=vm).first()
    return _sized(known.hardware, vm) if known else None


def live_hardware_of(vm: Vm) -> Hardware | None:
    """What it is now. None if it is off, or was never read."""
    known = Definition.objects.filter(vm=vm).first()
    return _sized(known.live_hardware, vm) if known and known.live_hardware else None


def fetch_hardware(machines: Sequence[Vm]) -> None:
    """What saved_and_live() needs, for all of them at once: one query. machines: with their disks fetched."""
    without_text = Definition.objects.defer("xml", "live_xml")
    prefetch_related_objects(machines, Prefetch("definition", queryset=without_text))


def saved_and_live(vm: Vm) -> tuple[Hardware, Hardware] | None:
    """What it will be at its next start and what it is now, of a machine that is on."""
    known: Definition | None = getattr(vm, "definition", None)
    if known is None or known.live_hardware is None:
        return None
    return _sized(known.hardware, vm), _sized(known.live_hardware, vm)


def _sized(arguments: Mapping[str, Any], vm: Vm) -> Hardware:
    hardware = Hardware.from_arguments(arguments)
    sizes = {disk.path: disk.capacity for disk in vm.disks.all() if disk.path}
    return replace(hardware, drives=tuple(replace(drive, size=sizes.get(drive.source)) for drive in hardware.drives))
