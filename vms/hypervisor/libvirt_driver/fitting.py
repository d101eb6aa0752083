"""Whether a machine fits a node, and what ties it to the one where it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import libvirt
from lxml import etree
from lxml.etree import _Element as Element

from vms.hypervisor import machine_xml
from vms.hypervisor.libvirt_driver.domains import look_at, uuid_of
from vms.hypervisor.libvirt_driver.jobs import NO_JOBS, block_jobs
from vms.rules.power import Power
from vms.rules.preflight import Lack, Tie

_NOT_OFFERED = frozenset(
    {
        libvirt.VIR_ERR_INVALID_ARG,  # the machine type, or the acceleration
        libvirt.VIR_ERR_SYSTEM_ERROR,  # the emulator's file
        libvirt.VIR_ERR_CONFIG_UNSUPPORTED,  # the architecture
    }
)
_CANNOT_COMPARE = frozenset({libvirt.VIR_ERR_NO_SUPPORT, libvirt.VIR_ERR_OPERATION_UNSUPPORTED})


@dataclass(frozen=True)
class _Emulation:
    """What a definition says of the program that runs it."""

    emulator: str | None
    arch: str
    machine_type: str | None
    virt_type: str
    cpu: Element | None


def cpu_of(connection: libvirt.virConnect) -> str:
    found = etree.fromstring(connection.getCapabilities().encode()).find("host/cpu")
    return "" if found is None else etree.tostring(found, encoding="unicode", with_tail=False)


def lacks_for(connection: libvirt.virConnect, definition: str, home_cpu: str) -> frozenset[Lack]:
    wanted = _emulation_in(definition)
    lack = _lack_of_emulation(connection, wanted)
    found = set() if lack is None else {lack}
    if lack is None and not _offers_cpu(connection, wanted, home_cpu):
        found.add(Lack.CPU)
    if not all(_has_interface(connection, name) for name in machine_xml.needs_of(definition).bridges):
        found.add(Lack.NO_SUCH_BRIDGE)
    return frozenset(found | set(_lacks_of_identity(connection, definition)))


def ties_of(domain: libvirt.virDomain) -> frozenset[Tie]:
    found = {
        Tie.JOB_RUNNING: _has_job(domain),
        Tie.SNAPSHOTS: bool(domain.snapshotNum()),
        Tie.MEMORY_SAVED: bool(domain.hasManagedSaveImage()),
        Tie.NEVER_RAN: _has_never_run(domain),
    }
    return frozenset(tie for tie, holds in found.items() if holds)


def _has_never_run(domain: libvirt.virDomain) -> bool:
    """QEMU takes hold of the disks of a machine that came paused when its guest runs, and it dies of giving away those
    that it does not hold."""
    if look_at(domain) is not Power.PAUSED or not machine_xml.describe(domain.XMLDesc()).disks:
        return False
    vcpus = cast("list[tuple[int, int, int, int]]", domain.vcpus()[0])
    return not any(nanoseconds for _number, _state, nanoseconds, _cpu in vcpus)


def _emulation_in(definition: str) -> _Emulation:
    root, found = machine_xml.parse(definition), machine_xml.describe(definition)
    return _Emulation(
        root.findtext("devices/emulator") or None,
        found.arch,
        found.machine_type or None,
        found.virt_type,
        root.find("cpu"),
    )


def _lack_of_emulation(connection: libvirt.virConnect, wanted: _Emulation) -> Lack | None:
    """The first of them, from the coarse to the fine: each is asked in the light of those before."""
    arch, virt_type = wanted.arch, wanted.virt_type
    asked = [
        (Lack.EMULATOR, (None, arch, None, None)),
        (Lack.ACCELERATION, (None, arch, None, virt_type)),
        (Lack.EMULATOR, (wanted.emulator, arch, None, virt_type)),
        (Lack.MACHINE_TYPE, (wanted.emulator, arch, wanted.machine_type, virt_type)),
    ]
    return next((lack for lack, each in asked if not _offers(connection, *each)), None)


def _offers(
    connection: libvirt.virConnect, emulator: str | None, arch: str | None, machine: str | None, virt_type: str | None
) -> bool:
    try:
        connection.getDomainCapabilities(emulator, arch, machine, virt_type)
    except libvirt.libvirtError as error:
        if error.get_error_code() in _NOT_OFFERED:
            return False
        raise
    return True


def _offers_cpu(connection: libvirt.virConnect, wanted: _Emulation, home_cpu: str) -> bool:
    """What is made from the node's own processor at each start asks for nothing; but a machine that has just that
    processor, and keeps it while it moves, needs the same one or one that can do more."""
    cpu = wanted.cpu
    mode = "host-model" if cpu is None else cpu.get("mode", "custom")
    if cpu is None or mode in {"host-model", "maximum"}:
        return True
    if mode == "host-passthrough":
        return not home_cpu or connection.compareCPU(home_cpu) != libvirt.VIR_CPU_COMPARE_INCOMPATIBLE
    return _offers_model(connection, wanted, etree.tostring(cpu, encoding="unicode", with_tail=False))


def _offers_model(connection: libvirt.virConnect, wanted: _Emulation, cpu: str) -> bool:
    """A model that it has never heard of is an error to libvirt."""
    try:
        verdict = connection.compareHypervisorCPU(
            cast("str", wanted.emulator), wanted.arch, cast("str", wanted.machine_type), wanted.virt_type, cpu
        )
    except libvirt.libvirtError as error:
        if error.get_error_code() in _CANNOT_COMPARE:
            return True
        if error.get_error_code() != libvirt.VIR_ERR_INTERNAL_ERROR:
            raise
        return False
    return bool(verdict != libvirt.VIR_CPU_COMPARE_INCOMPATIBLE)


def _has_interface(connection: libvirt.virConnect, name: str) -> bool:
    """Where the node does not know its interfaces, nobody says that one is missing."""
    try:
        connection.interfaceLookupByName(name)
    except libvirt.libvirtError as error:
        return error.get_error_code() != libvirt.VIR_ERR_NO_INTERFACE
    return True


def _lacks_of_identity(connection: libvirt.virConnect, definition: str) -> Iterator[Lack]:
    found = machine_xml.describe(definition)
    for domain in connection.listAllDomains():
        if uuid_of(domain) == found.uuid:
            yield Lack.ALREADY_THERE
        elif domain.name() == found.name:
            yield Lack.NAME_TAKEN


def _has_job(domain: libvirt.virDomain) -> bool:
    if not domain.isActive():
        return False
    try:
        return bool(cast("dict[str, int]", domain.jobStats())["type"]) or bool(block_jobs(domain))
    except libvirt.libvirtError as error:
        if error.get_error_code() in NO_JOBS:
            return False
        raise
