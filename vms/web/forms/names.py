from __future__ import annotations

from django import forms
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.rules.names import LONGEST_NAME, fault_in_machine_name


class MachineNameField(forms.CharField):
    """What a new machine is to be called. Whether another is called so is asked later, when it is promised."""

    def __init__(self) -> None:
        super().__init__(
            label=pgettext_lazy("form field", "Name"),
            max_length=LONGEST_NAME,
            widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        )

    def validate(self, value: str) -> None:
        super().validate(value)
        fault = fault_in_machine_name(value) if value else None
        if fault is not None:
            raise forms.ValidationError(str(labels.NAME_FAULT[fault]))
