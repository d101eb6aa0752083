"""People say what is to become of a machine that two nodes know."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction

from vms.models import Double, Node, Operation, Vm
from vms.models.viewer import Viewer
from vms.operations.announcing import announce
from vms.operations.auditing import about_vm, noting_refusals, write
from vms.operations.dropping import Ending, against, promise_ending
from vms.operations.permission import may
from vms.operations.settling import settle
from vms.operations.tasks import ring_after_commit
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Request, Why

__all__ = ["Ending", "against", "disregard", "request_ending"]


def request_ending(vm: Vm, ending: Ending, *, by: Viewer) -> Operation:
    """Promise to end what one of the nodes has of it. ActionRefused."""
    with noting_refusals(ending.action, about_vm(vm), by=by), transaction.atomic():
        operation = promise_ending(vm, ending, by=by)
        ring_after_commit(operation.pk)
    return operation


def disregard(vm: Vm, node: Node, *, by: Viewer) -> bool:
    """A node that does not answer will not come back with it: from now on that does not count. Should it be there all
    the same, it is found anew. False if the node answers by now, or had nothing."""
    with noting_refusals(Request.DISREGARD_DOUBLE, about_vm(vm), by=by), transaction.atomic():
        if not may(by, Action.FORGET_DOUBLE, vm):
            raise PermissionDenied
        gone, _counts = Double.objects.filter(vm=vm, node=node, node__reachable=False).delete()
        outcome, reason = (Outcome.ACCEPTED, "") if gone else (Outcome.REFUSED, Why.TOO_LATE)
        write(Request.DISREGARD_DOUBLE, about_vm(vm), outcome, by=by, reason=reason, values={"there": node.name})
        settle(vm.uuid)
        announce(("node", str(node.pk)))
    return bool(gone)
