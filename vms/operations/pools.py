"""Pools of virtual machines come, change and go by people's hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from vms.models import BackupSchedule, Node, VmPool
from vms.models.pooling import held_pool
from vms.models.viewer import Viewer
from vms.operations.announcing import COUNTS, announce
from vms.operations.auditing import About, Refusal, about_pool, noting_refusals, write
from vms.operations.permission import require_may_manage_nodes
from vms.operations.tasks import keep_pool_after_commit
from vms.rules.audit import Outcome, Request, Subject, Why
from vms.rules.kinds import Kind
from vms.rules.pools import PoolKind

SWITCH: Mapping[bool, Request] = {True: Request.SWITCH_ON_POOL, False: Request.SWITCH_OFF_POOL}


class PoolNameTaken(Refusal):
    """Another pool is called so, upper or lower case aside."""

    reason = Why.NAMES_TAKEN


class PoolKeepsItsKind(Refusal):
    """There are machines or golden images in it already."""

    reason = Why.STILL_NEEDED


class PoolNeeded(Refusal):
    """It cannot be removed: so many machines belong to it, and so many golden images."""

    reason = Why.STILL_NEEDED

    def __init__(self, machines: int, images: int) -> None:
        super().__init__(f"{machines} machines, {images} golden images")
        self.machines = machines
        self.images = images


@dataclass(frozen=True, slots=True)
class PoolOrder:
    """nodes, networks: none for everywhere. The rest is as in models.VmPool."""

    name: str
    kind: PoolKind
    notes: str = ""
    nodes: tuple[Node, ...] = ()
    folder: str = ""
    networks: tuple[str, ...] = ()
    most_vms: int = 0
    most_memory: int = 0
    most_vcpus: int = 0
    memory: int = 0
    vcpus: int = 0
    network: str = ""
    schedule: BackupSchedule | None = None
    minimum: int = 0
    pre_started: int = 0
    idle_minutes: int = 0
    longest_minutes: int = 0
    warn_minutes: int = 5


def save_pool(pool: VmPool | None, order: PoolOrder, *, by: Viewer) -> VmPool:
    """Add one (None), or change it. Machines that it has stay where they are. PoolNameTaken, PoolKeepsItsKind;
    VmPool.DoesNotExist if it was removed meanwhile."""
    request = Request.CHANGE_POOL if pool else Request.ADD_POOL
    about = about_pool(pool) if pool else About(Subject.POOL, name=order.name)
    with noting_refusals(request, about, by=by), transaction.atomic():
        require_may_manage_nodes(by)
        held = held_pool(pool.pk) if pool else VmPool(kind=order.kind, added_by_name=str(by))
        if held.kind != order.kind and has_anything(held):
            raise PoolKeepsItsKind
        saved = _saved(held, order, by)
        saved.nodes.set(order.nodes)
        write(request, about_pool(saved), Outcome.ACCEPTED, by=by, values={"kind": saved.kind})
        _tell(saved)
    return saved


def _saved(pool: VmPool, order: PoolOrder, by: Viewer) -> VmPool:
    for field, value in {**_fields(order), "changed_at": timezone.now(), "changed_by_name": str(by)}.items():
        setattr(pool, field, value)
    try:
        with transaction.atomic():
            pool.save()
    except IntegrityError as error:
        raise PoolNameTaken(order.name) from error
    return pool


def _fields(order: PoolOrder) -> dict[str, Any]:
    own = {name: getattr(order, name) for each in fields(order) if (name := each.name) != "nodes"}
    return {**own, "networks": list(order.networks)}


def switch_pool(pool: VmPool, *, on: bool, by: Viewer) -> bool:
    """Off, no dynamic VM is made for it or given out any more; those that people have go on. False if it was so."""
    request, about = SWITCH[on], about_pool(pool)
    with noting_refusals(request, about, by=by), transaction.atomic():
        require_may_manage_nodes(by)
        if not VmPool.objects.filter(pk=pool.pk, is_on=not on).update(is_on=on):
            write(request, about, Outcome.REFUSED, by=by, reason=Why.NOTHING_TO_DO)
            return False
        write(request, about, Outcome.ACCEPTED, by=by)
        _tell(pool)
    return True


def remove_pool(pool: VmPool, *, by: Viewer) -> None:
    """With the rights that were given on it. PoolNeeded; VmPool.DoesNotExist if it was removed meanwhile."""
    with noting_refusals(Request.REMOVE_POOL, about_pool(pool), by=by), transaction.atomic():
        require_may_manage_nodes(by)
        held = held_pool(pool.pk)
        if any(left := what_is_left(held)):
            raise PoolNeeded(*left)
        write(Request.REMOVE_POOL, about_pool(held), Outcome.ACCEPTED, by=by)
        _tell(held)
        held.delete()


def what_is_left(pool: VmPool) -> tuple[int, int]:
    """How many machines, and how many golden images, belong to it."""
    there = pool.vms.present()
    images = there.of_kind(Kind.GOLDEN_IMAGE).count()
    return there.count() - images, images


def has_anything(pool: VmPool) -> bool:
    """Whether a machine or a golden image belongs to it."""
    return pool.vms.present().exists()


def _tell(pool: VmPool) -> None:
    announce(("pool", str(pool.pk)), COUNTS)
    keep_pool_after_commit(pool.pk)
