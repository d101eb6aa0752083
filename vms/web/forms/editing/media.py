from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from posixpath import basename
from typing import Any, cast

from django import forms
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.models import StoredFile
from vms.rules.differences import Part
from vms.rules.hardware import Drive, Hardware, free_target
from vms.web import formats
from vms.web.forms.editing.drives import DeviceForm, buses_for, offer_buses, replace_drive
from vms.web.forms.editing.new_disk import AddedForm
from vms.web.forms.editing.part import EditPart, Probe

EMPTY, KEPT, PATH, FILE = "empty", "kept", "path", "file:"


def medium_field() -> forms.ChoiceField:
    return forms.ChoiceField(label=pgettext_lazy("form field: what is in a CD-ROM drive", "Medium"))


def path_field() -> forms.CharField:
    return forms.CharField(
        label=pgettext_lazy("form field", "Path of the ISO image"),
        max_length=1000,
        help_text=pgettext_lazy("help of a form field", "In a storage pool of the machine's node."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "path"}),
    )


class _Medium(EditPart):
    """What is put into a drive: an uploaded image, one that is at the node, or nothing."""

    def offer_media(self, drive: Drive) -> None:
        """With what is in it now, under its own name where the panel has brought it."""
        here = {self.path_of(iso, drive): iso for iso in self.edited.offer.isos} if drive.device == "cdrom" else {}
        now = here.get(drive.source)
        kept = [(KEPT, now.name if now else basename(drive.source) or drive.source)] if drive.source else []
        files = [(f"{FILE}{iso.pk}", _name_and_size(iso)) for iso in here.values() if iso != now]
        choices = [*kept, (EMPTY, labels.EMPTY_DRIVE), *files, (PATH, labels.MEDIUM_BY_PATH)]
        cast(forms.ChoiceField, self.fields["medium"]).choices = choices
        self.fields["path"].required = self.may_be("medium", PATH)

    def path_of(self, iso: StoredFile, drive: Drive) -> str:
        beside = drive.source or next((other.source for other in self.edited.hardware.drives if other.source), "")
        return self.edited.offer.path_for(iso, beside)

    def clean_medium_path(self) -> None:
        path = self.cleaned_data.get("path") if self.cleaned_data.get("medium") == PATH else ""
        if path and (fault := self.edited.offer.fault_in_path(path)):
            self.add_error("path", fault)

    # Only when it is valid

    def brought_to(self, drive: Drive) -> tuple[StoredFile, str] | None:
        """The uploaded image that has to be brought to the node, and where to."""
        chosen = self.cleaned_data["medium"]
        file = next((iso for iso in self.edited.offer.isos if chosen == f"{FILE}{iso.pk}"), None)
        return (file, self.path_of(file, drive)) if file else None

    def with_medium(self, drive: Drive) -> Drive:
        brought = self.brought_to(drive)
        kept_or_named = {KEPT: drive.source, PATH: self.cleaned_data["path"]}
        source = brought[1] if brought else kept_or_named.get(self.cleaned_data["medium"], "")
        return drive if source == drive.source else replace(drive, source=source, kind="file", format="raw")


class MediumForm(DeviceForm, _Medium):
    """A drive for media that the machine has."""

    KIND = "drive"
    FIELDS = {Part.MEDIUM: "medium", Part.DRIVE_REMOVED: "away"}

    medium = medium_field()
    path = path_field()

    field_order = ["medium", "path", "away"]

    @property
    def drive(self) -> Drive:
        return next(drive for drive in self.edited.hardware.drives if drive.was == self.key)

    def prepare(self) -> None:
        self.offer_media(self.drive)
        self.initial = {"medium": KEPT if self.drive.source else EMPTY}

    def probes(self) -> Mapping[Part, Probe]:
        return {Part.MEDIUM: self._with_another, Part.DRIVE_REMOVED: self._without}

    def _with_another(self, machine: Hardware) -> Iterator[Hardware]:
        yield replace_drive(machine, self.key, replace(self.drive, source="/" if not self.drive.source else ""))

    def _without(self, machine: Hardware) -> Iterator[Hardware]:
        yield replace_drive(machine, self.key, None)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("away"):
            self.errors.clear()
        else:
            self.clean_medium_path()
        return values

    @property
    def brought(self) -> tuple[StoredFile, str] | None:
        return None if self.is_taken_out else self.brought_to(self.drive)

    def applied(self, machine: Hardware) -> Hardware:
        drive = None if self.is_taken_out else self.with_medium(self.drive)
        return replace_drive(machine, self.key, drive)


class NewDriveForm(AddedForm, _Medium):
    """A CD-ROM drive that the machine is to get."""

    KIND = "new-drive"
    FIELDS = {Part.DRIVE_ADDED: "bus"}

    medium = medium_field()
    path = path_field()
    bus = forms.ChoiceField(label=pgettext_lazy("form field", "Bus"))

    target = ""

    def prepare(self) -> None:
        self.offer_media(_EMPTY)
        machine = self.edited.hardware
        buses = buses_for(_EMPTY, machine)
        own = [drive.bus for drive in machine.drives if drive.is_removable and drive.bus in buses]
        offer_buses(self, buses)
        usual = next((bus for bus in (*own, "sata", "scsi") if bus in buses), None)
        self.initial = {"medium": EMPTY, "bus": usual}

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        self.clean_medium_path()
        return values

    @property
    def named(self) -> str:
        return self.target

    @property
    def brought(self) -> tuple[StoredFile, str] | None:
        return self.brought_to(_EMPTY)

    def applied(self, machine: Hardware) -> Hardware:
        bus = self.cleaned_data["bus"]
        taken = {drive.target for drive in (*machine.drives, *self.edited.hardware.drives)}
        self.target = free_target(bus, taken)
        drive = self.with_medium(replace(_EMPTY, target=self.target, bus=bus))
        return replace(machine, drives=(*machine.drives, drive))


_EMPTY = Drive("", "", "cdrom", "", "file", "", "raw", read_only=True)


def _name_and_size(iso: StoredFile) -> str:
    return str(labels.UPLOADED_ISO) % {"name": iso.name, "size": formats.size(iso.size)}
