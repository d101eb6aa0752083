"""A person opens a pool and has a dynamic VM: the one that is theirs already, a free one, or one that is made for them.

All is decided while the pool's row is held, as the keeper does; who takes a free one asks the database whether it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.utils import timezone

from vms.models import Grant, Operation, Vm, VmPool
from vms.models.pooling import held_pool
from vms.models.viewer import Viewer
from vms.models.vm import VmQuerySet
from vms.operations.announcing import COUNTS, announce
from vms.operations.auditing import Refusal, about_pool, about_vm, noting_refusals, write
from vms.operations.permission import USE, require_may, sees_every_vm
from vms.operations.pooling import PoolIsFull
from vms.operations.promising import ActionRefused
from vms.operations.providing import NoImage, NoNode, promise_vm
from vms.operations.rounds import end_of
from vms.operations.tasks import keep_pool_after_commit, ring_after_commit
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Request, Why
from vms.rules.duty import Duty
from vms.rules.kinds import Kind
from vms.rules.lasting import Because
from vms.rules.status import Main, Second
from vms.rules.taking import is_over

__all__ = ["AllTaken", "CannotBeKept", "NoImage", "NoNode", "PoolIsOff"]


class PoolIsOff(Refusal):
    """It gives out none; those that people have already stay theirs."""

    reason = Why.POOL_IS_OFF


class AllTaken(Refusal):
    """count: how many VMs the pool has; there may be no more."""

    reason = Why.POOL_IS_FULL

    def __init__(self, count: int) -> None:
        super().__init__(f"all {count} are taken")
        self.count = count


class CannotBeKept(Refusal):
    """Its time is over whether it is used or not, or it is being thrown away already."""

    reason = Why.TOO_LATE


def open_pool(pool: VmPool, *, by: Viewer) -> Vm:
    """The VM of this pool that is theirs now; it may still have to be made. PermissionDenied, PoolIsOff, NoImage,
    NoNode, AllTaken."""
    about = about_pool(pool)
    with noting_refusals(Request.OPEN_POOL, about, by=by), transaction.atomic():
        require_may_open(by, pool)
        pool = held_pool(pool.pk)
        vm = own_vm(pool, by)
        if vm is None:
            vm = _assign_one(pool, by)
        else:
            note_use(vm.pk)
        write(Request.OPEN_POOL, about, Outcome.ACCEPTED, by=by, values={"vm": vm.display_name})
    return vm


def may_open(person: Viewer, pool: VmPool) -> bool:
    return pool.is_dynamic and pool.pk in openable(person, [pool.pk])


def openable(person: Viewer, pools: Iterable[UUID]) -> set[UUID]:
    """Those of the pools that this person may open: whoever sees every VM if they may use it, others if it was given to
    them. At most one query."""
    if sees_every_vm(person):
        return set(pools) if person.has_perm(USE) else set()
    return set(Grant.objects.of(person).filter(pool__in=list(pools)).values_list("pool_id", flat=True))


def require_may_open(person: Viewer, pool: VmPool) -> None:
    if not may_open(person, pool):
        raise PermissionDenied


def own_vm(pool: VmPool, person: Viewer) -> Vm | None:
    """The one that this person has and that is not ending, with its operations under way."""
    return next((vm for vm in own_vms([pool.pk], person) if not has_ended(vm)), None)


def own_vms(pools: Iterable[UUID], person: Viewer) -> VmQuerySet:
    """All that this person has of these pools, also such as are ending, the newest first, with their operations under
    way."""
    return _had_by(person).present().filter(pool__in=list(pools)).select_related("pool", "node")


def last_vm(pool: VmPool, person: Viewer) -> Vm | None:
    """The one that this person had last, also if it is no more, with its operations under way."""
    return _had_by(person).filter(pool=pool).first()


def _had_by(person: Viewer) -> VmQuerySet:
    had = Vm.objects.all().of_kind(Kind.DYNAMIC).filter(assigned_to=person.pk)
    return had.with_operations_under_way().order_by("-assigned_at")


def has_ended(vm: Vm) -> bool:
    """Whether it is thrown away, or is about to be."""
    return vm.deleted_at is not None or is_over(vm.status, gone=vm.gone_at is not None)


def free_running(pools: Iterable[UUID]) -> VmQuerySet:
    """Those that run for nobody yet."""
    return _free(pools).filter(main=Main.RUNNING)


def free_coming(pools: Iterable[UUID]) -> VmQuerySet:
    """Those that are just being made for nobody yet, as far as nothing has gone wrong with them."""
    making = Operation.objects.filter(vm=OuterRef("pk"), action=Action.PROVIDE, finished_at=None, ends_as="")
    return _free(pools).filter(Exists(making), main=Main.STOPPED, second=Second.CREATING)


def _free(pools: Iterable[UUID]) -> VmQuerySet:
    return Vm.objects.all().present().of_kind(Kind.DYNAMIC).filter(pool__in=list(pools), assigned_at=None, gone_at=None)


def _assign_one(pool: VmPool, by: Viewer) -> Vm:
    if not pool.is_on:
        raise PoolIsOff
    vm = _take_a_free_one(pool, by) or _have_one_made(pool, by)
    announce(("person", str(by.pk)), ("vm", str(vm.pk)), ("pool", str(pool.pk)), COUNTS)
    keep_pool_after_commit(pool.pk)
    return vm


def _take_a_free_one(pool: VmPool, by: Viewer) -> Vm | None:
    """One that runs, on the active golden image and an active node if there is one; of these the one that has waited
    longest; else one that is just being made. Meanwhile that may have come to run."""
    last = [_last_if(~Q(origin=pool.active_id)), _last_if(~Q(node__duty=Duty.ACTIVE))]
    running, coming = free_running([pool.pk]), free_coming([pool.pk])
    for free in (running, coming, running):
        for vm in free.order_by(*last, "status_since", "pk"):
            if _take(free, vm, by):
                return vm
    return None


def _last_if(condition: Q) -> Case:
    return Case(When(condition, then=Value(1)), default=Value(0))


def _take(free: VmQuerySet, vm: Vm, by: Viewer) -> bool:
    """False if meanwhile it went off, or is thrown away: those who do that hold its row and not its pool's."""
    now = timezone.now()
    return bool(free.filter(pk=vm.pk).update(assigned_to=by.pk, assigned_at=now, used_at=now, warned_at=None))


