"""Steps that put a machine back to what it was when a backup was made.

Its old definition and its old disks are there until the moment of the change-over: up to then all is taken back, and
the machine is as it was. What its new disks are filled by is a process that holds its guest.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import timedelta

from django.utils import timezone

from vms.hypervisor.editing import Definition
from vms.hypervisor.errors import (
    ChangedMeanwhile,
    DiskMissing,
    HypervisorError,
    NodeUnreachable,
    TimedOut,
    WrongState,
)
from vms.hypervisor.machine_xml import describe, restored
from vms.models import Event, Vm
from vms.models.disk import machines_with
from vms.models.keeping import path_of
from vms.operations.definitions import write_definition
from vms.operations.settling import settle
from vms.operations.steps.making import mark_of
from vms.operations.steps.power import cut_power
from vms.operations.steps.returning import backup_of, definition_in, has_new_disks
from vms.operations.steps.work import Again, Done, Result, StepFailed, Work
from vms.rules.backing_up import MEMORY, Return
from vms.rules.hardware import REMOVABLE
from vms.rules.power import Power, Wanted
from vms.rules.problems import Problem
from vms.rules.progress import Phase
from vms.rules.timeline import What

BEFORE, OLD_DISKS = "before", "old_disks"
LOOK_SECONDS = 0.5
TAKES_BACK_WITHIN = timedelta(minutes=1)

logger = logging.getLogger(__name__)


def put_definition_back(work: Work) -> Result:
    """What the panel made for it so far is noted first: it goes at the change-over, or is put back."""
    definition = work.hypervisor.definition(work.vm.uuid)
    if has_new_disks(work, definition.xml):
        return Done()
    if work.hypervisor.machine(work.vm.uuid).power is not Power.OFF:
        raise StepFailed(Problem.WRONG_STATE)
    found = describe(definition.xml)
    own = [disk.source for disk in found.disks if disk.source in found.panel.made_disks]
    work.operation.measure({BEFORE: definition.xml, OLD_DISKS: own})
    Vm.objects.filter(pk=work.vm.pk).update(wanted=Wanted.OFF)
    _redefine(work, _restored(work, definition), definition)
    return Done()


def _restored(work: Work, today: Definition) -> str:
    xml = definition_in(work, backup_of(work))
    mark = mark_of(work.vm, disks=_order(work).disks)
    return restored(xml, work.vm.name, _paths(work), mark, gone=_gone_media(work, xml, today))


def _gone_media(work: Work, xml: str, today: Definition) -> frozenset[str]:
    """As far as anybody can tell: a medium may lie outside of the pools. What is in a drive today is there."""
    media = {disk.source for disk in describe(xml).disks if disk.device in REMOVABLE and disk.source}
    there = {disk.source for disk in describe(today.xml).disks}
    return frozenset(path for path in media - there if _is_gone(work, path))


def _is_gone(work: Work, path: str) -> bool:
    try:
        return work.hypervisor.image(path) is None
    except DiskMissing:
        return False


def _redefine(work: Work, xml: str, instead_of: Definition) -> None:
    """And have the panel know it, so that nobody takes it for another tool's doing."""
    work.hypervisor.redefine(work.vm.uuid, xml, instead_of=instead_of.digest)
    asked_at = timezone.now()
    write_definition(work.vm, work.hypervisor.definition(work.vm.uuid), asked_at)
    settle(work.vm.uuid)


def _order(work: Work) -> Return:
    return Return.from_arguments(work.operation.arguments)


def _paths(work: Work) -> Mapping[str, str]:
    return {disk.target: disk.path for disk in _order(work).disks}


def bring_memory_back(work: Work) -> Result:
    """It is held still: if its guest cannot go on from there, all is taken back."""
    is_off = work.hypervisor.machine(work.vm.uuid).power is Power.OFF
    if _order(work).with_memory and is_off:
        work.hypervisor.start_with_memory(work.vm.uuid, path_of(backup_of(work), MEMORY), _paths(work))
    return Done()


def change_over(work: Work) -> Result:
    """From here on it is what it was then."""
    if not has_new_disks(work, work.hypervisor.definition(work.vm.uuid).xml):
        raise StepFailed(Problem.CHANGED_MEANWHILE)
    if _order(work).with_memory:
        _let_go_on(work)
    _tell(work)
    work.operation.measure({BEFORE: ""})
    return Done()


def _let_go_on(work: Work) -> None:
    if work.hypervisor.machine(work.vm.uuid).power is Power.PAUSED:
        work.hypervisor.resume(work.vm.uuid)
    Vm.objects.filter(pk=work.vm.pk).update(wanted=Wanted.RUNNING)
    settle(work.vm.uuid)


def _tell(work: Work) -> None:
    """Once."""
    if not Event.objects.filter(what=What.RESTORED, operation=work.operation).exists():
        Event.objects.create(
            what=What.RESTORED,
            vm=work.vm,
            node_id=work.vm.node_id,
            operation=work.operation,
            by_panel=True,
            values={"backup": backup_of(work).stem},
        )


def drop_old_disks(work: Work) -> Result:
    """Those that the panel made for it and that nobody else needs. What cannot be deleted stays, and harms nobody."""
    used = _images_of(work)
    old = [path for path in work.operation.measures.get(OLD_DISKS, []) if path not in used]
    others = machines_with(old, other_than=work.vm)
    for path in old:
        if path not in others:
            _delete_if_possible(work, path)
    return Done()


def _delete_if_possible(work: Work, path: str) -> None:
    try:
        if not work.hypervisor.disks_on_top_of(path):
            work.hypervisor.delete_disk(path)
    except NodeUnreachable:
        raise
    except HypervisorError as error:
        logger.warning("the old disk %s of %s stays: %s", path, work.vm.uuid, error)


def _images_of(work: Work) -> Collection[str]:
    return {disk.source for disk in describe(work.hypervisor.definition(work.vm.uuid).xml).disks}


def take_back_restored(work: Work) -> Result:
    """The old definition again, and nothing left of the new disks."""
    if not work.node_knows_it():
        return _delete_new_disks(work, kept=())
    try:
        return _take_back(work)
    except (WrongState, TimedOut, ChangedMeanwhile):  # its process ends just now, or somebody else changes it
        if work.lasts_longer_than(TAKES_BACK_WITHIN):
            raise
        return Again(LOOK_SECONDS, Phase.TAKING_BACK)


def _take_back(work: Work) -> Result:
    definition = work.hypervisor.definition(work.vm.uuid)
    if definition.live and has_new_disks(work, definition.live):
        cut_power(work)
        return Again(LOOK_SECONDS, Phase.TAKING_BACK)
    before = work.operation.measures.get(BEFORE)
    if before and has_new_disks(work, definition.xml):
        _redefine(work, before, definition)
    return _delete_new_disks(work, kept=_images_of(work))


def _delete_new_disks(work: Work, kept: Collection[str]) -> Result:
    for path in _paths(work).values():
        if path not in kept:
            work.hypervisor.delete_disk(path)
    work.operation.measure({BEFORE: ""})
    return Done()
