"""Keeps the machines of dynamic pools ready: so many run for nobody yet, those that were used are thrown away.

Called by the clock and after whatever changes a pool, again and again and in any number of workers. Machines of a pool
are made, and its free ones ended, only by who holds the pool's row: so there are never too many. Whoever calls this
rings the bells.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from vms.models import Event, Operation, Vm, VmPool
from vms.models.pooling import held_pool
from vms.models.vm import VmQuerySet
from vms.operations.announcing import COUNTS, announce
from vms.operations.auditing import Refusal
from vms.operations.pooling import PoolIsFull as NoRoom
from vms.operations.promising import Order, promise
from vms.operations.providing import NoImage as NoImage
from vms.operations.providing import NoNode as NoNode
from vms.operations.providing import promise_vm as promise_vm
from vms.operations.providing import promise_vms
from vms.operations.rounds import Round, round_of
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.rules.pools import Due
from vms.rules.progress import Progress

__all__ = ["NoImage", "NoNode", "NoRoom", "keep", "pool_of", "pools_to_keep", "promise_vm", "purge_thrown_away"]

MOST_IN_A_ROUND = 20
"""Made, and ended: others wait for the pool meanwhile, and the next round comes soon."""

REMEMBERED = timedelta(days=7)
MOST_FORGOTTEN_AT_ONCE = 200

logger = logging.getLogger(__name__)


def pools_to_keep() -> list[UUID]:
    return list(VmPool.objects.all().dynamic().values_list("pk", flat=True))


def keep(pool_id: UUID) -> list[int]:
    """Bring the pool nearer to what it should be. The operations whose bells are to be rung.

    It is held only if there is something to do, and then looked at again."""
    pool = VmPool.objects.all().dynamic().filter(pk=pool_id).first()
    if pool is None or not round_of(pool).has_work:
        return []
    with transaction.atomic():
        try:
            seen = round_of(held_pool(pool_id))
        except VmPool.DoesNotExist:
            return []
        return [operation.pk for operation in (*_end(seen), *_make(seen))]


def _end(seen: Round) -> list[Operation]:
    """Always in the same order, and before anything is made: others hold a machine first and then its golden image."""
    _acknowledge_failures(seen.endings)
    for key in sorted(seen.warnings):
        _warn(seen.vms[key], seen.warnings[key])
    endings = (_promised(seen.vms[key], seen.endings[key]) for key in sorted(seen.endings))
    return list(islice(filter(None, endings), MOST_IN_A_ROUND))


def _warn(vm: Vm, what: Due) -> None:
    if _as_seen(vm).update(warned_at=timezone.now() if what is Due.WARN else None):
        announce(("vm", str(vm.pk)), ("pool", str(vm.pool_id)))


def _as_seen(vm: Vm) -> VmQuerySet:
    """Nobody has used it since."""
    return Vm.objects.filter(pk=vm.pk, used_at=vm.used_at, warned_at=vm.warned_at)


def _promised(vm: Vm, action: Action) -> Operation | None:
    """None if it cannot be done now, or somebody has just used it: the next round looks again."""
    try:
        with transaction.atomic():
            if action is not Action.DELETE and not _as_seen(vm).update(warned_at=vm.warned_at):
                return None
            return promise(vm, Order(action, {}), by=None)
    except Refusal as refused:
        logger.info("%s of %s is not possible now: %s", action, vm.pk, refused)
    return None


def _make(seen: Round) -> list[Operation]:
    batch = replace(seen.batch, count=min(seen.batch.count, MOST_IN_A_ROUND))
    if seen.image is None or not batch.count:
        return []
    try:
        with transaction.atomic():
            return promise_vms(seen.pool, seen.image, batch)
    except Refusal as refused:
        logger.info("no machine of %s can be made now: %s", seen.pool.pk, refused)
    return []


def _acknowledge_failures(vms: Iterable[UUID]) -> None:
    """What is tried once more is nothing that people need to read of."""
    failed = Operation.objects.filter(vm__in=list(vms), progress=Progress.FAILED, requested_by_name="")
    if vms and failed.filter(acknowledged_at=None).update(acknowledged_at=timezone.now()):
        announce(COUNTS)


def pool_of(operation_id: int) -> Iterator[UUID]:
    """For a look at once: that of the dynamic VM or the golden image whose operation has ended."""
    ended = Operation.objects.filter(pk=operation_id, vm__kind__in=[Kind.DYNAMIC, Kind.GOLDEN_IMAGE])
    ended = ended.exclude(finished_at=None).exclude(vm__pool=None)
    yield from ended.values_list("vm__pool", flat=True)


def purge_thrown_away() -> int:
    """Dynamic VMs that were deleted long ago leave nothing but lines in the audit trail. How many were forgotten."""
    busy = Operation.objects.filter(finished_at=None).values("vm")
    gone = Vm.objects.all().of_kind(Kind.DYNAMIC).filter(deleted_at__lt=timezone.now() - REMEMBERED, backups=None)
    keys = list(gone.exclude(pk__in=busy).values_list("pk", flat=True)[:MOST_FORGOTTEN_AT_ONCE])
    with transaction.atomic():
        Event.objects.filter(vm__in=keys).delete()
        Operation.objects.filter(vm__in=keys).delete()
        Vm.objects.filter(pk__in=keys).delete()
    return len(keys)
