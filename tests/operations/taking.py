"""Machines on the fake node alpha that are backed up, by hand, into a folder of it."""

from __future__ import annotations

from typing import Any

from tests.operations.migrating import add_mover, look_everywhere
from tests.operations.streaming import GIB, MIB
from tests.operations.working import fresh, leave_to_a_dead_worker, step
from vms.hypervisor import fake_backing_up
from vms.hypervisor.fake import FakeNode, FakePool
from vms.hypervisor.fake_node import FakeImage
from vms.hypervisor.machine_xml import describe
from vms.hypervisor.migrating import Outcome
from vms.models import Backup, BackupTarget, Node, Operation, StoragePool, Vm
from vms.models.viewer import Viewer
from vms.operations.backing_up import request_backup
from vms.operations.backups import BackupOrder
from vms.operations.recovering import recover
from vms.rules.power import Power
from vms.rules.progress import Progress

__all__ = ["GIB", "MIB"]

FOLDER = "/backups"
DISK = "/images/web1.qcow2"
ENOUGH = 30


def add_target(node: Node, there: FakeNode, folder: str = FOLDER) -> BackupTarget:
    there.pools[folder] = FakePool(folder.strip("/"))
    StoragePool.objects.get_or_create(node=node, name=folder.strip("/"), defaults={"folder": folder, "free": GIB})
    return BackupTarget.objects.create(name=folder, folder=folder)


def add_machine(node: Node, there: FakeNode, power: Power = Power.RUNNING, *paths: str) -> Vm:
    return add_mover(node, there, *(paths or (DISK,)), power=power)


def ask_for_backup(vm: Vm, target: BackupTarget, by: Viewer, **order: Any) -> Operation:
    return request_backup(fresh(vm), BackupOrder(target, **order), by=by)


def take_steps(operation: Operation, count: int = ENOUGH, *, until: str = "") -> Operation:
    """The worker looks so often, with the watcher looking at all nodes in between. until: it is in this phase."""
    for _ in range(count):
        step(operation)
        operation.refresh_from_db()
        look_everywhere()
        if operation.finished_at or operation.progress == Progress.UNCLEAR or (until and operation.phase == until):
            break
    return operation


def come_to_the_copy(operation: Operation, there: FakeNode) -> Operation:
    """As far as its disks are being copied, and its worker has seen so."""
    for _ in range(ENOUGH):
        if there.machines[operation.vm_id].backups.backup:
            return take_steps(operation, 1)
        take_steps(operation, 1)
    raise AssertionError(f"it never copied: {operation.progress}, {operation.phase}, {operation.problem}")


def end_copy(operation: Operation, there: FakeNode, outcome: Outcome | None = None) -> None:
    fake_backing_up.end_backup(there, operation.vm_id, outcome)


def end_merges(operation: Operation, there: FakeNode) -> Operation:
    """Each is ready as soon as it has begun."""
    for _ in range(ENOUGH):
        for target in there.machines[operation.vm_id].backups.merges:
            fake_backing_up.end_merge(there, operation.vm_id, target)
        if take_steps(operation, 1).finished_at:
            return operation
    raise AssertionError(f"it never ended: {operation.progress}, {operation.phase}")


def back_up(vm: Vm, target: BackupTarget, there: FakeNode, by: Viewer, **order: Any) -> Backup:
    """From the request to the end."""
    operation = come_to_the_copy(ask_for_backup(vm, target, by, **order), there)
    end_copy(operation, there)
    end_merges(operation, there)
    assert operation.progress == Progress.SUCCEEDED, (operation.problem, operation.evidence)
    return Backup.objects.get(operation=operation)


def change(vm: Vm, there: FakeNode, count: int = MIB) -> None:
    """Its guest writes so many bytes."""
    for checkpoint in there.machines[vm.pk].backups.checkpoints.values():
        checkpoint.changed = {target: changed + count for target, changed in checkpoint.changed.items()}


def its_worker_died(operation: Operation, **measures: Any) -> None:
    """As if the process had been killed, with these marks set and no others."""
    operation.refresh_from_db()
    leave_to_a_dead_worker(operation, measures={**operation.measures, **measures})
    recover()


def files_in(there: FakeNode, folder: str = FOLDER) -> dict[str, FakeImage]:
    return {path: image for path, image in there.images.items() if path.startswith(f"{folder}/")}


def disks_of(vm: Vm, there: FakeNode) -> list[str]:
    """As its definition has them."""
    return [disk.source for disk in describe(there.machines[vm.pk].xml).disks]


def assert_nothing_is_left(operation: Operation, there: FakeNode, status: str) -> None:
    """Of a backup that came to nothing: files, overlays, its row, a frozen or a paused guest."""
    machine = there.machines[operation.vm_id]
    assert (files_in(there), disks_of(operation.vm, there)) == ({}, [DISK])
    assert not Backup.objects.filter(operation=operation).exists()
    assert (machine.backups.backup, machine.backups.is_frozen, machine.backups.merges) == (None, False, {})
    assert [path for path in there.images if "overlay" in path] == []
    assert fresh(operation.vm).status.name == status
