from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from functools import cached_property
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.models.disk import machines_with
from vms.operations.editing import new_disk
from vms.rules.differences import Change, Part
from vms.rules.hardware import Drive, Hardware, free_target
from vms.rules.images import FileKind
from vms.rules.making import DiskPlan
from vms.web.forms.editing.drives import bus_field, buses_for, offer_buses, read_only_field, serial_field
from vms.web.forms.editing.part import GIB, AsEntered, Edited, EditPart
from vms.web.forms.image_path import format_field, path_field

USUAL_CAPACITY, MOST_CAPACITY = 20, 64 * 1024
"""In GiB."""


class ComesFrom(StrEnum):
    NEW = "new"
    PATH = "path"


COMES_FROM = [
    (ComesFrom.NEW.value, pgettext_lazy("what is behind a new disk", "A new image, empty")),
    (ComesFrom.PATH.value, pgettext_lazy("what is behind a new disk", "An image in a storage pool")),
]
NEEDED = {ComesFrom.NEW: ("pool", "size"), ComesFrom.PATH: ("path", "format")}
"""The fields that one of them asks for, and no other."""


class AddedForm(EditPart):
    """Of a drive or interface that the machine is to get. number: of its row."""

    KIND = ""

    def __init__(
        self, number: int, edited: Edited, data: Mapping[str, Any] | None = None, entered: AsEntered | None = None
    ) -> None:
        self.row = f"{self.KIND}.{number}"
        self.prefix = self.row
        super().__init__(edited, data, entered)

    @property
    def named(self) -> str:
        """The key of the change that adds it."""
        raise NotImplementedError

    def field_of(self, change: Change) -> str | None:
        return self.FIELDS.get(change.part) if change.named == self.named else None


class NewDiskForm(AddedForm):
    KIND = "new-disk"
    FIELDS = {Part.DRIVE_ADDED: "bus"}

    source = forms.ChoiceField(
        label=pgettext_lazy("form field: of a new disk", "Comes from"), choices=COMES_FROM, widget=forms.RadioSelect
    )
    size = forms.IntegerField(label=pgettext_lazy("form field", "Size in GiB"), min_value=1, max_value=MOST_CAPACITY)
    pool = forms.TypedChoiceField(label=pgettext_lazy("form field", "Storage pool"), coerce=int)
    path = path_field(_("It is used as it is, not copied. No other machine may be using it."))
    format = format_field()
    bus = bus_field()
    serial = serial_field()
    read_only = read_only_field()

    def prepare(self) -> None:
        offered = self.edited.offer
        cast(forms.ChoiceField, self.fields["pool"]).choices = offered.pool_choices
        offer_buses(self, buses_for(Drive("", "", "disk", "", "file", "", ""), self.edited.hardware))
        pool = offered.pool_of(_first_image(self.edited.hardware)) or offered.roomiest
        self.initial = {
            "source": ComesFrom.NEW.value,
            "size": USUAL_CAPACITY,
            "pool": pool.pk if pool else None,
            "bus": "virtio",
        }
        self._ask_for_what_it_comes_from()

    def _ask_for_what_it_comes_from(self) -> None:
        for source, names in NEEDED.items():
            for name in names:
                self.fields[name].required = self.may_be("source", source)

    # What was chosen

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.is_new and values.get("path"):
            self._clean_path(values["path"])
        return values

    def _clean_path(self, path: str) -> None:
        vm = self.edited.vm
        users = machines_with([path], other_than=vm).get(path, [])
        if any(drive.source == path for drive in self.edited.hardware.drives):
            users = [vm, *users]
        fault = self.edited.offer.fault_in_path(path)
        if fault or users:
            words = {"vm": self.edited.named(users)}
            self.add_error("path", fault or str(labels.IMAGE_USED_BY) % words)

    # Only when it is valid

    @property
    def is_new(self) -> bool:
        return bool(self.cleaned_data.get("source") == ComesFrom.NEW)

    @property
    def named(self) -> str:
        return self.added.target

    def applied(self, machine: Hardware) -> Hardware:
        self.target = free_target(self.cleaned_data["bus"], _taken(machine, self.edited.hardware))
        return replace(machine, drives=(*machine.drives, self.added))

    @cached_property
    def added(self) -> Drive:
        values = self.cleaned_data
        return Drive(
            was="",
            target=self.target,
            device="disk",
            bus=values["bus"],
            kind="file",
            source=self.disk_plan.path if self.disk_plan else values["path"],
            format=FileKind.QCOW2.value if self.is_new else values["format"],
            read_only=values["read_only"],
            serial=values["serial"],
            size=values["size"] * GIB if self.is_new else None,
        )

    @cached_property
    def disk_plan(self) -> DiskPlan | None:
        """What has to be made first, None if it is there."""
        if not self.is_new:
            return None
        pool = self.edited.offer.pool(self.cleaned_data["pool"])
        return new_disk(self.edited.vm, pool, self.target, self.cleaned_data["size"] * GIB)


def _first_image(machine: Hardware) -> str:
    return next((drive.source for drive in machine.drives if drive.device == "disk"), "")


def _taken(*machines: Hardware) -> set[str]:
    return {drive.target for machine in machines for drive in machine.drives}
