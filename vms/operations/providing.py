"""Dynamic VMs that do not exist yet: where each is made, what it is called, and the promise to make it.

Whoever calls this holds the pool's row, and rings the bells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from posixpath import dirname, normpath

from django.db.models import Sum, prefetch_related_objects
from django.utils import timezone

from vms.models import Node, Operation, StoragePool, Vm, VmPool
from vms.models.viewer import Viewer
from vms.operations.announcing import COUNTS, announce
from vms.operations.auditing import Refusal
from vms.operations.making import MakingOrder, NewMachine, promise_machines, taken_names
from vms.operations.planning import Candidate, Wish, candidates_for, disks_to_copy, plan_copies
from vms.operations.pooling import require_room
from vms.rules.actions import MAKES_A_MACHINE, Action
from vms.rules.audit import Why
from vms.rules.kinds import Kind, Link, Mode
from vms.rules.pools import Failure, Place, dynamic_name, next_try_at, spread
from vms.rules.progress import Progress

REMEMBERED = timedelta(hours=1)
"""So long what failed lets the next try wait."""
MOST_REMEMBERED = 100


class NoImage(Refusal):
    """The pool has no active golden image that is sealed and stands alone."""

    reason = Why.NO_ACTIVE_IMAGE


class NoNode(Refusal):
    """None of the pool's nodes could take one more machine now."""

    reason = Why.NO_NODE


@dataclass(frozen=True, slots=True)
class Size:
    """Of each machine of a pool. Memory in bytes."""

    memory: int
    vcpus: int


@dataclass(frozen=True, slots=True)
class Batch:
    """So many machines to be made together. failed_at: nodes to be tried last; most_at: nodes that take no more than
    so many."""

    count: int
    failed_at: Collection[int] = ()
    most_at: Mapping[int, int] = field(default_factory=dict)


def image_of(pool: VmPool) -> Vm | None:
    """The golden image on which the pool's next machines stand; None if it is not sealed, or needs another's disks."""
    images = Vm.objects.all().present().of_kind(Kind.GOLDEN_IMAGE)
    return images.filter(active_in=pool, mode=Mode.READY_FOR_USE, link=Link.NONE).first()


def size_of(pool: VmPool, image: Vm) -> Size:
    return Size(pool.memory or image.memory, pool.vcpus or image.vcpus)


def failures_of(pool: VmPool) -> dict[int, list[Failure]]:
    """By node: what was to be made there on the active image, since one last was made. Not from before the pool was
    changed: that may have helped."""
    makings = Operation.objects.filter(action=Action.PROVIDE, progress__in=[Progress.SUCCEEDED, Progress.FAILED])
    makings = makings.filter(vm__in=pool.vms.values("pk"), arguments__origin=str(pool.active_id)).exclude(node=None)
    since = max(pool.changed_at, timezone.now() - REMEMBERED)
    by_node: dict[int, list[Operation]] = {}
    for operation in makings.filter(requested_at__gte=since).order_by("-finished_at")[:MOST_REMEMBERED]:
        by_node.setdefault(operation.node_id or 0, []).append(operation)
    return {node: failures for node, those in by_node.items() if (failures := failures_in(those))}


def failures_in(operations: Iterable[Operation]) -> list[Failure]:
    """Those since the last that went well. operations: that have ended, the newest first."""
    failed = takewhile(lambda operation: operation.progress == Progress.FAILED, operations)
    return [Failure(each.requested_at.timestamp(), each.finished_at.timestamp()) for each in failed if each.finished_at]


def next_try_after(operations: Iterable[Operation]) -> datetime | None:
    """When it is tried again; None if the last went well. operations: that have ended, the newest first."""
    again_at = next_try_at(failures_in(operations))
    return None if again_at is None else datetime.fromtimestamp(again_at, UTC)


def promise_vm(pool: VmPool, *, assigned_to: Viewer | None) -> Operation:
    """One more, for that person or for nobody yet. NoImage, NoNode, PoolIsFull, and what else is refused to the
    panel."""
    image = image_of(pool)
    if image is None:
        raise NoImage
    size = size_of(pool, image)
    require_room(pool, vms=1, memory=size.memory, vcpus=size.vcpus)
    operations = promise_vms(pool, image, Batch(1, failed_at=failures_of(pool)), assigned_to=assigned_to)
    if not operations:
        raise NoNode
    return operations[0]


