"""What the keeper of a dynamic pool sees on one round, and what there is to be done. Nothing is changed here.

It costs the same few queries however many machines there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Prefetch
from django.utils import timezone

from vms.models import Node, Operation, Vm, VmPool
from vms.models.pooling import places_of
from vms.models.vm import UNDER_WAY, VmQuerySet
from vms.operations.providing import Batch, failures_in, failures_of, image_of, size_of
from vms.rules.actions import Action
from vms.rules.duty import Duty
from vms.rules.kinds import Kind
from vms.rules.lasting import End, ends_at
from vms.rules.pooling import Places
from vms.rules.pools import (
    ENDINGS,
    Decision,
    Due,
    Machine,
    Role,
    Wish,
    decide,
    due,
    goes_off_at,
    is_resting,
    role_of,
    room_for,
)
from vms.rules.status import Main

CAN_BE_ENDED = frozenset({Main.RUNNING, Main.PAUSED, Main.FROZEN})


@dataclass(frozen=True, slots=True)
class Round:
    """vms: all dynamic ones of the pool. batch: of new ones, on the image; warnings: to be given or taken back;
    endings: how those are ended that are."""

    pool: VmPool
    vms: Mapping[UUID, Vm]
    image: Vm | None
    batch: Batch
    warnings: Mapping[UUID, Due]
    endings: Mapping[UUID, Action]

    @property
    def has_work(self) -> bool:
        return bool(self.batch.count or self.warnings or self.endings)


def round_of(pool: VmPool) -> Round:
    """Of a dynamic pool. What is seen of one that is not held may be different at once."""
    image, now, vms = image_of(pool), timezone.now(), {vm.pk: vm for vm in dynamic_vms_of([pool.pk]).order_by("pk")}
    places = places_of(pool)
    machines = [as_seen(vm, pool, places) for vm in vms.values()]
    decision = decide(machines, _wish(pool, image, vms.values()))
    times = {vm.key: what for vm in machines if _has_a_time(vm) and (what := _due(pool, vms[vm.key], now))}
    return Round(
        pool=pool,
        vms=vms,
        image=image,
        batch=_batch(pool, machines, decision.make, now),
        warnings={key: what for key, what in times.items() if what is not Due.END},
        endings=_endings(decision, [vms[key] for key, what in times.items() if what is Due.END], now),
    )


def dynamic_vms_of(pools: Iterable[UUID]) -> VmQuerySet:
    """All that there are of these pools, as as_seen() needs them. Two queries."""
    under_way = Prefetch("operations", Operation.objects.filter(finished_at=None), to_attr=UNDER_WAY)
    machines = Vm.objects.all().present().of_kind(Kind.DYNAMIC).filter(pool__in=list(pools))
    return machines.select_related("node").prefetch_related(under_way)


def as_seen(vm: Vm, pool: VmPool, places: Places) -> Machine:
    """As the rules see one of the pool. vm: from dynamic_vms_of(); places: of the pool."""
    return Machine(
        key=vm.pk,
        node=vm.node_id,
        main=Main(vm.main),
        under_way=frozenset(Action(operation.action) for operation in vm.under_way),
        taken=vm.assigned_at is not None,
        reachable=vm.node.reachable,
        known=vm.gone_at is None,
        in_place=vm.node.duty == Duty.ACTIVE and places.have_node(vm.node_id),
        up_to_date=vm.origin_id == pool.active_id,
    )


def _wish(pool: VmPool, image: Vm | None, vms: Iterable[Vm]) -> Wish:
    there = list(vms)
    size = size_of(pool, image) if image else None
    limits = [
        (pool.most_vms, len(there), 1),
        (pool.most_memory, sum(vm.memory for vm in there), size.memory if size else 0),
        (pool.most_vcpus, sum(vm.vcpus for vm in there), size.vcpus if size else 0),
    ]
    return Wish(
        minimum=pool.minimum,
        pre_started=pool.pre_started,
        room=room_for(limits),
        is_on=pool.is_on,
        can_make=image is not None,
    )


# When somebody's time is over


def _has_a_time(machine: Machine) -> bool:
    is_used = role_of(machine) is Role.TAKEN and machine.main in CAN_BE_ENDED
    return is_used and machine.reachable and Action.PROVIDE not in machine.under_way


def _due(pool: VmPool, vm: Vm, now: datetime) -> Due | None:
    end = end_of(vm, pool)
    return due(end.moment if end else None, _seconds(vm.warned_at), 60.0 * pool.warn_minutes, now.timestamp())


def end_of(vm: Vm, pool: VmPool) -> End | None:
    """When the time is over of one that somebody has, and why."""
    return ends_at(_seconds(vm.assigned_at), _seconds(vm.used_at), pool.idle_minutes, pool.longest_minutes)


def goes_off(vm: Vm, pool: VmPool, end: End) -> datetime:
    """When one that somebody has is shut down, who may have been warned late."""
    return datetime.fromtimestamp(goes_off_at(end.moment, _seconds(vm.warned_at), 60.0 * pool.warn_minutes), UTC)


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None


# How what is to end is ended, and what is not tried again just yet


def _endings(decision: Decision, overdue: Iterable[Vm], now: datetime) -> dict[UUID, Action]:
    """Guests of people are asked to shut down; only who does not follow has the power cut."""
    over = {vm.pk: vm for vm in overdue}
    wanted = {
        **dict.fromkeys(decision.end, Action.POWER_OFF),
        **dict.fromkeys(decision.delete, Action.DELETE),
        **dict.fromkeys(over, Action.SHUTDOWN),
    }
    tried = _tried(wanted) if wanted else {}
    for key, vm in over.items():
        if vm.main == Main.PAUSED or _was_asked(vm, tried.get(key, [])):
            wanted[key] = Action.POWER_OFF
    return {key: action for key, action in wanted.items() if not _is_resting(tried.get(key, []), now)}


def _tried(vms: Iterable[UUID]) -> dict[UUID, list[Operation]]:
    """What the panel has tried by itself to end them, the newest first."""
    tried: dict[UUID, list[Operation]] = defaultdict(list)
    ended = Operation.objects.filter(vm__in=list(vms), action__in=ENDINGS, requested_by_name="")
    for operation in ended.exclude(finished_at=None).order_by("-finished_at"):
        tried[operation.vm_id].append(operation)
    return tried


def _was_asked(vm: Vm, tried: Iterable[Operation]) -> bool:
    """To shut down, since it was warned. Whatever came of it: it is still there."""
    asked = [operation.requested_at for operation in tried if operation.action == Action.SHUTDOWN]
    return vm.warned_at is not None and any(moment >= vm.warned_at for moment in asked)


def _is_resting(tried: Iterable[Operation], now: datetime) -> bool:
    by_force = [operation for operation in tried if operation.action != Action.SHUTDOWN]
    return is_resting(failures_in(by_force), now.timestamp())


# What is made, where the last ones came to nothing


def _batch(pool: VmPool, seen: Sequence[Machine], wanted: int, now: datetime) -> Batch:
    """A node at which the last one failed is left alone for a while, and then tried with one."""
    failures = failures_of(pool) if wanted else {}
    if not failures:
        return Batch(wanted)
    making_at = {machine.node for machine in seen if Action.PROVIDE in machine.under_way}
    resting = {node for node, failed in failures.items() if is_resting(failed, now.timestamp())}
    most_at = {node: int(node not in making_at | resting) for node in failures}
    all_failed = set(_nodes_of(pool)) <= set(most_at)
    return Batch(min(wanted, sum(most_at.values())) if all_failed else wanted, failures, most_at)


def _nodes_of(pool: VmPool) -> Iterable[int]:
    places = places_of(pool)
    active = Node.objects.filter(reachable=True, duty=Duty.ACTIVE).values_list("pk", flat=True)
    return (node for node in active if places.have_node(node))
