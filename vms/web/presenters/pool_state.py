"""Why no dynamic VM of a pool is ready, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import takewhile

from django.urls import reverse
from django.utils import timezone

from vms.labels import pools as words
from vms.models import Operation, Vm, VmPool
from vms.models.pooling import PoolUse, most_of, use_of
from vms.models.viewer import Viewer
from vms.operations.planning import candidates_for
from vms.operations.providing import image_of, next_try_after, size_of
from vms.rules.actions import Action
from vms.rules.pooling import limit_reached
from vms.rules.progress import Progress
from vms.web import formats
from vms.web.presenters.operations import problem_text
from vms.web.presenters.places import nodes_out
from vms.web.presenters.pool_counts import DynamicCounts

LOOKED_BACK = timedelta(hours=1)
LOOKED_AT = 100


@dataclass(frozen=True, slots=True)
class PoolState:
    """level: info or warning. points: more of the same; url: of the operation that failed, "" if none did."""

    level: str
    text: str
    title: str = ""
    points: list[str] = field(default_factory=list)
    url: str = ""


def pool_state(pool: VmPool, counts: DynamicCounts, viewer: Viewer) -> PoolState | None:
    """pool: dynamic, with its active golden image. None if there is nothing to say."""
    if not pool.is_on:
        return PoolState("warning", str(words.IS_OFF))
    image = image_of(pool)
    if image is None:
        return PoolState("warning", _without_image(pool))
    if failed := _failed(pool):
        return _after_failure(failed, viewer)
    return None if counts.ready or counts.coming else _why_none(pool, image, counts)


def _without_image(pool: VmPool) -> str:
    image = pool.active
    if image is None or image.deleted_at is not None:
        return str(words.NO_IMAGE)
    return str(words.IMAGE_IS_NOT_SEALED) % {"image": image.display_name}


def _failed(pool: VmPool) -> list[Operation]:
    """Those that should have made a VM as the next one would be made, since the last that did: the newest first."""
    since = max(pool.changed_at, timezone.now() - LOOKED_BACK)
    ended = Operation.objects.filter(action=Action.PROVIDE, progress__in=[Progress.SUCCEEDED, Progress.FAILED])
    of_the_image = ended.filter(vm__pool=pool, arguments__origin=str(pool.active_id), requested_at__gte=since)
    newest = of_the_image.select_related("vm", "node").order_by("-finished_at")[:LOOKED_AT]
    return list(takewhile(lambda operation: operation.progress == Progress.FAILED, newest))


def _after_failure(failed: list[Operation], viewer: Viewer) -> PoolState:
    return PoolState(
        level="warning",
        title=str(words.LAST_TRY_FAILED),
        text=problem_text(failed[0], viewer),
        points=[_next_try(failed)],
        url=reverse("operations:page", args=[failed[0].pk]),
    )


def _next_try(failed: list[Operation]) -> str:
    again_at = next_try_after(failed)
    if again_at is None or again_at <= timezone.now():
        return str(words.TRIES_AGAIN)
    return str(words.NEXT_TRY) % {"at": formats.moment(again_at)}


def _why_none(pool: VmPool, image: Vm, counts: DynamicCounts) -> PoolState | None:
    size = size_of(pool, image)
    if counts.total >= pool.most_vms:
        return PoolState("info", str(words.ALL_TAKEN))
    if limit := limit_reached(most_of(pool), use_of([pool])[pool.pk], PoolUse(1, size.memory, size.vcpus)):
        return PoolState("warning", str(words.LIMIT_REACHED[limit]))
    candidates = candidates_for(size.memory, pool.network or None, image, pool=pool)
    if all(each.obstacles for each in candidates):
        points = [f"{out.name}: {' '.join(out.reasons)}" for out in nodes_out(candidates, size.memory, image)]
        return PoolState("warning", str(words.NO_NODE), points=points)
    is_kept = pool.pre_started or pool.minimum > counts.taken
    return None if is_kept else PoolState("info", str(words.NONE_KEPT_READY))