def promise_vms(pool: VmPool, image: Vm, batch: Batch, *, assigned_to: Viewer | None = None) -> list[Operation]:
    """So many more, or as many of them as the pool's nodes can take."""
    prefetch_related_objects([image], "disks", "interfaces")
    storages = _storages_for(pool, image, batch)
    names = _new_names(pool, len(storages))
    wishes = [_wish(pool, image, name, storage) for name, storage in zip(names, storages, strict=True)]
    by_node: dict[Node, list[NewMachine]] = {}
    for storage, machine in zip(storages, plan_copies(image, wishes), strict=True):
        by_node.setdefault(storage.node, []).append(replace(machine, assigned_to=assigned_to))
    _acknowledge_failures(pool)
    orders = [MakingOrder(Action.PROVIDE, node, machines) for node, machines in by_node.items()]
    return [operation for order in orders for operation in promise_machines(order, image, by=None)]


def _wish(pool: VmPool, image: Vm, name: str, storage: StoragePool) -> Wish:
    size = size_of(pool, image)
    return Wish(
        name=name,
        pool=storage,
        memory=size.memory,
        vcpus=size.vcpus,
        network=pool.network or None,
        start=True,
        kind=Kind.DYNAMIC,
        os_name=image.os_name,
        vm_pool=pool,
    )


def _storages_for(pool: VmPool, image: Vm, batch: Batch) -> list[StoragePool]:
    """Of each new machine, at the node where it is to be made."""
    memory = size_of(pool, image).memory
    candidates = candidates_for(memory, pool.network or None, image, pool=pool)
    possible = {each.node.pk: each for each in candidates if not each.obstacles and each.pools}
    machines, claimed = _machines_by_node(pool), _memory_claimed_by_node()
    places = [
        Place(
            node=key,
            machines=machines[key],
            memory_free=each.node.memory_free - claimed[key],
            has_failed=key in batch.failed_at,
            most=batch.most_at.get(key, batch.count),
        )
        for key, each in possible.items()
    ]
    return [_storage_at(possible[key], image) for key in spread(places, batch.count, memory)]


def _machines_by_node(pool: VmPool) -> Counter[int]:
    there = Vm.objects.all().present().of_kind(Kind.DYNAMIC).filter(pool=pool)
    return Counter(there.order_by().values_list("node", flat=True))


def _memory_claimed_by_node() -> Counter[int]:
    """By machines that are just being made, in bytes: a node does not know yet that this is not free any more."""
    makings = Operation.objects.filter(action__in=MAKES_A_MACHINE, finished_at=None)
    sums = makings.order_by().values("vm__node").annotate(memory=Sum("vm__memory"))
    return Counter({each["vm__node"]: each["memory"] for each in sums})


def _storage_at(candidate: Candidate, image: Vm) -> StoragePool:
    """Beside the golden image if that can be, else where there is the most room."""
    folders = {normpath(dirname(disk.path)) for disk in disks_to_copy(image)}
    beside = [storage for storage in candidate.pools if normpath(storage.folder) in folders]
    return max(beside or candidate.pools, key=lambda storage: storage.free)


def _new_names(pool: VmPool, count: int) -> list[str]:
    """None that this pool has given before, or that another machine has."""
    names: list[str] = []
    while len(names) < count:
        numbers = range(pool.numbered + 1, pool.numbered + 1 + count - len(names))
        numbered = [dynamic_name(pool.name, number) for number in numbers]
        taken = taken_names(numbered)
        names += [name for name in numbered if name not in taken]
        pool.numbered = numbers[-1]
    VmPool.objects.filter(pk=pool.pk).update(numbered=pool.numbered)
    return names


def _acknowledge_failures(pool: VmPool) -> None:
    """Of those that came to nothing people need to read of the last only."""
    failed = Operation.objects.filter(action=Action.PROVIDE, progress=Progress.FAILED, acknowledged_at=None)
    if failed.filter(vm__in=pool.vms.values("pk")).update(acknowledged_at=timezone.now()):
        announce(COUNTS)
