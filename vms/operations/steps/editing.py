"""Steps that change a machine where it stands: its disks, its definition, and what of it can change while it is on.

Each looks at the node anew and does what does not show there yet. What can fail comes before the definition is
replaced: from then on nothing is taken back, and what the running machine does not take is there from its next start.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from vms.hypervisor.errors import HypervisorError, NodeUnreachable, VmNotFound, WrongState
from vms.hypervisor.machine_xml import describe
from vms.hypervisor.machine_xml.description import MachineDescription
from vms.models import Event, Vm
from vms.operations.announcing import announce
from vms.operations.definitions import write_definition
from vms.operations.settling import settle
from vms.operations.steps import bringing
from vms.operations.steps.edit_checks import require_nothing_in_the_way
from vms.operations.steps.seeing import Seen, order_of, see
from vms.operations.steps.work import Again, Done, Result, StepFailed, Work
from vms.rules.differences import Change
from vms.rules.editing import ASKS_THE_GUEST
from vms.rules.edits import known_by
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.progress import Phase
from vms.rules.timeline import What

SETTLES_WITHIN = timedelta(seconds=5)


def check_changes(work: Work) -> Result:
    """What only this moment can tell, before anything is made."""
    seen = see(work)
    if seen is not None:
        require_nothing_in_the_way(work, seen)
        _claim_name(work, seen)
    return Done()


def _claim_name(work: Work, seen: Seen) -> None:
    """One that the panel made has claimed the name that it had."""
    if seen.order.display_name is not None and not work.vm.claim_name(seen.order.display_name[1]):
        raise StepFailed(Problem.NAME_TAKEN, name=seen.order.display_name[1])


def grow_disks(work: Work) -> Result:
    seen = see(work)
    if seen is None or not seen.growing:
        return Done()
    seen.require_unchanged()
    for change in seen.growing:
        work.hypervisor.change_now(work.vm.uuid, change)
    return Done()


def save_definition(work: Work) -> Result:
    seen = see(work)
    if seen is None:
        return Done()
    if not seen.is_saved:
        work.hypervisor.redefine(work.vm.uuid, seen.new_xml(), instead_of=seen.definition.digest)
    _write_down(work)
    _write_name(work, seen)
    return Done()


def _write_down(work: Work) -> None:
    asked_at = timezone.now()
    definition = work.hypervisor.definition(work.vm.uuid)
    write_definition(work.vm, definition, asked_at)
    _write_size(work, describe(definition.xml))
    settle(work.vm.uuid)


def _write_size(work: Work, found: MachineDescription) -> None:
    """Before the operation ends, and with it the claim on the machine's pool: the watcher may be a moment later."""
    others = Vm.objects.filter(pk=work.vm.pk).exclude(memory=found.memory, vcpus=found.vcpus)
    others.update(memory=found.memory, vcpus=found.vcpus)


def _write_name(work: Work, seen: Seen) -> None:
    if seen.order.display_name is None or _is_written_down(work):
        return
    old, new = seen.order.display_name
    Vm.objects.filter(pk=work.vm.pk).update(display_name=new)
    Event.objects.create(
        what=What.RENAMED,
        vm=work.vm,
        node_id=work.vm.node_id,
        operation=work.operation,
        by_panel=True,
        values={"old": old, "new": new},
    )
    announce(("vm", str(work.vm.pk)))


def _is_written_down(work: Work) -> bool:
    return Event.objects.filter(operation=work.operation, what=What.RENAMED).exists()


def change_running(work: Work) -> Result:
    seen = see(work)
    if seen is None:
        return Done()
    try:
        refused = [error for change in seen.left_at_machine if (error := _refusal_of(work, change))]
    except WrongState as error:  # it has just been started or stopped: look again
        if work.lasts_longer_than(SETTLES_WITHIN):
            raise _not_now(seen) from error
        return Again(0.2)
    if refused:
        _write_down(work)
        raise _not_now(see(work) or seen) from refused[0]
    return Done()


def _refusal_of(work: Work, change: Change) -> HypervisorError | None:
    """A guest may have been asked before, and is not asked twice at once."""
    try:
        work.hypervisor.change_now(work.vm.uuid, change)
    except (NodeUnreachable, WrongState):
        raise
    except HypervisorError as error:
        return None if change.part in ASKS_THE_GUEST else error
    return None


def _not_now(seen: Seen) -> StepFailed:
    undone = [change for change in seen.left_at_machine if change.part not in ASKS_THE_GUEST]
    return StepFailed(Problem.NOT_NOW, undone=known_by(undone))


def see_the_guest_follow(work: Work) -> Result:
    """A guest gives back memory and devices when it likes. What it keeps is gone at the next start."""
    seen = see(work)
    if seen is None:
        return Done()
    kept = [change for change in seen.left_at_machine if change.part in ASKS_THE_GUEST]
    if kept and _may_still_follow(work, seen):
        return Again(1, Phase.WAITING_FOR_GUEST)
    _write_down(work)
    if kept:
        raise StepFailed(Problem.GUEST_DID_NOT_REACT, undone=known_by(kept))
    return Done()


def _may_still_follow(work: Work, seen: Seen) -> bool:
    """A guest that is held does nothing."""
    within = timedelta(seconds=settings.GUEST_TIME_LIMIT)
    return seen.power is Power.RUNNING and not work.lasts_longer_than(within)


def take_back_changes(work: Work) -> Result:
    """What was made for a definition that was not replaced in the end. A disk that has grown stays as large."""
    order = order_of(work)
    if order is None:
        return Done()
    kept = _images_of(work)
    for disk in order.disks:
        if disk.path not in kept:
            work.hypervisor.delete_disk(disk.path)
    if order.display_name is not None:
        work.vm.claim_name(order.display_name[0])
    return Done() if order.cdrom in kept else bringing.take_back_file(work)


def _images_of(work: Work) -> set[str]:
    """Those that its definition names, whoever wrote them there."""
    try:
        xml = work.hypervisor.definition(work.vm.uuid).xml
    except VmNotFound:
        return set()
    return {disk.source for disk in describe(xml).disks}
