"""Machines that leave a node: sent, looked after, called back."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, cast
from uuid import UUID

import libvirt

from vms.hypervisor import machine_xml, possible
from vms.hypervisor.errors import VmNotFound, WrongState
from vms.hypervisor.libvirt_driver import fitting, waiting
from vms.hypervisor.libvirt_driver.breaking import ends_with_its_link
from vms.hypervisor.libvirt_driver.calls import LibvirtCalls
from vms.hypervisor.libvirt_driver.domains import state_of
from vms.hypervisor.libvirt_driver.editing import AS_AT_NEXT_START
from vms.hypervisor.libvirt_driver.jobs import NO_JOBS
from vms.hypervisor.libvirt_driver.vocabulary import power_of, reason_of
from vms.hypervisor.migrating import Destination, How, Migration, Outcome, Presence, Stage
from vms.rules.power import PowerReason
from vms.rules.preflight import Lack, Tie

_MIB = 1024 * 1024
_NO_LIMIT = 1024 * 1024
"""In MiB per second: libvirt takes nothing for what it was told last time."""

_MOVE = libvirt.VIR_MIGRATE_PEER2PEER | libvirt.VIR_MIGRATE_PERSIST_DEST | libvirt.VIR_MIGRATE_UNDEFINE_SOURCE
_LIVE = libvirt.VIR_MIGRATE_LIVE | libvirt.VIR_MIGRATE_UNSAFE
"""Whether both nodes see a file is for the panel to know: libvirt sees it of a few kinds of storage only."""
_FOR_THE_JOURNEY = libvirt.VIR_DOMAIN_XML_MIGRATABLE | libvirt.VIR_DOMAIN_XML_SECURE


@ends_with_its_link
class LibvirtMigrating(LibvirtCalls):
    def send(self, vm: UUID, to: Destination, how: How) -> None:
        with self._domain(vm, possible.MOVE_LIVE if how.live else possible.MOVE_OFFLINE) as domain:
            if migration_of(domain) is not None:
                raise WrongState(f"{domain.name()} is on its way already")
            call = partial(_move, to.uri, _parameters(domain, to, how), _flags(how))
            waiting.begin(self._key(vm), call)

    def outcome(self, vm: UUID) -> Outcome | None:
        with self._connection():
            return waiting.outcome_of(self._key(vm))

    def migration(self, vm: UUID) -> Migration | None:
        with suppress(VmNotFound), self._domain(vm) as domain:
            return self._link.patience.ask(vm, partial(migration_of, domain))
        return None

    def cancel_migration(self, vm: UUID) -> None:
        with suppress(VmNotFound), self._domain(vm) as domain:
            self._link.patience.ask(vm, partial(_while_under_way, domain, domain.abortJob))

    def limit_migration(self, vm: UUID, *, limit: int) -> None:
        with suppress(VmNotFound), self._domain(vm) as domain:
            call = partial(domain.migrateSetMaxSpeed, _speed(limit))
            self._link.patience.ask(vm, partial(_while_under_way, domain, call))

    def switch_to_post_copy(self, vm: UUID) -> None:
        with self._domain(vm) as domain:
            self._link.patience.ask(vm, domain.migrateStartPostCopy)

    def presence(self, vm: UUID) -> Presence | None:
        with suppress(VmNotFound), self._domain(vm) as domain:
            return _presence(domain)
        return None

    def ties_of(self, vm: UUID) -> frozenset[Tie]:
        with self._domain(vm) as domain:
            return self._link.patience.ask(vm, partial(fitting.ties_of, domain))

    def cpu(self) -> str:
        with self._connection() as connection:
            return fitting.cpu_of(connection)

    def lacks_for(self, definition: str, *, home_cpu: str) -> frozenset[Lack]:
        with self._connection() as connection:
            return fitting.lacks_for(connection, definition, home_cpu)

    def _key(self, vm: UUID) -> tuple[str, UUID, str]:
        return self._link.connection.getURI(), vm, "move"


def _move(uri: str, parameters: Mapping[str, Any], flags: int, domain: libvirt.virDomain) -> None:
    domain.migrateToURI3(uri, cast("str", parameters), flags)


def migration_of(domain: libvirt.virDomain) -> Migration | None:
    try:
        job = cast("dict[str, int]", domain.jobStats())
    except libvirt.libvirtError as error:
        if error.get_error_code() in NO_JOBS:
            return None
        raise
    if job.get("operation") != libvirt.VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT:
        return None
    return _migration(domain, job)


def _migration(domain: libvirt.virDomain, job: Mapping[str, int]) -> Migration:
    memory, disks = job.get("memory_total", 0), job.get("disk_total", 0)
    return Migration(
        stage=_stage(domain, memory, disks),
        disks_done=job.get("disk_processed", 0),
        disks_total=disks,
        memory_done=memory - job.get("memory_remaining", 0),
        memory_total=memory,
        bytes_per_second=job.get("memory_bps", 0) + job.get("disk_bps", 0),
        rounds=job.get("memory_iteration", 0),
    )


def _stage(domain: libvirt.virDomain, memory: int, disks: int) -> Stage:
    """Disks first; their size is known as soon as one of them has begun, that of the memory after the last."""
    if reason_of(*state_of(domain)) is PowerReason.POSTCOPY:
        return Stage.HANDED_OVER
    if memory:
        return Stage.MEMORY
    return Stage.DISKS if disks else Stage.PREPARING


def _parameters(domain: libvirt.virDomain, to: Destination, how: How) -> dict[str, Any]:
    parameters: dict[str, Any] = {libvirt.VIR_MIGRATE_PARAM_BANDWIDTH: _speed(how.limit)} if how.live else {}
    if to.address:
        parameters[libvirt.VIR_MIGRATE_PARAM_URI] = f"tcp://{to.address}"
    if how.disks:
        parameters |= _definitions(domain, how)
    if how.disks and how.live:
        parameters[libvirt.VIR_MIGRATE_PARAM_MIGRATE_DISKS] = list(how.disks)
    return parameters


def _definitions(domain: libvirt.virDomain, how: How) -> dict[str, str]:
    """What it will be at its next start may have other disks than it has now."""
    now, later = domain.XMLDesc(_FOR_THE_JOURNEY), domain.XMLDesc(AS_AT_NEXT_START)
    kept = {disk.target for disk in machine_xml.describe(later).disks}
    return {
        libvirt.VIR_MIGRATE_PARAM_DEST_XML: machine_xml.moved(now, how.disks),
        libvirt.VIR_MIGRATE_PARAM_PERSIST_XML: machine_xml.moved(
            later, {target: path for target, path in how.disks.items() if target in kept}
        ),
    }


def _flags(how: How) -> int:
    if not how.live:
        return _MOVE | libvirt.VIR_MIGRATE_OFFLINE
    chosen = {
        libvirt.VIR_MIGRATE_NON_SHARED_DISK: bool(how.disks),
        libvirt.VIR_MIGRATE_AUTO_CONVERGE: how.converges,
        libvirt.VIR_MIGRATE_POSTCOPY: how.post_copy,
    }
    return _MOVE | _LIVE | sum(flag for flag, is_chosen in chosen.items() if is_chosen)


def _speed(limit: int) -> int:
    """In whole MiB per second, as libvirt counts."""
    return -(-limit // _MIB) or _NO_LIMIT


def _while_under_way(domain: libvirt.virDomain, call: Callable[[], object]) -> None:
    """It may end by itself at any moment, which is no error."""
    if migration_of(domain) is None:
        return
    try:
        call()
    except libvirt.libvirtError:
        if migration_of(domain) is not None:
            raise


def _presence(domain: libvirt.virDomain) -> Presence:
    state, reason = state_of(domain)
    is_torn = (state, reason) == (libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_POSTCOPY_FAILED)
    why = PowerReason.POSTCOPY_FAILED if is_torn else reason_of(state, reason)
    return Presence(bool(domain.isPersistent()), power_of(state), why)
