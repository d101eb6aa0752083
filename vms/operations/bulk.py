"""A person asks the same of many machines. It is written down here; a worker then asks it of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction

from vms.models import AuditLine, Bulk, BulkItem, Operation, Vm
from vms.models.facts import facts_of
from vms.models.viewer import Viewer
from vms.operations.auditing import PANEL, about_vm, asked_by, keep, line_of, noting_refusals, write
from vms.operations.permission import Permissions, allowed, may_somewhere
from vms.operations.promising import holder_of
from vms.operations.tasks import ring_bulk_after_commit
from vms.rules.actions import Action
from vms.rules.asking import already_so
from vms.rules.audit import Outcome
from vms.rules.reasons import Reason

ROWS_IN_ONE_INSERT = 1000


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of a machine. reason: why it is refused, None if it is not; holder: what stands in the way."""

    vm: Vm
    reason: Reason | None
    holder: Operation | None


def plan(machines: Iterable[Vm], action: Action, *, by: Viewer) -> list[Planned]:
    """machines: from with_operations_under_way(), such as this person may see."""
    machines = list(machines)
    permissions = Permissions(by, [vm.pk for vm in machines])
    return [_planned(vm, action, permissions) for vm in machines]


def _planned(vm: Vm, action: Action, permissions: Permissions) -> Planned:
    reason = allowed(permissions.on(vm.pk), facts_of(vm, vm.under_way), action).reason
    return Planned(vm, reason, holder_of(vm.under_way, action) if reason else None)


def request_bulk(action: Action, planned: Sequence[Planned], *, key: UUID, by: Viewer) -> Bulk:
    """Promise to ask it of each that is not refused; the refused are remembered with their reason.

    The bulk returned may be an earlier one, if this is a second submission of the same."""
    with noting_refusals(action, PANEL, by=by), transaction.atomic():
        if not may_somewhere(by, action):
            raise PermissionDenied
        bulk, is_new = Bulk.objects.get_or_create(request_key=key, defaults={"action": action, **asked_by(by)})
        if bulk.requested_by_id != by.pk:
            raise PermissionDenied
        if is_new:
            _promise(bulk, planned, by)
    return bulk


def _promise(bulk: Bulk, planned: Sequence[Planned], by: Viewer) -> None:
    BulkItem.objects.bulk_create((_item(bulk, one) for one in planned), batch_size=ROWS_IN_ONE_INSERT)
    write(bulk.action, PANEL, Outcome.ACCEPTED, by=by, values={"bulk": bulk.pk, "machines": len(planned)})
    keep([_refused(bulk, one, by) for one in planned if one.reason])
    ring_bulk_after_commit(bulk.pk)


def _refused(bulk: Bulk, planned: Planned, by: Viewer) -> AuditLine:
    return line_of(bulk.action, about_vm(planned.vm), Outcome.REFUSED, by=by, reason=planned.reason or "")


def _item(bulk: Bulk, planned: Planned) -> BulkItem:
    holder = str(planned.holder.pk) if planned.holder else ""
    return BulkItem(bulk=bulk, vm=planned.vm, refusal=planned.reason or "", refused_for=holder)


def nothing_to_do(action: Action) -> frozenset[Reason]:
    """The reasons for which a machine is refused only because it is already so."""
    return frozenset(reason for reason in Reason if already_so(action, reason))
