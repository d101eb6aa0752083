"""What can be done with a backup, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.urls import reverse
from django.utils.functional import Promise

from vms import labels
from vms.models import Backup, Vm
from vms.models.facts import facts_of
from vms.models.keeping import node_for
from vms.models.viewer import Viewer
from vms.operations.permission import Permissions, may_somewhere
from vms.operations.requesting import holder_of
from vms.rules.actions import Action, Slot
from vms.rules.asking import possible
from vms.rules.backups import BackupState
from vms.rules.reasons import Reason
from vms.web.presenters.holding import why_off

KEPT, YES, NO = "kept", "yes", "no"
"""What the form says of a backup that is to be kept for good, or no longer."""


@dataclass(frozen=True, slots=True)
class BackupButton:
    """key: its name on the page. why_off: a sentence, "" if it can be pressed. leads: to a page of its own; asks: to a
    question first; else it acts at once. field, value: what it says, "" for nothing."""

    key: str
    label: str
    icon: str
    url: str
    why_off: str = ""
    danger: bool = False
    leads: bool = False
    asks: bool = False
    field: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class _Kind:
    action: Action
    label: Promise
    icon: str
    leads: bool = False
    asks: bool = False
    danger: bool = False


_KINDS: Mapping[str, _Kind] = {
    "restore": _Kind(Action.RESTORE, labels.RESTORE_BUTTON, "redo", leads=True),
    "restore_as_new": _Kind(Action.RESTORE_AS_NEW, labels.RESTORE_AS_NEW_BUTTON, "vm", leads=True),
    "check": _Kind(Action.CHECK_BACKUP, labels.CHECK_BUTTON, "check"),
    "keep": _Kind(Action.BACK_UP, labels.KEEP_BUTTON, "lock"),
    "delete": _Kind(Action.DELETE_BACKUP, labels.DELETE_BUTTON, "trash", asks=True, danger=True),
}
"""By the name of the address."""


def backup_buttons(backup: Backup, viewer: Viewer, *, can_be_restored: bool) -> list[BackupButton]:
    """None of those that this person may never press. backup: with its vm, target and node."""
    if not may_somewhere(viewer, Action.DELETE_BACKUP):
        return []
    vm = Vm.objects.with_operations_under_way().get(pk=backup.vm_id)
    permitted = Permissions(viewer, [vm.pk]).on(vm.pk)
    against = _against(backup, vm, viewer, can_be_restored=can_be_restored)
    return [
        _button(backup, name, why if _KINDS[name].action in permitted else str(labels.REASON[Reason.NOT_PERMITTED]))
        for name, why in against.items()
    ]


def _button(backup: Backup, name: str, why_off: str) -> BackupButton:
    kind = _KINDS[name]
    button = BackupButton(
        key=f"why-{name}",
        label=str(kind.label),
        icon=kind.icon,
        url=reverse(f"backups:{name}", args=[backup.pk]),
        why_off=why_off,
        danger=kind.danger,
        leads=kind.leads,
        asks=kind.asks,
    )
    return _turned(button, kept=backup.kept) if name == "keep" else button


def _turned(button: BackupButton, *, kept: bool) -> BackupButton:
    """It says the opposite of what is."""
    label = labels.KEEP_NO_LONGER_BUTTON if kept else labels.KEEP_BUTTON
    return replace(button, label=str(label), field=KEPT, value=NO if kept else YES)


def _against(backup: Backup, vm: Vm, viewer: Viewer, *, can_be_restored: bool) -> dict[str, str]:
    """Of each button, a sentence or "". What cannot be at all, as a return into a machine that was deleted, is not
    among them."""
    files = _against_files(backup)
    reading = files if can_be_restored else str(labels.REASON[Reason.BACKUP_UNUSABLE])
    work = _against_work(vm, viewer) or files
    in_place = {} if vm.deleted_at else {"restore": reading or _against_restoring(vm, viewer)}
    return {**in_place, "restore_as_new": reading, "check": work, "keep": "", "delete": work}


def _against_files(backup: Backup) -> str:
    if backup.state == BackupState.GOING:
        return str(labels.BACKUP_IS_GOING)
    return "" if node_for(backup.target, backup.node) else str(labels.REASON[Reason.TARGET_OUT_OF_REACH])


def _against_work(vm: Vm, viewer: Viewer) -> str:
    """There is one place for work with the backups of a machine."""
    busy = next((each for each in vm.under_way if each.slot == Slot.BACKUPS), None)
    return why_off(Reason.BACKUPS_BUSY, busy, vm, viewer) if busy else ""


def _against_restoring(vm: Vm, viewer: Viewer) -> str:
    reason = possible(facts_of(vm, vm.under_way), Action.RESTORE).reason
    return why_off(reason, holder_of(vm.under_way, Action.RESTORE), vm, viewer) if reason else ""
