from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.models.interface import machines_with_mac
from vms.operations.planning import fresh_macs
from vms.rules.differences import Part
from vms.rules.hardware import Hardware, Interface
from vms.web.forms.editing.drives import DeviceForm
from vms.web.forms.editing.new_disk import AddedForm
from vms.web.forms.editing.part import EditPart, Probe

MODELS = ("virtio", "e1000e", "e1000", "rtl8139")
OTHER_BRIDGE = "bridge"
ANY_MAC = "52:54:00:00:00:00"
LONGEST_BRIDGE = 15
"""Characters of the name of a network device in Linux."""

_PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class _Plugged(EditPart):
    """What an interface is plugged into, and as what the guest sees it."""

    plug = forms.ChoiceField(label=pgettext_lazy("form field: of a network interface", "Plugged into"))
    bridge = forms.CharField(
        label=pgettext_lazy("form field", "Name of the bridge"),
        max_length=LONGEST_BRIDGE,
        help_text=_("As it is called on the node. The panel cannot look whether it is there."),
        widget=forms.TextInput(attrs=_PLAIN),
    )
    model = forms.ChoiceField(
        label=pgettext_lazy("form field: of a network interface", "Model"), choices=[(each, each) for each in MODELS]
    )
    mac = forms.CharField(
        label=pgettext_lazy("form field", "MAC address"),
        max_length=17,
        widget=forms.TextInput(attrs={**_PLAIN, "class": "path"}),
    )
    is_up = forms.BooleanField(
        label=pgettext_lazy("form field: of a network interface", "Cable plugged in"), required=False
    )

    def show(self, interface: Interface) -> None:
        offered = self.edited.offer
        own = [_plug_of(interface)] if interface.kind else []
        networks = [f"network:{name}" for name in offered.networks]
        bridges = [f"bridge:{name}" for name in offered.bridges]
        plugs = dict.fromkeys([*own, *networks, *bridges, "user:"])
        choices = [*((plug, _words_of(plug)) for plug in plugs), (OTHER_BRIDGE, labels.ANOTHER_BRIDGE)]
        cast(forms.ChoiceField, self.fields["plug"]).choices = choices
        self.fields["bridge"].required = self.may_be("plug", OTHER_BRIDGE)
        models = dict.fromkeys([interface.model, *MODELS])
        cast(forms.ChoiceField, self.fields["model"]).choices = [(each, each or "–") for each in models]
        self.initial = {
            "plug": next(iter(plugs)),
            "model": interface.model,
            "mac": interface.mac,
            "is_up": interface.is_up,
        }

    def require_own_mac(self, was: str) -> None:
        mac = self.cleaned_data.get("mac", "").lower()
        users = machines_with_mac(mac, other_than=self.edited.vm) if mac and mac != was.lower() else []
        if users:
            self.add_error("mac", str(labels.MAC_USED_BY) % {"vm": self.edited.named(users)})

    def chosen(self, interface: Interface) -> Interface:
        values = self.cleaned_data
        plug = f"bridge:{values['bridge']}" if values["plug"] == OTHER_BRIDGE else values["plug"]
        kind, _colon, source = plug.partition(":")
        return replace(
            interface, kind=kind, source=source, model=values["model"], mac=values["mac"], is_up=values["is_up"]
        )


class InterfaceForm(DeviceForm, _Plugged):
    """A network interface that the machine has."""

    KIND = "nic"
    FIELDS = {
        Part.INTERFACE_PLUG: "plug",
        Part.INTERFACE_MODEL: "model",
        Part.INTERFACE_MAC: "mac",
        Part.INTERFACE_LINK: "is_up",
        Part.INTERFACE_REMOVED: "away",
    }

    field_order = ["plug", "model", "mac", "is_up", "bridge", "away"]

    @property
    def interface(self) -> Interface:
        return next(each for each in self.edited.hardware.interfaces if each.was == self.key)

    def prepare(self) -> None:
        self.show(self.interface)
        self.fields["model"].required = bool(self.interface.model)
        self.fields["mac"].required = bool(self.interface.mac)

    def probes(self) -> Mapping[Part, Probe]:
        return {
            Part.INTERFACE_PLUG: self._with(kind="network", source=f"{self.interface.source}x"),
            Part.INTERFACE_MODEL: self._with(model="e1000" if self.interface.model != "e1000" else "virtio"),
            Part.INTERFACE_MAC: self._with(mac=ANY_MAC),
            Part.INTERFACE_LINK: self._with(is_up=not self.interface.is_up),
            Part.INTERFACE_REMOVED: lambda machine: [_replaced(machine, self.key, None)],
        }

    def _with(self, **changes: Any) -> Probe:
        return lambda machine: [_replaced(machine, self.key, replace(self.interface, **changes))]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("away"):
            self.errors.clear()
        else:
            self.require_own_mac(self.interface.mac)
        return values

    def applied(self, machine: Hardware) -> Hardware:
        interface = None if self.is_taken_out else self.chosen(self.interface)
        return _replaced(machine, self.key, interface)


class NewInterfaceForm(AddedForm, _Plugged):
    """A network interface that the machine is to get."""

    KIND = "new-nic"
    FIELDS = {Part.INTERFACE_ADDED: "mac"}

    field_order = ["plug", "model", "mac", "is_up", "bridge"]

    def prepare(self) -> None:
        self.show(Interface("", next(iter(fresh_macs(1))), "", "", MODELS[0]))

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        self.require_own_mac("")
        return values

    @property
    def named(self) -> str:
        return str(self.cleaned_data["mac"]).lower()

    def applied(self, machine: Hardware) -> Hardware:
        added = self.chosen(Interface("", "", "", "", ""))
        return replace(machine, interfaces=(*machine.interfaces, added))


def _replaced(machine: Hardware, key: str, interface: Interface | None) -> Hardware:
    """interface: instead of the one of this key, None to take that out."""
    found: Iterable[Interface | None] = (interface if other.was == key else other for other in machine.interfaces)
    return replace(machine, interfaces=tuple(each for each in found if each is not None))


def _plug_of(interface: Interface) -> str:
    return f"{interface.kind}:{interface.source}"


def _words_of(plug: str) -> str:
    kind, _colon, name = plug.partition(":")
    return labels.plugged_into(kind, name)
