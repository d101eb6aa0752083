from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from django import forms
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.rules.differences import Change, Part
from vms.rules.hardware import PREFIX_OF_BUS, Drive, Hardware, on_bus
from vms.rules.hindrances import hindrance_of
from vms.web import formats
from vms.web.forms.editing.part import GIB, AsEntered, Edited, EditPart, Probe

BUSES = tuple(bus for bus in PREFIX_OF_BUS if bus != "fdc")
LONGEST_SERIAL = 36
DECIMALS = 4
"""Of a size in GiB that is shown."""


class AwayField(forms.BooleanField):
    """To tick at what shall be taken out."""

    def __init__(self) -> None:
        super().__init__(label=pgettext_lazy("form field: of a disk or another device", "Take out"), required=False)


def bus_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=pgettext_lazy("form field", "Bus"), choices=[(bus, labels.BUS[bus]) for bus in BUSES]
    )


def serial_field() -> forms.CharField:
    return forms.CharField(
        label=pgettext_lazy("form field: of a disk", "Serial number"),
        max_length=LONGEST_SERIAL,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


def read_only_field() -> forms.BooleanField:
    return forms.BooleanField(label=pgettext_lazy("form field: of a disk", "Read only"), required=False)


def buses_for(drive: Drive, machine: Hardware) -> list[str]:
    """Those on which it can be: the machine has them, or can get them. machine: with this drive."""
    taken = [other.target for other in machine.drives]
    others = tuple(other for other in machine.drives if other is not drive)
    found = []
    for bus in BUSES:
        moved = on_bus(drive, bus, taken)
        change = Change(Part.DRIVE_BUS, (drive.bus, drive.target), (bus, moved.target), drive.was)
        if bus == drive.bus or hindrance_of(change, machine, replace(machine, drives=(*others, moved))) is None:
            found.append(bus)
    return found


def offer_buses(form: forms.Form, buses: list[str]) -> None:
    field = cast(forms.ChoiceField, form.fields["bus"])
    field.choices = [(bus, labels.BUS.get(bus, bus)) for bus in buses]


class DeviceForm(EditPart):
    """Of one drive or interface that the machine has."""

    away = AwayField()

    def __init__(
        self, key: str, edited: Edited, data: Mapping[str, Any] | None = None, entered: AsEntered | None = None
    ) -> None:
        self.key = key
        self.prefix = f"{self.KIND}.{key}"
        super().__init__(edited, data, entered)

    KIND = ""
    """Before its key in the names of its fields."""

    @property
    def is_taken_out(self) -> bool:
        return bool(self.cleaned_data["away"])


class DiskForm(DeviceForm):
    """A disk that the machine has: nothing that is said about what goes is judged."""

    KIND = "disk"
    FIELDS = {
        Part.DRIVE_SIZE: "size",
        Part.DRIVE_BUS: "bus",
        Part.DRIVE_SERIAL: "serial",
        Part.DRIVE_READ_ONLY: "read_only",
        Part.DRIVE_REMOVED: "away",
    }

    size = forms.DecimalField(
        label=pgettext_lazy("form field", "Size in GiB"), min_value=0, decimal_places=DECIMALS, required=False
    )
    bus = bus_field()
    serial = serial_field()
    read_only = read_only_field()

    field_order = ["size", "bus", "serial", "read_only", "away"]

    @property
    def drive(self) -> Drive:
        return next(drive for drive in self.edited.hardware.drives if drive.was == self.key)

    def prepare(self) -> None:
        drive = self.drive
        offer_buses(self, buses_for(drive, self.edited.hardware))
        if drive.bus not in BUSES:
            offer_buses(self, [drive.bus])
        self.fields["size"].widget.attrs["step"] = "any"
        self.fields["size"].required = drive.size is not None
        self.initial = {
            "size": _in_gib(drive.size),
            "bus": drive.bus,
            "serial": drive.serial,
            "read_only": drive.read_only,
        }

    def probes(self) -> Mapping[Part, Probe]:
        return {
            Part.DRIVE_SIZE: self._with(lambda drive: replace(drive, size=(drive.size or 0) + GIB)),
            Part.DRIVE_BUS: self._on_other_buses,
            Part.DRIVE_SERIAL: self._with(lambda drive: replace(drive, serial=f"{drive.serial[1:]}x")),
            Part.DRIVE_READ_ONLY: self._with(lambda drive: replace(drive, read_only=not drive.read_only)),
            Part.DRIVE_REMOVED: self._without,
        }

    def _with(self, change: Any) -> Probe:
        return lambda machine: [replace_drive(machine, self.key, change(self.drive))]

    def _without(self, machine: Hardware) -> Iterator[Hardware]:
        yield replace_drive(machine, self.key, None)

    def _on_other_buses(self, machine: Hardware) -> Iterator[Hardware]:
        taken = [drive.target for drive in machine.drives]
        for bus in BUSES:
            if bus != self.drive.bus:
                yield replace_drive(machine, self.key, on_bus(self.drive, bus, taken))

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("away"):
            self.errors.clear()
        elif values.get("size") is not None:
            self._clean_growth(self._size(values["size"]))
        return values

    def _clean_growth(self, size: int | None) -> None:
        drive, pool = self.drive, self.edited.offer.pool_of(self.drive.source)
        grows_by = (size or 0) - (drive.size or 0)
        if pool and drive.kind == "file" and grows_by > pool.free:
            words = {"pool": pool.name, "free": formats.size(pool.free), "needed": formats.size(grows_by)}
            self.add_error("size", str(labels.NOT_ENOUGH_ROOM) % words)

    def _size(self, gib: Any) -> int | None:
        """In bytes: exactly what it was, if that is what the field showed."""
        was = self.drive.size
        return was if gib is None or gib == _in_gib(was) else int(gib * GIB)

    def applied(self, machine: Hardware) -> Hardware:
        if self.is_taken_out:
            return replace_drive(machine, self.key, None)
        values = self.cleaned_data
        taken = {drive.target for drive in (*machine.drives, *self.edited.hardware.drives)}
        drive = replace(
            self.drive, size=self._size(values["size"]), serial=values["serial"], read_only=values["read_only"]
        )
        return replace_drive(machine, self.key, on_bus(drive, values["bus"], taken) if _moves(drive, values) else drive)


def replace_drive(machine: Hardware, key: str, drive: Drive | None) -> Hardware:
    """drive: instead of the one of this key, None to take that out."""
    drives = (drive if other.was == key else other for other in machine.drives)
    return replace(machine, drives=tuple(each for each in drives if each is not None))


def _moves(drive: Drive, values: Mapping[str, Any]) -> bool:
    return bool(values["bus"] != drive.bus)


def _in_gib(size: int | None) -> Any:
    return None if size is None else forms.DecimalField(decimal_places=DECIMALS).to_python(_shortened(size / GIB))


def _shortened(number: float) -> str:
    """Without zeros at its end."""
    return f"{number:.{DECIMALS}f}".rstrip("0").rstrip(".")
