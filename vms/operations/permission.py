"""Who may do what. Page, API, event stream and worker all ask here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.core.exceptions import PermissionDenied

from vms.models import Grant, Operation, Vm
from vms.models.viewer import Viewer
from vms.rules.actions import Action
from vms.rules.rights import ACTIONS_OF, Right

USE, OPERATE, CREATE, MANAGE, GIVE = "vms.use_vm", "vms.operate_vm", "vms.create_vm", "vms.manage_vm", "vms.give_vm"

PERMISSION_FOR: Mapping[Action, str] = {
    Action.USE: USE,
    Action.START: OPERATE,
    Action.SHUTDOWN: OPERATE,
    Action.POWER_OFF: OPERATE,
    Action.RESET: OPERATE,
    Action.PAUSE: OPERATE,
    Action.PERSISTENT: CREATE,
    Action.STREAM: CREATE,
    Action.DELETE: MANAGE,
    Action.EDIT: MANAGE,
    Action.TOGGLE: MANAGE,
    Action.CLONE: MANAGE,
    Action.MAKE_TEMPLATE: MANAGE,
    Action.USERS: GIVE,
    Action.GROUPS: GIVE,
}
"""What a role must give for it on every machine. Actions that are not here may be done by nobody yet."""


class Permissions:
    """What one person may do, with at most one query for any number of machines."""

    def __init__(self, person: Viewer, machines: Iterable[UUID]) -> None:
        """machines: those that will be asked about, and that this person may see."""
        self._everywhere = actions_everywhere(person)
        self._given = {} if person.has_perm("vms.view_every_vm") else _given(person, machines)

    def on(self, vm: UUID) -> frozenset[Action]:
        """Whatever the machine's state."""
        return self._everywhere | self._given.get(vm, frozenset())


def actions_everywhere(person: Viewer) -> frozenset[Action]:
    """What the role lets this person do on every machine."""
    if not person.has_perm("vms.view_every_vm"):
        return frozenset()
    return frozenset(action for action, permission in PERMISSION_FOR.items() if person.has_perm(permission))


def actions_somewhere(person: Viewer) -> frozenset[Action]:
    """What there can be any machine for at all."""
    if person.has_perm("vms.view_every_vm"):
        return actions_everywhere(person)
    rights = Grant.objects.of(person).filter(vm__deleted_at=None).values_list("right", flat=True).distinct()
    return frozenset().union(*(ACTIONS_OF[Right(right)] for right in rights))


def may(person: Viewer, action: Action, vm: Vm) -> bool:
    """Whether this person has the right to do this to this machine, whatever its state."""
    visible = Vm.objects.all().visible_to(person).filter(pk=vm.pk).exists()
    return visible and action in Permissions(person, [vm.pk]).on(vm.pk)


def may_somewhere(person: Viewer, action: Action) -> bool:
    return action in actions_somewhere(person)


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


def _given(person: Viewer, machines: Iterable[UUID]) -> dict[UUID, frozenset[Action]]:
    given: dict[UUID, frozenset[Action]] = {}
    for vm, right in Grant.objects.of(person).filter(vm__in=list(machines)).values_list("vm_id", "right"):
        given[vm] = given.get(vm, frozenset()) | ACTIONS_OF[Right(right)]
    return given
