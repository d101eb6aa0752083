"""Carries an operation on by as many steps as can be taken without waiting."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from vms.hypervisor.errors import HypervisorError, NodeUnreachable
from vms.models import Event, Operation, Vm
from vms.models.facts import facts_of
from vms.operations.announcing import COUNTS, announce
from vms.operations.leasing import LEASE_SECONDS, kept_alive, my_name
from vms.operations.reaching import a_turn_at
from vms.operations.recipes import RECIPES
from vms.operations.settling import settle
from vms.operations.steps import Again, Done, Result, StepFailed, StepUnclear, Work
from vms.rules.actions import Action
from vms.rules.asking import already_so, possible
from vms.rules.power import Wanted
from vms.rules.problems import Problem
from vms.rules.progress import FINISHED, Phase, Progress
from vms.rules.timeline import What

SECONDS_BETWEEN_TRIES = 2.0

logger = logging.getLogger(__name__)


def advance(operation_id: int) -> float | None:
    """Take the steps that are due. Seconds until the next look, or None if there is nothing more to do for now."""
    operation = Operation.objects.get(pk=operation_id)
    if not operation.claim(my_name(), seconds=LEASE_SECONDS):
        return None
    try:
        with kept_alive(operation):
            return _work(operation)
    finally:
        if operation.lease_owner:
            operation.release()


def _work(operation: Operation) -> float | None:
    if operation.progress == Progress.QUEUED and not _begin(operation):
        return _rest(operation, 0.3, Phase.WAITING_FOR_PREVIOUS) if operation.finished_at is None else None
    while operation.progress == Progress.WORKING:
        result = _try_next_step(operation)
        if isinstance(result, Again):
            return _rest(operation, result.seconds, result.phase)
    return None


def _begin(operation: Operation) -> bool:
    """Check one last time, then set out. False if it has to wait, or ended because it is no longer possible."""
    if _previous_one_still_works(operation):
        return False
    vm = Vm.objects.select_related("node").get(pk=operation.vm_id)
    others = vm.operations.filter(finished_at=None).exclude(pk=operation.pk)
    answer = possible(facts_of(vm, others), Action(operation.action))
    hopeless = not answer.allowed and not already_so(Action(operation.action), answer.reason)
    if hopeless and vm.node.reachable:
        finish(operation, Progress.FAILED, Problem.NO_LONGER_POSSIBLE)
        return False
    begun = operation.become(Progress.WORKING, started_at=timezone.now(), phase=Phase.TALKING_TO_NODE)
    announce(("operation", str(operation.pk)))
    return begun


def _previous_one_still_works(operation: Operation) -> bool:
    """An operation that was superseded may be in the middle of a call."""
    earlier = Operation.objects.filter(vm=operation.vm_id, slot=operation.slot).exclude(pk=operation.pk)
    return earlier.filter(lease_until__gt=timezone.now()).exists()


def _try_next_step(operation: Operation) -> Result:
    try:
        return _take_next_step(operation)
    except NodeUnreachable as error:
        return _wait_for_node(operation, error)
    except HypervisorError as error:
        logger.warning("operation %s failed: %s", operation.pk, error)
        finish(operation, Progress.FAILED, error.problem, evidence=str(error))
    except StepUnclear as doubt:
        finish(operation, Progress.UNCLEAR, Problem.CONTACT_BROKE, evidence=str(doubt))
    except StepFailed as failure:
        finish(operation, Progress.FAILED, failure.problem, problem_values=failure.values)
    return Done()


def _take_next_step(operation: Operation) -> Result:
    steps = RECIPES[Action(operation.action)].steps
    if operation.steps_done >= len(steps):
        finish(operation, Progress.SUCCEEDED)
        return Done()
    if operation.step_began_at is None and not operation.note(step_began_at=timezone.now()):
        return Done()  # somebody else ended it meanwhile
    vm = Vm.objects.select_related("node").get(pk=operation.vm_id)
    with a_turn_at(vm.node) as hypervisor:
        result = steps[operation.steps_done](Work(hypervisor, vm, operation))
    if operation.node_silent_since:
        operation.note(node_silent_since=None)
    if isinstance(result, Done):
        operation.count_step()
    return result


def _wait_for_node(operation: Operation, error: NodeUnreachable) -> Result:
    silent_since = operation.node_silent_since or timezone.now()
    if timezone.now() - silent_since > timedelta(seconds=settings.NODE_PATIENCE):
        finish(operation, Progress.FAILED, error.problem, evidence=str(error))
        return Done()
    operation.note(node_silent_since=silent_since)
    return Again(SECONDS_BETWEEN_TRIES, Phase.WAITING_FOR_NODE)


def _rest(operation: Operation, seconds: float, phase: Phase) -> float | None:
    if operation.phase != phase:
        operation.note(phase=phase)
        announce(("operation", str(operation.pk)), ("vm", str(operation.vm_id)))
    return seconds if operation.rest(seconds=seconds) else None


def finish(operation: Operation, progress: Progress, problem: Problem | None = None, **also: object) -> bool:
    """End it, with all that follows from its end. False if somebody else had ended it already."""
    with transaction.atomic():
        Vm.objects.select_for_update().get(pk=operation.vm_id)  # first, as everybody does who changes both
        if not operation.become(progress, problem, **also):
            return False
        then_wanted = RECIPES[Action(operation.action)].then_wanted
        if progress is Progress.SUCCEEDED and then_wanted is not None:
            _want(operation, then_wanted)
        if progress in FINISHED:
            _write_down_the_end(operation)
        settle(operation.vm_id)
        announce(("operation", str(operation.pk)), COUNTS)
    return True


def _want(operation: Operation, wanted: Wanted) -> None:
    Vm.objects.filter(pk=operation.vm_id).update(
        wanted=wanted, watchdog_fired=False, agent_silent_checks=0, last_log_lines=""
    )


def _write_down_the_end(operation: Operation) -> None:
    Event.objects.create(
        what=What.OPERATION_ENDED,
        vm_id=operation.vm_id,
        node_id=operation.node_id,
        operation=operation,
        by_panel=True,
        values={"action": operation.action, "progress": operation.progress, "problem": operation.problem},
    )
