"""Carries an operation on by as many steps as can be taken without waiting."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from vms.hypervisor.errors import HypervisorError, NodeUnreachable
from vms.models import Backup, Event, Node, Operation, Vm
from vms.models.facts import facts_of
from vms.operations.announcing import COUNTS, announce
from vms.operations.auditing import about_vm, write_for
from vms.operations.leasing import LEASE_SECONDS, kept_alive, my_name
from vms.operations.reaching import a_turn_at
from vms.operations.recipes import RECIPES
from vms.operations.settling import settle
from vms.operations.steps.work import Again, Done, Result, StepFailed, StepUnclear, Work
from vms.rules.actions import FILLS_DISKS, MAKES_A_MACHINE, OF_A_DOUBLE, Action, Slot
from vms.rules.asking import already_so, possible
from vms.rules.audit import Outcome
from vms.rules.backups import BackupState
from vms.rules.kinds import Link
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
    with transaction.atomic():
        Vm.objects.select_for_update().get(pk=operation.vm_id)  # nobody forbids it between the check and the start
        if _is_hopeless(operation):
            finish(operation, Progress.FAILED, Problem.NO_LONGER_POSSIBLE)
            return False
        begun = operation.become(Progress.WORKING, started_at=timezone.now(), phase=Phase.TALKING_TO_NODE)
        announce(("operation", str(operation.pk)), ("vm", str(operation.vm_id)))
    return begun


def _is_hopeless(operation: Operation) -> bool:
    """What is asked of a machine that is being made, is asked of the one it is made from."""
    action = Action(operation.action)
    asked = operation.arguments.get("origin") if action in MAKES_A_MACHINE else operation.vm_id
    vm = Vm.objects.select_related("node").filter(pk=asked).first()
    if vm is None or action in {Action.STREAM, *OF_A_DOUBLE} or operation.slot == Slot.BACKUPS:
        return False
    others = vm.operations.filter(finished_at=None).exclude(pk=operation.pk)
    answer = possible(facts_of(vm, others), action)
    return not answer.allowed and not already_so(action, answer.reason) and vm.node.reachable


def _previous_one_still_works(operation: Operation) -> bool:
    """An operation that was superseded may be in the middle of a call."""
    earlier = Operation.objects.filter(vm=operation.vm_id).exclude(pk=operation.pk)
    in_the_way = earlier.filter(Q(slot=operation.slot) | Q(progress=Progress.CANCELLED))
    return in_the_way.filter(lease_until__gt=timezone.now()).exists()


def _try_next_step(operation: Operation) -> Result:
    try:
        return _take_next_step(operation)
    except NodeUnreachable as error:
        return _wait_for_node(operation, error)
    except HypervisorError as error:
        logger.warning("operation %s failed: %s", operation.pk, error)
        fail(operation, error.problem, evidence=str(error))
    except StepUnclear as doubt:
        finish(operation, Progress.UNCLEAR, doubt.problem, problem_values=doubt.values, evidence=str(doubt))
    except StepFailed as failure:
        fail(operation, failure.problem, problem_values=failure.values, evidence=str(failure.__cause__ or ""))
    return Done()


def fail(operation: Operation, problem: Problem, **also: Any) -> None:
    """Take back what was begun, if the recipe knows how; what fails on the way back does not hide why it was taken."""
    recipe = RECIPES[Action(operation.action)]
    if recipe.can_go_back(operation.steps_done - 1) and operation.turn_back(Progress.FAILED, problem, **also):
        announce(("operation", str(operation.pk)), ("vm", str(operation.vm_id)))
    elif operation.problem:
        finish(operation, Progress.FAILED, Problem(operation.problem))
    else:
        finish(operation, Progress.FAILED, problem, **also)


def _take_next_step(operation: Operation) -> Result:
    recipe = RECIPES[Action(operation.action)]
    on_the_way_back = operation.ends_as
    steps = recipe.way_back if on_the_way_back else recipe.steps
    if operation.steps_done >= len(steps):
        problem = Problem(operation.problem) if operation.problem else None
        finish(operation, Progress(operation.ends_as or Progress.SUCCEEDED), problem)
        return Done()
    if operation.step_began_at is None and not operation.note(step_began_at=timezone.now()):
        return Done()  # somebody else ended it meanwhile
    if operation.ends_as != on_the_way_back:
        return Done()  # somebody has just turned it back
    vm = Vm.objects.select_related("node").get(pk=operation.vm_id)
    with a_turn_at(_where(operation) or vm.node) as hypervisor:
        result = steps[operation.steps_done](Work(hypervisor, vm, operation))
    if operation.node_silent_since:
        operation.note(node_silent_since=None)
    if isinstance(result, Done) and operation.ends_as == on_the_way_back:
        operation.count_step()
    return result


def _where(operation: Operation) -> Node | None:
    """Work with backups is done where their files are seen, wherever their machine is, or was."""
    return operation.node if operation.slot == Slot.BACKUPS else None


def _wait_for_node(operation: Operation, error: NodeUnreachable) -> Result:
    silent_since = operation.node_silent_since or timezone.now()
    patient = RECIPES[Action(operation.action)].patient
    if not patient and timezone.now() - silent_since > timedelta(seconds=settings.NODE_PATIENCE):
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
        vm = Vm.objects.select_for_update().get(pk=operation.vm_id)  # first, as everybody does who changes both
        if not operation.become(progress, problem, **also):
            return False
        then_wanted = RECIPES[Action(operation.action)].then_wanted
        if progress is Progress.SUCCEEDED and then_wanted is not None:
            _want(operation, then_wanted)
        if progress in FINISHED:
            _write_down_the_end(operation)
            write_for(operation, about_vm(vm), Outcome(progress), reason=operation.problem, operation=operation)
            _forget_what_never_began(operation)
        settle(operation.vm_id)
        announce(("operation", str(operation.pk)), ("vm", str(operation.vm_id)), COUNTS)
    return True


def _forget_what_never_began(operation: Operation) -> None:
    """A machine whose making ended before it began is nowhere but here. One whose streaming failed for good is not
    tried again by itself. Of a backup that came to nothing there is no trace but the operation."""
    machine = Vm.objects.filter(pk=operation.vm_id)
    if operation.action in MAKES_A_MACHINE and operation.started_at is None:
        machine.update(deleted_at=timezone.now(), link=Link.NONE, claimed_name=None)
    elif operation.action in FILLS_DISKS and operation.progress == Progress.FAILED:
        machine.filter(link=Link.STREAMING).update(link=Link.LINKED)
    elif operation.action == Action.BACK_UP:
        Backup.objects.filter(operation=operation, state=BackupState.MAKING).delete()
    if origin := operation.arguments.get("origin"):
        settle(origin)


def _want(operation: Operation, wanted: Wanted) -> None:
    Vm.objects.filter(pk=operation.vm_id).update(
        wanted=wanted, watchdog_fired=False, agent_silent_checks=0, last_log_lines=""
    )


def _write_down_the_end(operation: Operation) -> None:
    if operation.is_routine:
        return
    Event.objects.create(
        what=What.OPERATION_ENDED,
        vm_id=operation.vm_id,
        node_id=operation.node_id,
        operation=operation,
        by_panel=True,
        values={"action": operation.action, "progress": operation.progress, "problem": operation.problem},
    )
