"""Steps that verify a backup: each file is read and compared with its sum, or that is made if there is none yet, and of
each image the structure is gone through."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from io import BytesIO
from posixpath import basename, normpath

from django.db import transaction
from django.utils import timezone

from vms.hypervisor.contract import Hypervisor, Image
from vms.hypervisor.errors import DiskMissing
from vms.models import Backup, Operation
from vms.models.keeping import parts_of, path_of, refresh_last_backup
from vms.operations.announcing import announce
from vms.operations.steps.bringing import Teller, TurnedBack
from vms.operations.steps.work import Again, Done, Result, Step, StepFailed, Work
from vms.rules.actions import Action
from vms.rules.backing_up import LIST, SUMS
from vms.rules.backups import BackupState, Damage
from vms.rules.images import FileKind
from vms.rules.problems import Problem
from vms.rules.progress import Phase
from vms.rules.qcow2 import fault_in

CHECKS_AT_ONCE = 2
"""In all, and one at a node: each keeps a worker, and one of the few calls that may be made to a node at once."""

TURN_LOOK_SECONDS = 5.0


def take_turn(work: Work) -> Result:
    """Who was asked for first goes first; who has begun goes on."""
    unfinished = Operation.objects.filter(action=Action.CHECK_BACKUP, finished_at=None, ends_as="")
    able = unfinished.filter(node_silent_since=None).order_by("-steps_done", "requested_at", "pk")
    first: dict[int | None, int] = {}
    for key, node in able.values_list("pk", "node"):
        first.setdefault(node, key)
    may = work.operation.pk in list(first.values())[:CHECKS_AT_ONCE]
    return Done() if may else Again(TURN_LOOK_SECONDS, Phase.WAITING_FOR_TURN)


def look_at_files(work: Work) -> Result:
    """Whether they are there, and the images are such as were made."""
    backup = _backup_of(work)
    require_target(work.hypervisor, backup.target.folder, _node_name(work))
    images = {part: work.hypervisor.image(path) for part, path in parts_of(backup).items()}
    missing = [path for part, path in parts_of(backup).items() if images[part] is None]
    if len(missing) == len(images) and _nothing_is_there(work, backup):
        raise StepFailed(Problem.BACKUP_GONE, folder=backup.target.folder, node=_node_name(work))
    if missing:
        raise _damaged(work, backup, Damage.MISSING, ", ".join(missing))
    for target in backup.files:
        if (image := images[target]) and not _is_as_it_was(image, target, backup):
            raise _damaged(work, backup, Damage.NO_IMAGE, str(image))
    sizes = work.hypervisor.image_sizes(parts_of(backup).values())
    work.operation.note(bytes_total=sum(size.allocation for size in sizes.values()))
    return Done()


def require_target(hypervisor: Hypervisor, folder: str, node: str) -> None:
    """StepFailed unless an active storage pool of the node has this folder. node: its name."""
    if normpath(folder) not in {normpath(pool.folder) for pool in hypervisor.storage_pools() if pool.folder}:
        raise StepFailed(Problem.TARGET_MISSING, folder=folder, node=node)


def _node_name(work: Work) -> str:
    return work.operation.node.name if work.operation.node else ""


def _nothing_is_there(work: Work, backup: Backup) -> bool:
    """Of the other backups of this folder neither: then it is rather a share that is not mounted."""
    others = Backup.objects.good().filter(target=backup.target_id, node=backup.node_id).exclude(pk=backup.pk)
    lists = [path_of(other, LIST) for other in others.select_related("target")]
    return bool(lists) and not work.hypervisor.image_sizes(lists)


def _is_as_it_was(image: Image, target: str, backup: Backup) -> bool:
    """A disk that keeps no checkpoint is copied whole each time."""
    was = backup.files[target]
    below = backup.below.files.get(target, {}).get("path", "") if backup.below else ""
    return (image.format, image.capacity) == (was["format"], was["capacity"]) and image.below in {"", below}


def compare_sums(work: Work) -> Result:
    """One file after the other; what was read stays read, whatever ends this in between."""
    backup, read = _backup_of(work), work.operation.measures.get("sums", {})
    path = next((path for path in parts_of(backup).values() if path not in read), None)
    if path is None:
        return Done()
    before = work.operation.bytes_before
    work.operation.note(phase=Phase.CHECKING)
    teller = Teller(work, work.operation.bytes_total, before)
    try:
        found = work.hypervisor.checksum(path, teller)
        _require_sum(work, backup, path, found)
        _require_structure(work, backup, path, teller)
        size = work.hypervisor.image_sizes([path])
    except TurnedBack:
        return Again(0, Phase.TAKING_BACK)
    except DiskMissing as error:
        raise _damaged(work, backup, Damage.MISSING, path) from error
    done = before + sum(each.allocation for each in size.values())
    work.operation.measure({"sums": {**read, path: found}}, bytes_before=done)
    return Again(0, Phase.CHECKING)


def _require_sum(work: Work, backup: Backup, path: str, found: str) -> None:
    if (expected := backup.sums.get(path, found)) != found:
        raise _damaged(work, backup, Damage.CHANGED, f"{path}: {found}, not {expected}")


def _require_structure(work: Work, backup: Backup, path: str, teller: Teller) -> None:
    """Of a qcow2 image that was read to its end. Little is left to be read, so meanwhile how far it is stays."""
    if path not in {was["path"] for was in backup.files.values() if was["format"] == FileKind.QCOW2}:
        return
    read, size = partial(work.hypervisor.bytes_at, path), teller.sent
    if fault := fault_in(read, size, lambda: teller(size)):
        raise _damaged(work, backup, Damage.NO_IMAGE, f"{path}: {fault}")


def write_sums_down(work: Work) -> Result:
    backup, sums = _backup_of(work), work.operation.measures["sums"]
    _put(work, path_of(backup, SUMS), _as_lines(sums))
    _write(work, backup, state=BackupState.GOOD, sums=sums, damage="", evidence="")
    return Done()


def _as_lines(sums: Mapping[str, str]) -> bytes:
    """As `sha256sum -c` reads them, in the folder."""
    return "".join(f"{found}  {basename(path)}\n" for path, found in sorted(sums.items())).encode()


def _put(work: Work, path: str, content: bytes) -> None:
    """Instead of what is there."""
    try:
        if work.hypervisor.first_bytes(path, len(content) + 1) == content:
            return
        work.hypervisor.delete_disk(path)
    except DiskMissing:
        pass
    work.hypervisor.upload(path, len(content), BytesIO(content), lambda _sent: None)


def _damaged(work: Work, backup: Backup, damage: Damage, evidence: str) -> StepFailed:
    _write(work, backup, state=BackupState.DAMAGED, damage=damage, evidence=evidence)
    return StepFailed(Problem.BACKUP_DAMAGED)


def _write(work: Work, backup: Backup, **found: object) -> None:
    checked = {"checked_at": timezone.now(), "checked_by_name": work.operation.requested_by_name}
    may_be_checked = Backup.objects.filter(pk=backup.pk, state__in=[BackupState.GOOD, BackupState.DAMAGED])
    with transaction.atomic():
        may_be_checked.update(**checked, **found)
        refresh_last_backup(backup.vm_id)
        announce(("backup", str(backup.pk)), ("vm", str(backup.vm_id)))


def leave_it(_work: Work) -> Result:
    """Nothing was changed."""
    return Done()


def _backup_of(work: Work) -> Backup:
    key = work.operation.arguments["backup"]
    backup = Backup.objects.select_related("target", "below").filter(pk=key).first()
    if backup is None:
        raise StepFailed(Problem.NO_LONGER_POSSIBLE)
    return backup


STEPS: tuple[Step, ...] = (take_turn, look_at_files, compare_sums, write_sums_down)
