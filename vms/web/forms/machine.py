from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from posixpath import dirname, normpath
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.models import StoredFile, VmPool
from vms.models.viewer import Viewer
from vms.operations.creating import Source
from vms.operations.planning import MIB, Candidate, Wish, candidates_for, default_limit
from vms.rules.images import DISK_FORMATS, FileKind
from vms.rules.kinds import Kind, Mode
from vms.web import formats
from vms.web.forms.image_path import format_field, path_field
from vms.web.forms.names import MachineNameField
from vms.web.forms.notes import LONGEST as LONGEST_NOTES
from vms.web.forms.places import InAPool, networks_with_nodes, node_with_free, roomiest
from vms.web.forms.vm_pool import InAVmPool, of_the_pool, usual_network, usual_size

GIB = 1024 * MIB
USUAL_MEMORY, USUAL_VCPUS, USUAL_CAPACITY = 2048, 2, 20
"""In MiB and GiB."""
LEAST_MEMORY, MOST_MEMORY, MOST_VCPUS, MOST_CAPACITY = 8, 64 * 1024 * 1024, 4096, 64 * 1024
KNOWN_SYSTEMS = ("Debian 12", "Ubuntu 24.04 LTS", "Rocky Linux 9", "openSUSE Leap 15.6", "Windows Server 2022")


class BeginsWith(StrEnum):
    ISO = "iso"
    UPLOAD = "upload"
    PATH = "path"
    NOTHING = "nothing"


BEGINNINGS = [
    (BeginsWith.ISO.value, pgettext_lazy("what a new machine begins with", "An ISO image: it is installed from that")),
    (BeginsWith.UPLOAD.value, pgettext_lazy("what a new machine begins with", "An uploaded disk image")),
    (BeginsWith.PATH.value, pgettext_lazy("what a new machine begins with", "A disk image in a storage pool")),
    (BeginsWith.NOTHING.value, pgettext_lazy("what a new machine begins with", "An empty disk")),
]
NEEDED = {BeginsWith.ISO: ("iso",), BeginsWith.UPLOAD: ("image",), BeginsWith.PATH: ("path", "format")}
"""The fields that one of them asks for, and no other."""


class FileChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]  # it is generic for the type checker only
    def label_from_instance(self, obj: StoredFile) -> str:
        return f"{obj.name} ({formats.size(obj.size)})"


