from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from vms.labels import golden_images as words
from vms.models import Vm, VmPool
from vms.operations.golden_images import GoldenOrder
from vms.operations.making import taken_names
from vms.operations.planning import MIB, default_limit
from vms.rules.names import LONGEST_NAME
from vms.web.forms.limit import LimitForm
from vms.web.forms.names import MachineNameField

MOST_SUGGESTED = 50
"""So many of a day have names of their own."""


class GoldenImageForm(LimitForm):
    """A golden image to be made from a template."""

    name = MachineNameField()
    pool = forms.TypedChoiceField(label=pgettext_lazy("form field: pool of dynamic VMs", "Pool"), coerce=UUID)
    prepared = forms.BooleanField(
        label=pgettext_lazy("form field", "Prepare it first"),
        help_text=pgettext_lazy(
            "help of a form field",
            "System preparation: the copy is started once. Use its screen to remove from the guest what only one "
            "machine may have, such as host keys and its identity, shut it down and seal it. Without this it is sealed "
            "as soon as it is copied.",
        ),
        required=False,
    )
    activate = forms.BooleanField(
        label=pgettext_lazy("form field", "Activate it when it is ready"),
        help_text=pgettext_lazy(
            "help of a form field",
            "As soon as it is sealed, new VMs of the pool come from it instead of from the old one.",
        ),
        required=False,
    )

    def __init__(
        self, template: Vm, pools: Iterable[VmPool], data: Mapping[str, Any] | None = None, asked: str = ""
    ) -> None:
        """pools: with their nodes; asked: the key of the one from whose page somebody comes, if any."""
        super().__init__(data)
        self._pools = {pool.pk: pool for pool in pools}
        choices = [(str(pool.pk), _with_its_nodes(pool)) for pool in self._pools.values()]
        cast(forms.ChoiceField, self.fields["pool"]).choices = choices
        self.initial.update({"name": suggested_name(template), "limit": default_limit() // MIB, "pool": asked})
        self.initial["activate"] = not any(pool.active_id for pool in self._pools.values())

    # Only when it is valid

    @property
    def chosen(self) -> VmPool:
        return self._pools[self.cleaned_data["pool"]]

    def order(self, key: UUID | None) -> GoldenOrder:
        values = self.cleaned_data
        return GoldenOrder(
            self.chosen, values["name"], values["prepared"], values["activate"], self.bytes_per_second, key
        )


def suggested_name(template: Vm) -> str:
    """That of the template with today's date, and a number where that is taken."""
    day = timezone.localdate().isoformat()
    first = _shortened(str(words.SUGGESTED_NAME), template.display_name, day)
    names = [first, *(_shortened("%(vm)s %(day)s", first, str(number)) for number in range(2, MOST_SUGGESTED))]
    taken = taken_names(names)
    return next((name for name in names if name not in taken), first)


def _shortened(pattern: str, name: str, end: str) -> str:
    """A long name gives way."""
    room = LONGEST_NAME - len(pattern % {"vm": "", "day": end})
    return pattern % {"vm": name[:room], "day": end}


def _with_its_nodes(pool: VmPool) -> str:
    nodes = ", ".join(sorted(node.name for node in pool.nodes.all()))
    pattern = words.POOL_ON_NODES if nodes else words.POOL_ON_EVERY_NODE
    return str(pattern) % {"pool": pool.name, "nodes": nodes}
