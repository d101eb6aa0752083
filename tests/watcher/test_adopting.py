"""First sight, change and disappearance of machines: nothing about them is changed at their node."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from directory.models import Person
from tests.operations.working import fresh, status_of
from vms.hypervisor.errors import HypervisorError, InvalidXml, Refused
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.machine_xml import PanelMark, with_panel_mark
from vms.models import Event, Node, Vm
from vms.operations.reaching import reach
from vms.operations.requesting import Order, request_action
from vms.rules.actions import Action
from vms.rules.events import Happening
from vms.rules.kinds import Kind, Mode
from vms.rules.power import Power, PowerReason, Wanted
from vms.rules.timeline import What
from vms.watcher.looking import Lookout
from vms.watcher.recording import record

READING = {"info", "machines", "machine", "definition", "disk_errors"}

XML = """<domain type="kvm"><name>{name}</name><uuid>{uuid}</uuid>{more}<memory unit="MiB">512</memory>
<vcpu>2</vcpu><os><type arch="x86_64">hvm</type><boot dev="cdrom"/></os><devices>{devices}</devices></domain>"""
DISK = """<disk type="file" device="disk"><driver type="qcow2"/><source file="{path}"/>
<target dev="{dev}" bus="virtio"/></disk>"""
NIC = """<interface type="bridge"><mac address="52:54:00:00:00:01"/><source bridge="br0"/>
<model type="virtio"/></interface>"""
CHANNEL = '<channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel>'


def xml(uuid: UUID, name: str = "web1", *, more: str = "", devices: str = "") -> str:
    return XML.format(name=name, uuid=uuid, more=more, devices=devices)


def look_at(node: Node, lookout: Lookout | None = None) -> None:
    for news in (lookout or Lookout(node, reach(node))).everything():
        record(news)


def lines_about(uuid: UUID) -> list[str]:
    return list(Event.objects.filter(vm=uuid).order_by("pk").values_list("what", flat=True))


@pytest.mark.parametrize(
    ("power", "reason", "wanted", "status"),
    [
        (Power.OFF, PowerReason.NONE, Wanted.OFF, "Stopped"),
        (Power.OFF, PowerReason.PROCESS_DIED, Wanted.RUNNING, "Crashed"),
        (Power.RUNNING, PowerReason.NONE, Wanted.RUNNING, "Running"),
        (Power.PAUSED, PowerReason.BY_REQUEST, Wanted.PAUSED, "Paused"),
        (Power.PAUSED, PowerReason.IO_ERROR, Wanted.RUNNING, "Paused"),
    ],
)
def test_a_machine_seen_for_the_first_time_is_adopted_as_it_is(
    power: Power, reason: PowerReason, wanted: Wanted, status: str, node: Node, alpha: FakeNode
):
    machine = alpha.add("web1", power)
    machine.reason = reason
    before = machine.xml
    look_at(node)
    vm = Vm.objects.get()
    assert (vm.pk, vm.name, vm.display_name, vm.wanted) == (machine.uuid, "web1", "web1", wanted)
    assert vm.status.name == status
    assert lines_about(vm.pk) == [What.FOUND]
    assert set(alpha.calls) <= READING
    assert machine.xml == before


def test_what_its_definition_says_is_written_down(node: Node, alpha: FakeNode):
    uuid = uuid4()
    devices = DISK.format(path="/images/a.qcow2", dev="vda") + NIC + CHANNEL
    alpha.add("web1", xml=xml(uuid, more="<title>Web server</title>", devices=devices))
    look_at(node)
    vm = Vm.objects.get()
    assert (vm.display_name, vm.kind, vm.mode) == ("Web server", Kind.VM, "")
    assert (vm.memory, vm.vcpus, vm.boot_device, vm.has_agent_channel) == (512 * 1024**2, 2, "cdrom", True)
    disk = vm.disks.get()
    assert (disk.target, disk.path, disk.bus, disk.made_by_panel) == ("vda", "/images/a.qcow2", "virtio", False)
    assert (vm.interfaces.get().mac, vm.interfaces.get().source) == ("52:54:00:00:00:01", "br0")


def test_a_panel_set_up_afresh_finds_its_own_marks_again(node: Node, alpha: FakeNode):
    uuid = uuid4()
    mark = PanelMark(Kind.TEMPLATE, Mode.READY_FOR_USE, "Debian 12", frozenset({"/images/a.qcow2"}))
    devices = DISK.format(path="/images/a.qcow2", dev="vda") + DISK.format(path="/images/b.qcow2", dev="vdb")
    alpha.add("tpl", xml=with_panel_mark(xml(uuid, "tpl", devices=devices), mark))
    look_at(node)
    vm = Vm.objects.get()
    assert (vm.name, vm.display_name, vm.kind, vm.mode) == ("tpl", "Debian 12", Kind.TEMPLATE, Mode.READY_FOR_USE)
    assert {disk.target: disk.made_by_panel for disk in vm.disks.all()} == {"vda": True, "vdb": False}
    assert lines_about(uuid) == [What.FOUND]


def test_a_new_name_is_followed_and_told(node: Node, alpha: FakeNode):
    machine = alpha.add("old")
    look_at(node)
    reach(node).define(machine.xml.replace(">old<", ">new<"))
    look_at(node)
    assert (Vm.objects.get().name, Vm.objects.get().display_name) == ("new", "new")
    assert Event.objects.get(what=What.RENAMED).values == {"old": "old", "new": "new"}


def test_changed_hardware_is_followed_and_told(node: Node, alpha: FakeNode):
    uuid = uuid4()
    two = DISK.format(path="/images/a.qcow2", dev="vda") + DISK.format(path="/images/b.qcow2", dev="vdb")
    alpha.add("web1", xml=xml(uuid, devices=two + NIC))
    look_at(node)
    reach(node).define(xml(uuid, devices=DISK.format(path="/images/c.qcow2", dev="vda")))
    look_at(node)
    vm = Vm.objects.get()
    assert [(disk.target, disk.path) for disk in vm.disks.all()] == [("vda", "/images/c.qcow2")]
    assert not vm.interfaces.exists()
    assert lines_about(uuid) == [What.FOUND, What.DEFINITION_CHANGED]


def test_an_overlay_of_a_backup_is_no_new_disk_and_tells_nothing(node: Node, alpha: FakeNode):
    machine = alpha.add("web1")
    disk = DISK.format(path="/images/a.qcow2", dev="vda")
    machine.xml = with_panel_mark(
        xml(machine.uuid, devices=disk), PanelMark(Kind.VM, made_disks=frozenset({"/images/a.qcow2"}))
    )
    look_at(node)
    machine.xml = machine.xml.replace('/a.qcow2"/>', '/web1-1.vda.overlay.qcow2"/>')
    look_at(node)
    seen = fresh(Vm(pk=machine.uuid)).disks.get()
    assert "overlay" in machine.xml
    assert (seen.path, seen.made_by_panel) == ("/images/a.qcow2", True)
    assert lines_about(machine.uuid) == [What.FOUND]


def test_an_unchanged_definition_is_not_read_again_and_tells_nothing(node: Node, alpha: FakeNode):
    machine = alpha.add("web1")
    lookout = Lookout(node, reach(node))
    for _ in range(3):
        look_at(node, lookout)
    assert alpha.calls.count("definition") == 1
    lookout.forget(machine.uuid)
    look_at(node, lookout)
    assert alpha.calls.count("definition") == 2
    assert lines_about(machine.uuid) == [What.FOUND]


def test_a_machine_that_vanished_is_marked_and_keeps_its_row(node: Node, alpha: FakeNode, anna: Person):
    machine = alpha.add("web1", Power.RUNNING)
    look_at(node)
    operation = request_action(Vm.objects.get(), Order(Action.RESET, {}), by=anna)
    del alpha.machines[machine.uuid]
    look_at(node)
    look_at(node)
    vm = Vm.objects.get()
    assert (vm.gone_at is None, vm.deleted_at, vm.status.name) == (False, None, "Unknown")
    assert lines_about(vm.pk).count(What.GONE) == 1
    assert vm.operations.get() == operation


def test_a_machine_that_came_back_is_known_again(node: Node, alpha: FakeNode):
    machine = alpha.add("web1", Power.RUNNING)
    look_at(node)
    del alpha.machines[machine.uuid]
    look_at(node)
    alpha.add("web1", Power.OFF, uuid=machine.uuid)
    look_at(node)
    vm = Vm.objects.get()
    assert (vm.gone_at, vm.status.name, vm.wanted) == (None, "Stopped", Wanted.OFF)
    assert What.BACK in lines_about(vm.pk)


@pytest.mark.parametrize("there", [Power.OFF, Power.RUNNING])
def test_a_machine_known_to_two_nodes_stays_where_it_is_on(
    there: Power, node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode
):
    machine = alpha.add("web1", Power.RUNNING)
    beta.add("web1", there, uuid=machine.uuid)
    for _ in range(2):
        look_at(node)
        look_at(second_node)
    assert (Vm.objects.get().node, status_of(Vm.objects.get())) == (node, "Running")
    assert What.MOVED not in lines_about(machine.uuid)


def test_a_machine_known_to_two_nodes_moves_to_where_it_is_switched_on(
    node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode
):
    machine = alpha.add("web1", Power.OFF)
    beta.add("web1", Power.OFF, uuid=machine.uuid)
    look_at(node)
    look_at(second_node)
    assert Vm.objects.get().node == node
    beta.become(machine.uuid, Power.RUNNING)
    for _ in range(2):
        look_at(second_node)
        look_at(node)
    assert (Vm.objects.get().node, status_of(Vm.objects.get())) == (second_node, "Running")
    assert lines_about(machine.uuid).count(What.MOVED) == 1
    assert What.GONE not in lines_about(machine.uuid)


def test_a_machine_that_moved_by_another_tool_is_followed(
    node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode
):
    machine = alpha.add("web1", Power.RUNNING)
    look_at(node)
    del alpha.machines[machine.uuid]
    look_at(node)
    beta.add("web1", Power.RUNNING, uuid=machine.uuid)
    look_at(second_node)
    vm = Vm.objects.get()
    assert (vm.node, vm.gone_at, vm.status.name) == (second_node, None, "Running")
    assert Event.objects.get(what=What.MOVED).values == {"old": "alpha", "new": "beta"}


@pytest.mark.parametrize("error", [InvalidXml("not well-formed"), Refused("internal error")])
def test_a_machine_whose_definition_cannot_be_read_is_there_all_the_same(
    error: HypervisorError, node: Node, alpha: FakeNode
):
    alpha.add("strange", Power.RUNNING)
    alpha.add("web1")
    alpha.fail_next("definition", error)
    look_at(node)
    assert {vm.name: vm.status.name for vm in Vm.objects.all()} == {"strange": "Running", "web1": "Stopped"}


def test_xml_the_panel_does_not_know_breaks_nothing(node: Node, alpha: FakeNode):
    machine = alpha.add("strange")
    machine.xml = "<domain><!DOCTYPE foo>&bar;</domain"
    alpha.add("web1")
    look_at(node)
    assert {vm.name for vm in Vm.objects.all()} == {"strange", "web1"}


def test_values_longer_than_anybody_expected_are_cut(node: Node, alpha: FakeNode):
    uuid = uuid4()
    long = "x" * 300
    nic = f'<interface type="{long}"><mac address="{long}"/><source bridge="{long}"/><model type="{long}"/></interface>'
    target = f'<target dev="{long}" bus="{long}"/>'
    disk = f'<disk device="{long}"><driver type="{long}"/><source file="/{long}"/>{target}</disk>'
    alpha.add(long, xml=xml(uuid, long, devices=disk + nic).replace('dev="cdrom"', f'dev="{long}"'))
    look_at(node)
    look_at(node)
    vm = Vm.objects.get()
    assert vm.name == vm.display_name == "x" * 255
    assert vm.disks.get().path == f"/{long}"
    assert vm.interfaces.count() == 1
    assert lines_about(uuid) == [What.FOUND]


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "شبكة\N{RIGHT-TO-LEFT MARK} web", "a b\tc", "Ünïcödé 数据"]
)
def test_any_name_another_tool_gave_is_kept_as_it_is(name: str, node: Node, alpha: FakeNode):
    machine = alpha.add("placeholder")
    machine.name = name
    machine.xml = "unreadable"
    look_at(node)
    assert Vm.objects.get().display_name == name


@pytest.mark.broad
def test_a_hundred_machines_cost_one_listing(node: Node, alpha: FakeNode):
    for number in range(100):
        alpha.add(f"vm{number}", Power.RUNNING)
    look_at(node)
    assert Vm.objects.count() == 100
    assert alpha.calls.count("machines") == 1
    assert "machine" not in alpha.calls


def test_an_event_about_one_machine_looks_at_that_one_only(node: Node, alpha: FakeNode):
    machine, _other = alpha.add("web1"), alpha.add("web2")
    for news in Lookout(node, reach(node)).one(machine.uuid):
        record(news)
    assert [vm.name for vm in Vm.objects.all()] == ["web1"]
    assert "machines" not in alpha.calls


def test_an_event_about_a_machine_that_is_no_longer_there_tells_nothing(node: Node, alpha: FakeNode):
    alpha.happen(uuid4(), Happening.POWER_CHANGED)
    assert list(Lookout(node, reach(node)).one(uuid4())) == []


def test_fresh_rows_are_what_the_next_look_compares_with(node: Node, alpha: FakeNode):
    alpha.add("web1", Power.RUNNING)
    look_at(node)
    vm = Vm.objects.get()
    since = vm.power_since
    look_at(node)
    assert fresh(vm).power_since == since