def _have_one_made(pool: VmPool, by: Viewer) -> Vm:
    try:
        operation = promise_vm(pool, assigned_to=by)
    except PoolIsFull:
        raise AllTaken(Vm.objects.all().present().of_kind(Kind.DYNAMIC).filter(pool=pool).count()) from None
    except ActionRefused:  # its golden image is just being thrown away, or on two nodes
        raise NoImage from None
    ring_after_commit(operation.pk)
    note_use(operation.vm_id)
    return operation.vm


def note_use(vm: UUID) -> None:
    """Its screen is open now. Nothing for one that nobody has, or that is no dynamic VM."""
    taken = Vm.objects.all().present().of_kind(Kind.DYNAMIC).exclude(assigned_at=None).filter(pk=vm)
    if not taken.filter(warned_at=None).update(used_at=timezone.now()):
        with transaction.atomic():
            _use_in_spite_of_a_warning(vm)


def keep_dynamic(vm: Vm, *, by: Viewer) -> None:
    """Somebody still needs it, though nobody has its screen open. PermissionDenied, CannotBeKept."""
    with noting_refusals(Request.KEEP_DYNAMIC, about_vm(vm), by=by), transaction.atomic():
        require_may(by, Action.USE, vm)
        if not _use_in_spite_of_a_warning(vm.pk):
            raise CannotBeKept
        write(Request.KEEP_DYNAMIC, about_vm(vm), Outcome.ACCEPTED, by=by)


def _use_in_spite_of_a_warning(pk: UUID) -> bool:
    """The warning is taken back if use puts the end off. False if it does not, or there is nothing to keep."""
    vm = Vm.objects.all().present().select_for_update(of=("self",)).filter(pk=pk).exclude(assigned_at=None).first()
    if vm is None or vm.kind != Kind.DYNAMIC or has_ended(vm):
        return False
    end, now = end_of(vm, vm.pool) if vm.pool else None, timezone.now()
    if end is not None and end.why is Because.LONGEST:
        Vm.objects.filter(pk=pk).update(used_at=now)
        return False
    Vm.objects.filter(pk=pk).update(used_at=now, warned_at=None)
    announce(("vm", str(pk)), ("pool", str(vm.pool_id)))
    return True
