"""Steps that bring an uploaded file to a node's storage, and judge what a machine is to be made of there."""

from __future__ import annotations

from dataclasses import dataclass, field
from posixpath import dirname, normpath
from time import monotonic

from vms.models import BroughtImage, Disk, Operation, StoragePool, StoredFile
from vms.operations.announcing import announce
from vms.operations.steps.making import plan_of
from vms.operations.steps.work import Again, Done, Result, StepFailed, Work
from vms.rules.actions import BRINGS_A_FILE
from vms.rules.images import HEAD_BYTES, FileKind, ImageFault, fault_in
from vms.rules.problems import Problem
from vms.rules.progress import Phase, percent

TELL_SECONDS = 0.5
LOOK_SECONDS = 1.0

SHARED = "shared"


class TurnedBack(Exception):
    """Somebody cancelled it while it was on its way, or took it for dead and took it over."""


def bring_file(work: Work) -> Result:
    """A disk image comes for this machine alone; an ISO image stays in the pool, for others too."""
    plan = plan_of(work)
    if plan.file is None:
        return Done()
    file = StoredFile.objects.filter(pk=plan.file).first()
    if file is None:
        raise StepFailed(Problem.UPLOAD_MISSING)
    if _another_one_is_brought(work):
        return Again(LOOK_SECONDS, Phase.WAITING_FOR_PREVIOUS)
    try:
        return _bring_for_all(work, file, plan.cdrom) if plan.cdrom else _bring(work, file, plan.disks[0].below)
    except TurnedBack:
        return Again(0, Phase.TAKING_BACK)


def _another_one_is_brought(work: Work) -> bool:
    """One after the other: a file on its way keeps one of the few calls that may be made to a node at once."""
    others = Operation.objects.filter(node=work.operation.node_id, phase=Phase.UPLOADING, finished_at=None)
    return others.filter(pk__lt=work.operation.pk).exclude(lease_until=None).exists()


def _bring_for_all(work: Work, file: StoredFile, path: str) -> Result:
    """What another operation brings is waited for. What one has left by half is brought anew."""
    record, _ = BroughtImage.objects.get_or_create(
        place=_place_of(work, path), path=path, defaults={"sha256": file.sha256, "operation": work.operation}
    )
    if record.complete and work.hypervisor.image(path) is not None:
        return Done()
    if not _take_over(record, work.operation):
        return Again(LOOK_SECONDS, Phase.WAITING_FOR_PREVIOUS)
    result = _bring(work, file, path)
    BroughtImage.objects.filter(pk=record.pk, operation=work.operation).update(complete=True)
    return result


def _place_of(work: Work, path: str) -> str:
    pools = StoragePool.objects.filter(node=work.vm.node_id, shared=True)
    shared = any(normpath(pool.folder) == dirname(normpath(path)) for pool in pools)
    return SHARED if shared else str(work.vm.node_id)


def _take_over(record: BroughtImage, operation: Operation) -> bool:
    """False if another one is at it."""
    busy = record.operation is not None and record.operation != operation and record.operation.finished_at is None
    unchanged = BroughtImage.objects.filter(pk=record.pk, operation=record.operation_id, complete=record.complete)
    return not busy and bool(unchanged.update(operation=operation, complete=False))


def _bring(work: Work, file: StoredFile, path: str) -> Result:
    """What is there already was left by a worker that died over it: it looks whole and is not."""
    if work.hypervisor.image(path) is not None:
        work.hypervisor.delete_disk(path)
    work.operation.note(phase=Phase.UPLOADING, permille=0)
    announce(("operation", str(work.operation.pk)), ("vm", str(work.vm.pk)))
    try:
        with file.path.open("rb") as source:
            work.hypervisor.upload(path, file.size, source, Teller(work, file.size))
    except OSError as error:
        raise StepFailed(Problem.UPLOAD_MISSING) from error
    finally:
        still_mine = work.operation.note(permille=None, bytes_left=None, bytes_per_second=None)
    if work.operation.ends_as or not still_mine:
        raise TurnedBack
    return Done()


@dataclass
class Teller:
    """Writes down how far it is, not too often, and ends it when somebody cancels. before: how much of the size was
    done already when this began; sent: how far it came."""

    work: Work
    size: int
    before: int = 0
    sent: int = 0
    _began: float = field(default_factory=monotonic)
    _told: float = 0.0

    def __call__(self, sent: int) -> None:
        self.sent = sent
        now = monotonic()
        if now - self._told < TELL_SECONDS:
            return
        self._told = now
        operation = self.work.operation
        still_mine = operation.note(
            permille=round(10 * percent(self.before + sent, self.size)),
            bytes_left=max(0, self.size - self.before - sent),
            bytes_per_second=round(sent / max(TELL_SECONDS, now - self._began)),
        )
        announce(("operation", str(operation.pk)), ("vm", str(self.work.vm.pk)))
        if operation.ends_as or not still_mine:
            raise TurnedBack


def check_image(work: Work) -> Result:
    """Whatever was checked before: what lies at the node at this moment is what counts."""
    for disk in plan_of(work).disks:
        if disk.below:
            require_sound(work, disk.below, FileKind(disk.format_below))
    return Done()


def require_sound(work: Work, path: str, kind: FileKind) -> None:
    """StepFailed for an image that is no such image, or could lead to other files of the node."""
    image = work.hypervisor.image(path)
    if image is None:
        raise _refused(ImageFault.MISSING)
    head = work.hypervisor.first_bytes(path, HEAD_BYTES)
    fault = fault_in(head, max(len(head), image.capacity) if head else 0, kind)
    if fault is not None:
        raise _refused(fault)
    if image.below:
        raise _refused(ImageFault.HAS_IMAGE_BELOW)


def _refused(fault: ImageFault) -> StepFailed:
    return StepFailed(Problem.IMAGE_NOT_TRUSTED, why=fault)


def remove_image(work: Work) -> Result:
    """The disk stands alone now: the copy that was brought for it is not needed any more."""
    plan = plan_of(work)
    if plan.file is not None and not plan.cdrom:
        work.hypervisor.delete_disk(plan.disks[0].below)
    return Done()


def take_back_file(work: Work) -> Result:
    """An ISO image only if it is no use to anybody else."""
    plan = plan_of(work)
    record = BroughtImage.objects.filter(operation=work.operation, path=plan.cdrom).first() if plan.cdrom else None
    if record is not None and not _is_used(work, plan.cdrom):
        work.hypervisor.delete_disk(plan.cdrom)
        record.delete()
    return remove_image(work)


def _is_used(work: Work, path: str) -> bool:
    lies_in_a_drive = Disk.objects.filter(path=path, vm__deleted_at=None).exclude(vm=work.vm).exists()
    others = Operation.objects.filter(action__in=BRINGS_A_FILE, finished_at=None).exclude(pk=work.operation.pk)
    return lies_in_a_drive or any(other.arguments.get("cdrom") == path for other in others)
