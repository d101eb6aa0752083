"""An operation as a row, in "+" and as a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from vms import labels
from vms.models import BulkItem, Operation
from vms.models.viewer import Viewer
from vms.operations.permission import may_cancel
from vms.operations.requesting import may_be_cancelled
from vms.rules.actions import Action
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress
from vms.web import formats

LOOK: Mapping[Progress, str] = {
    Progress.QUEUED: "now",
    Progress.WORKING: "now",
    Progress.UNCLEAR: "warn",
    Progress.SUCCEEDED: "good",
    Progress.FAILED: "bad",
    Progress.CANCELLED: "off",
}

UNDER_WAY = frozenset({Progress.QUEUED, Progress.WORKING})
NEEDS_ATTENTION = frozenset({Progress.FAILED, Progress.UNCLEAR})


@dataclass(frozen=True, slots=True)
class HowFar:
    """Of an operation under way; empty of one that is not. pace: "60 MiB/s · 2 min left", "" if nobody can tell."""

    phase: str = ""
    percent: float | None = None
    percent_text: str = ""
    pace: str = ""


@dataclass(frozen=True, slots=True)
class OperationView:
    """look: now, warn, good, bad or off. lasted: how long it took, "0.6 s". under_way: it has not ended. bulk_url: of
    the bulk action it is a part of, "" if of none or if nobody has asked."""

    pk: str
    url: str
    vm_name: str
    vm_url: str
    vm_key: str
    node_name: str
    action: str
    person: str
    requested_at: datetime
    requested_text: str
    finished_at: datetime | None
    lasted: str
    progress: str
    look: str
    far: HowFar
    under_way: bool
    problem: str
    evidence: str
    needs_attention: bool
    may_be_cancelled: bool
    may_be_closed: bool
    may_be_acknowledged: bool
    bulk_url: str


def operation_rows(operations: Iterable[Operation], viewer: Viewer) -> list[OperationView]:
    """operations: with their vm and node. With the bulk action of each, in one query."""
    operations = list(operations)
    items = BulkItem.objects.filter(operation__in=operations).order_by("pk").values_list("operation_id", "bulk_id")
    bulks = {operation_id: reverse("bulk:page", args=[bulk_id]) for operation_id, bulk_id in items}
    return [operation_view(operation, viewer, bulks.get(operation.pk, "")) for operation in operations]


def operation_view(operation: Operation, viewer: Viewer, bulk_url: str = "") -> OperationView:
    """operation: with its vm and node."""
    progress = Progress(operation.progress)
    permitted = may_cancel(viewer, operation)
    open_failure = progress in NEEDS_ATTENTION and operation.acknowledged_at is None
    return OperationView(
        pk=str(operation.pk),
        url=reverse("operations:page", args=[operation.pk]),
        vm_name=operation.vm.display_name,
        vm_url="" if operation.vm.deleted_at else reverse("vms:page", args=[operation.vm_id]),
        vm_key=str(operation.vm_id),
        node_name=operation.node.name if operation.node else "",
        action=str(labels.ACTION[Action(operation.action)]),
        person=operation.requested_by_name or str(labels.THE_PANEL),
        requested_at=operation.requested_at,
        requested_text=formats.clock(operation.requested_at),
        finished_at=operation.finished_at,
        lasted=_lasted(operation),
        progress=str(labels.PROGRESS[progress]),
        look=LOOK[progress],
        far=_how_far(operation) if progress in UNDER_WAY else HowFar(),
        under_way=operation.finished_at is None,
        problem=problem_text(operation),
        evidence=operation.evidence,
        needs_attention=open_failure,
        may_be_cancelled=permitted and may_be_cancelled(operation),
        may_be_closed=permitted and progress is Progress.UNCLEAR,
        may_be_acknowledged=open_failure and progress is Progress.FAILED,
        bulk_url=bulk_url,
    )


def problem_text(operation: Operation) -> str:
    if not operation.problem:
        return ""
    values: dict[str, str] = {
        "vm": operation.vm.display_name,
        "node": operation.node.name if operation.node else "",
        "users": "",
        "person": operation.requested_by_name,
    }
    values |= operation.problem_values
    return str(labels.PROBLEM[Problem(operation.problem)]) % values


def _lasted(operation: Operation) -> str:
    if operation.finished_at is None:
        return ""
    return formats.duration((operation.finished_at - operation.requested_at).total_seconds())


def _how_far(operation: Operation) -> HowFar:
    return HowFar(
        phase=str(labels.PHASE[Phase(operation.phase)]),
        percent=operation.percent,
        percent_text="" if operation.percent is None else formats.percent(operation.percent),
        pace=_pace(operation),
    )


def _pace(operation: Operation) -> str:
    speed, remaining = operation.bytes_per_second, operation.bytes_left
    if not speed:
        return ""
    parts = [formats.speed(speed), formats.left(remaining / speed) if remaining else ""]
    return " · ".join(part for part in parts if part)
