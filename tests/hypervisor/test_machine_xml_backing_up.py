"""Which of a machine's disks are backed up."""

from __future__ import annotations

from tests.hypervisor.shapes import shape
from vms.hypervisor.machine_xml import is_written_by_several, kept_disks

_DISK = (
    "<disk type='file' device='{device}'><source file='/images/{target}.qcow2'/><target dev='{target}'/>{more}</disk>"
)


def drive(target: str, device: str = "disk", more: str = "") -> str:
    return _DISK.format(target=target, device=device, more=more)


def with_disks(*disks: str) -> str:
    return shape("".join(disks))


def test_those_to_which_it_alone_writes() -> None:
    xml = with_disks(
        drive("vda"),
        drive("vdb", more="<readonly/>"),
        drive("vdc", more="<shareable/>"),
        drive("sda", "cdrom"),
        drive("sdb", "lun"),
    )
    assert [disk.target for disk in kept_disks(xml)] == ["vda", "sdb"]
    assert is_written_by_several(xml)


def test_one_that_others_only_read_too_is_not_written_by_several() -> None:
    assert not is_written_by_several(with_disks(drive("vda"), drive("vdb", more="<readonly/><shareable/>")))
