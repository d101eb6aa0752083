"""Asks what a bulk is about of one machine after the other, and remembers with each what came of it."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from vms.models import Bulk, BulkItem, Disk, Operation, Vm
from vms.operations.announcing import announce
from vms.operations.auditing import about_vm, asking_from, write_for
from vms.operations.promising import ActionRefused, Order, promise
from vms.rules.actions import Action
from vms.rules.audit import Outcome
from vms.rules.reasons import Reason

PORTION = 20
TRIES = 3
PATIENCE = timedelta(seconds=2)

NAMESPACE = UUID("5f5f9b0e-7c38-4d5b-8d0a-6a3f7f3f6a10")
"""Of the keys of a bulk's operations: a machine that is asked twice is still promised once."""


logger = logging.getLogger(__name__)


class SomebodyElseIsHere(Exception):
    """Another worker has just asked the machine that was next: it goes on, and this one stops."""


def ask_some(bulk_id: int) -> tuple[list[int], bool]:
    """Ask the next few machines. The operations to ring for, and whether there may be more to ask."""
    bulk = Bulk.objects.get(pk=bulk_id)
    waiting = _waiting(bulk)[: PORTION + 1] if bulk.all_asked_at is None else []
    promised: list[int] = []
    try:
        for item in waiting[:PORTION]:
            operation = _ask_or_give_up(bulk, item)
            promised += [operation.pk] if operation else []
    except SomebodyElseIsHere:
        return promised, False
    if len(waiting) <= PORTION:
        Bulk.objects.filter(pk=bulk.pk, all_asked_at=None).update(all_asked_at=timezone.now())
    announce(("bulk", str(bulk.pk)), *(("vm", str(item.vm_id)) for item in waiting[:PORTION]))
    return promised, len(waiting) > PORTION


def unfinished_bulks() -> list[int]:
    """Those that have machines left to ask. One whose worker died goes on; one that is being worked on is not hurt."""
    due = Bulk.objects.filter(all_asked_at=None, requested_at__lt=timezone.now() - PATIENCE)
    return list(due.values_list("pk", flat=True))


def _waiting(bulk: Bulk) -> list[BulkItem]:
    return list(bulk.items.filter(operation=None, refusal="").select_related("vm")[: PORTION + 1])


def _ask_or_give_up(bulk: Bulk, item: BulkItem) -> Operation | None:
    """A bug met at one machine keeps nobody from the others. A database that is away is no bug: the sweep goes on."""
    for attempt in range(1, TRIES + 1):
        try:
            return _ask(bulk, item)
        except (SomebodyElseIsHere, OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("bulk %s met a bug at machine %s, try %s of %s", bulk.pk, item.vm_id, attempt, TRIES)
    _give_up(bulk, item)
    return None


def _give_up(bulk: Bulk, item: BulkItem) -> None:
    with transaction.atomic():
        waiting = BulkItem.objects.filter(pk=item.pk, operation=None, refusal="")
        if waiting.update(refusal=Reason.ASKING_FAILED):
            write_for(bulk, about_vm(item.vm), Outcome.REFUSED, reason=Reason.ASKING_FAILED)


def _ask(bulk: Bulk, item: BulkItem) -> Operation | None:
    """The request and the note that it was made are one transaction: a worker that dies leaves both or neither."""
    with transaction.atomic():
        mine = BulkItem.objects.select_for_update().filter(pk=item.pk, operation=None, refusal="").exists()
        if not mine:
            raise SomebodyElseIsHere
        try:
            operation = _promise(bulk, item)
        except ActionRefused as refused:
            _refuse(bulk, item, refused.reason, str(refused.holder.pk) if refused.holder else "")
        except PermissionDenied:
            _refuse(bulk, item, Reason.GONE_FROM_NODE if item.vm.deleted_at else Reason.NOT_PERMITTED)
        else:
            _remember(item, operation=operation)
            return operation
    return None


def _promise(bulk: Bulk, item: BulkItem) -> Operation:
    person = bulk.requested_by
    if person is None or not person.is_active:
        raise PermissionDenied
    order = Order(Action(bulk.action), _arguments(bulk, item.vm), uuid5(NAMESPACE, str(item.pk)))
    with asking_from(bulk.requested_from):
        return promise(item.vm, order, by=person)


def _arguments(bulk: Bulk, vm: Vm) -> dict[str, Any]:
    if bulk.action != Action.DELETE:
        return {}
    return {"disks": [disk.path for disk in Disk.objects.all().to_delete().filter(vm=vm)]}


def _refuse(bulk: Bulk, item: BulkItem, reason: Reason, refused_for: str = "") -> None:
    _remember(item, refusal=reason, refused_for=refused_for)
    write_for(bulk, about_vm(item.vm), Outcome.REFUSED, reason=reason)


def _remember(item: BulkItem, **result: object) -> None:
    BulkItem.objects.filter(pk=item.pk).update(**result)
