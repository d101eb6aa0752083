"""What came of a bulk: as a whole, and machine by machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.models import Bulk, BulkItem, Operation
from vms.models.viewer import Viewer
from vms.operations.bulk import nothing_to_do
from vms.operations.permission import sees_nodes
from vms.rules.actions import Action
from vms.rules.progress import Progress, percent
from vms.rules.reasons import Reason
from vms.web import formats
from vms.web.presenters.holding import why_off
from vms.web.presenters.operations import OperationView, operation_view

OUTCOME_LABEL: Mapping[str, Promise] = {
    "waiting": pgettext_lazy("machines of a bulk action", "Waiting"),
    "running": pgettext_lazy("machines of a bulk action", "Under way"),
    "done": pgettext_lazy("machines of a bulk action", "Done"),
    "already": pgettext_lazy("machines of a bulk action", "Nothing to do"),
    "refused": pgettext_lazy("machines of a bulk action", "Refused"),
    "failed": pgettext_lazy("machines of a bulk action", "Failed"),
    "cancelled": pgettext_lazy("machines of a bulk action", "Cancelled"),
}
BAD = frozenset({"refused", "failed"})
NOT_ENDED = frozenset({"waiting", "running"})


NEVER_ASKED = Q(refusal=Reason.ASKING_FAILED)


def outcomes(action: Action) -> Mapping[str, Q]:
    """Conditions on BulkItem; each item meets exactly one."""
    idle = list(nothing_to_do(action))
    return {
        "waiting": Q(operation=None, refusal="", bulk__all_asked_at=None),
        "running": Q(operation__progress__in=[Progress.QUEUED, Progress.WORKING]),
        "done": Q(operation__progress=Progress.SUCCEEDED),
        "already": Q(refusal__in=idle),
        "refused": ~Q(refusal="") & ~Q(refusal__in=[*idle, Reason.ASKING_FAILED]),
        "failed": Q(operation__progress__in=[Progress.FAILED, Progress.UNCLEAR]) | NEVER_ASKED,
        "cancelled": Q(operation__progress=Progress.CANCELLED),
    }


def retryable(action: Action) -> Q:
    """What is worth asking again: not what is already so, nor what still waits for a person to look."""
    kinds = outcomes(action)
    return kinds["refused"] | kinds["cancelled"] | Q(operation__progress=Progress.FAILED) | NEVER_ASKED


@dataclass(frozen=True, slots=True)
class BulkView:
    """counts: by outcome. percent: of the machines that have ended, whatever came of them. look: as an operation's."""

    pk: str
    name: str
    url: str
    action: str
    person: str
    requested_at: datetime
    requested_text: str
    total: int
    ended: int
    percent: float
    percent_text: str
    look: str
    under_way: bool
    counts: Mapping[str, int]
    retry_url: str


def bulk_view(bulk: Bulk, items: QuerySet[BulkItem]) -> BulkView:
    """items: those of its machines that the viewer may see."""
    counts = count_outcomes(Action(bulk.action), items)
    total = sum(counts.values())
    ended = total - sum(counts[key] for key in NOT_ENDED)
    share = percent(ended, total)
    again = counts["refused"] + counts["failed"] + counts["cancelled"]
    return BulkView(
        pk=str(bulk.pk),
        name=bulk_name(bulk, total),
        url=reverse("bulk:page", args=[bulk.pk]),
        action=str(labels.ACTION[Action(bulk.action)]),
        person=bulk.requested_by_name or str(labels.THE_PANEL),
        requested_at=bulk.requested_at,
        requested_text=formats.clock(bulk.requested_at),
        total=total,
        ended=ended,
        percent=share,
        percent_text=formats.percent(share),
        look=_look(counts, total - ended),
        under_way=ended < total,
        counts=counts,
        retry_url=f"{reverse('bulk:ask')}?action={bulk.action}&bulk={bulk.pk}" if again and ended == total else "",
    )


def count_outcomes(action: Action, items: QuerySet[BulkItem]) -> dict[str, int]:
    wanted = {key: Count("pk", filter=condition) for key, condition in outcomes(action).items()}
    return {key: int(count) for key, count in items.order_by().aggregate(**wanted).items()}


def bulk_name(bulk: Bulk, total: int) -> str:
    return str(labels.BULK_NAME % {"action": labels.ACTION[Action(bulk.action)], "count": total})


def _look(counts: Mapping[str, int], under_way: int) -> str:
    if under_way:
        return "now"
    return "bad" if any(counts[key] for key in BAD) else "good"


@dataclass(frozen=True, slots=True)
class ItemView:
    """One machine of a bulk. live: what its row depends on; operation: None if there is none, then `text` says why."""

    pk: str
    live: str
    vm_name: str
    vm_url: str
    node_name: str
    operation: OperationView | None
    text: str
    note: str
    look: str


def item_views(items: Iterable[BulkItem], viewer: Viewer) -> list[ItemView]:
    """items: with their vm, its node, and the operation with vm and node."""
    items = list(items)
    holders = Operation.objects.in_bulk(int(item.refused_for) for item in items if item.refused_for)
    return [_item(item, viewer, holders.get(int(item.refused_for or 0))) for item in items]


def _item(item: BulkItem, viewer: Viewer, holder: Operation | None) -> ItemView:
    operation = operation_view(item.operation, viewer) if item.operation else None
    also = f"operation:{item.operation_id}" if operation else f"bulk:{item.bulk_id}"
    text, note, look = ("", "", "") if operation else _in_words(item, holder, viewer)
    return ItemView(
        pk=str(item.pk),
        live=f"bulk-item:{item.pk} {also}",
        vm_name=item.vm.display_name,
        vm_url="" if item.vm.deleted_at else reverse("vms:page", args=[item.vm_id]),
        node_name=item.vm.node.name if sees_nodes(viewer) else "",
        operation=operation,
        text=text,
        note=note,
        look=look,
    )


def _in_words(item: BulkItem, holder: Operation | None, viewer: Viewer) -> tuple[str, str, str]:
    if not item.refusal:
        return str(OUTCOME_LABEL["waiting"]), "", "off"
    reason = Reason(item.refusal)
    if reason in nothing_to_do(Action(item.bulk.action)):
        return str(OUTCOME_LABEL["already"]), str(labels.REASON[reason]), "off"
    outcome = "failed" if reason is Reason.ASKING_FAILED else "refused"
    return str(OUTCOME_LABEL[outcome]), why_off(reason, holder, None, viewer), "bad"
