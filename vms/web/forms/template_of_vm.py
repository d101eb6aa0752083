from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import pgettext_lazy

from vms.models import Vm
from vms.models.viewer import Viewer
from vms.operations.planning import Wish, candidates_for, default_limit
from vms.rules.kinds import Kind, Mode
from vms.web.forms.mode import NEW_TEMPLATE_MODES, mode_field
from vms.web.forms.names import MachineNameField
from vms.web.forms.places import InAPool, node_with_free, pools_with_free, roomiest
from vms.web.forms.vm_pool import InAVmPool, of_the_pool


class TurnForm(InAVmPool):
    """A VM that itself becomes a template, and stays where it is."""

    prefix = "turn"
    mode = mode_field(NEW_TEMPLATE_MODES)

    def __init__(self, by: Viewer, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.offer_vm_pools(Kind.TEMPLATE, by)


class TemplateCopyForm(InAPool, InAVmPool):
    """A template to be made as a full copy of a VM."""

    prefix = "copy"
    name = MachineNameField()
    pool = forms.TypedChoiceField(label=pgettext_lazy("form field", "Node and storage pool"), coerce=int)
    mode = mode_field(NEW_TEMPLATE_MODES)

    def __init__(self, origin: Vm, by: Viewer, data: Mapping[str, Any] | None = None, **chosen: Any) -> None:
        """origin: with its disks and interfaces prefetched. chosen: as in InAVmPool."""
        super().__init__(data, **chosen)
        self.origin = origin
        self.offer_vm_pools(Kind.TEMPLATE, by)
        self.candidates = candidates_for(origin.memory, None, origin, pool=self.vm_pool_now)
        nodes = of_the_pool(self.candidates)
        places = [(node_with_free(each), pools_with_free(each)) for each in nodes]
        cast(forms.ChoiceField, self.fields["pool"]).choices = places
        self.say_what_is_out()
        best = roomiest(nodes)
        self.initial["pool"] = best.pk if best else None
        self.take_over()

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
            vm_pool=self.vm_pool_now,
        )
