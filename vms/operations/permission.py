"""Who may do what. Page, API, event stream and worker all ask here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import starmap
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef

from vms.models import Backup, Grant, Operation, Vm
from vms.models.grant import MACHINE
from vms.models.operation import OperationQuerySet
from vms.models.viewer import Viewer
from vms.rules.actions import Action
from vms.rules.asking import possible
from vms.rules.matrix import Verdict
from vms.rules.pools import PoolKind
from vms.rules.reasons import Reason
from vms.rules.rights import Right, actions_by
from vms.rules.status import Facts

SEE = "vms.view_every_vm"
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
    Action.MIGRATE: MANAGE,
    Action.EDIT: MANAGE,
    Action.TOGGLE: MANAGE,
    Action.CLONE: MANAGE,
    Action.MAKE_TEMPLATE: MANAGE,
    Action.BACK_UP: MANAGE,
    Action.RESTORE: MANAGE,
    Action.RESTORE_AS_NEW: MANAGE,
    Action.CHECK_BACKUP: MANAGE,
    Action.DELETE_BACKUP: MANAGE,
    Action.FORGET_DOUBLE: MANAGE,
    Action.END_DOUBLE: MANAGE,
    Action.DYNAMIC: MANAGE,
    Action.PROVIDE: MANAGE,
    Action.SEAL: MANAGE,
    Action.ACTIVATE: MANAGE,
    Action.MOVE_TO_POOL: MANAGE,
    Action.USERS: GIVE,
    Action.GROUPS: GIVE,
}
"""What a role must give for it on every machine. Actions that are not here may be done by nobody yet."""


class Permissions:
    """What one person may do, with at most one query for any number of machines."""

    def __init__(self, person: Viewer, machines: Iterable[UUID]) -> None:
        """machines: those that will be asked about, and that this person may see."""
        self._everywhere = actions_everywhere(person)
        self._given = {} if sees_every_vm(person) else _given(person, machines)

    def on(self, vm: UUID) -> frozenset[Action]:
        """Whatever the machine's state."""
        return self._everywhere | self._given.get(vm, frozenset())


def actions_everywhere(person: Viewer) -> frozenset[Action]:
    """What the role lets this person do on every machine."""
    if not sees_every_vm(person):
        return frozenset()
    return frozenset(action for action, permission in PERMISSION_FOR.items() if person.has_perm(permission))


def actions_somewhere(person: Viewer) -> frozenset[Action]:
    """What there can be any machine for at all."""
    if sees_every_vm(person):
        return actions_everywhere(person)
    there = Exists(Vm.objects.all().present().filter(pk=OuterRef(MACHINE)))
    mine = Grant.objects.counting_for(person).filter(there)
    return frozenset().union(*starmap(actions_given, mine.values_list("right", "pool__kind").distinct()))


def allowed(permitted: frozenset[Action], facts: Facts, action: Action) -> Verdict:
    """Whether it can be asked now, by somebody who may do no more than what is permitted on this machine."""
    if action not in permitted:
        return Verdict(allowed=False, reason=Reason.NOT_PERMITTED)
    return possible(facts, action)


def may(person: Viewer, action: Action, vm: Vm) -> bool:
    """Whether this person has the right to do this to this machine, whatever its state."""
    visible = Vm.objects.all().visible_to(person).filter(pk=vm.pk).exists()
    return visible and action in Permissions(person, [vm.pk]).on(vm.pk)


def may_somewhere(person: Viewer, action: Action) -> bool:
    return action in actions_somewhere(person)


def sees_every_vm(person: Viewer) -> bool:
    return person.has_perm(SEE)


def sees_nodes(person: Viewer) -> bool:
    """Others are told neither a node's name nor what lies on it."""
    return person.has_perm("vms.view_node")


def may_make(person: Viewer) -> bool:
    """Whether this person may make machines out of nothing."""
    return person.has_perm(MANAGE)


def may_cancel(person: Viewer, operation: Operation) -> bool:
    """Whether this person may end it and answer for its failure. operation: one that this person may see."""
    mine = person.pk is not None and operation.requested_by_id == person.pk
    return mine or _operates_everywhere(person)


def to_look_after(operations: OperationQuerySet, person: Viewer) -> OperationQuerySet:
    """Those of them that this person may end and answer for. operations: such as this person may see."""
    return operations if _operates_everywhere(person) else operations.of(person)


def _operates_everywhere(person: Viewer) -> bool:
    return sees_every_vm(person) and person.has_perm(OPERATE)


def may_describe(person: Viewer) -> bool:
    """Whether this person may write notes about machines, those that they may see."""
    return person.has_perm(MANAGE)


def may_manage_nodes(person: Viewer) -> bool:
    return person.has_perm("vms.add_node")


def may_read_audit(person: Viewer) -> bool:
    """Whether this person may read who asked for what, of all machines and people."""
    return person.has_perm("vms.view_auditline")


def require_may(person: Viewer, action: Action, vm: Vm) -> None:
    if not may(person, action, vm):
        raise PermissionDenied


def may_with_backup(person: Viewer, action: Action, backup: Backup) -> bool:
    """Whether this person has the right to do this with a backup, also with one of a machine that was deleted."""
    visible = Backup.objects.all().visible_to(person).filter(pk=backup.pk).exists()
    return visible and action in Permissions(person, [backup.vm_id]).on(backup.vm_id)


def require_may_with_backup(person: Viewer, action: Action, backup: Backup) -> None:
    if not may_with_backup(person, action, backup):
        raise PermissionDenied


def require_may_manage_nodes(person: Viewer) -> None:
    if not may_manage_nodes(person):
        raise PermissionDenied


def require_may_make(person: Viewer) -> None:
    if not may_make(person):
        raise PermissionDenied


def require_may_cancel(person: Viewer, operation: Operation) -> None:
    visible = Operation.objects.all().visible_to(person).filter(pk=operation.pk).exists()
    if not (visible and may_cancel(person, operation)):
        raise PermissionDenied


def _given(person: Viewer, machines: Iterable[UUID]) -> dict[UUID, frozenset[Action]]:
    given: dict[UUID, frozenset[Action]] = {}
    counting = Grant.objects.counting_for(person).filter(**{f"{MACHINE}__in": list(machines)})
    for vm, right, pool_kind in counting.values_list(MACHINE, "right", "pool__kind"):
        given[vm] = given.get(vm, frozenset()) | actions_given(right, pool_kind)
    return given


def actions_given(right: str, pool_kind: str | None) -> frozenset[Action]:
    """What a right lets people do on the machines on which it counts for them. pool_kind: of the pool that it is on,
    None if it is on a machine."""
    return actions_by(Right(right), is_ones_own=pool_kind == PoolKind.DYNAMIC)
