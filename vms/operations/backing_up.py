"""A person wants a machine to be backed up, or something to be done with a backup, and now at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from vms.models import Backup, Operation, Vm
from vms.models.viewer import Viewer
from vms.operations.announcing import announce
from vms.operations.auditing import about_vm, noting_refusals, write
from vms.operations.backups import BackupOrder, promise_backup, promise_check, promise_deletion
from vms.operations.permission import require_may_with_backup
from vms.operations.promising import ActionRefused
from vms.operations.tasks import ring_after_commit
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Request

__all__ = [
    "ActionRefused",
    "BackupOrder",
    "request_backup",
    "request_check",
    "request_deletion",
    "set_kept",
    "set_notes",
]


def request_backup(vm: Vm, order: BackupOrder, *, by: Viewer) -> Operation:
    """Promise to make one. ActionRefused. The operation may be an earlier one, if this is a second submission of the
    same."""
    with noting_refusals(Action.BACK_UP, about_vm(vm), by=by), transaction.atomic():
        operation = promise_backup(vm, order, by=by)
        ring_after_commit(operation.pk)
    return operation


def request_check(backup: Backup, *, by: Viewer) -> Operation:
    """Promise to verify it. ActionRefused."""
    with noting_refusals(Action.CHECK_BACKUP, about_vm(backup.vm), by=by), transaction.atomic():
        operation = promise_check(backup, by=by)
        ring_after_commit(operation.pk)
    return operation


def request_deletion(backups: Sequence[Backup], *, by: Viewer) -> Operation:
    """Promise to delete these of one machine, all or none: those that stand on others before them. ActionRefused."""
    with noting_refusals(Action.DELETE_BACKUP, about_vm(backups[0].vm), by=by), transaction.atomic():
        operation = promise_deletion(backups, by=by)
        ring_after_commit(operation.pk)
    return operation


def set_kept(backup: Backup, kept: bool, *, by: Viewer) -> None:  # noqa: FBT001 -- it reads as "kept: yes"
    """No schedule deletes it while this is set. Nothing happens if it is so already."""
    _change(Request.KEEP_BACKUP if kept else Request.KEEP_BACKUP_NO_LONGER, backup, by, kept=kept)


def set_notes(backup: Backup, notes: str, *, by: Viewer) -> None:
    _change(Request.BACKUP_NOTES, backup, by, notes=notes)


def _change(request: Request, backup: Backup, by: Viewer, **changes: Any) -> None:
    about = about_vm(backup.vm)
    with noting_refusals(request, about, by=by), transaction.atomic():
        require_may_with_backup(by, Action.BACK_UP, backup)
        if Backup.objects.filter(pk=backup.pk).exclude(**changes).update(**changes):
            write(request, about, Outcome.ACCEPTED, by=by, values={"backup": backup.stem})
            announce(("backup", str(backup.pk)), ("vm", str(backup.vm_id)))
