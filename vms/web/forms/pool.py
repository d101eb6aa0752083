"""A pool of virtual machines, as somebody fills it in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.labels import pools as words
from vms.models import BackupSchedule, Node, VmPool
from vms.operations.planning import MIB
from vms.operations.pools import PoolKeepsItsKind, PoolNameTaken, PoolOrder, has_anything
from vms.rules.names import LONGEST_NAME, fault_in_name
from vms.rules.pools import PoolKind
from vms.web.forms.machine import GIB, LEAST_MEMORY, MOST_MEMORY, MOST_VCPUS
from vms.web.forms.notes import LONGEST as LONGEST_NOTES
from vms.web.forms.pool_places import Folders, network_choices

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

MOST_VMS, MOST_GIB, MOST_MINUTES = 100_000, 1_000_000, 60 * 24 * 365
USUAL_WARNING = 5
OF_DYNAMIC = ("minimum", "pre_started", "idle_minutes", "longest_minutes", "warn_minutes")
"""What is asked of dynamic pools only."""


def _count_field(label: StrPromise, most: int, help_text: StrPromise | str = "", least: int = 0) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=most, required=False, help_text=help_text)


class PoolForm(forms.Form):
    """A pool that is to be added or changed. Empty numbers are 0."""

    use_required_attribute = False  # a browser would insist on fields that it does not show

    name = forms.CharField(
        label=pgettext_lazy("form field", "Name"),
        max_length=LONGEST_NAME,
        help_text=_("What people call it, for example Training room. Dynamic VMs are named after it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    kind = forms.ChoiceField(
        label=pgettext_lazy("form field: which machines belong to a pool", "For"),
        choices=[(each.value, means) for each, means in words.POOL_KIND.items()],
        initial=PoolKind.PERSISTENT.value,
        widget=forms.RadioSelect,
    )
    notes = forms.CharField(
        label=pgettext_lazy("form field", "Description"),
        max_length=LONGEST_NOTES,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    nodes = forms.ModelMultipleChoiceField(
        Node.objects.all(),
        label=pgettext_lazy("form field: of a pool", "Nodes"),
        required=False,
        help_text=_("None ticked: every node, also those that are added later."),
        widget=forms.CheckboxSelectMultiple,
    )
    folder = forms.ChoiceField(
        label=pgettext_lazy("form field: of a pool", "Storage"),
        required=False,
        help_text=_("The folder of storage pools in which disks are put."),
        error_messages={"invalid_choice": words.NO_NODE_HAS_IT},
    )
    networks = forms.MultipleChoiceField(
        label=pgettext_lazy("form field: of a pool", "Networks"),
        required=False,
        help_text=_("None ticked: every network."),
        widget=forms.CheckboxSelectMultiple,
    )
    most_vms = _count_field(pgettext_lazy("form field: limit of a pool", "Machines, at most"), MOST_VMS)
    most_memory = _count_field(pgettext_lazy("form field: limit of a pool", "Memory in GiB, at most"), MOST_GIB)
    most_vcpus = _count_field(pgettext_lazy("form field: limit of a pool", "vCPUs, at most"), MOST_VMS * MOST_VCPUS)
    minimum = _count_field(
        pgettext_lazy("form field: of a pool", "VMs, at least"),
        MOST_VMS,
        _("So many there always are, whoever has them."),
    )
    pre_started = _count_field(
        pgettext_lazy("form field: of a pool", "VMs kept ready"),
        MOST_VMS,
        _("So many run and wait for somebody to open the pool. One that is taken is replaced at once."),
    )
    idle_minutes = _count_field(
        pgettext_lazy("form field: of a pool", "Shut down when unused for (minutes)"),
        MOST_MINUTES,
        _("Unused: nobody has its screen open. Empty or 0: never."),
    )
    longest_minutes = _count_field(
        pgettext_lazy("form field: of a pool", "Shut down at the latest after (minutes)"),
        MOST_MINUTES,
        _("From the moment when somebody got it. Empty or 0: never."),
    )
    warn_minutes = _count_field(
        pgettext_lazy("form field: of a pool", "Warn so many minutes before"),
        MOST_MINUTES,
        _("The person who has it can then keep it, or save what matters."),
    )
    memory = _count_field(
        pgettext_lazy("form field: of a pool", "Memory of each in MiB"),
        MOST_MEMORY,
        _("Empty: as what it is made from."),
    )
    vcpus = _count_field(
        pgettext_lazy("form field: of a pool", "vCPUs of each"), MOST_VCPUS, _("Empty: as what it is made from.")
    )
    network = forms.ChoiceField(label=pgettext_lazy("form field: of a pool", "Network of each"), required=False)
    schedule = forms.ModelChoiceField(
        BackupSchedule.objects.all(),
        label=pgettext_lazy("form field: of a pool", "Schedule"),
        empty_label=words.NO_SCHEDULE,
        required=False,
        help_text=_("It backs up all machines of the pool, beside those that it covers anyway."),
    )

    def __init__(self, pool: VmPool | None, data: Mapping[str, Any] | None = None) -> None:
        """pool: the one that is changed, with its nodes; None if it is to be added."""
        self._pool = pool or VmPool()
        super().__init__(data, initial=_as_it_is(pool) if pool else {"warn_minutes": USUAL_WARNING})
        self.folders = Folders()
        networks = network_choices(self._pool)
        self._offer("folder", self.folders.choices(self._pool.folder))
        self._offer("networks", networks)
        self._offer("network", [("", str(words.AS_THE_ORIGIN)), *networks])
        if pool and has_anything(pool):
            self.fields["kind"].disabled = True
            self.fields["kind"].help_text = str(words.KEEPS_ITS_KIND)

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = choices

    def say(self, refusal: PoolNameTaken | PoolKeepsItsKind) -> None:
        """Why the panel did not take what was valid so far."""
        if isinstance(refusal, PoolNameTaken):
            self.add_error("name", str(words.POOL_NAME_TAKEN))
        else:
            self.add_error("kind", str(words.KEEPS_ITS_KIND))

    # What was chosen

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if fault := fault_in_name(name):
            raise forms.ValidationError(str(labels.NAME_FAULT[fault]))
        return name

    def clean_memory(self) -> int:
        memory: int = self.cleaned_data["memory"] or 0
        if 0 < memory < LEAST_MEMORY:
            raise forms.ValidationError(str(words.TOO_LITTLE_MEMORY) % {"least": LEAST_MEMORY})
        return memory

    def clean(self) -> dict[str, Any]:
        """What is not shown for this kind is not wrong, either."""
        if self.cleaned_data.get("kind") == PoolKind.DYNAMIC:
            self._clean_numbers()
            self._clean_times()
        else:
            self._forget_what_is_of_dynamic_pools()
        self._clean_folder()
        self._clean_network()
        return self.cleaned_data

    def _forget_what_is_of_dynamic_pools(self) -> None:
        usual = VmPool()
        for name in OF_DYNAMIC:
            self.errors.pop(name, None)
            self.cleaned_data[name] = getattr(usual, name)

    def _clean_numbers(self) -> None:
        """A dynamic pool makes its VMs by itself, so it has to know how many."""
        most = self.number("most_vms")
        if "most_vms" not in self.errors and not most:
            self.add_error("most_vms", str(words.NEEDS_A_MAXIMUM))
        for name, why in (("minimum", words.MINIMUM_TOO_LARGE), ("pre_started", words.PRE_STARTED_TOO_LARGE)):
            if most and self.number(name) > most:
                self.add_error(name, str(why) % {"most": most})

    def _clean_times(self) -> None:
        ends = [minutes for name in ("idle_minutes", "longest_minutes") if (minutes := self.number(name))]
        if ends and self.number("warn_minutes") >= min(ends):
            self.add_error("warn_minutes", str(words.WARNS_TOO_EARLY) % {"minutes": min(ends)})

    def _clean_folder(self) -> None:
        """A dynamic pool's VMs stand on one image, which every node of the pool has to see."""
        if {"folder", "nodes"} & set(self.errors):
            return
        folder, ticked = self.cleaned_data["folder"], list(self.cleaned_data["nodes"])
        if self.cleaned_data.get("kind") == PoolKind.DYNAMIC:
            self._require_shared(folder, ticked or list(Node.objects.all()))
        elif folder and (without := self.folders.nodes_without(folder, ticked)):
            self.add_error("folder", str(words.FOLDER_IS_NOT_THERE) % {"nodes": ", ".join(without)})

    def _require_shared(self, folder: str, nodes: list[Node]) -> None:
        if len(nodes) > 1 and not folder:
            self.add_error("folder", str(words.NEEDS_A_SHARED_FOLDER))
        elif folder and (without := self.folders.nodes_without(folder, nodes)):
            self.add_error("folder", str(words.FOLDER_IS_NOT_THERE) % {"nodes": ", ".join(without)})
        elif len(nodes) > 1 and (alone := self.folders.nodes_not_sharing(folder, nodes)):
            self.add_error("folder", str(words.FOLDER_IS_NOT_SHARED) % {"nodes": ", ".join(alone)})

    def _clean_network(self) -> None:
        chosen, allowed = self.cleaned_data.get("network"), self.cleaned_data.get("networks")
        if chosen and allowed and chosen not in allowed:
            self.add_error("network", str(words.NETWORK_IS_OUTSIDE) % {"network": chosen})

    def number(self, name: str) -> int:
        """0 if it is empty, or wrong."""
        return self.cleaned_data.get(name) or 0

    # Only when it is valid

    @property
    def order(self) -> PoolOrder:
        values = self.cleaned_data
        kind = PoolKind(values["kind"])
        return PoolOrder(
            name=values["name"],
            kind=kind,
            notes=values["notes"],
            nodes=tuple(values["nodes"]),
            folder=values["folder"],
            networks=tuple(values["networks"]),
            most_vms=self.number("most_vms"),
            most_memory=self.number("most_memory") * GIB,
            most_vcpus=self.number("most_vcpus"),
            memory=self.number("memory") * MIB,
            vcpus=self.number("vcpus"),
            network=values["network"],
            schedule=None if kind is PoolKind.DYNAMIC else values["schedule"],
            **{name: self.number(name) for name in OF_DYNAMIC},
        )


def _as_it_is(pool: VmPool) -> dict[str, Any]:
    same = ("name", "kind", "notes", "folder", "networks", "network")
    counts = ("most_vms", "most_vcpus", "vcpus", *OF_DYNAMIC)
    return {
        **{name: getattr(pool, name) for name in same},
        **{name: getattr(pool, name) or None for name in counts},
        "nodes": [node.pk for node in pool.nodes.all()],
        "schedule": pool.schedule_id,
        "most_memory": -(-pool.most_memory // GIB) or None,
        "memory": pool.memory // MIB or None,
    }
