"""The step that lets a pool's next VMs stand on a golden image, and the one way in which that comes about."""

from __future__ import annotations

from django.db import transaction

from vms.models import Operation, Vm, VmPool
from vms.models.facts import facts_of
from vms.models.pooling import held_pool
from vms.operations.announcing import announce
from vms.operations.auditing import about_vm, keep, line_of
from vms.operations.settling import settle
from vms.operations.steps.work import Done, Result, Work
from vms.rules.actions import Action
from vms.rules.asking import possible
from vms.rules.audit import Outcome, Why
from vms.rules.kinds import Mode
from vms.rules.reasons import Reason


def activate_if_asked(work: Work) -> Result:
    """As soon as it is sealed. What stands against it is written down: the golden image is good all the same, and can
    be activated by hand."""
    if work.operation.arguments.get("activate") and work.vm.mode == Mode.READY_FOR_USE:
        with transaction.atomic():
            against = put_in_use(work.vm, beside=work.operation)
            if against is not Reason.IS_ACTIVE_IMAGE:  # by this very step, of which a worker had died
                _write_down(work, against)
    return Done()


def put_in_use(image: Vm, *, beside: Operation | None = None) -> Reason | Why | None:
    """Why not, None once it is so. To be called within a transaction. beside: an operation of its own that does not
    stand in the way."""
    pool = _held_pool_of(image)
    if pool is None:
        return Why.NOT_OF_THE_POOL
    image = Vm.objects.select_for_update(of=("self",)).select_related("node").get(pk=image.pk)
    under_way = [each for each in image.operations.filter(finished_at=None) if each != beside]
    answer = possible(facts_of(image, under_way), Action.ACTIVATE)
    if answer.allowed:
        let_stand_on(pool, image)
    return answer.reason


def let_stand_on(pool: VmPool, image: Vm | None) -> None:
    """The pool's next VMs. None: there are no next ones. pool: held."""
    before = pool.active_id
    VmPool.objects.filter(pk=pool.pk).update(active=image)
    settle(*(uuid for uuid in (before, image.pk if image else None) if uuid))
    announce(("pool", str(pool.pk)))


def _held_pool_of(image: Vm) -> VmPool | None:
    try:
        return held_pool(image.pool_id) if image.pool_id else None
    except VmPool.DoesNotExist:
        return None


def _write_down(work: Work, against: Reason | Why | None) -> None:
    """In the name of whoever chose it."""
    outcome = Outcome.REFUSED if against else Outcome.SUCCEEDED
    operation = work.operation
    line = line_of(Action.ACTIVATE, about_vm(work.vm), outcome, by=None, reason=against or "", operation=operation)
    line.person_key, line.person_name = operation.requested_by_id, operation.requested_by_name
    line.address = operation.requested_from
    keep([line])
