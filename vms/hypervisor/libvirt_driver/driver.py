"""The contract's calls, one by one."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from socket import socket
from typing import BinaryIO
from uuid import UUID

import libvirt

from vms.hypervisor import machine_xml, possible
from vms.hypervisor.consoles import Screen
from vms.hypervisor.contract import (
    DiskError,
    GuestInfo,
    GuestInterface,
    Hypervisor,
    Image,
    ImageSize,
    JobProgress,
    Machine,
    MachineStats,
    NodeInfo,
    Pull,
    StoragePool,
)
from vms.hypervisor.editing import Definition
from vms.hypervisor.libvirt_driver import (
    agent,
    consoles,
    editing,
    flushing,
    guests,
    images,
    jobs,
    numbers,
    offering,
    pulls,
    storage,
    uploading,
)
from vms.hypervisor.libvirt_driver.backing_up import LibvirtBackingUp
from vms.hypervisor.libvirt_driver.breaking import ends_with_its_link
from vms.hypervisor.libvirt_driver.connections import link_to
from vms.hypervisor.libvirt_driver.domains import look_at, machine_of, state_of, uuid_of
from vms.hypervisor.libvirt_driver.migrating import LibvirtMigrating
from vms.hypervisor.libvirt_driver.patience import within_limit
from vms.hypervisor.libvirt_driver.refusals import our_errors
from vms.hypervisor.machine_xml import PanelMark
from vms.rules.differences import Change
from vms.rules.power import HAS_PROCESS, Power

_FORGET_EVERYTHING = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
)
_FORGET_MOST = libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
_KEEP_VARIABLES = (
    _FORGET_MOST | libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
)
_KEEP_FILES = _KEEP_VARIABLES | libvirt.VIR_DOMAIN_UNDEFINE_KEEP_TPM
_STORAGE = UUID(int=0)
"""Whose patience is asked of storage that belongs to no single machine."""


def connect(uri: str) -> Hypervisor:
    return LibvirtHypervisor(link_to(uri))


@ends_with_its_link
class LibvirtHypervisor(LibvirtMigrating, LibvirtBackingUp):
    """All calls of the contract."""

    def info(self) -> NodeInfo:
        with self._connection() as connection:
            return numbers.info_of(connection)

    def is_alive(self) -> bool:
        return self._link.stands()

    def machines(self) -> list[Machine]:
        with self._connection() as connection:
            return [
                machine_of(domain, found["state.state"], found["state.reason"])
                for domain, found in connection.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_STATE)
            ]

    def machine(self, vm: UUID) -> Machine:
        with self._domain(vm) as domain:
            return machine_of(domain, *state_of(domain))

    def xml_of(self, vm: UUID) -> str:
        with self._domain(vm) as domain:
            return str(domain.XMLDesc(editing.AS_AT_NEXT_START))

    def disk_errors(self, vm: UUID) -> list[DiskError]:
        with self._domain(vm) as domain:
            return self._link.patience.ask(vm, partial(numbers.disk_errors_of, domain))

    def stats(self) -> list[MachineStats]:
        with self._connection() as connection:
            return within_limit(partial(numbers.stats_of, connection))

    def job_progress(self, vm: UUID) -> JobProgress | None:
        with self._domain(vm) as domain:
            return self._link.patience.ask(vm, partial(jobs.progress_of, domain))

    def agent_answers(self, vm: UUID, *, seconds: int) -> bool | None:
        with self._domain(vm) as domain:
            return agent.answers(domain, seconds=seconds) if look_at(domain) is Power.RUNNING else None

    def guest(self, vm: UUID, *, seconds: int) -> GuestInfo | None:
        with self._domain(vm) as domain:
            return guests.guest_of(domain, seconds=seconds) if look_at(domain) is Power.RUNNING else None

    def leased_addresses(self, vm: UUID) -> tuple[GuestInterface, ...]:
        with self._domain(vm) as domain:
            return guests.leases_of(domain) if look_at(domain) in HAS_PROCESS else ()

    def image_sizes(self, paths: Collection[str]) -> Mapping[str, ImageSize]:
        with self._connection() as connection:
            return self._link.patience.ask(_STORAGE, partial(storage.sizes_of, connection, paths))

    def define(self, xml: str) -> UUID:
        machine_xml.parse(xml)
        with self._connection() as connection:
            domain = connection.defineXMLFlags(xml, libvirt.VIR_DOMAIN_DEFINE_VALIDATE)
            return uuid_of(domain)

    def write_mark(self, vm: UUID, mark: PanelMark) -> None:
        with self._domain(vm) as domain:
            _write_mark(domain, machine_xml.element_of(mark))

    def start(self, vm: UUID) -> None:
        with self._domain(vm, possible.START) as domain:
            domain.create()

    def start_paused(self, vm: UUID) -> None:
        with self._domain(vm, possible.START) as domain:
            domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)

    def resume(self, vm: UUID) -> None:
        with self._domain(vm, possible.RESUME) as domain:
            _wake(domain)

    def pause(self, vm: UUID) -> None:
        with self._domain(vm, possible.PAUSE) as domain:
            domain.suspend()

    def ask_to_shut_down(self, vm: UUID) -> None:
        with self._domain(vm, possible.ASK_TO_SHUT_DOWN) as domain:
            domain.shutdown()

    def power_off(self, vm: UUID) -> None:
        with self._domain(vm, possible.POWER_OFF) as domain:
            domain.destroy()

    def reset(self, vm: UUID) -> None:
        with self._domain(vm, possible.RESET) as domain:
            domain.reset()

    def undefine(self, vm: UUID, *, keep_files: bool = False) -> None:
        with self._domain(vm, possible.UNDEFINE) as domain:
            _forget(domain, (_KEEP_FILES, _KEEP_VARIABLES) if keep_files else (_FORGET_EVERYTHING,))

    def disks_on_top_of(self, path: str) -> Sequence[str]:
        with self._connection() as connection:
            return storage.images_on_top_of(connection, path)

    def delete_disk(self, path: str) -> None:
        with self._connection() as connection:
            storage.delete(connection, path)

    def storage_pools(self) -> list[StoragePool]:
        with self._connection() as connection:
            return self._link.patience.ask(_STORAGE, partial(offering.pools_of, connection))

    def networks(self) -> list[str]:
        with self._connection() as connection:
            return offering.networks_of(connection)

    def offers_kvm(self) -> bool:
        with self._connection() as connection:
            return offering.offers_kvm(connection)

    def image(self, path: str) -> Image | None:
        with self._connection() as connection:
            return images.image_at(connection, path)

    def make_image(self, path: str, capacity: int, *, on_top_of: str = "", format_below: str = "") -> None:
        with self._connection() as connection:
            images.make(connection, path, capacity, on_top_of=on_top_of, format_below=format_below)

    def first_bytes(self, path: str, count: int) -> bytes:
        with self._connection() as connection:
            return images.bytes_at(connection, path, 0, count)

    def bytes_at(self, path: str, offset: int, count: int) -> bytes:
        with self._connection() as connection:
            return images.bytes_at(connection, path, offset, count)

    def upload(self, path: str, size: int, source: BinaryIO, told: Callable[[int], None]) -> None:
        with our_errors(self._link):
            uploading.upload(self._link, path, size, source, told)

    def images_below(self, vm: UUID) -> Mapping[str, str]:
        with self._domain(vm) as domain:
            return pulls.images_below(self._link.connection, domain)

    def pull(self, vm: UUID, target: str, *, limit: int) -> None:
        with self._domain(vm, possible.PULL) as domain:
            self._link.patience.ask(vm, partial(pulls.begin, domain, target, limit))

    def pulls(self, vm: UUID) -> Mapping[str, Pull]:
        with self._domain(vm) as domain:
            return self._link.patience.ask(vm, partial(pulls.under_way, domain))

    def limit_pull(self, vm: UUID, target: str, *, limit: int) -> None:
        with self._domain(vm) as domain:
            self._link.patience.ask(vm, partial(pulls.set_limit, domain, target, limit))

    def keep_pulled(self, vm: UUID) -> None:
        with self._domain(vm) as domain:
            self._link.patience.ask(vm, partial(flushing.flush, domain))

    def stop_pull(self, vm: UUID, target: str) -> None:
        with self._domain(vm) as domain:
            self._link.patience.ask(vm, partial(pulls.stop, domain, target))

    def screen(self, vm: UUID) -> Screen:
        with self._domain(vm) as domain:
            return consoles.screen_of(domain)

    def open_screen(self, vm: UUID) -> socket:
        with self._domain(vm, possible.LOOK) as domain:
            return self._link.patience.ask(vm, partial(consoles.open_screen, self._link.connection, domain))

    def open_serial(self, vm: UUID, *, take_over: bool = False) -> socket:
        with self._domain(vm, possible.LOOK) as domain:
            return consoles.open_serial(self._link.connection, domain, take_over=take_over)

    def definition(self, vm: UUID) -> Definition:
        with self._domain(vm) as domain:
            return editing.definition_of(domain)

    def redefine(self, vm: UUID, xml: str, *, instead_of: str) -> None:
        with self._domain(vm) as domain:
            editing.redefine(self._link.connection, domain, xml, instead_of)

    def disk_sizes(self, vm: UUID) -> Mapping[str, int]:
        with self._domain(vm) as domain:
            return self._link.patience.ask(vm, partial(editing.disk_sizes_of, domain))

    def change_now(self, vm: UUID, change: Change) -> None:
        with self._domain(vm) as domain:
            self._link.patience.ask(vm, partial(editing.change_now, self._link.connection, domain, change))

    def close(self) -> None:
        self._link.close()


def _write_mark(domain: libvirt.virDomain, element: str) -> None:
    """Into both definitions of a machine that is on."""
    where = libvirt.VIR_DOMAIN_AFFECT_CONFIG | (libvirt.VIR_DOMAIN_AFFECT_LIVE if domain.isActive() else 0)
    domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, element, "stoney", machine_xml.NAMESPACE, where)


def _wake(domain: libvirt.virDomain) -> None:
    """A guest that put itself to sleep needs another call than one that was paused."""
    if state_of(domain)[0] == libvirt.VIR_DOMAIN_PMSUSPENDED:
        domain.pMWakeup()
    else:
        domain.resume()


def _forget(domain: libvirt.virDomain, flags: Sequence[int]) -> None:
    """Drivers that have no firmware variables, TPMs or checkpoints do not know the flags for them either."""
    for known in flags:
        try:
            domain.undefineFlags(known)
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_INVALID_ARG:
                raise
        else:
            return
    domain.undefineFlags(_FORGET_MOST)
