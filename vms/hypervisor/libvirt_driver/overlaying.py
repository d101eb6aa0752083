"""A machine's memory in a file, and the overlays that its disks have meanwhile."""

from collections.abc import Mapping
from typing import cast

import libvirt

from vms.hypervisor import machine_xml
from vms.hypervisor.backing_up import Merge
from vms.hypervisor.errors import InvalidXml, WrongState
from vms.hypervisor.libvirt_driver import backup_xml
from vms.hypervisor.libvirt_driver.copying import require_no_job
from vms.hypervisor.libvirt_driver.jobs import NO_JOBS, WRITABLE, block_jobs

_MERGE = libvirt.VIR_DOMAIN_BLOCK_COMMIT_ACTIVE | libvirt.VIR_DOMAIN_BLOCK_COMMIT_SHALLOW
_WHAT_IS_BELOW = _THE_DISK = cast("str", None)
_LEAVES_NO_RECORD = libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC


def saved_memory(domain: libvirt.virDomain, path: str, overlays: Mapping[str, str]) -> str:
    """What save() needs. Each disk that may be written must have an overlay: QEMU lets go of the images when the memory
    is saved, and a job that uses one without, before the guest runs again, fails or ends the process."""
    disks = machine_xml.describe(domain.XMLDesc()).disks
    written = {disk.target for disk in disks if disk.device in WRITABLE and disk.source and not disk.read_only}
    if wrong := written ^ overlays.keys():
        raise InvalidXml(f"an overlay is missing or has no disk: {', '.join(sorted(wrong))}")
    return backup_xml.saved_memory(path, overlays, [disk.target for disk in disks])


def save(xml: str, domain: libvirt.virDomain) -> None:
    domain.snapshotCreateXML(xml, _LEAVES_NO_RECORD)


def begin(domain: libvirt.virDomain, target: str) -> None:
    require_no_job(domain)
    domain.blockCommit(target, _WHAT_IS_BELOW, _THE_DISK, 0, _MERGE)


def under_way(domain: libvirt.virDomain) -> dict[str, Merge]:
    try:
        jobs, ready = block_jobs(domain), backup_xml.ready_merges(domain.XMLDesc())
    except libvirt.libvirtError as error:
        if error.get_error_code() in NO_JOBS:
            return {}
        raise
    return {
        target: Merge(job["cur"], job["end"], is_ready=target in ready)
        for target, job in jobs.items()
        if job["type"] == libvirt.VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT
    }


def finish(domain: libvirt.virDomain, target: str) -> None:
    if target not in backup_xml.ready_merges(domain.XMLDesc()):
        raise WrongState(f"{target} is not merged yet")
    domain.blockJobAbort(target, libvirt.VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT)


def start(connection: libvirt.virConnect, path: str, disks: Mapping[str, str]) -> None:
    xml = connection.saveImageGetXMLDesc(path, libvirt.VIR_DOMAIN_SAVE_IMAGE_XML_SECURE)
    connection.restoreFlags(path, machine_xml.moved(xml, disks), libvirt.VIR_DOMAIN_SAVE_PAUSED)
