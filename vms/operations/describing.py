"""What people write about a machine. It is the panel's own, and nothing of it reaches the node."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from vms.models import Vm
from vms.models.viewer import Viewer
from vms.operations.announcing import announce
from vms.operations.auditing import about_vm, noting_refusals, write
from vms.operations.permission import may_describe
from vms.rules.audit import Outcome, Request


def write_notes(vm: Vm, text: str, *, by: Viewer) -> None:
    """vm: one that this person may see."""
    with noting_refusals(Request.NOTES, about_vm(vm), by=by), transaction.atomic():
        if not may_describe(by):
            raise PermissionDenied
        Vm.objects.filter(pk=vm.pk).update(notes=text)
        write(Request.NOTES, about_vm(vm), Outcome.ACCEPTED, by=by)
        announce(("vm", str(vm.pk)))
