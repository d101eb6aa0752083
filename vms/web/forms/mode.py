from __future__ import annotations

from django import forms
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.rules.kinds import Mode

NEW_TEMPLATE_MODES = (Mode.READY_FOR_USE, Mode.MAINTENANCE)
"""What a machine may be as soon as it becomes a template: its guest is installed already."""


def mode_field(modes: tuple[Mode, ...] = tuple(Mode)) -> forms.TypedChoiceField:
    """What it gives is a Mode."""
    return forms.TypedChoiceField(
        label=pgettext_lazy("form field", "Mode"),
        choices=[(mode.value, labels.MODE[mode]) for mode in modes],
        coerce=Mode,
        widget=forms.RadioSelect,
        error_messages={"required": pgettext_lazy("form field", "Choose a mode.")},
    )
