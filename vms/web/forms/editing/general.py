from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.operations.making import taken_names
from vms.rules.differences import Part
from vms.rules.hardware import Hardware
from vms.rules.kinds import Kind, Mode
from vms.rules.names import LONGEST_NAME, fault_in_name
from vms.web.forms.editing.part import EditPart
from vms.web.forms.mode import mode_field
from vms.web.forms.notes import LONGEST

_PLAIN = {"autocomplete": "off", "spellcheck": "false"}


def _other_autostart(machine: Hardware) -> Iterator[Hardware]:
    yield replace(machine, autostart=not machine.autostart)


class GeneralForm(EditPart):
    """What people call a machine, and what they say of it."""

    prefix = "general"
    FIELDS = {Part.DESCRIPTION: "description", Part.AUTOSTART: "autostart"}
    PROBES = {Part.AUTOSTART: _other_autostart}

    name = forms.CharField(
        label=pgettext_lazy("form field", "Name"), max_length=LONGEST_NAME, widget=forms.TextInput(attrs=_PLAIN)
    )
    mode = mode_field()
    description = forms.CharField(
        label=pgettext_lazy("form field", "Description"),
        max_length=LONGEST,
        required=False,
        strip=False,
        help_text=_("Stands in the machine's definition at the node, where other tools read it too."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    notes = forms.CharField(
        label=pgettext_lazy("form field", "Notes"),
        max_length=LONGEST,
        required=False,
        strip=False,
        help_text=_("Kept in the panel only."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    autostart = forms.BooleanField(
        label=pgettext_lazy("form field", "Start together with the node"),
        required=False,
        help_text=_("When the node's libvirt service begins, usually as the node itself starts."),
    )
    protected = forms.BooleanField(
        label=pgettext_lazy("form field", "Delete protection"),
        required=False,
        help_text=_("Nobody can delete the machine with the panel until this is taken off again."),
    )

    def prepare(self) -> None:
        opened, vm = self.edited.opened, self.edited.vm
        if vm.kind != Kind.TEMPLATE:
            del self.fields["mode"]
        if vm.name != opened.display_name:
            self.fields["name"].help_text = _("The node goes on calling it %(name)s.") % {"name": vm.name}
        self.initial = {
            "name": opened.display_name,
            "mode": opened.mode,
            "description": opened.hardware.description,
            "notes": opened.notes,
            "autostart": opened.hardware.autostart,
            "protected": opened.protected,
        }

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        vm = self.edited.vm
        if name == self.edited.opened.display_name:
            return name
        if fault := fault_in_name(name):
            raise forms.ValidationError(str(labels.NAME_FAULT[fault]))
        if taken_names([name], other_than=vm):
            raise forms.ValidationError(labels.NAMES_TAKEN % {"count": 1, "names": name})
        return name

    def clean_description(self) -> str:
        return self._text("description", self.edited.hardware.description)

    def clean_notes(self) -> str:
        return self._text("notes", self.edited.opened.notes)

    def _text(self, name: str, was: str) -> str:
        """As it was, if a browser has done no more to it than to write other ends of lines."""
        text = _as_written(self.cleaned_data[name])
        return was if text == _as_written(was) else text

    def applied(self, machine: Hardware) -> Hardware:
        values = self.cleaned_data
        return replace(machine, description=values["description"], autostart=values["autostart"])

    # What is the panel's own

    @property
    def display_name(self) -> tuple[str, str] | None:
        """What it was and what it shall be, None if that is the same."""
        return self._own(self.edited.opened.display_name, self.cleaned_data["name"])

    @property
    def mode_change(self) -> tuple[str, str] | None:
        mode: Mode | None = self.cleaned_data.get("mode")
        return self._own(self.edited.opened.mode, mode.value) if mode else None

    @property
    def own_notes(self) -> str | None:
        notes: str = self.cleaned_data["notes"]
        return notes if notes != self.edited.opened.notes else None

    @property
    def protection(self) -> bool | None:
        protected: bool = self.cleaned_data["protected"]
        return protected if protected != self.edited.opened.protected else None

    @staticmethod
    def _own(was: str, now: str) -> tuple[str, str] | None:
        return (was, now) if was != now else None


def _as_written(text: str) -> str:
    """Without what no definition can hold: XML has no way to write some characters that nobody sees."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(each for each in lines if each in "\t\n" or unicodedata.category(each) not in {"Cc", "Cn", "Cs"})
