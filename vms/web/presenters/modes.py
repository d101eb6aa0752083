"""Modes of templates to choose from, and who set the one there is."""

from __future__ import annotations

from dataclasses import dataclass

from django.forms import BoundField

from vms import labels
from vms.models import Vm
from vms.rules.kinds import Mode
from vms.web import formats


@dataclass(frozen=True, slots=True)
class ModeChoice:
    id: str
    value: str
    label: str
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ModeChoices:
    """A group of radio buttons. name: of the form's field."""

    name: str
    label: str
    error: str
    error_id: str
    choices: list[ModeChoice]


def mode_choices(field: BoundField) -> ModeChoices:
    """field: one whose choices are modes."""
    chosen = str(field.value() or "")
    return ModeChoices(
        name=field.html_name,
        label=str(field.label),
        error=" ".join(map(str, field.errors)),
        error_id=f"{field.auto_id}_error",
        choices=[
            ModeChoice(
                id=radio.id_for_label,
                value=str(radio.data["value"]),
                label=str(radio.choice_label),
                text=str(labels.MODE_TIP[Mode(radio.data["value"])]),
                chosen=radio.data["value"] == chosen,
            )
            for radio in field
        ],
    )


def mode_of(vm: Vm) -> str:
    return str(labels.MODE[Mode(vm.mode)] if vm.mode else labels.MODE_MISSING)


def mode_and_who_set_it(vm: Vm) -> str:
    """As far as the panel knows who it was."""
    if vm.mode_set_at is None:
        return mode_of(vm)
    person = vm.mode_set_by_name or str(labels.ANOTHER_TOOL)
    return str(labels.MODE_SET_BY) % {"mode": mode_of(vm), "person": person, "since": formats.clock(vm.mode_set_at)}
