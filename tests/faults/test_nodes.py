"""libvirtd killed, libvirtd frozen, QEMU killed, machines nobody has told the panel about."""

from __future__ import annotations

import signal

import libvirt
import pytest

from demo import processes
from tests.stack import Machine, Stack, wait_until
from tests.visitor import Visitor

pytestmark = pytest.mark.live


def test_libvirtd_is_killed_and_comes_back(stack: Stack, anna: Visitor) -> None:
    with stack.machine("survivor", begins="running") as machine:
        anna.sees(machine, "Running")
        qemu = machine.qemu()

        stack.alpha.kill_daemon()

        anna.sees(machine, "Unknown", seconds=10)
        assert "Last known: running" in anna.note(machine)
        assert "since" in anna.note(machine)
        anna.sees(machine, "Running", seconds=30)
        assert machine.qemu() == qemu
        assert anna.act(machine, "power-off").status == 202
        anna.sees(machine, "Stopped")
        assert machine.is_off


def test_a_click_while_libvirtd_is_away_is_carried_out_when_it_is_back(stack: Stack, anna: Visitor) -> None:
    with stack.machine("patient") as machine:
        anna.sees(machine, "Stopped")

        stack.alpha.kill_daemon()
        assert anna.act(machine, "start").status in {202, 409}  # 409 once the panel has noticed

        if anna.operations(machine):
            anna.sees_operation(machine, "Start", "Done", seconds=40)
            assert machine.is_on
        anna.sees_node("alpha", "Reachable")


def test_a_frozen_node_costs_the_other_one_nothing(stack: Stack, anna: Visitor) -> None:
    with stack.machine("stuck", begins="running") as stuck, stack.machine("free", on="beta") as free:
        anna.sees(stuck, "Running")
        anna.sees(free, "Stopped")

        stack.alpha.freeze()
        assert anna.act(stuck, "pause").status == 202
        for _ in range(2):
            assert anna.act(free, "start").status == 202
            anna.sees(free, "Running", seconds=6)
            assert anna.act(free, "power-off").status == 202
            anna.sees(free, "Stopped", seconds=6)

        assert wait_until(lambda: anna.node_state("alpha") == "Unreachable", seconds=45)
        assert "Last known: running" in anna.note(stuck)
        free.call("create")
        anna.sees(free, "Running", seconds=3)

        stack.alpha.thaw()

        anna.sees_node("alpha", "Reachable")
        anna.sees_operation(stuck, "Pause", "Done", seconds=60)
        anna.sees(stuck, "Paused")
        assert stuck.state == libvirt.VIR_DOMAIN_PAUSED


def test_qemu_is_killed_and_started_again(stack: Stack, anna: Visitor) -> None:
    with stack.machine("victim", begins="running") as machine:
        anna.sees(machine, "Running")

        processes.send(machine.qemu(), signal.SIGKILL)

        anna.sees(machine, "Crashed", seconds=5)
        assert anna.note(machine)
        assert "reason=crashed" in "".join(anna.row(machine.uuid).words("log"))
        assert anna.act(machine, "start").status == 202
        anna.sees(machine, "Running")
        assert machine.is_on
        assert not anna.row(machine.uuid).words("log")


def test_a_machine_that_vanishes_is_marked_and_comes_back(stack: Stack, anna: Visitor) -> None:
    with stack.machine("ghost") as machine:
        anna.sees(machine, "Stopped")
        with machine.node.connected() as connection:
            xml = connection.lookupByUUIDString(str(machine.uuid)).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)

        machine.call("undefine")

        anna.sees(machine, "Unknown", seconds=5)
        assert "no longer knows it" in anna.note(machine)
        assert anna.act(machine, "start").status == 409
        with machine.node.connected() as connection:
            connection.defineXML(xml)
        anna.sees(machine, "Stopped", seconds=5)


def test_a_machine_with_xml_that_the_panel_does_not_know(stack: Stack, anna: Visitor) -> None:
    xml = """
<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>stranger</name><uuid>UUID</uuid><title>A &lt;b&gt;stranger&lt;/b&gt;</title>
  <metadata><x:thing xmlns:x="urn:somebody:else:1" kind="template"><x:deep>&lt;script&gt;</x:deep></x:thing></metadata>
  <memory unit='KiB'>8192</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
  <devices><disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>
    <disk type='network' device='disk'><driver name='qemu' type='raw'/>
      <source protocol='nbd' name='x'><host name='192.0.2.1' port='10809'/></source>
      <target dev='vdz' bus='virtio'/></disk>
    <hostdev mode='subsystem' type='usb' managed='no'><source startupPolicy='optional'><vendor id='0x1234'/>
      <product id='0xbeef'/></source></hostdev>
    <memballoon model='none'/></devices>
  <qemu:commandline><qemu:env name='A' value='b'/></qemu:commandline>
</domain>"""
    with stack.machine("stranger", xml) as machine:
        anna.sees(machine, "Stopped", seconds=5)
        before = _xml(machine)

        page = anna.get(f"/vms/{machine.uuid}/")

        assert page.status == 200
        assert "<b>stranger" not in page.text
        assert anna.get(f"/vms/?q=stranger&open={machine.uuid}").status == 200
        assert _xml(machine) == before, "the panel changed a machine that it only adopted"


def _xml(machine: Machine) -> str:
    with machine.node.connected() as connection:
        return str(connection.lookupByUUIDString(str(machine.uuid)).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))


def test_an_unknown_machine_is_404(anna: Visitor) -> None:
    nowhere = "00000000-0000-4000-8000-000000000000"
    assert anna.get(f"/vms/{nowhere}/").status == 404
    assert anna.get(f"/vms/{nowhere}/power-off/").status == 404
    assert anna.post(f"/vms/{nowhere}/start/", part=True).status == 404
    assert anna.get("/vms/not-a-uuid/").status == 404
    assert not anna.row(nowhere).words("name")