class MachineForm(InAPool, InAVmPool):
    """A VM or a template to be made: checked here for what can be told without asking a node."""

    use_required_attribute = False  # a browser would insist on fields that it does not show

    name = MachineNameField()
    notes = forms.CharField(
        label=pgettext_lazy("form field", "Description"),
        max_length=LONGEST_NOTES,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    os_name = forms.CharField(
        label=pgettext_lazy("form field", "Operating system"),
        max_length=100,
        required=False,
        help_text=_("As people will look for it."),
        widget=forms.TextInput(attrs={"list": "known-systems", "autocomplete": "off"}),
    )
    source = forms.ChoiceField(
        label=pgettext_lazy("form field: of a new machine", "Begins with"),
        choices=BEGINNINGS,
        initial=BeginsWith.ISO.value,
        widget=forms.RadioSelect,
    )
    iso = FileChoiceField(
        StoredFile.objects.filter(kind=FileKind.ISO),
        label=pgettext_lazy("form field", "ISO image"),
        empty_label="–",
    )
    image = FileChoiceField(
        StoredFile.objects.filter(kind__in=DISK_FORMATS),
        label=pgettext_lazy("form field", "Uploaded disk image"),
        empty_label="–",
    )
    path = path_field(
        _("In a storage pool of the same node. It is copied and stays as it is; nothing may be using it.")
    )
    format = format_field()
    memory = forms.IntegerField(
        label=pgettext_lazy("form field", "Memory in MiB"),
        min_value=LEAST_MEMORY,
        max_value=MOST_MEMORY,
        initial=USUAL_MEMORY,
    )
    vcpus = forms.IntegerField(
        label=pgettext_lazy("form field", "vCPUs"), min_value=1, max_value=MOST_VCPUS, initial=USUAL_VCPUS
    )
    capacity = forms.IntegerField(
        label=pgettext_lazy("form field", "Disk size in GiB"),
        min_value=1,
        max_value=MOST_CAPACITY,
        required=False,
        help_text=_("Empty: as large as the image that it begins with, or 20 GiB."),
    )
    pool = forms.TypedChoiceField(label=pgettext_lazy("form field", "Node and storage pool"), coerce=int)
    network = forms.ChoiceField(label=pgettext_lazy("form field", "Network"), required=False)
    start = forms.BooleanField(label=pgettext_lazy("form field", "Start at once"), required=False)

    def __init__(self, kind: Kind, by: Viewer, data: Mapping[str, Any] | None = None, **chosen: Any) -> None:
        """chosen: as in InAVmPool."""
        super().__init__(data, **chosen)
        self.kind = kind
        self.offer_vm_pools(kind, by)
        self.candidates = candidates_for(USUAL_MEMORY * MIB, pool=self.vm_pool_now)
        self._ask_for_what_it_begins_with()
        self._offer_places()
        if kind is Kind.TEMPLATE:
            del self.fields["start"]  # its first installation begins when somebody sits down to it
        self.fill_in_usual()
        self.take_over()

    # What there is to choose from

    def _ask_for_what_it_begins_with(self) -> None:
        for source, names in NEEDED.items():
            for name in names:
                self.fields[name].required = not self.is_bound or self.data.get("source") == source

    def _offer_places(self) -> None:
        nodes = of_the_pool(self.candidates)
        places = [(node_with_free(each), _pools(each)) for each in nodes]
        cast(forms.ChoiceField, self.fields["pool"]).choices = places
        networks = [("", str(labels.PLUGGED_INTO["user"])), *self.allowed_networks(networks_with_nodes(nodes))]
        cast(forms.ChoiceField, self.fields["network"]).choices = networks
        self.say_what_is_out()
        best = roomiest(nodes)
        self.initial["pool"] = best.pk if best else None

    def usual_values(self, pool: VmPool | None) -> dict[str, Any]:
        network = usual_network(pool, "", self.fields["network"])
        return {**usual_size(pool, USUAL_MEMORY, USUAL_VCPUS), "network": network}

    @property
    def known_systems(self) -> tuple[str, ...]:
        return KNOWN_SYSTEMS

    # What was chosen

    def clean_notes(self) -> str:
        """They stand in the definition too, and XML has no way to write some characters that nobody sees."""
        notes: str = self.cleaned_data["notes"]
        return "".join(each for each in notes if each in "\t\n" or unicodedata.category(each) not in {"Cc", "Cn"})

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if {"pool", "memory", "network"} <= values.keys():
            self.candidates = candidates_for(values["memory"] * MIB, values["network"], pool=self.vm_pool_now)
            self._clean_path(values)
            self._clean_capacity(values)
        return values

    def _clean_path(self, values: Mapping[str, Any]) -> None:
        """Only where the node itself would look: never anywhere among its files."""
        path = values.get("path", "")
        folders = {normpath(pool.folder) for pool in self.chosen.pools}
        if values.get("source") != BeginsWith.PATH or not path:
            return
        if path != normpath(path) or dirname(path) not in folders:
            words = {"node": self.chosen.node.name, "folders": ", ".join(sorted(folders))}
            self.add_error("path", str(labels.PATH_IN_NO_POOL) % words)

    def _clean_capacity(self, values: Mapping[str, Any]) -> None:
        image: StoredFile | None = values.get("image")
        chosen = (values.get("capacity") or 0) * GIB
        if values.get("source") == BeginsWith.UPLOAD and image is not None and 0 < chosen < image.capacity:
            words = {"vm": image.name, "size": formats.size(image.capacity)}
            self.add_error("capacity", str(labels.SMALLER_DISK) % words)

    # Only when it is valid

    @property
    def wish(self) -> Wish:
        values = self.cleaned_data
        is_copied = values["source"] in {BeginsWith.UPLOAD, BeginsWith.PATH}
        return Wish(
            name=values["name"],
            pool=self.chosen_pool,
            memory=values["memory"] * MIB,
            vcpus=values["vcpus"],
            network=values["network"],
            capacity=(values["capacity"] or (0 if is_copied else USUAL_CAPACITY)) * GIB,
            limit=default_limit(),
            start=values.get("start", False),
            kind=self.kind,
            mode=Mode.FIRST_INSTALLATION if self.kind is Kind.TEMPLATE else None,
            notes=values["notes"],
            os_name=values["os_name"],
            vm_pool=self.vm_pool_now,
        )

    @property
    def begins_with(self) -> Source:
        values = self.cleaned_data
        match values["source"]:
            case BeginsWith.ISO:
                return Source(values["iso"])
            case BeginsWith.UPLOAD:
                return Source(values["image"])
            case BeginsWith.PATH:
                return Source(path=values["path"], format=FileKind(values["format"]))
        return Source()


def _pools(candidate: Candidate) -> list[tuple[int, str]]:
    """With the node's name: a closed list does not show the heading of its choice."""
    return [
        (
            pool.pk,
            str(labels.POOL_WITH_FREE)
            % {"pool": f"{candidate.node.name}: {pool.name}", "free": formats.size(pool.free)},
        )
        for pool in candidate.pools
    ]
