"""The moment of a backup: from here on its disks are copied as they are now, and its memory if it was asked for.

A mark is set before each call and another one after the last. Who finds the first without the last does not know what
came of the calls: he takes all of it back and begins anew, with a name for the moment that was never used before. So
no outcome of an earlier attempt is ever believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from vms.hypervisor.backing_up import BackupPlan, Began
from vms.hypervisor.errors import ChainBroken, HypervisorError
from vms.hypervisor.machine_xml import is_written_by_several
from vms.hypervisor.migrating import CallState, Outcome
from vms.operations.leasing import my_process
from vms.operations.steps.backup_deciding import decide, saves_memory
from vms.operations.steps.backup_facts import (
    backup_of,
    decided,
    has_process,
    path_in_target,
    taking_of,
    xml_now,
)
from vms.operations.steps.backup_files import lay_definition_down, overlay_paths
from vms.operations.steps.backup_undoing import let_guest_go_on, undo
from vms.operations.steps.checkpoints import forget_moments
from vms.operations.steps.overlays import overlays_on
from vms.operations.steps.work import Again, Done, Result, StepFailed, Work
from vms.rules.backing_up import MEMORY, checkpoint_of
from vms.rules.backups import Consistency
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.progress import Phase

SOON_SECONDS = 0.1
TRIES = 3
HELD = 1
STANDS_STILL_FOR = timedelta(seconds=1)
NOTHING_COMES_AFTER = timedelta(seconds=5)

_NEVER_BEGUN: Mapping[str, Any] = dict.fromkeys(("begun", "memory", "copying", "overlays", "stands_still"))


def begin_copy(work: Work) -> Result:
    measures = work.operation.measures
    if measures.get("began"):
        return _let_guest_go_on(work)
    if not measures.get("begun"):
        return _begin(work)
    if measures.get("memory") and not measures.get("copying"):
        return _see_it_saved(work)
    return _begin_anew(work)


def _begin(work: Work) -> Result:
    if work.operation.tries >= TRIES:
        raise StepFailed(Problem.BACKUP_BROKE)
    attempt = work.operation.tries + 1
    work.operation.measure({"begun": checkpoint_of(backup_of(work).stem, attempt)}, tries=attempt)
    lay_definition_down(work)
    return _save_memory(work) if saves_memory(work) else _copy(work)


def _begin_anew(work: Work) -> Result:
    if not has_process(work):
        raise StepFailed(Problem.BACKUP_BROKE)
    undone = undo(work)
    if isinstance(undone, Again):
        return undone
    work.operation.measure(_NEVER_BEGUN)
    return Again(SOON_SECONDS, Phase.COPYING_DISKS)


def _save_memory(work: Work) -> Result:
    """The guest is paused until its disks are being copied. What they have noted goes before: overlays on notes were
    seen to end the process."""
    if is_written_by_several(xml_now(work)):
        raise StepFailed(Problem.UNSUPPORTED)
    overlays = overlay_paths(work)
    marks = {
        "paused": True,
        "overlays": overlays,
        "memory": {"by": my_process(), "since": timezone.now().isoformat()},
    }
    work.operation.measure(marks, phase=Phase.SAVING_MEMORY, bytes_total=work.vm.memory + decided(work).size)
    if work.operation.ends_as:
        return Again(SOON_SECONDS, Phase.TAKING_BACK)
    forget_moments(work)
    work.hypervisor.pause(work.vm.uuid)
    work.hypervisor.save_memory(work.vm.uuid, path_in_target(work, MEMORY), overlays)
    return Again(SOON_SECONDS, Phase.SAVING_MEMORY)


def _see_it_saved(work: Work) -> Result:
    """That the machine has its overlays tells everybody; of a failure only the process knows that asked for it."""
    if not has_process(work):
        raise StepFailed(Problem.BACKUP_BROKE)
    if overlays_on(work):
        work.operation.note(bytes_before=work.vm.memory)
        return _copy(work)
    memory = work.operation.measures["memory"]
    outcome = work.hypervisor.memory_outcome(work.vm.uuid) if memory["by"] == my_process() else None
    if outcome is not None and outcome.state not in {CallState.UNDER_WAY, CallState.SUCCEEDED}:
        raise failure_from(outcome)
    if work.hypervisor.job_progress(work.vm.uuid) is not None:
        work.operation.measure({"memory": {**memory, "since": timezone.now().isoformat()}})
    elif timezone.now() - datetime.fromisoformat(memory["since"]) > NOTHING_COMES_AFTER:
        return _begin_anew(work)
    return Again(SOON_SECONDS, Phase.SAVING_MEMORY)


def _copy(work: Work) -> Result:
    work.operation.measure({"copying": True})
    if work.operation.ends_as:
        return Again(SOON_SECONDS, Phase.TAKING_BACK)
    was_held = work.hypervisor.machine(work.vm.uuid).power is Power.PAUSED
    moment = timezone.now()
    try:
        began = work.hypervisor.begin_backup(work.vm.uuid, _as_asked(work))
    except ChainBroken:
        decide(work, whole=True)
        return _begin_anew(work)
    marks = {"consistency": _consistency(work, began, was_held=was_held), "at": moment.isoformat()}
    work.operation.measure({"began": marks, "still_frozen": began.still_frozen}, phase=Phase.COPYING_DISKS)
    return _let_guest_go_on(work)


def _let_guest_go_on(work: Work) -> Result:
    """Not while something is copied: see save_memory(). So that is held, until nothing moves any more."""
    if work.operation.measures.get("paused") and not _stands_still(work):
        return Again(SOON_SECONDS, Phase.COPYING_DISKS)
    let_guest_go_on(work)
    return Done()


def _stands_still(work: Work) -> bool:
    """Also if all is copied already. What was read ahead comes to its end in spite of the limit."""
    copying, now = work.hypervisor.backup(work.vm.uuid), timezone.now()
    if copying is None:
        return True
    if copying.limit != HELD:
        work.hypervisor.limit_backup(work.vm.uuid, limit=HELD)
    seen = work.operation.measures.get("stands_still") or {}
    if copying.limit == HELD and copying.left and seen.get("done") == copying.done:
        return now - datetime.fromisoformat(seen["since"]) >= STANDS_STILL_FOR
    work.operation.measure({"stands_still": {"done": copying.done, "since": now.isoformat()}})
    return False


def _as_asked(work: Work) -> BackupPlan:
    plan, measures = decided(work), work.operation.measures
    return BackupPlan(
        files=plan.files,
        below=plan.below,
        since=plan.since,
        checkpoint=measures["begun"] if plan.notes else "",
        limit=HELD if measures.get("memory") else work.operation.limit,
        freezes=taking_of(work).freezes and not measures.get("memory"),
    )


def _consistency(work: Work, began: Began, *, was_held: bool) -> Consistency:
    """A guest that was let go on in that very moment may have written something."""
    measures = work.operation.measures
    if measures.get("memory"):
        return Consistency.WITH_MEMORY
    if began.frozen:
        return Consistency.AT_REST
    still_held = work.hypervisor.machine(work.vm.uuid).power is Power.PAUSED
    is_off = measures.get("held") and not measures.get("crashed") and was_held and still_held
    return Consistency.OFF if is_off else Consistency.POWER_CUT


def failure_from(outcome: Outcome | None) -> StepFailed:
    """Of a copy, or of saving memory. outcome: None if nobody knows it any more."""
    no_space = outcome is not None and outcome.problem is Problem.NO_SPACE
    failure = StepFailed(Problem.NO_SPACE if no_space else Problem.BACKUP_BROKE)
    failure.__cause__ = HypervisorError(outcome.detail) if outcome else None
    return failure
