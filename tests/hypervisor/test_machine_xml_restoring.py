"""What a backup kept of a machine becomes its definition again, under today's name and with disks of its own."""

from __future__ import annotations

import pytest

from tests.hypervisor.shapes import UUID_OF_ORIGIN
from vms.hypervisor.errors import InvalidXml
from vms.hypervisor.machine_xml import PanelMark, describe, restored
from vms.rules.kinds import Kind, Mode

MARK = PanelMark(Kind.VM, None, "Shop", frozenset({"/images/new.qcow2"}))
XML = f"""<domain type='qemu' id='7'><name>web1</name><uuid>{UUID_OF_ORIGIN}</uuid>
<metadata><o:thing xmlns:o="urn:other"/></metadata><memory unit='MiB'>8</memory><os><type>hvm</type></os><devices>
<disk type='block' device='disk'><driver name='qemu' type='raw' cache='none'/><source dev='/dev/old'/>
<backingStore/><target dev='vda' bus='virtio'/><serial>42</serial></disk>
<disk type='file' device='cdrom'><source file='/images/gone.iso'/><target dev='hda' bus='ide'/><readonly/></disk>
<disk type='file' device='cdrom'><source file='/images/there.iso'/><target dev='hdb' bus='ide'/><readonly/></disk>
<interface type='network'><mac address='52:54:00:00:00:01'/><source network='default'/></interface>
</devices></domain>"""


def test_its_disks_are_new_and_all_else_is_as_it_was():
    xml = restored(XML, "web1", {"vda": "/images/new.qcow2"}, MARK)
    found = describe(xml)
    assert [(disk.source, disk.format) for disk in found.disks[:1]] == [("/images/new.qcow2", "qcow2")]
    assert {disk.source for disk in found.disks[1:]} == {"/images/gone.iso", "/images/there.iso"}
    assert str(found.uuid) == UUID_OF_ORIGIN
    assert found.interfaces[0].mac == "52:54:00:00:00:01"
    for kept in ("urn:other", "<serial>42</serial>", 'cache="none"'):
        assert kept in xml
    for left in ("/dev/old", "backingStore", 'id="7"'):
        assert left not in xml


def test_its_name_and_what_the_panel_says_of_it_are_those_of_today():
    mark = PanelMark(Kind.TEMPLATE, Mode.MAINTENANCE, "Shop")
    found = describe(restored(XML, "web1-renamed", {"vda": "/images/new.qcow2"}, mark))
    assert (found.name, found.panel) == ("web1-renamed", mark)


def test_a_drive_whose_medium_is_gone_is_empty():
    found = describe(restored(XML, "web1", {"vda": "/images/new.qcow2"}, MARK, gone={"/images/gone.iso", "/dev/old"}))
    assert [disk.source for disk in found.disks] == ["/images/new.qcow2", "", "/images/there.iso"]


@pytest.mark.parametrize(("name", "disks"), [("web1", {"vdz": "/images/new.qcow2"}), ("web\x00", {})])
def test_what_does_not_fit_is_told(name: str, disks: dict[str, str]):
    with pytest.raises(InvalidXml):
        restored(XML, name, disks, MARK)
