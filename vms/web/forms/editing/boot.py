from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, ClassVar, cast

from django import forms
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.rules.differences import Part
from vms.rules.hardware import BOOT_KINDS, Hardware
from vms.web.forms.editing.part import EditPart, Probe

NOTHING = "-"
KIND, DEVICE = "kind", "device"


class BootsBy(StrEnum):
    KINDS = "kinds"
    DEVICES = "devices"


BOOTS_BY = [
    (BootsBy.KINDS.value, pgettext_lazy("how the boot order is said", "By kind of device")),
    (BootsBy.DEVICES.value, pgettext_lazy("how the boot order is said", "Device by device")),
]


def _another_order(machine: Hardware) -> Iterator[Hardware]:
    if not machine.boots_by_device:
        yield replace(machine, boot=("network",) if machine.boot != ("network",) else ("hd",))
    for key, _name in _devices_of(machine):
        if machine.boot != (key,):
            yield replace(machine, boot=(key,))


class BootForm(EditPart):
    """What a machine tries to boot from, one after the other. Kinds of device, or, once it was said so, devices."""

    prefix = "boot"
    FIELDS = {Part.BOOT: "by"}
    PROBES: ClassVar[Mapping[Part, Probe]] = {Part.BOOT: _another_order}

    by = forms.ChoiceField(label=pgettext_lazy("form field", "Boot order"), choices=BOOTS_BY, widget=forms.RadioSelect)

    def prepare(self) -> None:
        machine = self.edited.hardware
        if machine.boots_by_device:
            cast(forms.ChoiceField, self.fields["by"]).choices = BOOTS_BY[1:]
        self.initial = {"by": BootsBy.DEVICES if machine.boots_by_device else BootsBy.KINDS}
        if not machine.boots_by_device:
            kinds = [(kind, labels.BOOT_DEVICE[kind]) for kind in ("hd", "cdrom", "network", "fd")]
            self._offer_places(KIND, kinds, machine.boot)
        order = machine.boot if machine.boots_by_device else tuple(_as_devices(machine))
        self._offer_places(DEVICE, list(_devices_of(machine)), order)

    def _offer_places(self, name: str, choices: list[tuple[str, Any]], order: Iterable[str]) -> None:
        chosen = [*order, *[NOTHING] * len(choices)]
        for number in range(len(choices)):
            label = str(labels.BOOT_PLACE) % {"number": number + 1}
            field = forms.ChoiceField(label=label, choices=[(NOTHING, labels.BOOT_NOTHING), *choices])
            self.fields[f"{name}{number}"] = field
            self.initial[f"{name}{number}"] = chosen[number]

    @property
    def kinds(self) -> list[forms.BoundField]:
        return self._places(KIND)

    @property
    def devices(self) -> list[forms.BoundField]:
        return self._places(DEVICE)

    def _places(self, name: str) -> list[forms.BoundField]:
        return [self[field] for field in self.fields if field.startswith(name)]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        order = self._order(values)
        if len(set(order)) < len(order):
            self.add_error("by", str(labels.BOOT_TWICE))
        elif not order and self.edited.hardware.boot:
            self.add_error("by", str(labels.BOOT_FROM_NOTHING))
        return values

    def _order(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        name = DEVICE if values.get("by") == BootsBy.DEVICES else KIND
        chosen = [values.get(field, NOTHING) for field in self.fields if field.startswith(name)]
        return tuple(key for key in chosen if key != NOTHING)

    def applied(self, machine: Hardware) -> Hardware:
        """What was taken out is no longer booted from."""
        there = {key for key, _name in _devices_of(machine)} | BOOT_KINDS
        return replace(machine, boot=tuple(key for key in self._order(self.cleaned_data) if key in there))


def _as_devices(machine: Hardware) -> Iterator[str]:
    """An order of kinds, as far as it can be said device by device: the first of each."""
    kinds = {"disk": "hd", "cdrom": "cdrom", "floppy": "fd"}
    first: dict[str, str] = {}
    for drive in machine.drives:
        first.setdefault(kinds.get(drive.device, ""), drive.was)
    for interface in machine.interfaces[:1]:
        first["network"] = interface.was
    return (first[kind] for kind in dict.fromkeys(machine.boot) if kind in first)


def _devices_of(machine: Hardware) -> Iterator[tuple[str, str]]:
    """With their keys."""
    for drive in machine.drives:
        yield drive.was, labels.device_named(drive)
    for interface in machine.interfaces:
        yield interface.was, labels.device_named(interface)
