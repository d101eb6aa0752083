"""Finds operations that nobody works on any more, and does with each what the table of recovery says."""

import logging
from datetime import datetime, timedelta

from django.utils import timezone

from vms.models import Operation
from vms.operations.performing import finish
from vms.rules.actions import Action
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.recovery import RECOVERY, Recovery

PATIENCE = timedelta(seconds=2)

logger = logging.getLogger(__name__)


def recover() -> list[int]:
    """Ids of the operations whose bell must be rung: those that are due and those whose worker died."""
    now = timezone.now()
    return [*_freed_from_the_dead(now), *_unheard(now)]


def _unheard(now: datetime) -> list[int]:
    """Due for some time: their bell was lost, or the broker was down when it was to be rung."""
    due = Operation.objects.filter(finished_at=None, lease_until=None, next_step_at__lt=now - PATIENCE)
    return list(due.exclude(progress=Progress.UNCLEAR).values_list("pk", flat=True))


def _freed_from_the_dead(now: datetime) -> list[int]:
    orphans = Operation.objects.filter(finished_at=None, lease_until__lt=now)
    return [operation.pk for operation in orphans if _take_from_the_dead(operation)]


def _take_from_the_dead(operation: Operation) -> bool:
    """True if it goes on; False if a person has to look at it."""
    logger.warning("operation %s lost its worker %s", operation.pk, operation.lease_owner)
    acted = operation.step_began_at is not None
    if acted and RECOVERY[Action(operation.action)] is Recovery.ASK:
        finish(operation, Progress.UNCLEAR, Problem.WORKER_DIED, lease_owner="", lease_until=None)
        return False
    return operation.take_from_the_dead()
