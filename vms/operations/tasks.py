"""Celery's door. A task takes an id, calls one function, and never decides anything."""

import logging
from collections.abc import Iterator
from functools import partial
from typing import TypeVar
from uuid import UUID

from celery import Task, shared_task
from django.conf import settings
from django.db import Error, transaction
from kombu.exceptions import OperationalError

from vms.models import ContactTest, Heartbeat, Operation, Preflight
from vms.operations import preflights
from vms.operations.backups import pick_up_checks
from vms.operations.bulk_asking import ask_some, unfinished_bulks
from vms.operations.contacting import carry_out
from vms.operations.dropping import drop_what_was_left
from vms.operations.freeing import carry_on, give_up, unfinished_emptyings, waiting_for
from vms.operations.keeper import keep, pool_of, pools_to_keep, purge_thrown_away
from vms.operations.performing import advance, fail
from vms.operations.recovering import recover
from vms.operations.resuming import next_in_turn, pick_up_streams
from vms.operations.turns import begin_turns, due_schedules, end_turns, promise_checks
from vms.rules.problems import Problem

MIB = 1024 * 1024

Key = TypeVar("Key", int, str)

logger = logging.getLogger(__name__)


@shared_task(expires=60)
def perform(operation_id: int) -> None:
    try:
        pause = advance(operation_id)
    except Error:
        raise  # its lease runs out, and recovering takes it up again
    except Exception:
        logger.exception("operation %s met a bug", operation_id)
        fail(Operation.objects.get(pk=operation_id), Problem.BUG)
        raise
    if pause is not None:
        ring(operation_id, after=pause)
    else:
        _tell_who_waits(operation_id)


def _tell_who_waits(operation_id: int) -> None:
    """It may have ended."""
    for next_one in next_in_turn(operation_id):
        ring(next_one)
    for emptying_id in waiting_for(operation_id):
        _send(free_node, emptying_id, 0)
    for pool_id in pool_of(operation_id):
        _send(keep_pool, str(pool_id), 0)


@shared_task(expires=10)
def sweep() -> None:
    Heartbeat.beat("worker")
    for operation_id in _due():
        ring(operation_id)
    for bulk_id in unfinished_bulks():
        _send(ask_bulk, bulk_id, 0)
    for emptying_id in unfinished_emptyings():
        _send(free_node, emptying_id, 0)
    for pool_id in pools_to_keep():
        _send(keep_pool, str(pool_id), 0)


def _due() -> Iterator[int]:
    yield from recover()
    yield from pick_up_streams(limit=settings.STREAM_LIMIT * MIB)
    yield from drop_what_was_left()
    yield from pick_up_checks()


@shared_task(expires=10)
def keep_to_schedules() -> None:
    due_schedules()
    for operation_id in (*end_turns(), *begin_turns()):
        ring(operation_id)


@shared_task(expires=60)
def check_old_backups() -> None:
    for operation_id in promise_checks():
        ring(operation_id)


@shared_task(expires=60)
def ask_bulk(bulk_id: int) -> None:
    operation_ids, more = ask_some(bulk_id)
    for operation_id in operation_ids:
        ring(operation_id)
    if more:
        _send(ask_bulk, bulk_id, 0)


def ring_bulk_after_commit(bulk_id: int) -> None:
    transaction.on_commit(partial(_send, ask_bulk, bulk_id, 0))


@shared_task(expires=10)
def free_node(emptying_id: int) -> None:
    try:
        operation_ids = carry_on(emptying_id)
    except Error:
        raise  # the sweep comes again
    except Exception:
        logger.exception("emptying %s met a bug", emptying_id)
        give_up(emptying_id)
        raise
    for operation_id in operation_ids:
        ring(operation_id)


def free_node_after_commit(emptying_id: int) -> None:
    transaction.on_commit(partial(_send, free_node, emptying_id, 0))


@shared_task(expires=10)
def keep_pool(pool: str) -> None:
    for operation_id in keep(UUID(pool)):
        ring(operation_id)


def keep_pool_after_commit(pool_id: UUID) -> None:
    transaction.on_commit(partial(_send, keep_pool, str(pool_id), 0))


@shared_task(expires=600)
def forget_thrown_away() -> None:
    purge_thrown_away()


@shared_task(expires=60)
def try_contact(contact_test_id: int) -> None:
    test = ContactTest.objects.filter(pk=contact_test_id).first()
    if test is not None:
        carry_out(test)


def try_contact_after_commit(contact_test_id: int) -> None:
    transaction.on_commit(partial(_send, try_contact, contact_test_id, 0))


@shared_task(expires=60)
def try_preflight(preflight_id: int) -> None:
    preflight = Preflight.objects.filter(pk=preflight_id).first()
    if preflight is not None:
        preflights.carry_out(preflight)


def try_preflight_after_commit(preflight_id: int) -> None:
    transaction.on_commit(partial(_send, try_preflight, preflight_id, 0))


def ring_after_commit(operation_id: int) -> None:
    transaction.on_commit(partial(ring, operation_id))


def ring(operation_id: int, *, after: float = 0) -> None:
    """Wake a worker. If the broker is down the bell is lost, and rung again by the sweep."""
    _send(perform, operation_id, after)


def _send(task: "Task[[Key], None]", pk: Key, after: float) -> None:
    try:
        task.apply_async((pk,), countdown=after, retry=False)
    except OperationalError as error:
        logger.warning("%s %s was not sent, the broker does not answer: %s", task.name, pk, error)
