"""A backup's other files: the machine's definition, and the list of all of them, which is the mark of a whole one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from posixpath import basename, dirname, join, normpath
from typing import Any

from django.db import transaction
from django.utils import timezone

from vms.hypervisor.contract import Image
from vms.hypervisor.errors import DiskMissing
from vms.hypervisor.machine_xml import describe
from vms.models import Backup
from vms.models.keeping import refresh_last_backup
from vms.operations.steps.backup_facts import backup_of, decided, path_in_target, taking_of, xml_now
from vms.operations.steps.work import Done, Result, StepFailed, Work
from vms.rules.backing_up import DEFINITION, LIST, MEMORY, file_of, overlay_of
from vms.rules.backups import BackupState, Consistency
from vms.rules.problems import Problem
from vms.rules.progress import Phase

VERSION = 1


def lay_definition_down(work: Work) -> None:
    """As it is now: of a machine that others change meanwhile, and before it gets overlays."""
    xml = work.hypervisor.definition(work.vm.uuid).xml
    _write(work, path_in_target(work, DEFINITION), xml.encode())


def overlay_paths(work: Work) -> dict[str, str]:
    """By target: beside each disk, if a storage pool has its folder, else in the target."""
    stem = backup_of(work).stem
    sources = {disk.target: disk.source for disk in describe(xml_now(work)).disks}
    folders = {normpath(pool.folder) for pool in work.hypervisor.storage_pools() if pool.folder}
    beside = {target: dirname(normpath(sources[target])) for target in decided(work).files}
    return {
        target: join(folder if folder in folders else taking_of(work).folder, overlay_of(stem, target))
        for target, folder in beside.items()
    }


def write_down(work: Work) -> Result:
    """Now it is a good one. All its files are there, of the size and on top of the images that they should be."""
    work.operation.note(phase=Phase.WRITING_DOWN)
    backup = backup_of(work)
    if backup.state != BackupState.MAKING:
        return Done()
    images = {target: _image(work, target) for target in decided(work).files}
    files = {target: _as_kept(image) for target, image in images.items()}
    listed = json.dumps(_listed(work, backup, files), indent=2, sort_keys=True).encode()
    size = sum(image.allocation for image in images.values()) + len(listed) + _size_of_the_rest(work)
    _write(work, path_in_target(work, LIST), listed)
    with transaction.atomic():
        backup.become(BackupState.GOOD, files=files, size=size, **_what_it_is(work))
        refresh_last_backup(work.vm.uuid)
    return Done()


def _what_it_is(work: Work) -> dict[str, Any]:
    measures = work.operation.measures
    return {
        "node": work.vm.node,
        "checkpoint": measures["begun"] if decided(work).notes else "",
        "made_at": datetime.fromisoformat(measures["began"]["at"]),
        "began_at": work.operation.started_at,
        "finished_at": timezone.now(),
        "consistency": measures["began"]["consistency"],
    }


def _image(work: Work, target: str) -> Image:
    plan = decided(work)
    image = work.hypervisor.image(plan.files[target])
    if image is None or image.format != "qcow2" or basename(image.below) != basename(plan.below.get(target, "")):
        raise StepFailed(Problem.BACKUP_BROKE)
    return image


def _as_kept(image: Image) -> dict[str, Any]:
    return {"path": image.path, "format": image.format, "capacity": image.capacity, "size": image.allocation}


def _size_of_the_rest(work: Work) -> int:
    parts = [DEFINITION, *([MEMORY] if _has_memory(work) else [])]
    found = [work.hypervisor.image(path_in_target(work, part)) for part in parts]
    if None in found:
        raise StepFailed(Problem.BACKUP_BROKE)
    return sum(each.allocation for each in found if each)


def _has_memory(work: Work) -> bool:
    return bool(work.operation.measures["began"]["consistency"] == Consistency.WITH_MEMORY)


def _listed(work: Work, backup: Backup, files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Enough to make the machine again without the panel, and for another panel to know what it is."""
    began, below, vm = work.operation.measures["began"], decided(work).below, work.vm
    return {
        "version": VERSION,
        "machine": {
            "uuid": str(vm.uuid),
            "name": vm.name,
            "display_name": vm.display_name,
            "kind": vm.kind,
            "mode": vm.mode,
            "notes": vm.notes,
            "node": vm.node.name,
        },
        "made_at": began["at"],
        "consistency": began["consistency"],
        "stands_on": file_of(backup.below.stem, LIST) if backup.below else None,
        "disks": {
            target: {
                "file": basename(file["path"]),
                "format": file["format"],
                "capacity": file["capacity"],
                "stands_on": basename(below[target]) if target in below else None,
            }
            for target, file in files.items()
        },
        "definition": file_of(backup.stem, DEFINITION),
        "memory": file_of(backup.stem, MEMORY) if _has_memory(work) else None,
    }


def _write(work: Work, path: str, content: bytes) -> None:
    """Instead of what an earlier attempt has left there."""
    try:
        work.hypervisor.delete_disk(path)
    except DiskMissing as error:
        raise StepFailed(Problem.TARGET_MISSING, folder=taking_of(work).folder, node=work.vm.node.name) from error
    work.hypervisor.upload(path, len(content), BytesIO(content), lambda _sent: None)
