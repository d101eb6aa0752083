"""Who may do what. Page, API, event stream and worker all ask here."""

from collections.abc import Mapping

from django.core.exceptions import PermissionDenied

from vms.models import Operation, Vm
from vms.models.viewer import Viewer
from vms.rules.actions import Action

OPERATE, MANAGE = "vms.operate_vm", "vms.manage_vm"

RIGHT_FOR: Mapping[Action, str] = {
    Action.START: OPERATE,
    Action.SHUTDOWN: OPERATE,
    Action.POWER_OFF: OPERATE,
    Action.RESET: OPERATE,
    Action.PAUSE: OPERATE,
    Action.DELETE: MANAGE,
    Action.EDIT: MANAGE,
    Action.TOGGLE: MANAGE,
    Action.PERSISTENT: MANAGE,
    Action.CLONE: MANAGE,
    Action.MAKE_TEMPLATE: MANAGE,
    Action.STREAM: MANAGE,
}
"""Actions that are not here may be done by nobody yet."""


def may(person: Viewer, action: Action, vm: Vm) -> bool:
    """Whether this person has the right to do this to this machine, whatever its state."""
    return may_somewhere(person, action) and Vm.objects.all().visible_to(person).filter(pk=vm.pk).exists()


def may_somewhere(person: Viewer, action: Action) -> bool:
    """Whether there can be any machine at all to which this person may do this."""
    right = RIGHT_FOR.get(action)
    return right is not None and person.has_perm(right)


def may_make(person: Viewer) -> bool:
    """Whether this person may make machines out of nothing."""
    return person.has_perm(MANAGE)


def may_cancel(person: Viewer, operation: Operation) -> bool:
    mine = person.pk is not None and operation.requested_by_id == person.pk
    return mine or person.has_perm(OPERATE)


def may_describe(person: Viewer) -> bool:
    """Whether this person may write notes about machines, those that they may see."""
    return person.has_perm(MANAGE)


def may_manage_nodes(person: Viewer) -> bool:
    return person.has_perm("vms.add_node")


def require_may(person: Viewer, action: Action, vm: Vm) -> None:
    if not may(person, action, vm):
        raise PermissionDenied
