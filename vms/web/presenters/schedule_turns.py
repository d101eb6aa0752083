"""What has become of each machine in the runs of a schedule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.models import BackupTurn, Operation
from vms.models.viewer import Viewer
from vms.rules.backups import Missed
from vms.rules.progress import Progress
from vms.rules.reasons import Reason
from vms.web import formats
from vms.web.presenters.operations import OperationView, operation_view

OUTCOMES: Mapping[str, Q] = {
    "waiting": Q(operation=None, finished_at=None),
    "running": Q(operation__progress__in=[Progress.QUEUED, Progress.WORKING]),
    "done": Q(operation__progress=Progress.SUCCEEDED),
    "failed": Q(operation__progress__in=[Progress.FAILED, Progress.UNCLEAR]),
    "cancelled": Q(operation__progress=Progress.CANCELLED),
    "missed": Q(operation=None, finished_at__isnull=False),
}
"""Conditions on BackupTurn; each turn meets exactly one."""

OUTCOME_LABEL: Mapping[str, Promise] = {
    "waiting": pgettext_lazy("machines in a run of a schedule", "Waiting"),
    "running": pgettext_lazy("machines in a run of a schedule", "Being backed up"),
    "done": pgettext_lazy("machines in a run of a schedule", "Backed up"),
    "failed": pgettext_lazy("machines in a run of a schedule", "Failed"),
    "cancelled": pgettext_lazy("machines in a run of a schedule", "Cancelled"),
    "missed": pgettext_lazy("machines in a run of a schedule", "Missed"),
}
BAD = frozenset({"failed", "missed"})
FROM_THEN_ON = pgettext_lazy("a machine that is to be backed up by a schedule", "from %(time)s on")
NODE_IS_BUSY = pgettext_lazy("a machine that is to be backed up by a schedule", "when others on its node are done")


@dataclass(frozen=True, slots=True)
class TurnView:
    """operation: which backs it up, None if there is none; then `text` says how things are. note: why, or when."""

    pk: str
    run_at: datetime
    run_text: str
    vm_name: str
    vm_url: str
    operation: OperationView | None
    text: str
    look: str
    note: str


def turn_views(turns: Iterable[BackupTurn], viewer: Viewer) -> list[TurnView]:
    """turns: with their vm. One query more, however many."""
    turns = list(turns)
    keys = [turn.operation_id for turn in turns if turn.operation_id]
    operations = Operation.objects.all().with_destination().select_related("vm", "node").in_bulk(keys)
    return [_turn_view(turn, operations.get(turn.operation_id or 0), viewer) for turn in turns]


def count_outcomes(turns: QuerySet[BackupTurn]) -> dict[str, int]:
    wanted = {key: Count("pk", filter=condition) for key, condition in OUTCOMES.items()}
    return {key: int(count) for key, count in turns.order_by().aggregate(**wanted).items()}


def _turn_view(turn: BackupTurn, operation: Operation | None, viewer: Viewer) -> TurnView:
    waits = turn.finished_at is None
    return TurnView(
        pk=str(turn.pk),
        run_at=turn.run_at,
        run_text=formats.clock(turn.run_at),
        vm_name=turn.vm.display_name,
        vm_url="" if turn.vm.deleted_at else reverse("vms:page", args=[turn.vm_id]),
        operation=operation_view(operation, viewer) if operation else None,
        text=str(OUTCOME_LABEL["waiting" if waits else "missed"]),
        look="off" if waits else "bad",
        note=_note(turn) if operation is None else "",
    )


def _note(turn: BackupTurn) -> str:
    if turn.refusal in set(Missed):
        return str(labels.MISSED[Missed(turn.refusal)])
    if turn.refusal in set(Reason):
        return str(labels.REASON[Reason(turn.refusal)])
    if turn.finished_at or turn.not_before <= timezone.now():
        return "" if turn.finished_at else str(NODE_IS_BUSY)
    return str(FROM_THEN_ON) % {"time": formats.clock(turn.not_before)}
