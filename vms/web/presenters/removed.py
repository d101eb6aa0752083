"""A machine that is no more."""

from __future__ import annotations

from vms import labels
from vms.models import Operation, Vm
from vms.models.viewer import Viewer
from vms.rules.actions import Action
from vms.web import formats
from vms.web.presenters.hiding import node_name


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
