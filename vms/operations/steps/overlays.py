"""Overlays that a backup has put on a machine's disks, until what was written meanwhile is back where it belongs."""

from __future__ import annotations

from vms.hypervisor.errors import DiskMissing, WrongState
from vms.hypervisor.machine_xml import describe
from vms.operations.steps.backup_facts import xml_now
from vms.operations.steps.streaming import is_being_run
from vms.operations.steps.work import Again, Done, Result, Work
from vms.rules.actions import Action
from vms.rules.backing_up import is_overlay
from vms.rules.power import HAS_PROCESS
from vms.rules.progress import Phase

SOON_SECONDS = 0.3
LOOK_SECONDS = 1.0


def overlays_on(work: Work) -> dict[str, str]:
    """By target, whichever backup has put them there."""
    disks = describe(xml_now(work)).disks
    return {disk.target: disk.source for disk in disks if is_overlay(disk.source)}


def merge_left_over(work: Work) -> Result:
    """None is left, nor its file. One disk after the other, whether the guest runs or not; of a machine that is off
    that needs a process, which is ended later."""
    if not work.node_knows_it():
        return Done()
    found = overlays_on(work)
    if not found:
        _delete_files(work)
        return Done()
    if not found.items() <= (known := work.operation.measures.get("overlays") or {}).items():
        work.operation.measure({"overlays": {**known, **found}})
    if work.hypervisor.machine(work.vm.uuid).power not in HAS_PROCESS:
        return _bring_up(work)
    return _merge(work, min(found))


def _merge(work: Work, target: str) -> Result:
    try:
        _merge_on(work, target)
    except WrongState:  # another job of the disk ends just now, or its process does
        return Again(LOOK_SECONDS, Phase.MERGING)
    return Again(SOON_SECONDS, Phase.MERGING)


def _merge_on(work: Work, target: str) -> None:
    merges = work.hypervisor.merges(work.vm.uuid)
    ready = [each for each, merge in merges.items() if merge.is_ready]
    for each in ready:
        work.hypervisor.finish_merge(work.vm.uuid, each)
    if not merges:
        work.hypervisor.merge(work.vm.uuid, target)


def _bring_up(work: Work) -> Result:
    """Who starts or stops it at this moment goes first."""
    if is_being_run(work.vm, *Action):
        return Again(LOOK_SECONDS, Phase.WAITING_FOR_PREVIOUS)
    work.operation.measure({"held": True})
    work.hypervisor.start_paused(work.vm.uuid)
    return Again(SOON_SECONDS, Phase.MERGING)


def _delete_files(work: Work) -> None:
    for path in (work.operation.measures.get("overlays") or {}).values():
        try:
            work.hypervisor.delete_disk(path)
        except DiskMissing:  # its folder is no storage any more
            continue
