"""What a node and its machines measure. libvirt's memory is in KiB, ours in bytes."""

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

import libvirt
from lxml import etree

from vms.hypervisor.contract import DiskError, ImageSize, MachineStats, NodeInfo
from vms.hypervisor.libvirt_driver.domains import uuid_of
from vms.hypervisor.libvirt_driver.vocabulary import version_of

_KIB = 1024
_MIB = 1024 * 1024
_WANTED = libvirt.VIR_DOMAIN_STATS_CPU_TOTAL | libvirt.VIR_DOMAIN_STATS_BALLOON | libvirt.VIR_DOMAIN_STATS_BLOCK
_ACTIVE_AND_NOT_BUSY = (
    libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
)
"""One machine whose QEMU hangs must not hold up the others: it then brings fewer numbers."""


def stats_of(connection: libvirt.virConnect) -> list[MachineStats]:
    found = connection.getAllDomainStats(_WANTED, _ACTIVE_AND_NOT_BUSY)
    return [_stats(uuid_of(domain), numbers) for domain, numbers in found]


def disk_errors_of(domain: libvirt.virDomain) -> list[DiskError]:
    return [
        DiskError(target, no_space=error == libvirt.VIR_DOMAIN_DISK_ERROR_NO_SPACE)
        for target, error in _disk_errors(domain).items()
        if error != libvirt.VIR_DOMAIN_DISK_ERROR_NONE
    ]


def _disk_errors(domain: libvirt.virDomain) -> dict[str, int]:
    """None of a machine that is off, perhaps since a moment."""
    try:
        return cast("dict[str, int]", domain.diskErrors())
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_OPERATION_INVALID:
            return {}
        raise


def info_of(connection: libvirt.virConnect) -> NodeInfo:
    arch, mebibytes, cpus, *_ = cast("tuple[str, int, int, int]", connection.getInfo())
    total, free = _memory(connection, mebibytes * _MIB)
    capabilities = etree.fromstring(connection.getCapabilities().encode())
    return NodeInfo(
        node_uuid=capabilities.findtext("host/uuid") or "",
        hostname=connection.getHostname(),
        libvirt_version=version_of(connection.getLibVersion()),
        hypervisor_version=version_of(connection.getVersion()),
        cpus=cpus,
        cpu_model=capabilities.findtext("host/cpu/model") or arch,
        memory_total=total,
        memory_free=free,
    )


def _memory(connection: libvirt.virConnect, total: int) -> tuple[int, int]:
    """What the node's kernel could give away counts as free: its caches too."""
    try:
        found = cast("dict[str, int]", connection.getMemoryStats(libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS))
    except libvirt.libvirtError:
        return total, min(connection.getFreeMemory(), total)
    free = found["free"] + found.get("buffers", 0) + found.get("cached", 0)
    return found["total"] * _KIB, free * _KIB


def _stats(vm: UUID, numbers: Mapping[str, Any]) -> MachineStats:
    return MachineStats(
        uuid=vm,
        cpu_time=numbers.get("cpu.time", 0),
        memory_used=_memory_used(numbers) * _KIB,
        disk_bytes_read=_over_disks(numbers, "rd.bytes"),
        disk_bytes_written=_over_disks(numbers, "wr.bytes"),
        disks=_disk_sizes(numbers),
    )


def _memory_used(numbers: Mapping[str, Any]) -> int:
    """As the guest sees it, where its balloon driver tells; else what its process takes from the node."""
    available, usable = numbers.get("balloon.available"), numbers.get("balloon.usable", numbers.get("balloon.unused"))
    if available is None or usable is None:
        return int(numbers.get("balloon.rss", 0))
    return int(available - usable)


def _over_disks(numbers: Mapping[str, Any], what: str) -> int:
    return sum(numbers.get(f"block.{disk}.{what}", 0) for disk in range(numbers.get("block.count", 0)))


def _disk_sizes(numbers: Mapping[str, Any]) -> dict[str, ImageSize]:
    """allocation counts what was written since the start too; of a disk that was not written yet, the file's size."""
    disks = [f"block.{disk}" for disk in range(numbers.get("block.count", 0))]
    return {
        numbers[f"{disk}.name"]: ImageSize(
            numbers[f"{disk}.capacity"], numbers.get(f"{disk}.allocation") or numbers.get(f"{disk}.physical", 0)
        )
        for disk in disks
        if numbers.get(f"{disk}.capacity")
    }
