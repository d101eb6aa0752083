"""What waits for the next start, on a real node: what another tool changed, and nothing that differs by nature."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import UUID, uuid4

import libvirt
import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from demo.guest import Guest
from tests.hypervisor.test_machine_xml_making import MACHINE
from tests.nodes import Nodes, guest_xml, tiny_machine_xml
from tests.watcher.conftest import Followed
from vms.hypervisor.machine_xml import definition_of
from vms.models import Node, Vm
from vms.operations import reaching
from vms.operations.definitions import hardware_of, live_hardware_of
from vms.rules.differences import Part
from vms.rules.editing import waiting
from vms.rules.power import Power

MIB = 1024**2
GUEST_SECONDS = 90.0

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

SHAPE = """<domain type='qemu'><name>shape</name><memory unit='MiB'>64</memory>
<currentMemory unit='MiB'>48</currentMemory><vcpu current='1'>2</vcpu>
<os><type arch='x86_64' machine='{machine}'>hvm</type>{boot}</os><features><acpi/></features>
<devices>{devices}<graphics type='vnc' passwd='geheim'/><interface type='user'/><watchdog model='i6300esb'/>
<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel></devices></domain>"""
CDROM = "<disk type='file' device='cdrom'><target dev='sda' bus='{bus}'/>{boot}</disk>"
SHAPES = {
    "old": SHAPE.format(machine="pc", boot="", devices=CDROM.format(bus="ide", boot="").replace("sda", "hdc")),
    "new": SHAPE.format(machine="q35", boot="<boot dev='cdrom'/>", devices=CDROM.format(bus="sata", boot="")),
    "by device": SHAPE.format(
        machine="q35",
        boot="",
        devices=CDROM.format(bus="scsi", boot="<boot order='1'/>") + "<controller type='scsi' model='virtio-scsi'/>",
    ),
    "of the panel": definition_of(
        replace(MACHINE, uuid=uuid4(), memory=64 * MIB, virt_type="qemu", disk="", cdrom="", network="")
    ),
}


@pytest.fixture
def node(empty_nodes: Nodes, settings: Settings) -> Iterator[Node]:
    settings.HYPERVISOR_DRIVER = "vms.hypervisor.libvirt_driver"
    reaching.driver.cache_clear()
    now, uri = timezone.now(), empty_nodes.alpha.uri
    yield Node.objects.create(name="alpha", uri=uri, reachable=True, contact_since=now, last_contact_at=now)
    reaching.driver.cache_clear()


@pytest.fixture
def followed(node: Node) -> Iterator[Followed]:
    found = Followed(node)
    yield found
    found.stop()


@pytest.fixture
def tool(empty_nodes: Nodes) -> Iterator[libvirt.virConnect]:
    """Another one than the panel."""
    with empty_nodes.alpha.connected() as connection:
        yield connection


def row(domain: libvirt.virDomain) -> Vm | None:
    return Vm.objects.filter(pk=UUID(domain.UUIDString())).first()


def has(domain: libvirt.virDomain, power: Power) -> Callable[[], bool]:
    def so() -> bool:
        vm = row(domain)
        return vm is not None and vm.power == power and (live_hardware_of(vm) is not None) is (power is Power.RUNNING)

    return so


def parts_that_wait(domain: libvirt.virDomain) -> set[Part]:
    vm = row(domain)
    saved, live = (hardware_of(vm), live_hardware_of(vm)) if vm else (None, None)
    assert vm
    assert vm.changes_wait is bool(saved and live and waiting(saved, live))
    return {change.part for change in waiting(saved, live)} if saved and live else set()


def test_what_another_tool_changes_waits_until_the_machine_starts_anew(
    followed: Followed, tool: libvirt.virConnect
) -> None:
    domain = tool.defineXML(tiny_machine_xml("tiny"))
    domain.create()
    followed.until(has(domain, Power.RUNNING))
    assert parts_that_wait(domain) == set()
    tool.defineXML(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE).replace(">1</vcpu>", ">2</vcpu>"))
    followed.until(lambda: parts_that_wait(domain) == {Part.VCPUS, Part.VCPUS_MAXIMUM})
    domain.destroy()
    followed.until(has(domain, Power.OFF))
    assert parts_that_wait(domain) == set()
    domain.create()
    followed.until(has(domain, Power.RUNNING))
    assert parts_that_wait(domain) == set()
    domain.destroy()


@pytest.mark.parametrize("xml", SHAPES.values(), ids=SHAPES)
def test_nothing_waits_of_a_machine_that_has_just_started(
    xml: str, followed: Followed, tool: libvirt.virConnect
) -> None:
    domain = tool.defineXML(xml)
    domain.create()
    followed.until(has(domain, Power.RUNNING))
    assert parts_that_wait(domain) == set()
    domain.destroy()


def test_a_guest_that_gives_back_memory_is_seen_and_nothing_waits(
    followed: Followed, tool: libvirt.virConnect, guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it does not give back yet does not wait for its next start: it will be asked for it anew."""
    monkeypatch.setattr("tests.watcher.conftest.SOON", GUEST_SECONDS)
    xml = guest_xml("guest", guest, network=True, graphics=True)
    more = "<memory unit='MiB'>160</memory><currentMemory unit='MiB'>128</currentMemory>"
    domain = tool.defineXML(xml.replace("<memory unit='MiB'>96</memory>", more))
    domain.create()
    followed.until(has(domain, Power.RUNNING))

    def has_given_it_back() -> bool:
        vm = row(domain)
        live = live_hardware_of(vm) if vm else None
        assert parts_that_wait(domain) == set()
        return live is not None and live.memory_current == 128 * MIB

    followed.until(has_given_it_back)
    domain.setMemoryFlags(112 * 1024, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    followed.until(lambda: parts_that_wait(domain) == {Part.MEMORY})
    domain.destroy()
