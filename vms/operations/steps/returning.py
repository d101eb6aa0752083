"""Steps that bring a backup back, into images of their own: for the machine that it is of, or for a new one."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from posixpath import basename, dirname, normpath

from django.db import transaction

from vms.hypervisor.errors import DiskMissing
from vms.hypervisor.machine_xml import Clone, clone_of, describe
from vms.hypervisor.machine_xml.description import MachineDescription
from vms.models import Backup
from vms.models.keeping import path_of
from vms.models.pooling import CLAIM, claim_on, held_pool_of
from vms.operations.pooling import OutsideOfPool, PoolIsFull, require_places, require_room
from vms.operations.steps import streaming
from vms.operations.steps.addresses import fresh_macs
from vms.operations.steps.making import mark_of, plan_of
from vms.operations.steps.work import Again, Done, Result, StepFailed, Work
from vms.rules.backing_up import DEFINITION
from vms.rules.backups import BackupState
from vms.rules.problems import Problem
from vms.rules.progress import Phase

LARGEST_DEFINITION = 4 * 1024 * 1024


def backup_of(work: Work) -> Backup:
    found = Backup.objects.select_related("target").filter(pk__in=[plan_of(work).backup]).first()
    if found is None:
        raise StepFailed(Problem.BACKUP_GONE, folder="")
    return found


def check_what_comes_back(work: Work) -> Result:
    """Before anything is made: all its files are there, there is room for what is in them, and the machine's pool
    allows what it becomes."""
    backup = backup_of(work)
    _require_folder(work, backup)
    _require_chain(work, backup)
    _require_room(work)
    _require_pool_allows(work, definition_in(work, backup))
    return Done()


def _require_folder(work: Work, backup: Backup) -> None:
    folder = backup.target.folder
    if normpath(folder) not in {normpath(pool.folder) for pool in work.hypervisor.storage_pools() if pool.folder}:
        raise StepFailed(Problem.TARGET_MISSING, folder=folder)


def _require_chain(work: Work, backup: Backup) -> None:
    """It and all that it stands on is as it was written down: nobody put another image below."""
    seen: Backup | None = backup
    while seen is not None:
        if seen.state != BackupState.GOOD:
            raise _missing(backup) if seen.state == BackupState.GOING else StepFailed(Problem.BACKUP_DAMAGED)
        for target, file in seen.files.items():
            _require_image(work, seen, target, file["path"])
        seen = seen.below


def _require_image(work: Work, backup: Backup, target: str, path: str) -> None:
    image = work.hypervisor.image(path)
    if image is None:
        raise _missing(backup)
    known = backup.below.files.get(target, {}).get("path", "") if backup.below else ""
    if image.below and basename(image.below) != basename(known):
        raise StepFailed(Problem.BACKUP_DAMAGED)


def _missing(backup: Backup) -> StepFailed:
    return StepFailed(Problem.BACKUP_GONE, folder=backup.target.folder)


def _require_room(work: Work) -> None:
    needed = Counter[str]()
    for disk in plan_of(work).disks:
        needed[normpath(dirname(disk.path))] += work.hypervisor.bytes_to_copy(disk.below)
    for pool in work.hypervisor.storage_pools():
        if needed[normpath(pool.folder)] > pool.free:
            sizes = {"needed": str(needed[normpath(pool.folder)]), "free": str(pool.free)}
            raise StepFailed(Problem.NO_ROOM_TO_RESTORE, folder=pool.folder, **sizes)


def definition_in(work: Work, backup: Backup) -> str:
    """As it was kept, and not another one that somebody put there since its checksum was made."""
    path = path_of(backup, DEFINITION)
    try:
        content = work.hypervisor.first_bytes(path, LARGEST_DEFINITION)
    except DiskMissing as error:
        raise _missing(backup) from error
    if sha256(content).hexdigest() != backup.sums.get(path, sha256(content).hexdigest()):
        raise StepFailed(Problem.BACKUP_DAMAGED)
    return content.decode(errors="replace")


def fill_disks(work: Work) -> Result:
    """From the backup's images, until its own stand alone."""
    _require_own_disks(work)
    result = streaming.pull(work)
    if isinstance(result, Again) and result.phase is Phase.STREAMING:
        return Again(result.seconds, Phase.RESTORING)
    return result


def _require_own_disks(work: Work) -> None:
    """Somebody may have started it with its old ones before its definition was changed."""
    live = work.hypervisor.definition(work.vm.uuid).live
    if live and not has_new_disks(work, live):
        raise StepFailed(Problem.WRONG_STATE)


def has_new_disks(work: Work, xml: str) -> bool:
    """Those that are made for it here."""
    return {disk.path for disk in plan_of(work).disks} <= {disk.source for disk in describe(xml).disks}


def _require_pool_allows(work: Work, xml: str) -> None:
    """What the backup has may be more than what its machine had when it was asked for."""
    vm = work.vm
    if vm.pool_id is None or CLAIM in work.operation.arguments:
        return
    try:
        with transaction.atomic():
            pool, found = held_pool_of(vm), describe(xml)
            if pool is None:
                return
            require_room(pool, memory=found.memory - vm.memory, vcpus=found.vcpus - vm.vcpus)
            require_places(pool, None, (), _plugs(work, found))
            claim = claim_on(pool, found.memory, found.vcpus)
            work.operation.note(arguments={**work.operation.arguments, **claim})
    except PoolIsFull as full:
        raise StepFailed(Problem.POOL_IS_FULL, pool=full.pool.name) from full
    except OutsideOfPool as outside:
        names = ", ".join(outside.names)
        raise StepFailed(Problem.NOT_OF_THE_POOL, pool=outside.pool.name, networks=names) from outside


def _plugs(work: Work, found: MachineDescription) -> set[str]:
    """What it will be plugged into, as far as nobody chose that."""
    kept = found.interfaces if plan_of(work).network is None else found.interfaces[1:]
    return {each.source for each in kept} - {""}


def define_restored(work: Work) -> Result:
    """A machine of its own, after the definition that the backup kept."""
    if not work.node_knows_it():
        xml = definition_in(work, backup_of(work))
        work.hypervisor.define(clone_of(xml, _clone(work, xml)))
    return Done()


def _clone(work: Work, xml: str) -> Clone:
    plan, found = plan_of(work), describe(xml)
    return Clone(
        name=work.vm.name,
        uuid=work.vm.uuid,
        disks={disk.target: disk.path for disk in plan.disks},
        memory=found.memory,
        vcpus=found.vcpus,
        network=plan.network,
        macs=tuple(fresh_macs(len(found.interfaces))),
        mark=mark_of(work.vm, disks=plan.disks),
    )
