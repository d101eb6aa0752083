"""Golden images: full copies of templates, on whose disks the VMs of dynamic pools stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from posixpath import normpath
from uuid import UUID

from django.db import transaction

from vms.models import Operation, StoragePool, Vm, VmPool
from vms.models.facts import facts_of_node
from vms.models.pooling import places_of
from vms.models.viewer import Viewer
from vms.operations.auditing import Refusal, about_pool, about_vm, noting_refusals, write
from vms.operations.making import MakingOrder, NewMachine, promise_machines
from vms.operations.permission import require_may
from vms.operations.planning import Candidate, Wish, candidates_for, plan_copies
from vms.operations.pooling import NoSuchPool, hold
from vms.operations.promising import ActionRefused, Order, holder_of
from vms.operations.steps.activating import let_stand_on, put_in_use
from vms.operations.tasks import keep_pool_after_commit, ring_after_commit
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Request, Why
from vms.rules.golden_images import NoPlace, folders_for_images
from vms.rules.kinds import Kind, Mode
from vms.rules.reasons import Reason


@dataclass(frozen=True, slots=True)
class GoldenOrder:
    """pool: a dynamic one. prepared: it is started once it is copied, and sealed by hand after that; activate: the
    pool's next VMs stand on it as soon as it is sealed. limit: bytes per second, 0 for none. key: the same for every
    submission of the same page."""

    pool: VmPool
    name: str
    prepared: bool
    activate: bool
    limit: int = 0
    key: UUID | None = None


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """Where a pool's next golden image would lie. storage: None if nowhere, and against says why. candidates: the
    pool's nodes, the best first."""

    candidates: tuple[Candidate, ...]
    storage: StoragePool | None = None
    against: NoPlace | None = None


class NoPlaceForImage(Refusal):
    reason = Why.NOT_OF_THE_POOL

    def __init__(self, place: ImagePlace) -> None:
        super().__init__(place.against)
        self.place = place


def place_for(template: Vm, pool: VmPool) -> ImagePlace:
    """template: with its disks and interfaces prefetched. pool: with its nodes."""
    found = candidates_for(template.memory, _network_for(template, pool), template, pool=pool)
    candidates = tuple(each for each in found if each.is_of_the_pool)
    if not candidates:
        return ImagePlace((), against=NoPlace.NO_NODES)
    folders = folders_for_images([facts_of_node(each.node) for each in candidates], places_of(pool))
    if not folders:
        return ImagePlace(candidates, against=NoPlace.NOT_SHARED if len(candidates) > 1 else NoPlace.NO_FOLDER)
    best = next((each for each in candidates if not each.obstacles), None)
    if best is None:
        return ImagePlace(candidates, against=NoPlace.NODES_OUT)
    usable = [storage for storage in best.pools if normpath(storage.folder) in folders]
    return ImagePlace(candidates, max(usable, key=lambda storage: storage.free))


def request_golden_image(template: Vm, order: GoldenOrder, *, by: Viewer) -> Operation:
    """Promise to make it. ActionRefused, NamesTaken, NoPlaceForImage, NoSuchPool, OutsideOfPool. The operation may be
    an earlier one, if this is the same submitted again."""
    with noting_refusals(Action.DYNAMIC, about_vm(template), by=by), transaction.atomic():
        require_may(by, Action.DYNAMIC, template)
        pool = hold(order.pool.pk, Kind.GOLDEN_IMAGE, by=by)
        place = place_for(template, pool)
        if place.storage is None:
            raise NoPlaceForImage(place)
        machine = _planned(template, place.storage, replace(order, pool=pool))
        making = MakingOrder(Action.DYNAMIC, place.storage.node, [machine], order.key)
        operation = promise_machines(making, template, by=by)[0]
        ring_after_commit(operation.pk)
    return operation


def _planned(template: Vm, storage: StoragePool, order: GoldenOrder) -> NewMachine:
    wish = Wish(
        name=order.name,
        pool=storage,
        memory=template.memory,
        vcpus=template.vcpus,
        network=_network_for(template, order.pool),
        limit=order.limit,
        start=order.prepared,
        kind=Kind.GOLDEN_IMAGE,
        mode=Mode.MAINTENANCE if order.prepared else Mode.READY_FOR_USE,
        os_name=template.os_name,
        vm_pool=order.pool,
    )
    machine = plan_copies(template, [wish])[0]
    return replace(machine, plan=replace(machine.plan, activate=order.activate))


def _network_for(template: Vm, pool: VmPool) -> str | None:
    """Of its first interface: that of the pool's new VMs, or what the template has."""
    return pool.network if pool.network and template.interfaces.all() else None


def seal_order(image: Vm, key: UUID | None = None) -> Order:
    """What was chosen when it was made is carried out with it."""
    chosen = image.pk in to_be_activated([image])
    return Order(Action.SEAL, {"mode": Mode.READY_FOR_USE, "was": image.mode, "activate": chosen}, key)


def to_be_activated(images: Iterable[Vm]) -> set[UUID]:
    """Those of which it was chosen, when they were made, that the pool's next VMs stand on them as soon as they are
    sealed. One query."""
    made = Operation.objects.filter(vm__in=images, action=Action.DYNAMIC, arguments__activate=True)
    return set(made.order_by().values_list("vm_id", flat=True))


def activate(image: Vm, *, by: Viewer) -> None:
    """The pool's next VMs stand on it; those there are go on as they are. ActionRefused, NoSuchPool."""
    with noting_refusals(Action.ACTIVATE, about_vm(image), by=by), transaction.atomic():
        require_may(by, Action.ACTIVATE, image)
        against = put_in_use(image)
        if isinstance(against, Reason):
            raise ActionRefused(Action.ACTIVATE, against, _holder_of(image))
        if against or image.pool_id is None:
            raise NoSuchPool(str(image.pool_id))
        write(Action.ACTIVATE, about_vm(image), Outcome.ACCEPTED, by=by)
        keep_pool_after_commit(image.pool_id)


def _holder_of(image: Vm) -> Operation | None:
    return holder_of(list(image.operations.filter(finished_at=None)), Action.ACTIVATE)


def take_out_of_use(image: Vm, *, by: Viewer) -> bool:
    """No more VMs of its pool are made, until a golden image is activated. False if it was not the active one."""
    with noting_refusals(Request.CHANGE_POOL, about_vm(image), by=by), transaction.atomic():
        require_may(by, Action.ACTIVATE, image)
        pool = VmPool.objects.select_for_update().filter(active=image).first()
        if pool is None:
            write(Request.CHANGE_POOL, about_vm(image), Outcome.REFUSED, by=by, reason=Why.NOTHING_TO_DO)
            return False
        let_stand_on(pool, None)
        write(Request.CHANGE_POOL, about_pool(pool), Outcome.ACCEPTED, by=by)
        keep_pool_after_commit(pool.pk)
    return True
