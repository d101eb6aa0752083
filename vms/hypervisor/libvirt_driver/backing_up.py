"""Machines that are copied aside: their disks, their memory, and what both leave behind."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from uuid import UUID

from vms.hypervisor import possible
from vms.hypervisor.backing_up import Backup, BackupPlan, Began, Checkpoint, Merge
from vms.hypervisor.libvirt_driver import checkpoints, copying, downloading, images, overlaying, resting, waiting
from vms.hypervisor.libvirt_driver.breaking import ends_with_its_link
from vms.hypervisor.libvirt_driver.calls import LibvirtCalls
from vms.hypervisor.libvirt_driver.refusals import our_errors
from vms.hypervisor.migrating import Outcome


@ends_with_its_link
class LibvirtBackingUp(LibvirtCalls):
    def begin_backup(self, vm: UUID, plan: BackupPlan) -> Began:
        with self._domain(vm, possible.BACK_UP) as domain:
            return copying.begin(self._link.connection, domain, plan)

    def backup(self, vm: UUID) -> Backup | None:
        with self._domain(vm) as domain:
            return self._link.patience.ask(vm, partial(copying.under_way, domain))

    def backup_outcome(self, vm: UUID) -> Outcome | None:
        with self._domain(vm) as domain:
            return self._link.patience.ask(vm, partial(copying.outcome_of, domain))

    def cancel_backup(self, vm: UUID) -> None:
        with self._domain(vm) as domain:
            self._link.patience.ask(vm, partial(copying.cancel, domain))

    def limit_backup(self, vm: UUID, *, limit: int) -> None:
        with self._domain(vm) as domain:
            self._link.patience.ask(vm, partial(copying.set_limit, domain, limit))

    def thaw(self, vm: UUID) -> bool:
        with self._domain(vm) as domain:
            return resting.thaw(domain)

    def checkpoints(self, vm: UUID) -> Sequence[Checkpoint]:
        with self._domain(vm) as domain:
            return self._link.patience.ask(vm, partial(checkpoints.all_of, domain))

    def forget_checkpoint(self, vm: UUID, name: str) -> None:
        with self._domain(vm, possible.FORGET_CHECKPOINT) as domain:
            self._link.patience.ask(vm, partial(checkpoints.forget, domain, name))

    def save_memory(self, vm: UUID, path: str, overlays: Mapping[str, str]) -> None:
        with self._domain(vm, possible.SAVE_MEMORY) as domain:
            xml = overlaying.saved_memory(domain, path, overlays)
            waiting.begin(self._memory_key(vm), partial(overlaying.save, xml))

    def memory_outcome(self, vm: UUID) -> Outcome | None:
        with self._connection():
            return waiting.outcome_of(self._memory_key(vm))

    def merge(self, vm: UUID, target: str) -> None:
        with self._domain(vm, possible.MERGE) as domain:
            self._link.patience.ask(vm, partial(overlaying.begin, domain, target))

    def merges(self, vm: UUID) -> Mapping[str, Merge]:
        with self._domain(vm) as domain:
            return self._link.patience.ask(vm, partial(overlaying.under_way, domain))

    def finish_merge(self, vm: UUID, target: str) -> None:
        with self._domain(vm) as domain:
            self._link.patience.ask(vm, partial(overlaying.finish, domain, target))

    def start_with_memory(self, vm: UUID, path: str, disks: Mapping[str, str]) -> None:
        with self._domain(vm, possible.START):
            overlaying.start(self._link.connection, path, disks)

    def bytes_to_copy(self, path: str) -> int:
        with self._connection() as connection:
            chain = images.chain_at(connection, path)
            return min(chain[0].capacity, sum(image.allocation for image in chain))

    def checksum(self, path: str, told: Callable[[int], None]) -> str:
        with our_errors(self._link):
            return downloading.checksum(self._link, path, told)

    def _memory_key(self, vm: UUID) -> tuple[str, UUID, str]:
        return self._link.connection.getURI(), vm, "memory"
