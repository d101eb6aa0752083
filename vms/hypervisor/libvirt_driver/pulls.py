"""What a machine's disks still need below them, and copying it into them."""

from collections.abc import Callable
from functools import partial

import libvirt
from lxml.etree import _Element as Element

from vms.hypervisor import machine_xml
from vms.hypervisor.contract import Pull
from vms.hypervisor.errors import DiskMissing, WrongState
from vms.hypervisor.libvirt_driver.images import image_at
from vms.hypervisor.libvirt_driver.jobs import NO_JOBS, WRITABLE, block_jobs
from vms.hypervisor.machine_xml import Disk

_SOURCES = ("file", "dev", "name")


def images_below(connection: libvirt.virConnect, domain: libvirt.virDomain) -> dict[str, str]:
    """A process knows what it has open; of a machine that is off, the images themselves are asked."""
    xml = domain.XMLDesc()
    root = machine_xml.parse(xml)
    return _said_in(root) if "id" in root.attrib else _found_in_images(connection, xml)


def begin(domain: libvirt.virDomain, target: str, limit: int) -> None:
    """libvirt calls a second one unsupported."""
    try:
        domain.blockPull(target, limit, libvirt.VIR_DOMAIN_BLOCK_PULL_BANDWIDTH_BYTES)
    except libvirt.libvirtError as error:
        if target in block_jobs(domain):
            raise WrongState(str(error)) from error
        raise


def under_way(domain: libvirt.virDomain) -> dict[str, Pull]:
    try:
        jobs = block_jobs(domain)
    except libvirt.libvirtError as error:
        if error.get_error_code() in NO_JOBS:
            return {}
        raise
    return {
        target: Pull(done=job["cur"], total=job["end"], limit=job["bandwidth"])
        for target, job in jobs.items()
        if job["type"] == libvirt.VIR_DOMAIN_BLOCK_JOB_TYPE_PULL
    }


def set_limit(domain: libvirt.virDomain, target: str, limit: int) -> None:
    in_bytes = libvirt.VIR_DOMAIN_BLOCK_JOB_SPEED_BANDWIDTH_BYTES
    _while_under_way(domain, target, partial(domain.blockJobSetSpeed, target, limit, in_bytes))


def stop(domain: libvirt.virDomain, target: str) -> None:
    """Over when it returns."""
    _while_under_way(domain, target, partial(domain.blockJobAbort, target))


def _while_under_way(domain: libvirt.virDomain, target: str, call: Callable[[], object]) -> None:
    """It may end by itself at any moment, which is no error."""
    if target not in under_way(domain):
        return
    try:
        call()
    except libvirt.libvirtError:
        if target in under_way(domain):
            raise


def _said_in(root: Element) -> dict[str, str]:
    disks = (disk for disk in root.iterfind("devices/disk") if disk.get("device", "disk") in WRITABLE)
    found = {disk.find("target"): disk.find("backingStore/source") for disk in disks if disk.find("readonly") is None}
    return {
        target.get("dev", ""): next((source.get(name, "") for name in _SOURCES if name in source.attrib), "?")
        for target, source in found.items()
        if target is not None and source is not None
    }


def _found_in_images(connection: libvirt.virConnect, xml: str) -> dict[str, str]:
    disks = [disk for disk in machine_xml.describe(xml).disks if _may_need_another(disk)]
    return {disk.target: below for disk in disks if (below := _below(connection, disk.source))}


def _may_need_another(disk: Disk) -> bool:
    """Plain bytes stand alone, and so does what a machine takes for plain bytes."""
    is_plain = disk.format in {"", "raw"}
    return disk.device in WRITABLE and not disk.read_only and not is_plain and disk.source.startswith("/")


def _below(connection: libvirt.virConnect, path: str) -> str:
    """Of an image that cannot be looked at, nobody may say that it stands alone."""
    image = image_at(connection, path)
    if image is None:
        raise DiskMissing(f"there is no image {path}")
    return image.below
