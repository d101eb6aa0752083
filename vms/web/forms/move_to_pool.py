from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms

from vms.models import Vm
from vms.models.viewer import Viewer
from vms.rules.kinds import Kind
from vms.web.forms.vm_pool import PoolChoiceField, pools_for


class MoveToPoolForm(forms.Form):
    """Another pool for a machine, or none."""

    vm_pool = PoolChoiceField()

    def __init__(self, vm: Vm, by: Viewer, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.vm = vm
        self.pools = pools_for(Kind(vm.kind), by)
        cast(PoolChoiceField, self.fields["vm_pool"]).queryset = self.pools
        self.initial["vm_pool"] = vm.pool_id
