"""What takes back a backup that was begun: the guest goes on, its disks are its own again, and no file is left."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps

from django.utils import timezone

from vms.hypervisor.errors import DiskMissing, HypervisorError, NodeUnreachable, VmNotFound
from vms.models import Operation
from vms.operations.steps import overlays, streaming
from vms.operations.steps.backup_facts import has_process, path_in_target, plan_of
from vms.operations.steps.work import Again, Done, Result, Step, Work
from vms.rules.backing_up import DEFINITION, LIST, MEMORY
from vms.rules.power import PAUSED_BY_FAULT, Power
from vms.rules.progress import Phase

LOOK_SECONDS = 1.0
SOON_SECONDS = 0.3
SAVING_SHOWS_WITHIN = timedelta(seconds=5)
THAWS_WITHIN = timedelta(minutes=1)
FILES_GO_WITHIN = timedelta(minutes=1)

logger = logging.getLogger(__name__)


def _patiently(step: Callable[[Work], Result]) -> Step:
    """It is tried until it is done, however often the node refuses: a machine is not left half way."""

    @wraps(step)
    def tried(work: Work) -> Result:
        try:
            return step(work)
        except (NodeUnreachable, VmNotFound):
            raise
        except HypervisorError as error:
            logger.warning("operation %s cannot take back its backup yet: %s", work.operation.pk, error)
            _keep_evidence(work.operation, str(error))
            return Again(LOOK_SECONDS, Phase.TAKING_BACK)

    return tried


def _keep_evidence(operation: Operation, words: str) -> None:
    if not operation.evidence:
        operation.note(evidence=words)


@_patiently
def call_off(work: Work) -> Result:
    """Nothing of the machine is copied any more, and its guest goes on."""
    if not work.operation.measures.get("begun"):
        return Done()
    if not has_process(work):
        work.operation.measure({"paused": False})
        return Done()
    if _is_still_copied(work):
        work.hypervisor.cancel_backup(work.vm.uuid)
        return Again(SOON_SECONDS, Phase.TAKING_BACK)
    if _may_still_save_memory(work):
        return Again(SOON_SECONDS, Phase.TAKING_BACK)
    if _may_be_frozen(work) and not work.hypervisor.thaw(work.vm.uuid) and not work.lasts_longer_than(THAWS_WITHIN):
        return Again(LOOK_SECONDS, Phase.TAKING_BACK)
    let_guest_go_on(work)
    return Done()


def _is_still_copied(work: Work) -> bool:
    """By this backup: others may have begun one with another tool."""
    backup, plan = work.hypervisor.backup(work.vm.uuid), plan_of(work)
    return backup is not None and plan is not None and bool({*backup.files.values()} & {*plan.files.values()})


def _may_be_frozen(work: Work) -> bool:
    """Also if nobody knows what came of the call that freezes and thaws."""
    measures = work.operation.measures
    return bool(measures.get("still_frozen") or (measures.get("copying") and not measures.get("began")))


def _may_still_save_memory(work: Work) -> bool:
    """Its overlays would come after all."""
    measures = work.operation.measures
    memory, is_saved = measures.get("memory"), measures.get("copying")
    if not memory or is_saved or overlays.overlays_on(work):
        return False
    is_young = timezone.now() - datetime.fromisoformat(memory["since"]) < SAVING_SHOWS_WITHIN
    return is_young or work.hypervisor.job_progress(work.vm.uuid) is not None


def let_guest_go_on(work: Work) -> None:
    """If this backup has paused it."""
    if not work.operation.measures.get("paused"):
        return
    machine = work.hypervisor.machine(work.vm.uuid)
    if machine.power is Power.PAUSED and machine.reason not in PAUSED_BY_FAULT:
        work.hypervisor.resume(work.vm.uuid)
    work.operation.measure({"paused": False})


@_patiently
def merge_back(work: Work) -> Result:
    """What the guest wrote since the moment."""
    return overlays.merge_left_over(work)


def remove_files(work: Work) -> Result:
    """No file is left, nor the moment's name at the machine; the latter also later, when the next backup is done."""
    if plan_of(work) is None:
        return Done()
    try:
        _delete_files(work)
    except DiskMissing:
        if not work.lasts_longer_than(FILES_GO_WITHIN):
            return Again(LOOK_SECONDS, Phase.TAKING_BACK)
    _forget_moment(work)
    return Done()


def _delete_files(work: Work) -> None:
    plan = plan_of(work)
    for part in (LIST, DEFINITION, MEMORY):
        work.hypervisor.delete_disk(path_in_target(work, part))
    for path in plan.files.values() if plan else ():
        work.hypervisor.delete_disk(path)


def _forget_moment(work: Work) -> None:
    name = work.operation.measures.get("begun")
    if not name or not has_process(work):
        return
    try:
        work.hypervisor.forget_checkpoint(work.vm.uuid, name)
    except NodeUnreachable:
        raise
    except HypervisorError as error:
        logger.warning("operation %s cannot forget its moment: %s", work.operation.pk, error)


def undo(work: Work) -> Result:
    """All of it but the process, for another attempt."""
    for part in (call_off, merge_back, remove_files):
        result = part(work)
        if isinstance(result, Again):
            return result
    return Done()


def let_go(work: Work) -> Result:
    """End the process that only held the guest, unless somebody let it go on meanwhile."""
    is_held = work.operation.measures.get("held") and work.node_knows_it()
    return streaming.end_process(work) if is_held else Done()
