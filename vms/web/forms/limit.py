from __future__ import annotations

from django import forms
from django.utils.translation import pgettext_lazy

from vms.operations.planning import MIB
from vms.web.forms.copying import LARGEST_LIMIT


class LimitForm(forms.Form):
    """How fast disks may be copied: in MiB/s, 0 or nothing for no limit."""

    limit = forms.IntegerField(
        label=pgettext_lazy("form field", "Speed of the copying, at most, in MiB/s"),
        min_value=0,
        max_value=LARGEST_LIMIT,
        required=False,
    )

    @property
    def bytes_per_second(self) -> int:
        """Only when it is valid."""
        return int(self.cleaned_data["limit"] or 0) * MIB

    @property
    def said_wrong(self) -> str:
        """What is wrong with it, "" if nothing is."""
        return " ".join(str(error) for error in self.errors.get("limit", []))
