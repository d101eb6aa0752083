"""A person asks the same of many machines. It is written down here; a worker then asks it of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction

from vms.models import Bulk, BulkItem, Operation, Vm
from vms.models.facts import facts_of
from vms.models.viewer import Viewer
from vms.operations.permission import may_somewhere
from vms.operations.promising import holder_of
from vms.operations.tasks import ring_bulk_after_commit
from vms.rules.actions import Action
from vms.rules.asking import already_so, possible
from vms.rules.reasons import Reason

ROWS_IN_ONE_INSERT = 1000


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of a machine. reason: why it is refused, None if it is not; holder: what stands in the way."""

    vm: Vm
    reason: Reason | None
    holder: Operation | None


def plan(machines: Iterable[Vm], action: Action) -> list[Planned]:
    """machines: from with_operations_under_way()."""
    return [_planned(vm, action) for vm in machines]


def _planned(vm: Vm, action: Action) -> Planned:
    reason = possible(facts_of(vm, vm.under_way), action).reason
    return Planned(vm, reason, holder_of(vm.under_way, action) if reason else None)


def request_bulk(action: Action, planned: Sequence[Planned], *, key: UUID, by: Viewer) -> Bulk:
    """Promise to ask it of each that is not refused; the refused are remembered with their reason.

    The bulk returned may be an earlier one, if this is a second submission of the same."""
    if not may_somewhere(by, action):
        raise PermissionDenied
    asked_by = {"requested_by_id": by.pk, "requested_by_name": str(by)}
    with transaction.atomic():
        bulk, is_new = Bulk.objects.get_or_create(request_key=key, defaults={"action": action, **asked_by})
        if is_new:
            BulkItem.objects.bulk_create((_item(bulk, one) for one in planned), batch_size=ROWS_IN_ONE_INSERT)
            ring_bulk_after_commit(bulk.pk)
    if bulk.requested_by_id != by.pk:
        raise PermissionDenied
    return bulk


def _item(bulk: Bulk, planned: Planned) -> BulkItem:
    holder = str(planned.holder.pk) if planned.holder else ""
    return BulkItem(bulk=bulk, vm=planned.vm, refusal=planned.reason or "", refused_for=holder)


def nothing_to_do(action: Action) -> frozenset[Reason]:
    """The reasons for which a machine is refused only because it is already so."""
    return frozenset(reason for reason in Reason if already_so(action, reason))
