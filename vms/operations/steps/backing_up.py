"""Steps that back a machine up, and those that take it back.

The node copies by itself. A backup is good only if it was seen to succeed: of what nobody knows any more nothing is
kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from vms.hypervisor.backing_up import Backup as Copying
from vms.hypervisor.migrating import CallState
from vms.models import Operation
from vms.operations.announcing import announce
from vms.operations.steps import overlays
from vms.operations.steps.backup_begin import begin_copy, failure_from
from vms.operations.steps.backup_deciding import decide, require_target
from vms.operations.steps.backup_facts import decided
from vms.operations.steps.backup_files import write_down
from vms.operations.steps.backup_undoing import THAWS_WITHIN, call_off, let_go, merge_back, remove_files
from vms.operations.steps.checkpoints import forget_old_moments
from vms.operations.steps.streaming import is_being_run
from vms.operations.steps.work import Again, Done, Result, Work
from vms.rules.actions import Action
from vms.rules.power import Power, Wanted
from vms.rules.progress import Phase, percent

LOOK_SECONDS = 1.0
SOON_SECONDS = 0.2
SHORT = timedelta(seconds=10)
TURN_LOOK_SECONDS = 5.0
OUTCOME_SHOWS_WITHIN = timedelta(seconds=5)


def wait_to_back_up(work: Work) -> Result:
    """Those asked for first go first."""
    unfinished = Operation.objects.filter(action=Action.BACK_UP, finished_at=None, ends_as="", vm__node=work.vm.node_id)
    first = unfinished.order_by("requested_at", "pk").values_list("pk", flat=True)[: settings.BACKUPS_PER_NODE]
    return Done() if work.operation.pk in list(first) else Again(TURN_LOOK_SECONDS, Phase.WAITING_FOR_TURN)


def check_target(work: Work) -> Result:
    require_target(work)
    return Done()


def hold_guest(work: Work) -> Result:
    """One that is off gets a process, for that copies. To people it stays off."""
    if work.hypervisor.machine(work.vm.uuid).power is not Power.OFF:
        return Done()
    if is_being_run(work.vm, *Action):
        return Again(LOOK_SECONDS / 2, Phase.WAITING_FOR_PREVIOUS)
    work.operation.measure({"held": True, "crashed": work.vm.wanted != Wanted.OFF})
    work.hypervisor.start_paused(work.vm.uuid)
    return Done()


def plan_backup(work: Work) -> Result:
    decide(work)
    work.operation.note(permille=0)  # a merge of what was left over counted as far as that
    return Done()


def copy_disks(work: Work) -> Result:
    """See it to its end."""
    _thaw_if_need_be(work)
    found = work.hypervisor.backup(work.vm.uuid)
    if found is not None and {*found.files.values()} == {*decided(work).files.values()}:
        _keep_limit(work, found)
        _note(work, found)
        lasts = work.lasts_longer_than(SHORT)
        return Again(LOOK_SECONDS if lasts else SOON_SECONDS, Phase.COPYING_DISKS)
    outcome = work.hypervisor.backup_outcome(work.vm.uuid)
    if found is None and outcome is not None and outcome.state is CallState.SUCCEEDED:
        still_frozen = work.operation.measures.get("still_frozen")
        return Again(LOOK_SECONDS, Phase.WAITING_FOR_GUEST) if still_frozen else Done()
    if outcome is None and _may_still_be_told(work):
        return Again(LOOK_SECONDS / 2, Phase.COPYING_DISKS)
    raise failure_from(outcome)


def _thaw_if_need_be(work: Work) -> None:
    """An agent that does not answer for so long will not any more, such as that of a guest that was reset."""
    measures = work.operation.measures
    if not measures.get("still_frozen"):
        return
    since = datetime.fromisoformat(measures["began"]["at"])
    if work.hypervisor.thaw(work.vm.uuid) or timezone.now() - since > THAWS_WITHIN:
        work.operation.measure({"still_frozen": False})


def _keep_limit(work: Work, found: Copying) -> None:
    """People may change it while it is copied."""
    if found.limit != work.operation.limit:
        work.hypervisor.limit_backup(work.vm.uuid, limit=work.operation.limit)


def _note(work: Work, found: Copying) -> None:
    """How far it is. It never falls back. How fast it is, the watcher measures."""
    operation = work.operation
    total = max(operation.bytes_total, operation.bytes_before + found.total)
    done = operation.bytes_before + found.done
    permille = max(operation.permille or 0, round(10 * percent(done, total)))
    if operation.measures.get("unknown_since"):
        operation.measure({"unknown_since": None})
    if permille != operation.permille:
        operation.note(permille=permille, bytes_left=max(0, total - done))
        announce(("operation", str(operation.pk)), ("vm", str(operation.vm_id)))


def _may_still_be_told(work: Work) -> bool:
    """The node may just be ending it."""
    since = work.operation.measures.get("unknown_since")
    if not since:
        work.operation.measure({"unknown_since": timezone.now().isoformat()})
        return True
    return timezone.now() - datetime.fromisoformat(since) < OUTCOME_SHOWS_WITHIN


def merge_overlays(work: Work) -> Result:
    """What the guest wrote meanwhile. Nothing counts as copied any more from here on."""
    if work.operation.measures.get("overlays"):
        work.operation.note(bytes_before=max(work.operation.bytes_total, work.operation.bytes_before))
    return overlays.merge_left_over(work)


STEPS = (
    *(wait_to_back_up, check_target, hold_guest, overlays.merge_left_over, plan_backup, begin_copy),
    *(copy_disks, merge_overlays, forget_old_moments, let_go, write_down),
)
STEPS_BEFORE_IT_IS_GOOD = STEPS.index(write_down)
WAY_BACK = (call_off, merge_back, remove_files, let_go)
