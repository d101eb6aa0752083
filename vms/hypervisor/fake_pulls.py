"""What the disks of fake machines need below them. A pull goes on when a test says so: see FakeNode."""

from collections.abc import Mapping
from uuid import UUID

from vms.hypervisor import possible
from vms.hypervisor.contract import Pull
from vms.hypervisor.errors import DiskMissing, Refused, WrongState
from vms.hypervisor.fake_calls import FakeCalls
from vms.hypervisor.fake_node import FakeNode
from vms.hypervisor.machine_xml import Disk, describe
from vms.rules.events import Happening

_WRITABLE = frozenset({"disk", "lun"})


class FakePulls(FakeCalls):
    def images_below(self, vm: UUID) -> Mapping[str, str]:
        with self._machine("images_below", vm) as machine:
            disks = [disk for disk in describe(machine.xml).disks if _may_need_another(disk)]
            return {disk.target: below for disk in disks if (below := _below(disk.source, self._node))}

    def pull(self, vm: UUID, target: str, *, limit: int) -> None:
        with self._machine("pull", vm, possible.PULL) as machine:
            if target in machine.pulls:
                raise WrongState(f"{target} is being pulled already")
            if target not in {disk.target for disk in describe(machine.xml).disks}:
                raise Refused(f"there is no disk {target}")
            machine.pulls[target] = limit
            if not self._node.image_of(vm, target).below:
                self._node.end_pull(vm, target)

    def pulls(self, vm: UUID) -> Mapping[str, Pull]:
        with self._machine("pulls", vm) as machine:
            return self._node.pulls_of(machine)

    def limit_pull(self, vm: UUID, target: str, *, limit: int) -> None:
        with self._machine("limit_pull", vm) as machine:
            if target in machine.pulls:
                machine.pulls[target] = limit

    def keep_pulled(self, vm: UUID) -> None:
        with self._machine("keep_pulled", vm) as machine:
            for target in machine.pulls:
                image = self._node.image_of(vm, target)
                image.kept = image.pulled

    def stop_pull(self, vm: UUID, target: str) -> None:
        with self._machine("stop_pull", vm) as machine:
            if machine.pulls.pop(target, None) is not None:
                self._node.happen(vm, Happening.JOB_CHANGED)


def _may_need_another(disk: Disk) -> bool:
    return disk.device in _WRITABLE and not disk.read_only and disk.format not in {"", "raw"}


def _below(path: str, node: FakeNode) -> str:
    if path not in node.images:
        raise DiskMissing(f"there is no image {path}")
    return node.images[path].below
