"""How much of a pool's limits is in use, as bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise

from vms import labels
from vms.labels import pools as words
from vms.models import VmPool
from vms.models.pooling import most_of
from vms.rules.pooling import Limit, PoolUse
from vms.rules.pools import PoolKind
from vms.web import formats

LABEL: Mapping[Limit, Promise] = {
    Limit.VMS: words.VMS_IN_USE,
    Limit.MEMORY: words.MEMORY_IN_USE,
    Limit.VCPUS: words.VCPUS_IN_USE,
}


@dataclass(frozen=True, slots=True)
class PoolBar:
    """percent: of the limit, 100 also beyond it; None if there is no limit."""

    label: str
    text: str
    percent: int | None


def pool_bars(pool: VmPool, use: PoolUse) -> list[PoolBar]:
    """One for each limit, in the same order for every pool."""
    return [_bar(pool, limit, use.of(limit), most_of(pool).of(limit)) for limit in Limit]


def amount(limit: Limit, count: int) -> str:
    return formats.size(count) if limit is Limit.MEMORY else str(count)


def _bar(pool: VmPool, limit: Limit, used: int, most: int) -> PoolBar:
    label = words.TEMPLATES_IN_USE if limit is Limit.VMS and pool.kind == PoolKind.TEMPLATE else LABEL[limit]
    if not most:
        return PoolBar(str(label), str(words.USED_WITHOUT_LIMIT) % {"used": amount(limit, used)}, None)
    text = str(labels.USED_OF) % {"used": amount(limit, used), "total": amount(limit, most)}
    return PoolBar(str(label), text, min(100, round(100 * used / most)))
