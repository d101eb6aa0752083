"""What a backup copies: whole disks, or only what changed since an earlier one, and whether there is room for that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from posixpath import normpath

from django.db import transaction

from vms.hypervisor.backing_up import Checkpoint
from vms.hypervisor.contract import StoragePool
from vms.hypervisor.errors import DiskMissing
from vms.hypervisor.machine_xml import Disk, kept_disks
from vms.models import Backup
from vms.models.keeping import as_kept
from vms.operations.steps.backup_facts import Plan, backup_of, path_in_target, taking_of, xml_now
from vms.operations.steps.work import StepFailed, Work
from vms.rules.backups import chain_of, next_is_whole
from vms.rules.power import Power
from vms.rules.problems import Problem

SPARE_ROOM = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Base:
    """An earlier backup and the machine's own notes of what changed since."""

    backup: Backup
    checkpoint: Checkpoint

    def below(self, disks: Sequence[Disk]) -> dict[str, str]:
        noted = (self.checkpoint.changed or {}).keys() & self.backup.files.keys()
        return {disk.target: self.backup.files[disk.target]["path"] for disk in disks if disk.target in noted}


def require_target(work: Work) -> StoragePool:
    """StepFailed if the node does not have the folder, or has nothing to put there."""
    folder = taking_of(work).folder
    pools = [pool for pool in work.hypervisor.storage_pools() if normpath(pool.folder) == normpath(folder)]
    if not pools:
        raise StepFailed(Problem.TARGET_MISSING, folder=folder, node=work.vm.node.name)
    if not kept_disks(xml_now(work)):
        raise StepFailed(Problem.DISK_MISSING)
    return pools[0]


def decide(work: Work, *, whole: bool = False) -> None:
    """Write down what is to be copied. The machine has a process. StepFailed if there is no room for it. With memory it
    is all, and no later one counts on its moment: what disks have noted is not safe while overlays lie on them."""
    disks, taking = kept_disks(xml_now(work)), taking_of(work)
    base = None if whole or taking.whole or taking.with_memory else _base(work)
    below = base.below(disks) if base else {}
    if base is None or not below or not _stand_on(work, base):
        base, below = None, {}
        Backup.objects.filter(pk=taking.backup).update(below=None)
    noted = (base.checkpoint.changed or {}) if base else {}
    changed = {target: noted[target] for target in below}
    _require_room(work, disks, changed)
    plan = Plan(
        files={disk.target: path_in_target(work, disk.target) for disk in disks},
        below=below,
        since=base.checkpoint.name if base else "",
        notes=not taking.with_memory and any(disk.format == "qcow2" for disk in disks),
        size=_to_copy(work, disks, changed),
    )
    work.operation.measure(plan.to_measures())


def _to_copy(work: Work, disks: Sequence[Disk], changed: Mapping[str, int]) -> int:
    """As the node counts it: of whole ones also what is empty."""
    sizes = {**work.hypervisor.disk_sizes(work.vm.uuid), **changed}
    return sum(sizes.get(disk.target, 0) for disk in disks)


def _base(work: Work) -> _Base | None:
    """The newest good one of this machine there, if all that it stands on is there too, and not too many do."""
    backup = backup_of(work)
    there = list(Backup.objects.filter(vm=work.vm, target=backup.target).shown().order_by("-pk"))  # clocks are set back
    newest = next((each for each in there if as_kept(each).is_good), None)
    if newest is None or not newest.checkpoint:
        return None
    chain = chain_of(as_kept(newest), [as_kept(each) for each in there])
    longest = taking_of(work).longest_chain
    if next_is_whole(len(chain or ()) - 1, longest_chain=longest, chain_is_usable=chain is not None):
        return None
    if not _are_there(work, [each for each in there if each.pk in {part.number for part in chain or ()}]):
        return None
    found = (each for each in work.hypervisor.checkpoints(work.vm.uuid) if each.name == newest.checkpoint)
    return next((_Base(newest, each) for each in found if each.is_whole), None)


def _are_there(work: Work, backups: Sequence[Backup]) -> bool:
    paths = {file["path"] for backup in backups for file in backup.files.values()}
    return paths <= work.hypervisor.image_sizes(paths).keys()


def _stand_on(work: Work, base: _Base) -> bool:
    """From here on nobody deletes it. False if somebody just does."""
    with transaction.atomic():
        stays = Backup.objects.select_for_update().filter(pk=base.backup.pk).good().exists()
        if stays:
            Backup.objects.filter(pk=taking_of(work).backup).update(below=base.backup)
    return stays


def _require_room(work: Work, disks: Sequence[Disk], changed: Mapping[str, int]) -> None:
    pool = require_target(work)
    whole = [disk for disk in disks if disk.target not in changed]
    needed = sum(changed.values()) + sum(_most_of(disk, work) for disk in whole) + SPARE_ROOM
    if saves_memory(work):
        needed += work.vm.memory
    if needed > pool.free:
        raise StepFailed(
            Problem.NO_ROOM_FOR_BACKUP,
            folder=taking_of(work).folder,
            node=work.vm.node.name,
            needed=str(needed),
            free=str(pool.free),
        )


def _most_of(disk: Disk, work: Work) -> int:
    """Of one that lies in no storage pool nobody can tell how much it holds."""
    try:
        return work.hypervisor.bytes_to_copy(disk.source)
    except DiskMissing:
        return work.hypervisor.disk_sizes(work.vm.uuid).get(disk.target, 0)


def saves_memory(work: Work) -> bool:
    """Of a guest that does not run there is nothing to go on with."""
    return taking_of(work).with_memory and work.hypervisor.machine(work.vm.uuid).power is Power.RUNNING
