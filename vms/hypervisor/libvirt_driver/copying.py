"""A machine's disks copied aside by its own process."""

from collections.abc import Mapping
from contextlib import suppress
from posixpath import basename, dirname
from typing import cast

import libvirt

from vms.hypervisor import machine_xml
from vms.hypervisor.backing_up import Backup, BackupPlan, Began
from vms.hypervisor.errors import HypervisorError, InvalidXml, WrongState
from vms.hypervisor.libvirt_driver import backup_xml, checkpoints, images, resting, storage
from vms.hypervisor.libvirt_driver.jobs import NO_JOBS, block_jobs
from vms.hypervisor.libvirt_driver.refusals import problem_in
from vms.hypervisor.migrating import CallState, Outcome
from vms.rules.problems import Problem

_INTO_IMAGES_THAT_ARE_THERE = libvirt.VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL
_ENDED = libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED | libvirt.VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED
_IN_BYTES = libvirt.VIR_DOMAIN_BLOCK_JOB_SPEED_BANDWIDTH_BYTES
_CANCELLED = "operation canceled"
_ENDS_JUST_NOW = "cannot accept command verb"
_GONE = NO_JOBS | {libvirt.VIR_ERR_NO_DOMAIN_BACKUP, libvirt.VIR_ERR_INVALID_ARG}


def begin(connection: libvirt.virConnect, domain: libvirt.virDomain, plan: BackupPlan) -> Began:
    """The images are made before, so that those of one chain know each other by their names alone: the folder may be
    found elsewhere on another node."""
    _require_disks(domain, plan)
    require_no_job(domain)
    if plan.below:
        checkpoints.require_whole(domain, plan.since, plan.below)
    made: list[str] = []
    try:
        _make_images(connection, domain, plan, made)
        return _begin_at_rest(domain, plan, _checkpoint(connection, domain, plan))
    except (libvirt.libvirtError, HypervisorError):
        for path in made:
            with suppress(libvirt.libvirtError, HypervisorError):
                storage.delete(connection, path)
        raise


def require_no_job(domain: libvirt.virDomain) -> None:
    """libvirt would wait half a minute for its end."""
    if _job(domain).get("type", libvirt.VIR_DOMAIN_JOB_NONE) != libvirt.VIR_DOMAIN_JOB_NONE or block_jobs(domain):
        raise WrongState(f"{domain.name()} has a job under way")


def under_way(domain: libvirt.virDomain) -> Backup | None:
    job = _job(domain)
    if job.get("operation") != libvirt.VIR_DOMAIN_JOB_OPERATION_BACKUP:
        return None
    try:
        files = backup_xml.files_in(domain.backupGetXMLDesc())
        jobs = block_jobs(domain).values()
    except libvirt.libvirtError as error:
        if error.get_error_code() in _GONE:
            return None
        raise
    limit = max((each["bandwidth"] for each in jobs), default=0)
    left = min((each["end"] - each["cur"] for each in jobs), default=0)
    return Backup(files, job.get("disk_processed", 0), job.get("disk_total", 0), limit, left)


def outcome_of(domain: libvirt.virDomain) -> Outcome | None:
    if _job(domain).get("operation") == libvirt.VIR_DOMAIN_JOB_OPERATION_BACKUP:
        return None
    job = cast("dict[str, int | str]", domain.jobStats(_ENDED))
    if job.get("operation") != libvirt.VIR_DOMAIN_JOB_OPERATION_BACKUP:
        return None
    return Outcome(CallState.SUCCEEDED) if job.get("success") else _failure(str(job.get("errmsg", "")))


def cancel(domain: libvirt.virDomain) -> None:
    """Over when it returns, or soon after."""
    if under_way(domain) is None:
        return
    try:
        domain.abortJob()
    except libvirt.libvirtError:
        if under_way(domain) is not None:
            raise


def set_limit(domain: libvirt.virDomain, limit: int) -> None:
    found = under_way(domain)
    for target in found.files if found else ():
        _set_limit(domain, target, limit)


def _require_disks(domain: libvirt.virDomain, plan: BackupPlan) -> None:
    known = {disk.target for disk in machine_xml.describe(domain.XMLDesc()).disks if disk.source and not disk.read_only}
    if unknown := (plan.files.keys() | plan.below.keys()) - known:
        raise InvalidXml(f"the machine has no disk {', '.join(sorted(unknown))}")


def _make_images(connection: libvirt.virConnect, domain: libvirt.virDomain, plan: BackupPlan, made: list[str]) -> None:
    for target, path in plan.files.items():
        capacity = cast("list[int]", domain.blockInfo(target))[0]
        below = plan.below.get(target, "")
        name = basename(below) if dirname(below) == dirname(path) else below
        images.make(connection, path, capacity, on_top_of=name, format_below="qcow2" if below else "")
        made.append(path)


def _begin_at_rest(domain: libvirt.virDomain, plan: BackupPlan, checkpoint: str | None) -> Began:
    frozen = resting.freeze(domain) if plan.freezes else None
    is_thawed = True
    try:
        domain.backupBegin(backup_xml.backup_of(plan), cast("str", checkpoint), _INTO_IMAGES_THAT_ARE_THERE)
        for target in plan.files if plan.limit else ():
            _set_limit(domain, target, plan.limit)
    finally:
        is_thawed = frozen is None or resting.thaw(domain)
    return Began(frozen, still_frozen=not is_thawed)


def _checkpoint(connection: libvirt.virConnect, domain: libvirt.virDomain, plan: BackupPlan) -> str | None:
    """Of disks that can keep notes, also when what is above is merged into what is below."""
    if not plan.checkpoint:
        return None
    copied = [disk for disk in machine_xml.describe(domain.XMLDesc()).disks if disk.target in plan.files]
    noted = [disk.target for disk in copied if images.chain_keeps_notes(connection, disk.source)]
    return backup_xml.checkpoint_of(plan.checkpoint, noted) if noted else None


def _set_limit(domain: libvirt.virDomain, target: str, limit: int) -> None:
    """A disk may be through with it before the others are."""
    try:
        domain.blockJobSetSpeed(target, limit, _IN_BYTES)
    except libvirt.libvirtError as error:
        if error.get_error_code() not in _GONE and _ENDS_JUST_NOW not in str(error):
            raise


def _job(domain: libvirt.virDomain) -> Mapping[str, int]:
    try:
        return cast("dict[str, int]", domain.jobStats())
    except libvirt.libvirtError as error:
        if error.get_error_code() in NO_JOBS:
            return {}
        raise


def _failure(text: str) -> Outcome:
    """QEMU's own words; of a process that ended there are none."""
    if text.lower() == _CANCELLED:
        return Outcome(CallState.CANCELLED, None, text)
    return Outcome(CallState.FAILED, problem_in(text) if text else Problem.WRONG_STATE, text)
