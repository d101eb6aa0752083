"""An operation as a row, in "+" and as a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.functional import Promise

from vms import labels
from vms.models import BulkItem, Operation
from vms.models.viewer import Viewer
from vms.operations.permission import may_cancel, sees_every_vm, sees_nodes
from vms.operations.requesting import may_be_cancelled
from vms.rules.actions import Action
from vms.rules.images import ImageFault
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress
from vms.web import formats
from vms.web.presenters.edits import text_of_changes
from vms.web.presenters.hiding import sayable
from vms.web.presenters.journeys import Journey, journey
from vms.web.presenters.migrating import Known, sentences_against
from vms.web.presenters.streams import LimitView, limit_view, stop_url

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
    """node_name, evidence: "" for whoever is told nothing of nodes. look: now, warn, good, bad or off. lasted: how long
    it took, "0.6 s". bulk_url: of the bulk action it is a part of, "" if of none or if nobody has asked. stop_url:
    where it is cancelled after a question, "" if that needs none; limit: how fast it may copy, None if the viewer
    cannot change that; journey: of one that moves its machine."""

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
    problem: str
    evidence: str
    needs_attention: bool
    may_be_cancelled: bool
    may_be_closed: bool
    may_be_acknowledged: bool
    bulk_url: str
    stop_url: str
    limit: LimitView | None
    journey: Journey | None

    @property
    def under_way(self) -> bool:
        """It has not ended."""
        return self.finished_at is None


def operation_rows(operations: Iterable[Operation], viewer: Viewer) -> list[OperationView]:
    """operations: with their vm and node. With the bulk action of each, in one query."""
    operations = list(operations)
    items = BulkItem.objects.filter(operation__in=operations).order_by("pk")
    if not sees_every_vm(viewer):
        items = items.filter(bulk__requested_by=viewer.pk)
    keys = items.values_list("operation_id", "bulk_id")
    bulks = {operation_id: reverse("bulk:page", args=[bulk_id]) for operation_id, bulk_id in keys}
    return [operation_view(operation, viewer, bulks.get(operation.pk, "")) for operation in operations]


def operation_view(operation: Operation, viewer: Viewer, bulk_url: str = "") -> OperationView:
    """operation: with its vm and node, from with_destination()."""
    progress = Progress(operation.progress)
    return OperationView(
        pk=str(operation.pk),
        url=reverse("operations:page", args=[operation.pk]),
        vm_name=operation.vm.display_name,
        vm_url="" if operation.vm.deleted_at else reverse("vms:page", args=[operation.vm_id]),
        vm_key=str(operation.vm_id),
        node_name=operation.node.name if operation.node and sees_nodes(viewer) else "",
        action=str(labels.ACTION[Action(operation.action)]),
        person=operation.requested_by_name or str(labels.THE_PANEL),
        requested_at=operation.requested_at,
        requested_text=formats.clock(operation.requested_at),
        finished_at=operation.finished_at,
        lasted=_lasted(operation),
        progress=_progress_text(operation, progress),
        look=LOOK[progress],
        far=how_far(operation) if progress in UNDER_WAY else HowFar(),
        problem=problem_text(operation, viewer),
        evidence=operation.evidence if sees_nodes(viewer) else "",
        needs_attention=_needs_attention(operation, progress),
        **_may_be(operation, progress, permitted=may_cancel(viewer, operation)),
        bulk_url=bulk_url,
        stop_url=stop_url(operation, viewer),
        limit=limit_view(operation, viewer),
        journey=journey(operation, viewer),
    )


def _needs_attention(operation: Operation, progress: Progress) -> bool:
    return progress in NEEDS_ATTENTION and operation.acknowledged_at is None


def _may_be(operation: Operation, progress: Progress, *, permitted: bool) -> dict[str, bool]:
    is_unread = _needs_attention(operation, progress) and progress is Progress.FAILED
    return {
        "may_be_cancelled": permitted and may_be_cancelled(operation),
        "may_be_closed": permitted and progress is Progress.UNCLEAR,
        "may_be_acknowledged": permitted and is_unread,
    }


def _progress_text(operation: Operation, progress: Progress) -> str:
    is_turned_back = operation.ends_as and operation.finished_at is None
    return str(labels.IS_TAKEN_BACK if is_turned_back else labels.PROGRESS[progress])


def problem_text(operation: Operation, viewer: Viewer) -> str:
    if not operation.problem:
        return ""
    values: dict[str, str] = {
        "vm": operation.vm.display_name,
        "node": operation.node.name if operation.node else "",
        "users": "",
        "person": operation.requested_by_name,
    }
    values |= {name: str(value) for name, value in operation.problem_values.items()}
    if "undone" in operation.problem_values:
        values["changes"] = text_of_changes(operation, operation.problem_values["undone"])
    if operation.problem in {Problem.NO_ROOM_FOR_BACKUP, Problem.NO_ROOM_TO_RESTORE}:
        values |= {name: formats.size(int(values[name])) for name in ("needed", "free")}
    if "why" in values:
        values["why"] = str(labels.IMAGE_FAULT[ImageFault(values["why"])])
    sentence = str(_problem_words(operation)) % sayable(values, viewer)
    return " ".join([sentence, *_against(operation)]) if sees_nodes(viewer) else sentence


def _against(operation: Operation) -> list[str]:
    """What stood against a node that could not take the machine."""
    values = operation.problem_values
    codes = [code for _kind, code in values.get("against", [])]
    if not codes:
        return []
    return sentences_against(operation.vm, codes, Known(int(values["free"]), int(values["size"]), values["networks"]))


def _problem_words(operation: Operation) -> Promise:
    problem = Problem(operation.problem)
    return labels.PROBLEM_OF.get((Action(operation.action), problem)) or labels.PROBLEM[problem]


def _lasted(operation: Operation) -> str:
    if operation.finished_at is None:
        return ""
    return formats.duration((operation.finished_at - operation.requested_at).total_seconds())


def how_far(operation: Operation) -> HowFar:
    return HowFar(
        phase=str(labels.PHASE[Phase(operation.phase)]),
        percent=operation.percent,
        percent_text="" if operation.percent is None else formats.percent(operation.percent),
        pace=_pace(operation),
    )


def _pace(operation: Operation) -> str:
    if not operation.bytes_per_second or operation.ends_as:
        return ""
    rest = seconds_left(operation)
    parts = [formats.speed(operation.bytes_per_second), "" if rest is None else formats.left(rest)]
    return " · ".join(part for part in parts if part)


def seconds_left(operation: Operation) -> float | None:
    """How long it will still take if it goes on as fast as now; None if nobody can tell, or it will not go on."""
    speed, remaining = operation.bytes_per_second, operation.bytes_left
    return remaining / speed if speed and remaining and not operation.ends_as else None
