"""A backup as a row of a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from vms import labels
from vms.models import Backup, Vm
from vms.models.viewer import Viewer
from vms.operations.permission import sees_every_vm, sees_nodes
from vms.rules.backups import BackupState, Consistency, Damage
from vms.web import formats
from vms.web.lists.backups import CHANGES, KIND, MACHINE, WHOLE

LOOK: Mapping[BackupState, str] = {
    BackupState.MAKING: "now",
    BackupState.GOOD: "good",
    BackupState.DAMAGED: "bad",
    BackupState.GOING: "off",
}


@dataclass(frozen=True, slots=True)
class BackupRow:
    """vm_url: "" for a machine that was deleted. damage: what is wrong with it, in a sentence; took, checked_text: ""
    if nobody knows, or it was not checked yet. by_url: of the schedule that asked for it, "" for a person; target: ""
    for whoever is told nothing of nodes."""

    pk: str
    url: str
    vm_name: str
    vm_url: str
    made_at: datetime
    made_text: str
    state: str
    look: str
    damage: str
    kind: str
    size: str
    took: str
    consistency: str
    consistency_tip: str
    checked_at: datetime | None
    checked_text: str
    by: str
    by_url: str
    target: str
    is_kept: bool


def backups_of(vm: Vm) -> str:
    """Where all of a machine are listed."""
    return f"{reverse('backups:list')}?{urlencode({MACHINE: vm.pk})}"


def backup_rows(backups: Iterable[Backup], viewer: Viewer) -> list[BackupRow]:
    """backups: with their vm, target and schedule."""
    return [backup_row(backup, viewer) for backup in backups]


def backup_row(backup: Backup, viewer: Viewer) -> BackupRow:
    """backup: with its vm, target and schedule."""
    state = BackupState(backup.state)
    asked_by, by_url = _by(backup, viewer)
    return BackupRow(
        pk=str(backup.pk),
        url=reverse("backups:page", args=[backup.pk]),
        vm_name=backup.vm.display_name,
        vm_url="" if backup.vm.deleted_at else reverse("vms:page", args=[backup.vm_id]),
        made_at=backup.made_at,
        made_text=formats.clock(backup.made_at),
        state=str(labels.BACKUP_STATE[state]),
        look=LOOK[state],
        damage=str(labels.DAMAGE[Damage(backup.damage)]) if backup.damage else "",
        kind=str(KIND[WHOLE if backup.is_whole else CHANGES]),
        size=formats.size(backup.size),
        took=_took(backup),
        consistency=str(labels.CONSISTENCY[Consistency(backup.consistency)]) if backup.consistency else "",
        consistency_tip=str(labels.CONSISTENCY_TIP[Consistency(backup.consistency)]) if backup.consistency else "",
        checked_at=backup.checked_at,
        checked_text=formats.clock(backup.checked_at) if backup.checked_at else "",
        by=asked_by,
        by_url=by_url,
        target=backup.target.name if sees_nodes(viewer) else "",
        is_kept=backup.kept,
    )


def _by(backup: Backup, viewer: Viewer) -> tuple[str, str]:
    """Its name, and where that leads. Schedules are known to whoever sees every machine."""
    if backup.schedule and sees_every_vm(viewer):
        return backup.schedule.name, reverse("backups:schedule", args=[backup.schedule_id])
    return backup.requested_by_name or str(labels.THE_PANEL), ""


def _took(backup: Backup) -> str:
    seconds = _seconds(backup)
    return "" if seconds is None else formats.duration(seconds)


def _seconds(backup: Backup) -> float | None:
    if backup.began_at is None or backup.finished_at is None:
        return None
    return (backup.finished_at - backup.began_at).total_seconds()


def plain(backup: Backup, columns: Iterable[str], viewer: Viewer) -> list[str]:
    """What its row shows in these columns, for a spreadsheet: moments with their second, sizes in bytes, lengths of
    time in seconds."""
    row = backup_row(backup, viewer)
    took = _seconds(backup)
    cells = {
        "made": formats.moment(backup.made_at),
        "machine": row.vm_name,
        "state": row.state,
        "kind": row.kind,
        "size": str(backup.size),
        "took": "" if took is None else f"{took:.1f}",
        "consistency": row.consistency,
        "checked": formats.moment(backup.checked_at) if backup.checked_at else "",
        "by": row.by,
        "target": row.target,
    }
    return [cells[key] for key in columns]
