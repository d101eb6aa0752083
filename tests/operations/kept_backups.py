"""Backups that were made some time ago, as their files on a fake node and the database have them."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from posixpath import join
from uuid import uuid4

from django.utils import timezone

from vms.hypervisor.fake import FakeNode, FakePool
from vms.models import Backup, BackupTarget, Node, StoragePool, Vm
from vms.models.keeping import parts_of, path_of, refresh_last_backup
from vms.rules.backing_up import DEFINITION, LIST, SUMS, file_of, stem_of
from vms.rules.backups import BackupState, Consistency

FOLDER = "/backups"
GIB = 1024**3


def add_target(*seen_by: tuple[Node, FakeNode], shared: bool = True, folder: str = FOLDER) -> BackupTarget:
    for node, there in seen_by:
        see(node, there, shared=shared, folder=folder)
    return BackupTarget.objects.create(name=folder.strip("/"), folder=folder)


def see(node: Node, there: FakeNode, *, shared: bool = True, folder: str = FOLDER) -> None:
    there.pools[folder] = FakePool(folder.strip("/"), over_network=shared)
    StoragePool.objects.create(node=node, name=folder.strip("/"), folder=folder, shared=shared)


def add_backup(vm: Vm, target: BackupTarget, there: FakeNode, *, below: Backup | None = None, age: int = 1) -> Backup:
    """Of one disk. age: hours since."""
    stem = stem_of(vm.display_name, uuid4(), f"{timezone.now():%Y%m%dT%H%M%SZ}")
    path = join(target.folder, file_of(stem, "vda"))
    backup = Backup.objects.create(
        vm=vm,
        node=vm.node,
        target=target,
        below=below,
        state=BackupState.GOOD,
        stem=stem,
        machine_name=vm.display_name,
        made_at=timezone.now() - timedelta(hours=age),
        consistency=Consistency.OFF,
        files={"vda": {"path": path, "format": "qcow2", "capacity": GIB, "size": 100}},
    )
    there.add_image(path, on_top_of=below.files["vda"]["path"] if below else "", allocation=100)
    for part in (LIST, DEFINITION):
        there.add_image(path_of(backup, part), image_format="raw", allocation=10).content = part.encode()
    refresh_last_backup(vm.pk)
    return backup


def image_of(backup: Backup) -> str:
    return str(backup.files["vda"]["path"])


def paths_of(backup: Backup) -> set[str]:
    return {*parts_of(backup).values(), path_of(backup, SUMS)}


def sums_in(there: FakeNode, backup: Backup) -> dict[str, str]:
    return {path: sha256(there.images[path].content).hexdigest() for path in parts_of(backup).values()}
