"""How far a machine's jobs are."""

from collections.abc import Mapping
from typing import cast

import libvirt

from vms.hypervisor import machine_xml
from vms.hypervisor.contract import JobProgress

NO_JOBS = frozenset(
    {libvirt.VIR_ERR_NO_SUPPORT, libvirt.VIR_ERR_OPERATION_INVALID, libvirt.VIR_ERR_OPERATION_UNSUPPORTED}
)
"""The driver knows no jobs, or the machine is off, perhaps since a moment, or is arriving from another node."""

WRITABLE = frozenset({"disk", "lun"})


def progress_of(domain: libvirt.virDomain) -> JobProgress | None:
    """The machine's own job (backing up, migrating, saving) counts its disks itself; else their block jobs count."""
    try:
        return _of_machine(cast("dict[str, int]", domain.jobStats())) or _of_disks(domain)
    except libvirt.libvirtError as error:
        if error.get_error_code() in NO_JOBS:
            return None
        raise


def _of_machine(job: Mapping[str, int]) -> JobProgress | None:
    """None also before the job has found out its size."""
    total = job.get("memory_total", 0) + job.get("disk_total", 0)
    if job["type"] == libvirt.VIR_DOMAIN_JOB_NONE or not total:
        return None
    return JobProgress(
        done=job.get("memory_processed", 0) + job.get("disk_processed", 0),
        total=total,
        bytes_per_second=job.get("memory_bps", 0) + job.get("disk_bps", 0),
    )


def block_jobs(domain: libvirt.virDomain) -> dict[str, Mapping[str, int]]:
    """By target, of those disks that have one; their limits in bytes per second."""
    disks = machine_xml.describe(domain.XMLDesc()).disks
    found = {disk.target: _block_job(domain, disk.target) for disk in disks if disk.device in WRITABLE}
    return {target: job for target, job in found.items() if job}


def _of_disks(domain: libvirt.virDomain) -> JobProgress | None:
    """Of those that have a job; a disk without one says nothing."""
    jobs = block_jobs(domain).values()
    if not jobs:
        return None
    return JobProgress(done=sum(job["cur"] for job in jobs), total=sum(job["end"] for job in jobs))


def _block_job(domain: libvirt.virDomain, target: str) -> Mapping[str, int]:
    in_bytes = libvirt.VIR_DOMAIN_BLOCK_JOB_INFO_BANDWIDTH_BYTES
    return cast("dict[str, int]", domain.blockJobInfo(target, in_bytes))
