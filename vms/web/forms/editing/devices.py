from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar, cast

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.rules.differences import Part
from vms.rules.hardware import Firmware, Hardware
from vms.web.forms.editing.part import EditPart, Probe

SCREENS = ("", "vnc", "spice", "vnc+spice")
FIRMWARE_TO_CHOOSE = (Firmware.BIOS, Firmware.EFI)


def _other_firmware(machine: Hardware) -> Iterator[Hardware]:
    yield from (replace(machine, firmware=each) for each in FIRMWARE_TO_CHOOSE if each is not machine.firmware)


def _other_graphics(machine: Hardware) -> Iterator[Hardware]:
    yield replace(machine, graphics=() if machine.graphics else ("vnc",))


def _other_channel(machine: Hardware) -> Iterator[Hardware]:
    yield replace(machine, has_agent_channel=not machine.has_agent_channel)


def _other_watchdog(machine: Hardware) -> Iterator[Hardware]:
    yield replace(machine, watchdog="" if machine.watchdog else "reset")


class DevicesForm(EditPart):
    prefix = "devices"
    FIELDS = {
        Part.GRAPHICS: "graphics",
        Part.FIRMWARE: "firmware",
        Part.AGENT_CHANNEL: "agent_channel",
        Part.WATCHDOG: "watchdog",
    }
    PROBES: ClassVar[Mapping[Part, Probe]] = {
        Part.GRAPHICS: _other_graphics,
        Part.FIRMWARE: _other_firmware,
        Part.AGENT_CHANNEL: _other_channel,
        Part.WATCHDOG: _other_watchdog,
    }

    graphics = forms.ChoiceField(
        label=pgettext_lazy("form field: of a machine", "Screen"),
        choices=[(each, labels.SCREENS[each]) for each in SCREENS],
        required=False,
        help_text=_("The panel shows VNC in the browser. For SPICE it gives out a file for virt-viewer."),
    )
    firmware = forms.ChoiceField(
        label=pgettext_lazy("form field: of a machine", "Firmware"),
        help_text=_("A system that was installed with the one usually does not boot with the other."),
    )
    watchdog = forms.ChoiceField(
        label=pgettext_lazy("form field: of a machine, what it does when its guest hangs", "Watchdog"),
        choices=list(labels.WATCHDOG.items()),
        required=False,
        help_text=_("What happens when the guest no longer tells it that it is well. The guest needs a driver for it."),
    )
    agent_channel = forms.BooleanField(
        label=pgettext_lazy("form field: of a machine", "Channel for the guest agent"),
        required=False,
        help_text=_("Through it qemu-guest-agent in the guest tells addresses and shuts down in order."),
    )

    def prepare(self) -> None:
        machine = self.edited.hardware
        firmware = dict.fromkeys([machine.firmware, *FIRMWARE_TO_CHOOSE])
        cast(forms.ChoiceField, self.fields["firmware"]).choices = [(each, labels.FIRMWARE[each]) for each in firmware]
        self.initial = {
            "graphics": _as_choice(machine.graphics),
            "firmware": machine.firmware,
            "watchdog": machine.watchdog,
            "agent_channel": machine.has_agent_channel,
        }

    def applied(self, machine: Hardware) -> Hardware:
        values = self.cleaned_data
        chosen = values["graphics"]
        graphics = (
            machine.graphics if chosen == _as_choice(machine.graphics) else tuple(filter(None, chosen.split("+")))
        )
        return replace(
            machine,
            graphics=graphics,
            firmware=Firmware(values["firmware"]),
            watchdog=values["watchdog"],
            has_agent_channel=values["agent_channel"],
        )


def _as_choice(graphics: tuple[str, ...]) -> str:
    """In one order, however they stand in the definition."""
    return "+".join(sorted(graphics, reverse=True))
