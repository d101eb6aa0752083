"""Which of a machine's disks a backup is made of."""

from __future__ import annotations

from collections.abc import Sequence

from vms.hypervisor.machine_xml.cloned_disks import target_of
from vms.hypervisor.machine_xml.description import Disk
from vms.hypervisor.machine_xml.parsing import parse
from vms.hypervisor.machine_xml.reading import describe
from vms.rules.hardware import REMOVABLE


def kept_disks(xml: str) -> Sequence[Disk]:
    """Those that this machine alone writes to. InvalidXml."""
    shared = _shared(xml)
    return [disk for disk in _written(xml) if disk.target not in shared]


def is_written_by_several(xml: str) -> bool:
    """Whether it has a disk to which other machines write too. InvalidXml."""
    return bool(_shared(xml) & {disk.target for disk in _written(xml)})


def _written(xml: str) -> Sequence[Disk]:
    disks = describe(xml).disks
    return [disk for disk in disks if disk.device not in REMOVABLE and disk.source and not disk.read_only]


def _shared(xml: str) -> set[str]:
    disks = parse(xml).iterfind("devices/disk")
    return {target_of(disk) for disk in disks if disk.find("shareable") is not None}
