"""What people write about a machine. It is the panel's own, and nothing of it reaches the node."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from vms.models import Vm
from vms.models.viewer import Viewer
from vms.operations.announcing import announce
from vms.operations.permission import may_describe


def write_notes(vm: Vm, text: str, *, by: Viewer) -> None:
    """vm: one that this person may see."""
    if not may_describe(by):
        raise PermissionDenied
    with transaction.atomic():
        Vm.objects.filter(pk=vm.pk).update(notes=text)
        announce(("vm", str(vm.pk)))
