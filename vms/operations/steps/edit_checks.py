"""What may stand in the way of a change when its turn comes, though it was possible when it was asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from posixpath import dirname, normpath

from vms.hypervisor.errors import DiskMissing
from vms.models import Operation, Vm
from vms.models.disk import machines_with
from vms.models.interface import machines_with_mac
from vms.operations.steps.bringing import require_sound
from vms.operations.steps.changing import require_mode_unchanged
from vms.operations.steps.seeing import Seen
from vms.operations.steps.work import StepFailed, Work
from vms.rules.actions import Slot
from vms.rules.differences import Part
from vms.rules.edits import disturbing_a_job
from vms.rules.hardware import Drive
from vms.rules.images import FileKind
from vms.rules.problems import Problem


def require_nothing_in_the_way(work: Work, seen: Seen) -> None:
    """StepFailed, ChangedMeanwhile, InvalidXml. What shows already is not asked again."""
    _require_no_job(work, seen)
    _require_room(work, seen)
    if not seen.is_saved:
        seen.new_xml()
        require_mode_unchanged(work)
        _require_usable_images(work, seen)
        _require_free_macs(work, seen)


def _require_no_job(work: Work, seen: Seen) -> None:
    jobs = Operation.objects.filter(vm=work.vm, slot=Slot.JOB, finished_at=None)
    if disturbing_a_job(seen.left_in_definition + seen.growing) and jobs.exists():
        raise StepFailed(Problem.NO_LONGER_POSSIBLE)


def _require_room(work: Work, seen: Seen) -> None:
    """For what disks grow by: an image takes its space only as it is written to, and one that may not is no use."""
    grown = Counter[str]()
    for change in seen.growing:
        drive = seen.order.before.drive(change.device)
        if drive is not None and isinstance(change.before, int) and isinstance(change.after, int):
            grown[normpath(dirname(drive.source))] += change.after - change.before
    pools = work.hypervisor.storage_pools() if grown else []
    if any(grown[normpath(pool.folder)] > pool.free for pool in pools):
        raise StepFailed(Problem.NO_SPACE)


def _require_usable_images(work: Work, seen: Seen) -> None:
    """Those that are there already, for new disks and in drives."""
    made = {disk.path for disk in seen.order.disks} | {seen.order.cdrom}
    for drive in _given_drives(seen):
        if drive.source in made:
            continue
        if drive.is_removable:
            _require_there(work, drive)
        else:
            _require_own(work, drive)


def _given_drives(seen: Seen) -> Iterator[Drive]:
    """With something behind them that they did not have before."""
    for change in seen.left_in_definition:
        drive = seen.order.after.drive(change.device) if change.part is Part.MEDIUM else change.after
        if isinstance(drive, Drive) and drive.source:
            yield drive


def _require_there(work: Work, drive: Drive) -> None:
    """As far as anybody can tell: a medium may lie outside of the pools."""
    with suppress(DiskMissing):
        if drive.kind == "file" and work.hypervisor.image(drive.source) is None:
            raise StepFailed(Problem.DISK_MISSING)


def _require_own(work: Work, drive: Drive) -> None:
    """An image that another one writes to, or needs below it, must not be written to by this one."""
    if drive.kind == "file" and drive.format in set(FileKind):
        require_sound(work, drive.source, FileKind(drive.format))
    having = machines_with([drive.source], other_than=work.vm).get(drive.source, [])
    above = work.hypervisor.disks_on_top_of(drive.source) if drive.kind == "file" else ()
    if having or above:
        raise StepFailed(Problem.IMAGE_TAKEN, path=drive.source, users=_named(having, above))


def _require_free_macs(work: Work, seen: Seen) -> None:
    for change in seen.left_in_definition:
        if change.part in {Part.INTERFACE_ADDED, Part.INTERFACE_MAC}:
            having = machines_with_mac(change.named, other_than=work.vm)
            if having:
                raise StepFailed(Problem.MAC_TAKEN, mac=change.named, users=_named(having))


def _named(machines: Iterable[Vm], paths: Iterable[str] = ()) -> str:
    return ", ".join(sorted([*(vm.display_name for vm in machines), *paths]))
