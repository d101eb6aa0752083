"""Steps that delete backups: first it is made sure that nobody needs them, then nobody may use them any more."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

from django.db import transaction

from vms.hypervisor.contract import Hypervisor
from vms.hypervisor.errors import HypervisorError, NodeUnreachable
from vms.models import Backup, Node
from vms.models.keeping import in_use, node_for, parts_of, path_of, refresh_last_backup
from vms.operations.announcing import announce
from vms.operations.reaching import a_turn_at
from vms.operations.steps.checking import require_target
from vms.operations.steps.work import Done, Result, Step, StepFailed, Work
from vms.rules.backing_up import SUMS
from vms.rules.backups import BackupState
from vms.rules.power import HAS_PROCESS, Power
from vms.rules.problems import Problem


def see_that_nobody_needs_them(work: Work) -> Result:
    backups = _backups_of(work)
    images = {path for backup in backups for path in _images_of(backup)}
    users = {user for backup in backups for user in _images_on_top_of(work, backup)}
    _require_nobody(users - images)
    return Done()


def _images_on_top_of(work: Work, backup: Backup) -> list[str]:
    node = node_for(backup.target, backup.node)
    with _at(work, node) as hypervisor:
        require_target(hypervisor, backup.target.folder, node.name if node else "")
        return [user for path in _images_of(backup) for user in hypervisor.disks_on_top_of(path)]


def _images_of(backup: Backup) -> list[str]:
    return [file["path"] for file in backup.files.values()]


def _require_nobody(users: Collection[str]) -> None:
    if users:
        raise StepFailed(Problem.DISK_IN_USE, users=", ".join(sorted(users)))


def take_them_away(work: Work) -> Result:
    """From now on no other backup and no machine is made on top of them."""
    keys = work.operation.arguments["backups"]
    with transaction.atomic():
        list(Backup.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
        _require_nobody(in_use(keys))
        Backup.objects.filter(pk__in=keys).update(state=BackupState.GOING)
        _tell(work)
    return Done()


def delete_files(work: Work) -> Result:
    """The list first: without it the others are no backup."""
    for backup in _backups_of(work):
        with _at(work, node_for(backup.target, backup.node)) as hypervisor:
            for path in (*parts_of(backup).values(), path_of(backup, SUMS)):
                hypervisor.delete_disk(path)
        _forget_checkpoint(work, backup)
        announce(("backup", str(backup.pk)))
        backup.delete()
    _tell(work)
    return Done()


def _forget_checkpoint(work: Work, backup: Backup) -> None:
    """If it can be done now: one that is left over costs a little, and does no harm."""
    if backup.checkpoint and work.vm.deleted_at is None and Power(work.vm.power) in HAS_PROCESS:
        with suppress(HypervisorError), _at(work, work.vm.node) as hypervisor:
            hypervisor.forget_checkpoint(work.vm.uuid, backup.checkpoint)


@contextmanager
def _at(work: Work, node: Node | None) -> Iterator[Hypervisor]:
    """Mostly it is the one where the work is done."""
    if node is None:
        raise NodeUnreachable("no node that sees the files answers")
    if node.pk == work.operation.node_id:
        yield work.hypervisor
        return
    with a_turn_at(node) as hypervisor:
        yield hypervisor


def _backups_of(work: Work) -> list[Backup]:
    """Those that are still there, in the order in which they may go."""
    keys = work.operation.arguments["backups"]
    found = Backup.objects.select_related("target", "node").in_bulk(keys)
    return [found[key] for key in keys if key in found]


def _tell(work: Work) -> None:
    refresh_last_backup(work.vm.uuid)
    announce(("vm", str(work.vm.uuid)))


STEPS: tuple[Step, ...] = (see_that_nobody_needs_them, take_them_away, delete_files)
