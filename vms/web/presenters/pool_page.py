"""All that the page of a pool says of the pool itself. What hangs on it is shown by others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from vms.labels import pools as words
from vms.models import VmPool
from vms.models.pooling import use_of
from vms.models.viewer import Viewer
from vms.rules.pools import PoolKind
from vms.web import formats
from vms.web.presenters.backup_targets import Link
from vms.web.presenters.pool_counts import DynamicCounts, counts_of
from vms.web.presenters.pool_state import PoolState, pool_state
from vms.web.presenters.pool_use import PoolBar, pool_bars
from vms.web.presenters.pools import is_off, list_url, node_links


@dataclass(frozen=True, slots=True)
class PoolFact:
    """links: to what the text speaks of, instead of it."""

    label: str
    text: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class PoolPage:
    """counts, state: of a dynamic pool, None for others."""

    kind: str
    is_dynamic: bool
    is_off: bool
    bars: list[PoolBar]
    counts: DynamicCounts | None
    state: PoolState | None
    places: list[PoolFact]
    usual: list[PoolFact]
    times: list[PoolFact]
    notes: str
    list_url: str
    changed: datetime
    changed_text: str
    changed_by: str


def pool_page(pool: VmPool, viewer: Viewer) -> PoolPage:
    """pool: with its nodes, its schedule and its active golden image. The number of queries is the same for every
    pool of a kind."""
    counts = counts_of([pool]).get(pool.pk)
    return PoolPage(
        kind=str(words.POOL_KIND[PoolKind(pool.kind)]),
        is_dynamic=pool.is_dynamic,
        is_off=is_off(pool),
        bars=pool_bars(pool, use_of([pool])[pool.pk]),
        counts=counts,
        state=pool_state(pool, counts, viewer) if counts else None,
        places=list(_places(pool)),
        usual=list(_usual(pool)),
        times=list(_times(pool)) if pool.is_dynamic else [],
        notes=pool.notes,
        list_url=list_url(pool),
        changed=pool.changed_at,
        changed_text=formats.clock(pool.changed_at),
        changed_by=pool.changed_by_name,
    )


def _places(pool: VmPool) -> Iterator[PoolFact]:
    yield PoolFact(str(words.NODES), str(words.EVERY_NODE), tuple(node_links(pool)))
    yield PoolFact(str(words.FOLDER), pool.folder or str(words.EVERY_FOLDER))
    yield PoolFact(str(words.NETWORKS), ", ".join(pool.networks) or str(words.EVERY_NETWORK))
    if schedule := pool.schedule:
        url = reverse("backups:schedule", args=[schedule.pk])
        yield PoolFact(str(words.SCHEDULE), schedule.name, (Link(schedule.name, url),))
    elif not pool.is_dynamic:
        yield PoolFact(str(words.SCHEDULE), str(words.NO_SCHEDULE))


def _usual(pool: VmPool) -> Iterator[PoolFact]:
    """What a new machine gets."""
    else_as = str(words.AS_THE_IMAGE if pool.is_dynamic else words.AS_THE_TEMPLATE)
    yield PoolFact(str(words.MEMORY), formats.size(pool.memory) if pool.memory else else_as)
    yield PoolFact(str(words.VCPUS), str(pool.vcpus or else_as))
    yield PoolFact(str(words.NETWORK), pool.network or else_as)


def _times(pool: VmPool) -> Iterator[PoolFact]:
    yield PoolFact(str(words.AT_LEAST), str(pool.minimum))
    yield PoolFact(str(words.KEPT_READY), str(pool.pre_started))
    yield PoolFact(str(words.AT_MOST), str(pool.most_vms))
    yield PoolFact(str(words.WITHOUT_A_LOOK), _after(pool.idle_minutes))
    yield PoolFact(str(words.IN_ANY_CASE), _after(pool.longest_minutes))
    if pool.idle_minutes or pool.longest_minutes:
        yield PoolFact(str(words.WARNED), str(words.BEFORE) % {"time": formats.span(60 * pool.warn_minutes)})


def _after(minutes: int) -> str:
    return str(words.AFTER) % {"time": formats.span(60 * minutes)} if minutes else str(words.NEVER)
