"""What bringing a backup back would change, and what stands against it, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.urls import reverse

from vms import labels
from vms.models import Backup, Disk, Vm
from vms.models.viewer import Viewer
from vms.operations.restoring import why_not
from vms.rules.actions import Action
from vms.rules.backups import Consistency
from vms.web import formats
from vms.web.presenters.copying import why_not_now


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one disk, in a sentence."""

    disk: str
    text: str


@dataclass(frozen=True, slots=True)
class ReturnView:
    """disks: of the backup, and those that its machine has today. notes: what else people should know before.
    refused: why it is not possible now, "" if it is."""

    title: str
    moment: str
    url: str
    disks: list[Fate]
    notes: list[str]
    refused: str


def return_view(backup: Backup, viewer: Viewer) -> ReturnView:
    """In place. backup: with its machine, that one's node and the target."""
    vm = backup.vm
    words = {"vm": vm.display_name, "moment": formats.moment(backup.made_at)}
    return ReturnView(
        title=str(labels.RESTORE_TITLE) % words,
        moment=words["moment"],
        url=reverse("backups:page", args=[backup.pk]),
        disks=sorted(_fates(backup), key=lambda fate: fate.disk),
        notes=[
            *(str(labels.RESTORE_LOSES) % words, str(labels.RESTORE_HARDWARE), *_consistency(backup)),
            str(labels.RESTORE_CAN_BE_CANCELLED) % words,
        ],
        refused=_refused(backup, viewer),
    )


def _refused(backup: Backup, viewer: Viewer) -> str:
    against = why_not(backup, backup.vm.node)
    if against is not None:
        return str(labels.REASON[against])
    return why_not_now(Vm.objects.all().with_operations_under_way().get(pk=backup.vm_id), Action.RESTORE, viewer)


def _fates(backup: Backup) -> Iterator[Fate]:
    today = {disk.target: disk for disk in backup.vm.disks.filter(device="disk")}
    going = set(backup.vm.disks.all().to_delete().values_list("target", flat=True))
    for target, file in backup.files.items():
        yield Fate(target, _becomes(file, today.get(target), is_deleted=target in going))
    for target, disk in today.items():
        if target not in backup.files and disk.path:
            yield Fate(target, str(labels.RESTORE_DETACHES) % {"disk": target})


def _becomes(file: Mapping[str, int], disk: Disk | None, *, is_deleted: bool = False) -> str:
    words = {"size": formats.size(file["capacity"])}
    if disk is None:
        return str(labels.RESTORE_ADDS) % words
    return str(labels.RESTORE_REPLACES if is_deleted else labels.RESTORE_REPLACES_AND_KEEPS) % words


def _consistency(backup: Backup) -> list[str]:
    return [str(labels.CONSISTENCY_TIP[Consistency(backup.consistency)])] if backup.consistency else []


def new_one_view(backup: Backup) -> ReturnView:
    """As a new machine. backup: with its machine."""
    words = {"vm": backup.vm.display_name, "moment": formats.moment(backup.made_at)}
    return ReturnView(
        title=str(labels.RESTORE_AS_NEW_TITLE) % words,
        moment=words["moment"],
        url=reverse("backups:page", args=[backup.pk]),
        disks=[Fate(target, _becomes(file, None)) for target, file in backup.files.items()],
        notes=[str(labels.RESTORE_AS_NEW_OWN), *_consistency(backup), str(labels.RESTORE_AS_NEW_TWICE) % words],
        refused="",
    )
