"""Backups that lie in a folder of the fake node, as if they had been made, and what comes back from them."""

from __future__ import annotations

from typing import Any

from tests.operations.streaming import GIB, MIB, add_origin, look_at, pool_of, take_steps
from tests.operations.working import fresh
from vms.hypervisor.fake import FakeImage, FakeNode, FakePool
from vms.hypervisor.machine_xml import MachineDescription, describe, with_panel_mark
from vms.models import Backup, BackupTarget, Node, Operation, StoragePool, Vm
from vms.models.keeping import path_of
from vms.models.viewer import Viewer
from vms.operations.planning import Wish
from vms.operations.restoring import ReturnOrder, request_restore, request_restore_as_new
from vms.operations.steps.making import mark_of
from vms.rules.backing_up import DEFINITION, MEMORY, file_of
from vms.rules.backups import BackupState, Consistency
from vms.rules.kinds import Kind

FOLDER = "/backups"
OLD = "/images/web1-a.qcow2"


def add_target(*places: tuple[Node, FakeNode]) -> BackupTarget:
    """The same folder on all these nodes."""
    for node, there in places:
        there.pools.setdefault(FOLDER, FakePool("backups"))
        StoragePool.objects.get_or_create(node=node, name="backups", defaults={"folder": FOLDER, "shared": True})
    return BackupTarget.objects.get_or_create(name="nightly", defaults={"folder": FOLDER})[0]


def add_backup(vm: Vm, there: FakeNode, *, on_top_of: Backup | None = None, **fields: Any) -> Backup:
    """Of the machine as it is now; each of its images takes 512 MiB."""
    target = add_target((vm.node, there))
    xml = there.machines[vm.uuid].xml
    stem = f"{vm.name}-{Backup.objects.count()}"
    files = {}
    for disk in describe(xml).disks:
        path = f"{FOLDER}/{file_of(stem, disk.target)}"
        below = on_top_of.files[disk.target]["path"] if on_top_of else ""
        there.images[path] = FakeImage(allocation=512 * MIB, below=below)
        files[disk.target] = {"path": path, "format": "qcow2", "capacity": GIB, "size": 512 * MIB}
    values = {"state": BackupState.GOOD, "consistency": Consistency.OFF, "files": files, "size": 512 * MIB}
    backup = Backup.objects.create(
        vm=vm,
        target=target,
        node=vm.node,
        below=on_top_of,
        stem=stem,
        machine_name=vm.display_name,
        **{**values, **fields},
    )
    there.images[path_of(backup, DEFINITION)] = FakeImage("raw", content=xml.encode())
    if backup.consistency == Consistency.WITH_MEMORY:
        there.images[path_of(backup, MEMORY)] = FakeImage("raw", content=b"memory")
    return backup


def ask_back(backup: Backup, by: Viewer, **order: Any) -> Operation:
    return request_restore(backup, ReturnOrder(**{"pool": pool_of(backup.vm.node), **order}), by=by)


def ask_as_new(backup: Backup, by: Viewer, name: str = "web-new", **wish: Any) -> Operation:
    values = {"pool": pool_of(backup.vm.node), "memory": 8 * MIB, "vcpus": 1, "kind": backup.vm.kind, **wish}
    return request_restore_as_new(backup, Wish(name, **values), None, by=by)


def come_to_the_copying(operation: Operation, there: FakeNode) -> Operation:
    """As far as the first disk is being filled."""
    for _ in range(10):
        machine = there.machines.get(operation.vm_id)
        if machine and machine.pulls:
            return operation
        take_steps(operation, 1)
    raise AssertionError(f"it never came to the copying: {operation.progress}, {operation.phase}, {operation.problem}")


def restore_to_the_end(operation: Operation, there: FakeNode) -> Operation:
    come_to_the_copying(operation, there)
    there.end_pull(operation.vm_id, "vda")
    return take_steps(operation)


def at_node(vm: Vm, there: FakeNode) -> MachineDescription:
    return describe(there.machines[vm.uuid].xml)


def image_of(vm: Vm, there: FakeNode, target: str = "vda") -> str:
    return next(disk.source for disk in at_node(vm, there).disks if disk.target == target)


def add_web1(node: Node, there: FakeNode) -> Vm:
    """Off, with one disk that the panel made for it."""
    vm = add_origin(node, there, kind=Kind.VM, name="web1")
    vm.disks.update(made_by_panel=True)
    machine = there.machines[vm.uuid]
    machine.xml = with_panel_mark(machine.xml, mark_of(vm))
    pool_of(node)
    look_at(node)
    return fresh(vm)


def is_as_before(vm: Vm, there: FakeNode, xml: str) -> bool:
    """Nothing of what was begun is left."""
    made = [path for path in there.images if path.startswith("/images/") and path != OLD]
    return there.machines[vm.uuid].xml == xml and OLD in there.images and not made
