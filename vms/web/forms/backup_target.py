from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import normpath
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.models import BackupTarget, StoragePool
from vms.operations.planning import MIB
from vms.operations.targets import FolderTaken, NoSuchFolder, TargetNameTaken, TargetNeeded, TargetOrder
from vms.rules.names import LONGEST_NAME
from vms.web import formats
from vms.web.forms.copying import LARGEST_LIMIT


class TargetForm(forms.Form):
    """A target for backups that is to be added or changed. folder: of a storage pool that some node has, and of no
    other target."""

    name = forms.CharField(
        label=pgettext_lazy("form field", "Name"),
        max_length=LONGEST_NAME,
        strip=True,
        help_text=_("What people call it, for example nightly or vault."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    folder = forms.ChoiceField(
        label=pgettext_lazy("form field", "Folder"),
        help_text=_(
            "Of a storage pool. Best is one that several nodes share, on another storage than the disks of the "
            "machines: what breaks these must not break their backups."
        ),
        error_messages={"invalid_choice": labels.TARGET_NO_SUCH_FOLDER},
    )
    limit = forms.IntegerField(
        label=pgettext_lazy("form field", "Speed of each disk, at most, in MiB/s"),
        min_value=0,
        max_value=LARGEST_LIMIT,
        required=False,
        help_text=_(
            "For backups for which nobody chose another one. Empty or 0: as the panel is set, usually without a limit."
        ),
    )

    def __init__(self, target: BackupTarget | None, data: Mapping[str, Any] | None = None) -> None:
        """target: the one that is changed, None if it is to be added."""
        initial = {"name": target.name, "folder": target.folder, "limit": target.limit // MIB or None} if target else {}
        super().__init__(data, initial=initial)
        self.choices = list(_folders(target))
        self.fields["folder"].choices = self.choices  # type: ignore[attr-defined]  # it is a field with choices
        if target and target.backups.exists():
            self.fields["folder"].disabled = True
            self.fields["folder"].help_text = str(labels.TARGET_KEEPS_ITS_FOLDER)

    def say(self, refusal: TargetNameTaken | FolderTaken | NoSuchFolder | TargetNeeded) -> None:
        """Why the panel did not take what was valid so far."""
        words = {
            TargetNameTaken: ("name", labels.TARGET_NAME_TAKEN),
            FolderTaken: ("folder", labels.TARGET_FOLDER_TAKEN),
            NoSuchFolder: ("folder", labels.TARGET_NO_SUCH_FOLDER),
            TargetNeeded: ("folder", labels.TARGET_KEEPS_ITS_FOLDER),
        }
        field, why = words[type(refusal)]
        self.add_error(field, str(why))

    # Only when it is valid

    @property
    def order(self) -> TargetOrder:
        values = self.cleaned_data
        return TargetOrder(values["name"], values["folder"], int(values["limit"] or 0) * MIB)


def _folders(target: BackupTarget | None) -> Iterator[tuple[str, str]]:
    """Those of no target, and its own, also if no node has it now."""
    others = BackupTarget.objects.exclude(pk__in=[target.pk] if target else [])
    taken = set(others.values_list("folder", flat=True))
    pools: dict[str, list[StoragePool]] = {target.folder: []} if target else {}
    for pool in StoragePool.objects.exclude(folder="").select_related("node").order_by("folder", "node__name"):
        if normpath(pool.folder) not in taken:
            pools.setdefault(normpath(pool.folder), []).append(pool)
    for folder, its in pools.items():
        yield folder, _said(folder, its) if its else folder


def _said(folder: str, pools: list[StoragePool]) -> str:
    nodes, free = ", ".join(pool.node.name for pool in pools), formats.size(max(pool.free for pool in pools))
    return str(labels.FOLDER_WITH_FREE) % {"folder": folder, "nodes": nodes, "free": free}
