"""What a person is told of their own operations on every page: those under way, the failures that nobody has
acknowledged, the last few that ended, and news of what has just ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Q
from django.utils import timezone

from vms import labels
from vms.models import Bulk, BulkItem, Operation
from vms.models.operation import OperationQuerySet
from vms.models.viewer import Viewer
from vms.rules.actions import Action
from vms.rules.progress import Progress
from vms.web.presenters.bulk_result import BAD, NOT_ENDED, bulk_name, count_outcomes
from vms.web.presenters.operations import OperationView, operation_rows, problem_text

ROWS = 8
ENDED_ROWS = 3
MOST_NEWS = 20
SAID_ONE_BY_ONE = 3

LONGEST_AGO = timedelta(minutes=5)
"""Who comes back after that looks at the list."""

OVERLAP = timedelta(seconds=5)
"""An end is written down a moment before anybody can see it. What is told twice is dropped by the page."""

OPEN_FAILURE = Q(progress__in=[Progress.FAILED, Progress.UNCLEAR], acknowledged_at=None)


@dataclass(frozen=True, slots=True)
class News:
    """One message. key: the same whenever it is told; level: success stays for a while, the others until closed."""

    key: str
    text: str
    level: str


@dataclass(frozen=True, slots=True)
class Bell:
    """now: the moment to ask from the next time, in ISO 8601. open: under way, or failed and not acknowledged; ended:
    the last few of the others."""

    now: str
    open: list[OperationView]
    ended: list[OperationView]
    news: list[News]


def bell(viewer: Viewer, since: datetime | None) -> Bell:
    now = timezone.now()
    mine = _mine(viewer).select_related("vm", "node")
    is_open = Q(finished_at=None) | OPEN_FAILURE
    open_ones = list(mine.filter(is_open)[:ROWS])
    ended = list(mine.exclude(is_open).order_by("-finished_at")[:ENDED_ROWS])
    rows = operation_rows([*open_ones, *ended], viewer)
    news = _news(viewer, now, since) if since else []
    return Bell(now.isoformat(), rows[: len(open_ones)], rows[len(open_ones) :], news)


def _news(viewer: Viewer, now: datetime, since: datetime) -> list[News]:
    since = max(since, now - LONGEST_AGO) - OVERLAP
    in_bulks = BulkItem.objects.filter(bulk__requested_by=viewer.pk, operation__finished_at__gt=since)
    ended = Q(finished_at__gt=since) | Q(progress=Progress.UNCLEAR, step_began_at__gt=since)
    single = _mine(viewer).filter(ended).exclude(pk__in=in_bulks.values("operation")).select_related("vm", "node")
    return [*_of_operations(list(single[:MOST_NEWS]), viewer), *_of_bulks(list(_ended_bulks(viewer, since)))]


def _mine(viewer: Viewer) -> OperationQuerySet:
    """Of machines that the viewer still sees."""
    return Operation.objects.with_destination().visible_to(viewer).of(viewer)


def _of_operations(ended: list[Operation], viewer: Viewer) -> list[News]:
    good = [operation for operation in ended if operation.progress == Progress.SUCCEEDED]
    others = [operation for operation in ended if operation.progress != Progress.SUCCEEDED]
    told = [_one(operation, viewer) for operation in others]
    if len(good) <= SAID_ONE_BY_ONE:
        return told + [_one(operation, viewer) for operation in good]
    key = "operations " + " ".join(str(operation.pk) for operation in good)
    return [*told, News(key, str(labels.OPERATIONS_ENDED_WELL % {"count": len(good)}), "success")]


SENTENCE = {
    Progress.SUCCEEDED: (labels.OPERATION_ENDED_WELL, "success"),
    Progress.FAILED: (labels.OPERATION_ENDED_BADLY, "error"),
    Progress.UNCLEAR: (labels.OPERATION_NEEDS_A_LOOK, "warning"),
    Progress.CANCELLED: (labels.OPERATION_CANCELLED, "info"),
}


def _one(operation: Operation, viewer: Viewer) -> News:
    sentence, level = SENTENCE[Progress(operation.progress)]
    values = {
        "action": labels.ACTION[Action(operation.action)],
        "vm": operation.vm.display_name,
        "problem": problem_text(operation, viewer),
    }
    return News(f"operation {operation.pk} {operation.progress}", (str(sentence) % values).strip(), level)


def _ended_bulks(viewer: Viewer, since: datetime) -> list[Bulk]:
    """Those whose last machine has ended since, or whose last was refused."""
    asked = Bulk.objects.filter(requested_by=viewer.pk).exclude(all_asked_at=None)
    asked = asked.annotate(ended_at=Max("items__operation__finished_at"))
    recent = asked.filter(Q(ended_at__gt=since) | Q(ended_at=None, all_asked_at__gt=since))
    return list(recent[:MOST_NEWS])


def _of_bulks(bulks: list[Bulk]) -> list[News]:
    return [news for news in map(_bulk, bulks) if news]


def _bulk(bulk: Bulk) -> News | None:
    counts = count_outcomes(Action(bulk.action), BulkItem.objects.filter(bulk=bulk))
    if any(counts[key] for key in NOT_ENDED):
        return None
    total = sum(counts.values())
    good, values = counts["done"] + counts["already"], {"bulk": bulk_name(bulk, total)}
    if good == total:
        return News(f"bulk {bulk.pk}", str(labels.BULK_ENDED_WELL) % values, "success")
    values |= {"done": str(good), "not_done": str(total - good)}
    return News(
        f"bulk {bulk.pk}", str(labels.BULK_ENDED) % values, "error" if any(counts[key] for key in BAD) else "info"
    )
