"""What people write about a machine. It is the panel's own, and nothing of it reaches the node."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from vms.models import Operation, Vm
from vms.models.viewer import Viewer
from vms.operations.announcing import announce
from vms.operations.auditing import about_vm, noting_refusals, write
from vms.operations.permission import may_describe
from vms.operations.promising import ActionRefused, held, holder_of
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Request
from vms.rules.progress import Progress
from vms.rules.reasons import Reason


def write_notes(vm: Vm, text: str, *, by: Viewer) -> None:
    """vm: one that this person may see."""
    with noting_refusals(Request.NOTES, about_vm(vm), by=by), transaction.atomic():
        _require_may_describe(by)
        Vm.objects.filter(pk=vm.pk).update(notes=text)
        write(Request.NOTES, about_vm(vm), Outcome.ACCEPTED, by=by)
        announce(("vm", str(vm.pk)))


def protect(vm: Vm, on: bool, *, by: Viewer) -> None:  # noqa: FBT001 -- it reads as "protect it: on"
    """Nobody can delete it while this is on. Nothing happens if it is so already. ActionRefused if it comes too late:
    it is just being deleted. vm: one that this person may see."""
    request = Request.PROTECT if on else Request.UNPROTECT
    with noting_refusals(request, about_vm(vm), by=by), transaction.atomic():
        _require_may_describe(by)
        vm, under_way = held(vm)
        _require_is_not_being_deleted(under_way)
        if vm.protected != on:
            Vm.objects.filter(pk=vm.pk).update(protected=on)
            write(request, about_vm(vm), Outcome.ACCEPTED, by=by)
            announce(("vm", str(vm.pk)))


def _require_may_describe(person: Viewer) -> None:
    if not may_describe(person):
        raise PermissionDenied


def _require_is_not_being_deleted(under_way: list[Operation]) -> None:
    """One that has not begun looks at the protection when it does: see vms.operations.performing."""
    if any(each.action == Action.DELETE and each.progress != Progress.QUEUED for each in under_way):
        raise ActionRefused(Action.EDIT, Reason.IS_DELETING, holder_of(under_way, Action.DELETE))
