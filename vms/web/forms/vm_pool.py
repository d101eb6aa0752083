"""The pool that a new machine is to belong to, as a choice of a form: it limits the places, and fills in what new
machines of it get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, cast
from uuid import UUID

from django import forms
from django.utils.translation import pgettext_lazy

from vms.labels import pooling as words
from vms.models import VmPool
from vms.models.pooling import places_of
from vms.models.viewer import Viewer
from vms.models.vm_pool import VmPoolQuerySet
from vms.operations.planning import MIB, Candidate
from vms.rules.kinds import Kind
from vms.rules.pooling import EVERYWHERE, POOL_FOR

TAKE_OVER = "take_over_pool"
"""The button that fills the form in anew; what somebody has entered stays."""

PLACES = frozenset({"node", "pool", "network"})
"""Fields whose choices a pool limits."""


class PoolChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]  # it is generic for the type checker only
    def __init__(self) -> None:
        super().__init__(
            VmPool.objects.none(),
            label=pgettext_lazy("form field: of virtual machines", "Pool"),
            required=False,
            error_messages={"invalid_choice": words.NOT_OFFERED},
        )


def pools_for(kind: Kind, person: Viewer) -> VmPoolQuerySet:
    """Those to which machines of this kind may belong, as far as this person sees them."""
    return VmPool.objects.all().visible_to(person).filter(kind=POOL_FOR[kind]).prefetch_related("nodes")


class InAVmPool(forms.Form):
    """A form with a field "vm_pool". The field "pool" beside it is for storage."""

    vm_pool = PoolChoiceField()
    pool_before = forms.UUIDField(required=False, widget=forms.HiddenInput)
    """The one whose usual values stand in the form as it is shown."""

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, entered: Mapping[str, Any] | None = None, vm_pool: object = None
    ) -> None:
        """data: to be checked; entered: only to be shown again; vm_pool: the key of the one that is chosen at first."""
        super().__init__(data)
        self.entered = entered
        self.initial["vm_pool"] = vm_pool if entered is None else entered.get(self.add_prefix("vm_pool"), "")

    def offer_vm_pools(self, kind: Kind, person: Viewer) -> None:
        """Those that this person sees. The field is left out if there are none, and none was chosen."""
        field, pools = cast(PoolChoiceField, self.fields["vm_pool"]), pools_for(kind, person)
        field.queryset = pools
        field.empty_label = str(words.NO_POOL)
        field.help_text = str(words.WHAT_A_POOL_DOES[kind])
        if not self["vm_pool"].value() and not pools.exists():
            del self.fields["vm_pool"], self.fields["pool_before"]

    @cached_property
    def vm_pool_now(self) -> VmPool | None:
        """As far as what was chosen makes sense."""
        return self._pool_of(self["vm_pool"].value()) if "vm_pool" in self.fields else None

    def _pool_of(self, key: UUID | str | None) -> VmPool | None:
        try:
            chosen: VmPool | None = self.fields["vm_pool"].clean(key)
        except forms.ValidationError:
            return None
        return chosen

    # What it limits

    def allowed_networks(self, networks: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        places = places_of(self.vm_pool_now) if self.vm_pool_now else EVERYWHERE
        return [(name, text) for name, text in networks if places.have_network(name)]

    def say_what_is_out(self) -> None:
        """At the fields whose choices the pool limits."""
        if self.vm_pool_now is None:
            return
        sentence = str(words.PLACE_NOT_OFFERED) % {"pool": self.vm_pool_now.name}
        for name in PLACES & self.fields.keys():
            self.fields[name].error_messages["invalid_choice"] = sentence

    # What it fills in

    def fill_in_usual(self) -> None:
        """As long as nobody has entered anything."""
        pool = self.vm_pool_now
        self.initial.update({**self.usual_values(pool), "pool_before": pool.pk if pool else None})

    def take_over(self) -> None:
        """Show what was entered, with the usual values of the pool wherever nobody has chosen others."""
        own, entered = dict(self.initial), self.entered
        if entered is None or "vm_pool" not in self.fields:
            return
        before = self._pool_of(entered.get(self.add_prefix("pool_before"), ""))
        untouched, usual = self.usual_values(before), self.usual_values(self.vm_pool_now)
        for name, field in self.fields.items():
            value = field.widget.value_from_datadict(entered, {}, self.add_prefix(name))
            if name in usual and str(value) == str(untouched[name]):
                value = usual[name]
            self.initial[name] = value if self._is_offered(name, value) else usual.get(name, own.get(name))
        self.initial["pool_before"] = self.vm_pool_now.pk if self.vm_pool_now else None
        self.fields["vm_pool"].widget.attrs["autofocus"] = True

    def usual_values(self, pool: VmPool | None) -> dict[str, Any]:
        """What new machines of this pool get, of none if None: by the names of fields."""
        return {}

    def _is_offered(self, name: str, value: Any) -> bool:
        """A place can be one that the pool may not use."""
        field = self.fields[name]
        return name not in PLACES or not isinstance(field, forms.ChoiceField) or field.valid_value(value)


def usual_size(pool: VmPool | None, memory: int, vcpus: int) -> dict[str, int]:
    """memory in MiB, and vCPUs, of a machine that belongs to no pool."""
    if pool is None:
        return {"memory": memory, "vcpus": vcpus}
    return {"memory": pool.memory // MIB or memory, "vcpus": pool.vcpus or vcpus}


def usual_network(pool: VmPool | None, otherwise: str, field: forms.Field) -> str:
    """Only what can be chosen."""
    network = pool.network if pool else ""
    return network if network and cast(forms.ChoiceField, field).valid_value(network) else otherwise


def of_the_pool(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Those nodes that the pool has, with folders for disks."""
    return [each for each in candidates if each.is_of_the_pool and each.pools]
