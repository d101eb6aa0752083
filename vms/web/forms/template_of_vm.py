from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import pgettext_lazy

from vms.models import Vm
from vms.operations.planning import Wish, candidates_for, default_limit
from vms.rules.kinds import Kind, Mode
from vms.web.forms.mode import NEW_TEMPLATE_MODES, mode_field
from vms.web.forms.names import MachineNameField
from vms.web.forms.places import InAPool, node_with_free, pools_with_free, roomiest


class TurnForm(forms.Form):
    """A VM that itself becomes a template."""

    prefix = "turn"
    mode = mode_field(NEW_TEMPLATE_MODES)


class TemplateCopyForm(InAPool):
    """A template to be made as a full copy of a VM."""

    prefix = "copy"
    name = MachineNameField()
    pool = forms.TypedChoiceField(label=pgettext_lazy("form field", "Node and storage pool"), coerce=int)
    mode = mode_field(NEW_TEMPLATE_MODES)

    def __init__(self, origin: Vm, data: Mapping[str, Any] | None = None) -> None:
        """origin: with its disks and interfaces prefetched."""
        super().__init__(data)
        self.origin = origin
        self.candidates = candidates_for(origin.memory, None, origin)
        places = [(node_with_free(each), pools_with_free(each)) for each in self.candidates if each.pools]
        cast(forms.ChoiceField, self.fields["pool"]).choices = places
        best = roomiest(self.candidates)
        self.initial["pool"] = best.pk if best else None

    # Only when it is valid

    @property
    def wish(self) -> Wish:
        mode: Mode = self.cleaned_data["mode"]
        return Wish(
            name=self.cleaned_data["name"],
            pool=self.chosen_pool,
            memory=self.origin.memory,
            vcpus=self.origin.vcpus,
            limit=default_limit(),
            kind=Kind.TEMPLATE,
            mode=mode,
            os_name=self.origin.os_name,
        )
