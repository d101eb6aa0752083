"""A machine that is no more."""

from __future__ import annotations

from dataclasses import dataclass

from vms import labels
from vms.models import Backup, Operation, Vm
from vms.models.viewer import Viewer
from vms.rules.actions import Action
from vms.web import formats
from vms.web.presenters.backups import backups_of
from vms.web.presenters.hiding import node_name


@dataclass(frozen=True, slots=True)
class BackupsLeft:
    """That it has backups, in a sentence, and where they are listed."""

    text: str
    url: str


def backups_left(vm: Vm, viewer: Viewer) -> BackupsLeft | None:
    """None if there are none, or none that the viewer may see."""
    count = Backup.objects.all().visible_to(viewer).shown().filter(vm=vm.pk).count()
    return BackupsLeft(str(labels.BACKUPS_STAY % {"count": count}), backups_of(vm)) if count else None


def how_it_was_deleted(vm: Vm, viewer: Viewer) -> str:
    """By whom, when and from where; "" if nobody knows any more. vm: with its node."""
    operation = Operation.objects.filter(vm=vm, action=Action.DELETE).first()
    if operation is None or vm.deleted_at is None:
        return ""
    return str(labels.VM_DELETED_BY) % {
        "person": operation.requested_by_name or labels.THE_PANEL,
        "node": node_name(vm.node, viewer),
        "since": formats.clock(vm.deleted_at),
    }
