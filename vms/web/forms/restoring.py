from __future__ import annotations

from collections.abc import Mapping
from posixpath import normpath
from typing import Any, cast

from django import forms
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.models import Backup, Node, StoragePool, VmPool
from vms.models.facts import pools_for_disks, pools_with_folders
from vms.models.viewer import Viewer
from vms.operations.planning import MIB, Wish, candidates_for, default_limit
from vms.rules.backups import Consistency
from vms.rules.kinds import Kind
from vms.web import formats
from vms.web.forms.copying import AS_ORIGIN, LARGEST_LIMIT
from vms.web.forms.mode import mode_field
from vms.web.forms.names import MachineNameField
from vms.web.forms.places import InAPool, networks_with_nodes, node_with_free, pools_with_free, roomiest
from vms.web.forms.vm_pool import InAVmPool, of_the_pool, usual_network


def _limit_field() -> forms.IntegerField:
    return forms.IntegerField(
        label=pgettext_lazy("form field", "Speed of the copying, at most, in MiB/s"),
        min_value=0,
        max_value=LARGEST_LIMIT,
        help_text=pgettext_lazy("help of a form field", "0 for no limit. It can be changed while it copies."),
    )


class RestoreForm(forms.Form):
    """A machine that is to become what it was when the backup was made; its name is typed as a second thought."""

    pool = forms.TypedChoiceField(label=pgettext_lazy("form field", "Storage pool"), coerce=int)
    limit = _limit_field()
    with_memory = forms.BooleanField(
        label=pgettext_lazy("form field", "With its memory: the guest goes on where it was"), required=False
    )
    name = forms.CharField(
        label=pgettext_lazy("form field: to be typed before a machine is restored", "Name of the machine"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, backup: Backup, data: Mapping[str, Any] | None = None) -> None:
        """backup: with its machine and that one's node."""
        super().__init__(data)
        self.backup = backup
        self._pools = pools_for_disks(backup.vm.node)
        self._offer()

    def _offer(self) -> None:
        choices = [(pool.pk, _with_free(pool)) for pool in self._pools]
        cast(forms.ChoiceField, self.fields["pool"]).choices = choices
        self.initial.update({"pool": _beside_the_old(self.backup, self._pools), "limit": default_limit() // MIB})
        words = {"vm": self.backup.vm.display_name}
        self.fields["name"].help_text = str(labels.TYPE_NAME_TO_RESTORE) % words
        if self.backup.consistency != Consistency.WITH_MEMORY:
            del self.fields["with_memory"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name != self.backup.vm.display_name.strip():
            raise forms.ValidationError(str(labels.ANOTHER_NAME) % {"vm": self.backup.vm.display_name})
        return name

    # Only when it is valid

    @property
    def chosen_pool(self) -> StoragePool:
        return next(pool for pool in self._pools if pool.pk == self.cleaned_data["pool"])


def _beside_the_old(backup: Backup, pools: tuple[StoragePool, ...]) -> int | None:
    """Where its first disk is now; else where there is most room, but not among the backups."""
    disk = backup.vm.disks.filter(device="disk").exclude(path="").first()
    folder = normpath(disk.path.rpartition("/")[0]) if disk else ""
    backups = normpath(backup.target.folder)

    def worth(pool: StoragePool) -> tuple[bool, bool, int]:
        return normpath(pool.folder) == folder, normpath(pool.folder) != backups, pool.free

    best = max(pools, key=worth, default=None)
    return best.pk if best else None


def _with_free(pool: StoragePool) -> str:
    return str(labels.POOL_WITH_FREE) % {"pool": pool.name, "free": formats.size(pool.free)}


class RestoreAsNewForm(InAPool, InAVmPool):
    """A machine to be made of a backup, on a node that has it."""

    name = MachineNameField()
    pool = forms.TypedChoiceField(label=pgettext_lazy("form field", "Node and storage pool"), coerce=int)
    network = forms.ChoiceField(label=pgettext_lazy("form field", "Network"))
    mode = mode_field()
    start = forms.BooleanField(label=pgettext_lazy("form field", "Start at once"), required=False)
    limit = _limit_field()

    def __init__(self, backup: Backup, by: Viewer, data: Mapping[str, Any] | None = None, **chosen: Any) -> None:
        """backup: with its machine and target. chosen: as in InAVmPool."""
        super().__init__(data, vm_pool=backup.vm.pool_id, **chosen)
        self.backup = backup
        self.kind = Kind(backup.vm.kind)
        self.offer_vm_pools(self.kind, by)
        self._look()
        self._offer_places()
        del self.fields["start" if self.kind is Kind.TEMPLATE else "mode"]
        self.take_over()

    def _look(self, network: str | None = None) -> None:
        """Only nodes that have the folder of the backup can read it."""
        folder = normpath(self.backup.target.folder)
        found = candidates_for(self.backup.vm.memory, network, pool=self.vm_pool_now)
        self.candidates = [each for each in found if folder in _folders_of(each.node)]

    def _offer_places(self) -> None:
        nodes = of_the_pool(self.candidates)
        places = [(node_with_free(each), pools_with_free(each)) for each in nodes]
        cast(forms.ChoiceField, self.fields["pool"]).choices = places
        networks = [(AS_ORIGIN, str(labels.NETWORK_AS_BACKED_UP)), *self.allowed_networks(networks_with_nodes(nodes))]
        cast(forms.ChoiceField, self.fields["network"]).choices = networks
        self.say_what_is_out()
        best = roomiest(nodes)
        self.initial.update({"pool": best.pk if best else None, "limit": default_limit() // MIB})

    def usual_values(self, pool: VmPool | None) -> dict[str, Any]:
        return {"network": usual_network(pool, AS_ORIGIN, self.fields["network"])}

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if "network" in values:
            self._look(self._network)
        return values

    @property
    def _network(self) -> str | None:
        chosen = self.cleaned_data["network"]
        return None if chosen == AS_ORIGIN else str(chosen)

    # Only when it is valid

    @property
    def wish(self) -> Wish:
        """Its sizes are those of the machine today, until those of the backup are read."""
        values, vm = self.cleaned_data, self.backup.vm
        return Wish(
            name=values["name"],
            pool=self.chosen_pool,
            memory=vm.memory,
            vcpus=vm.vcpus,
            network=self._network,
            limit=values["limit"] * MIB,
            start=values.get("start", False),
            kind=self.kind,
            mode=values.get("mode"),
            os_name=vm.os_name,
            vm_pool=self.vm_pool_now,
        )


def _folders_of(node: Node) -> set[str]:
    return {normpath(pool.folder) for pool in pools_with_folders(node)}
