from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import pgettext_lazy

from vms.models import StoragePool, Vm
from vms.operations.planning import Candidate, Wish, candidates_for, default_limit
from vms.rules.kinds import Kind, Mode
from vms.web.forms.mode import NEW_TEMPLATE_MODES, mode_field
from vms.web.forms.names import MachineNameField
from vms.web.forms.places import node_with_free, pools_with_free


class TurnForm(forms.Form):
    """A VM that itself becomes a template."""

    prefix = "turn"
    mode = mode_field(NEW_TEMPLATE_MODES)


class TemplateCopyForm(forms.Form):
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
        best = max(self.candidates[0].pools, key=lambda pool: pool.free, default=None) if self.candidates else None
        self.initial["pool"] = best.pk if best else None

    # Only when it is valid

    @property
    def chosen(self) -> Candidate:
        return next(each for each in self.candidates if self._pool in each.pools)

    @property
    def _pool(self) -> StoragePool:
        pools = (pool for each in self.candidates for pool in each.pools)
        return next(pool for pool in pools if pool.pk == self.cleaned_data["pool"])

    @property
    def wish(self) -> Wish:
        mode: Mode = self.cleaned_data["mode"]
        return Wish(
            name=self.cleaned_data["name"],
            pool=self._pool,
            memory=self.origin.memory,
            vcpus=self.origin.vcpus,
            limit=default_limit(),
            kind=Kind.TEMPLATE,
            mode=mode,
            os_name=self.origin.os_name,
        )
