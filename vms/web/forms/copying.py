from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from posixpath import dirname, normpath
from typing import Any, cast

from django import forms
from django.utils.translation import pgettext, pgettext_lazy

from vms import labels
from vms.models import StoragePool, Vm, VmPool
from vms.models.viewer import Viewer
from vms.operations.planning import MIB, Candidate, Wish, candidates_for, default_limit, disks_to_copy
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.rules.names import LONGEST_COUNTER, LONGEST_NAME, MOST_AT_ONCE, counted_names, fault_in_pattern
from vms.web import formats
from vms.web.forms.places import networks_with_nodes, node_with_free, pools_with_free
from vms.web.forms.vm_pool import InAVmPool, of_the_pool, usual_network, usual_size

GIB = 1024 * MIB
MOST_MEMORY, MOST_CAPACITY = 64 * 1024 * 1024, 1024 * 1024
"""In MiB and GiB: 64 TiB and 1 PiB. Far more than any node has; the node itself is compared with later."""
MOST_VCPUS, LARGEST_NUMBER, LARGEST_LIMIT = 4096, 999_999, 100_000


AS_ORIGIN = "="
"""No network's name."""


def _chosen_network(value: str) -> str | None:
    return None if value == AS_ORIGIN else value


class CopyForm(InAVmPool):
    """Machines to be made from another one: checked here for what is wrong whenever it is asked for.

    What may change from one moment to the next, such as taken names and free memory: see
    vms.web.presenters.copying.
    """

    name = forms.CharField(
        label=pgettext_lazy("form field", "Name"),
        max_length=LONGEST_NAME + LONGEST_COUNTER,
        help_text=pgettext_lazy(
            "help of a form field", "To make several, put a counter into it: web-%02d makes web-01, web-02 …"
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    count = forms.IntegerField(
        label=pgettext_lazy("form field: number of VMs to make", "How many"), min_value=1, max_value=MOST_AT_ONCE
    )
    first = forms.IntegerField(
        label=pgettext_lazy("form field: where a counter in names begins", "First number"),
        min_value=0,
        max_value=LARGEST_NUMBER,
    )
    memory = forms.IntegerField(label=pgettext_lazy("form field", "Memory in MiB"), min_value=1, max_value=MOST_MEMORY)
    vcpus = forms.IntegerField(label=pgettext_lazy("form field", "vCPUs"), min_value=1, max_value=MOST_VCPUS)
    capacity = forms.IntegerField(
        label=pgettext_lazy("form field", "Larger disk, in GiB"), min_value=1, max_value=MOST_CAPACITY, required=False
    )
    node = forms.ChoiceField(label=pgettext_lazy("form field", "Node"))
    pool = forms.TypedChoiceField(label=pgettext_lazy("form field", "Storage pool"), coerce=int)
    network = forms.TypedChoiceField(label=pgettext_lazy("form field", "Network"), coerce=_chosen_network)
    start = forms.BooleanField(label=pgettext_lazy("form field", "Start at once"), required=False)
    limit = forms.IntegerField(
        label=pgettext_lazy("form field", "Speed of the copying, at most, in MiB/s"),
        min_value=0,
        max_value=LARGEST_LIMIT,
        help_text=pgettext_lazy("help of a form field", "0 for no limit. It can be changed while it copies."),
    )

    def __init__(
        self, origin: Vm, action: Action, by: Viewer, data: Mapping[str, Any] | None = None, **chosen: Any
    ) -> None:
        """origin: with its disks and interfaces prefetched. chosen: as in InAVmPool."""
        super().__init__(data, vm_pool=origin.pool_id, **chosen)
        self.origin, self.action = origin, action
        self.offer_vm_pools(Kind.VM, by)
        self._offered = candidates_for(origin.memory, None, origin, pool=self.vm_pool_now)
        self._offer_places()
        self._offer_sizes()
        self.initial.update(
            {"count": 1, "first": 1, "limit": default_limit() // MIB, "start": action is Action.PERSISTENT}
        )
        self.take_over()

    # What there is to choose from

    def _offer_places(self) -> None:
        nodes = [each for each in self._offered if each.is_of_the_pool]
        self._choices("node", [(each.node.name, node_with_free(each)) for each in nodes])
        self._choices("pool", [(each.node.name, pools_with_free(each)) for each in of_the_pool(nodes)])
        self.say_what_is_out()
        best = nodes[0] if nodes else None
        if best:
            self.initial.update({"node": best.node.name, "pool": _best_pool(best, self.origin)})
        if not self.origin.interfaces.all():
            del self.fields["network"]
            return
        networks = self.allowed_networks(networks_with_nodes(nodes))
        self._choices("network", [(AS_ORIGIN, self._own_networks()), *networks])

    def _choices(self, name: str, choices: list[Any]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = choices

    def _own_networks(self) -> str:
        plugged = ", ".join(labels.plugged_into(each.source_type, each.source) for each in self.origin.interfaces.all())
        return str(labels.NETWORK_AS_ORIGIN) % {"vm": self.origin.display_name, "networks": plugged}

    def usual_values(self, pool: VmPool | None) -> dict[str, Any]:
        size = usual_size(pool, self.origin.memory // MIB, self.origin.vcpus or 1)
        if "network" not in self.fields:
            return {**size}
        return {**size, "network": usual_network(pool, AS_ORIGIN, self.fields["network"])}

    def _offer_sizes(self) -> None:
        self.initial.update({"memory": self.origin.memory // MIB or None, "vcpus": self.origin.vcpus or 1})
        disks = disks_to_copy(self.origin)
        if not disks:
            del self.fields["capacity"]
            return
        self.fields["capacity"].help_text = _as_large_as(disks[0].target, disks[0].capacity or 0)

    # What was chosen

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        self._clean_names(values)
        self._clean_pool(values)
        self._clean_capacity(values)
        return values

    def _clean_names(self, values: Mapping[str, Any]) -> None:
        if not {"name", "count", "first"} <= values.keys():
            return
        fault = fault_in_pattern(values["name"], values["count"], values["first"])
        if fault is not None:
            self.add_error("name", str(labels.NAME_FAULT[fault]))

    def _clean_pool(self, values: Mapping[str, Any]) -> None:
        if not {"node", "pool"} <= values.keys():
            return
        pool = self._pool(values["pool"])
        if pool.node.name != values["node"]:
            words = {"there": pool.node.name, "node": values["node"]}
            self.add_error("pool", str(labels.POOL_OF_ANOTHER_NODE) % words)

    def _clean_capacity(self, values: Mapping[str, Any]) -> None:
        least = max((disk.capacity or 0 for disk in disks_to_copy(self.origin)[:1]), default=0)
        chosen = values.get("capacity")
        if chosen is not None and chosen * GIB < least:
            words = {"vm": self.origin.display_name, "size": formats.size(least)}
            self.add_error("capacity", str(labels.SMALLER_DISK) % words)

    def _pool(self, pk: int) -> StoragePool:
        """One of those offered."""
        return next(pool for each in self._offered for pool in each.pools if pool.pk == pk)

    @property
    def needed(self) -> int:
        """Memory of all of them in bytes, as far as what was entered makes sense."""
        entered = self._entered()
        return int(entered["memory"] * MIB if "memory" in entered else self.origin.memory) * int(
            entered.get("count", 1)
        )

    @cached_property
    def candidates(self) -> list[Candidate]:
        """All nodes, the best first, judged by what was entered as far as that makes sense."""
        if not self.is_bound:
            return self._offered
        return candidates_for(self.needed, self._entered().get("network"), self.origin, pool=self.vm_pool_now)

    def _entered(self) -> Mapping[str, Any]:
        """What was understood; looking for errors is what fills it."""
        return {} if not self.is_bound or self.errors is None else self.cleaned_data

    # Only when it is valid

    @property
    def chosen(self) -> Candidate:
        return next(each for each in self.candidates if each.node.name == self.cleaned_data["node"])

    @property
    def names(self) -> list[str]:
        values = self.cleaned_data
        return counted_names(values["name"], values["count"], values["first"])

    @property
    def wishes(self) -> list[Wish]:
        """One for each machine."""
        values = self.cleaned_data
        return [
            Wish(
                name=name,
                pool=self._pool(values["pool"]),
                memory=values["memory"] * MIB,
                vcpus=values["vcpus"],
                network=values.get("network"),
                capacity=(values.get("capacity") or 0) * GIB,
                limit=values["limit"] * MIB,
                start=values["start"],
                os_name=self.origin.os_name,
                vm_pool=self.vm_pool_now,
            )
            for name in self.names
        ]


def _best_pool(candidate: Candidate, origin: Vm) -> int | None:
    """That of the origin's first disk, if the node has it; else the one with most room."""
    beside = [normpath(dirname(disk.path)) for disk in disks_to_copy(origin)[:1]]
    best = max(candidate.pools, key=lambda pool: (normpath(pool.folder) in beside, pool.free), default=None)
    return best.pk if best else None


def _as_large_as(disk: str, capacity: int) -> str:
    words = {"disk": disk, "size": formats.size(capacity)}
    return pgettext("help of a form field", "Empty: %(disk)s keeps its %(size)s.") % words
