"""One promise, kept by the fake, by libvirt's test driver and by a real node."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from demo.nodes import LocalNode
from tests.hypervisor.conftest import REAL
from tests.hypervisor.places import Place, wait_for
from tests.hypervisor.test_events import hears
from vms.hypervisor.contract import Hypervisor, Machine
from vms.hypervisor.errors import DiskMissing, InvalidXml, Refused, VmNotFound, WrongState
from vms.hypervisor.machine_xml import PanelMark, describe
from vms.rules.events import Happening
from vms.rules.kinds import Kind, Link, Mode
from vms.rules.power import Power, PowerReason

CALLS_ON_A_MACHINE = [
    "machine",
    "xml_of",
    "disk_errors",
    "job_progress",
    "start",
    "start_paused",
    "images_below",
    "pulls",
    "resume",
    "pause",
    "ask_to_shut_down",
    "power_off",
    "reset",
    "undefine",
]

MARK = PanelMark(
    kind=Kind.VM,
    mode=Mode.MAINTENANCE,
    display_name="Büro <1>",
    made_disks=frozenset({"/images/a & b", "/images/c"}),
    origin=uuid4(),
    link=Link.STREAMING,
)


def test_a_new_machine_is_off_and_listed_with_its_name(place: Place) -> None:
    vm = place.make("new")
    assert place.connect().machine(vm) == Machine(vm, "new", Power.OFF, PowerReason.NONE)
    assert place.connect().machine(vm) in place.connect().machines()


def test_a_started_machine_runs(place: Place) -> None:
    vm = place.make("one")
    place.connect().start(vm)
    assert place.connect().machine(vm) == Machine(vm, "one", Power.RUNNING, PowerReason.NONE)
    assert place.connect().machine(vm) in place.connect().machines()


def test_pause_and_resume(place: Place) -> None:
    hypervisor, vm = place.connect(), place.make("one")
    hypervisor.start(vm)
    hypervisor.pause(vm)
    assert hypervisor.machine(vm) == Machine(vm, "one", Power.PAUSED, PowerReason.BY_REQUEST)
    hypervisor.resume(vm)
    assert hypervisor.machine(vm).power is Power.RUNNING


@pytest.mark.parametrize("place", ["fake", REAL], indirect=True)
def test_a_machine_may_be_started_so_that_its_guest_does_nothing_yet(place: Place) -> None:
    hypervisor, vm = place.connect(), place.make("one")
    events = place.driver.follow(place.uri)
    hypervisor.start_paused(vm)
    assert hears(events, vm, Happening.POWER_CHANGED)
    assert hypervisor.machine(vm) == Machine(vm, "one", Power.PAUSED, PowerReason.BY_REQUEST)
    assert is_wrong_state_for("start_paused", vm, place)
    hypervisor.resume(vm)
    assert hypervisor.machine(vm).power is Power.RUNNING
    assert is_wrong_state_for("start_paused", vm, place)


def test_power_off_leaves_it_off_and_says_why(place: Place) -> None:
    hypervisor, vm = place.connect(), place.make("one")
    hypervisor.start(vm)
    hypervisor.power_off(vm)
    assert hypervisor.machine(vm) == Machine(vm, "one", Power.OFF, PowerReason.POWERED_OFF)


def test_a_paused_machine_can_be_powered_off(place: Place) -> None:
    hypervisor, vm = place.connect(), place.make("one")
    hypervisor.start(vm)
    hypervisor.pause(vm)
    hypervisor.power_off(vm)
    assert hypervisor.machine(vm).power is Power.OFF


@pytest.mark.parametrize("place", ["fake", "test"], indirect=True)
def test_a_guest_that_listens_shuts_down(place: Place) -> None:
    hypervisor, vm = place.connect(), place.make("one")
    hypervisor.start(vm)
    hypervisor.ask_to_shut_down(vm)
    assert hypervisor.machine(vm) == Machine(vm, "one", Power.OFF, PowerReason.SHUT_DOWN)


@pytest.mark.parametrize("place", [REAL], indirect=True)
def test_a_guest_may_ignore_the_request_to_shut_down(place: Place) -> None:
    hypervisor, vm = place.connect(), place.make("one")
    hypervisor.start(vm)
    hypervisor.ask_to_shut_down(vm)
    assert hypervisor.machine(vm).power is Power.RUNNING


def test_a_machine_that_is_reset_runs_on(place: Place) -> None:
    hypervisor, vm = place.connect(), place.make("one")
    hypervisor.start(vm)
    hypervisor.reset(vm)
    assert hypervisor.machine(vm).power is Power.RUNNING


def test_a_machine_that_is_off_can_only_be_started(place: Place) -> None:
    vm = place.make("one")
    for call in ("resume", "pause", "ask_to_shut_down", "power_off", "reset"):
        assert is_wrong_state_for(call, vm, place)
    assert place.connect().machine(vm).power is Power.OFF


def test_a_running_machine_can_neither_start_nor_resume_nor_be_undefined(place: Place) -> None:
    vm = place.make("one")
    place.connect().start(vm)
    for call in ("start", "resume", "undefine"):
        assert is_wrong_state_for(call, vm, place)
    assert place.connect().machine(vm).power is Power.RUNNING


def test_a_paused_machine_can_neither_start_nor_pause_nor_shut_down_nor_be_undefined(place: Place) -> None:
    vm = place.make("one")
    place.connect().start(vm)
    place.connect().pause(vm)
    for call in ("start", "pause", "ask_to_shut_down", "undefine"):
        assert is_wrong_state_for(call, vm, place)
    assert place.connect().machine(vm).power is Power.PAUSED


@pytest.mark.parametrize("call", CALLS_ON_A_MACHINE)
def test_an_unknown_machine_is_not_found_by(call: str, place: Place) -> None:
    with pytest.raises(VmNotFound):
        getattr(place.connect(), call)(uuid4())


def test_an_unknown_machine_has_no_agent_to_ask(place: Place) -> None:
    with pytest.raises(VmNotFound):
        place.connect().agent_answers(uuid4(), seconds=1)


def test_an_undefined_machine_is_gone(place: Place) -> None:
    hypervisor, vm = place.connect(), place.make("one")
    hypervisor.undefine(vm)
    assert vm not in {machine.uuid for machine in hypervisor.machines()}
    with pytest.raises(VmNotFound):
        hypervisor.machine(vm)


def test_a_machine_can_be_forgotten_without_the_files_of_its_definition(place: Place) -> None:
    hypervisor, vm = place.connect(), place.make("one")
    hypervisor.undefine(vm, keep_files=True)
    with pytest.raises(VmNotFound):
        hypervisor.machine(vm)


def test_a_definition_can_be_read_and_changed(place: Place) -> None:
    hypervisor, vm = place.connect(), place.make("one")
    xml = hypervisor.xml_of(vm)
    assert describe(xml).uuid == vm
    assert hypervisor.define(xml.replace("</name>", "</name><title>Ünïcode &lt;b&gt; שלום</title>", 1)) == vm
    assert describe(hypervisor.xml_of(vm)).title == "Ünïcode <b> שלום"


def test_the_definition_of_a_running_machine_changes_for_its_next_start(place: Place) -> None:
    hypervisor, vm = place.connect(), place.make("one")
    hypervisor.start(vm)
    hypervisor.define(hypervisor.xml_of(vm).replace("</name>", "</name><title>later</title>", 1))
    assert describe(hypervisor.xml_of(vm)).title == "later"
    assert hypervisor.machine(vm).power is Power.RUNNING


@pytest.mark.parametrize("is_on", [False, True])
def test_the_panels_mark_is_replaced_and_all_else_stays(is_on: bool, place: Place) -> None:
    theirs = "<metadata><o:theirs xmlns:o='urn:other'>5 &lt; 7</o:theirs></metadata>"
    hypervisor, vm = place.connect(), place.make("one", extra=theirs)
    if is_on:
        hypervisor.start(vm)
    for mark in (MARK, replace(MARK, display_name="other", origin=None, link=Link.NONE)):
        hypervisor.write_mark(vm, mark)
        assert describe(hypervisor.xml_of(vm)).panel == mark
    assert "5 &lt; 7</o:theirs>" in hypervisor.xml_of(vm)


@pytest.mark.parametrize("place", [REAL], indirect=True)
def test_the_panels_mark_is_known_to_the_running_machine_too(place: Place, live_node: LocalNode) -> None:
    vm = place.make("one")
    place.connect().start(vm)
    events = place.driver.follow(place.uri)
    place.connect().write_mark(vm, MARK)
    assert hears(events, vm, Happening.DEFINITION_CHANGED)
    with live_node.connected() as somebody:
        assert describe(somebody.lookupByUUID(vm.bytes).XMLDesc()).panel == MARK
    place.connect().power_off(vm)
    assert describe(place.connect().xml_of(vm)).panel == MARK


def test_a_mark_that_cannot_be_written_down_is_refused(place: Place) -> None:
    with pytest.raises(InvalidXml):
        place.connect().write_mark(place.make("one"), PanelMark(display_name="a\x01b"))


@pytest.mark.parametrize(
    "xml",
    ["", "<domain>", "<domain/>", "<network><name>n</name></network>", "\x00", "\ud800", "no xml at all"],
)
def test_what_is_no_definition_is_refused(xml: str, place: Place) -> None:
    with pytest.raises(InvalidXml):
        place.connect().define(xml)


def test_a_doctype_is_refused(place: Place) -> None:
    with pytest.raises(InvalidXml):
        place.connect().define('<!DOCTYPE domain [<!ENTITY a "b">]>' + place.xml("one"))


@pytest.mark.parametrize("place", ["test", REAL], indirect=True)
def test_an_element_that_libvirt_does_not_know_is_refused(place: Place) -> None:
    with pytest.raises(InvalidXml):
        place.connect().define(place.xml("one", extra="<bogus/>"))


@pytest.mark.parametrize("place", ["fake", REAL], indirect=True)
def test_two_machines_cannot_have_one_name(place: Place) -> None:
    place.make("one")
    with pytest.raises(Refused):
        place.connect().define(place.xml("one"))


def test_a_machine_without_a_job_has_no_progress(place: Place) -> None:
    vm = place.make("one")
    assert place.connect().job_progress(vm) is None
    place.connect().start(vm)
    assert place.connect().job_progress(vm) is None


def test_a_machine_without_an_agent_is_not_asked(place: Place) -> None:
    vm = place.make("one")
    assert place.connect().agent_answers(vm, seconds=1) is None
    place.connect().start(vm)
    assert place.connect().agent_answers(vm, seconds=1) is None


def test_a_machine_without_faults_has_no_disk_errors(place: Place) -> None:
    vm = place.make("one")
    assert place.connect().disk_errors(vm) == []
    place.connect().start(vm)
    assert place.connect().disk_errors(vm) == []


def test_only_machines_that_are_on_are_measured(place: Place) -> None:
    hypervisor, off, on = place.connect(), place.make("off"), place.make("on")
    hypervisor.start(on)
    assert on in measured(hypervisor)
    assert off not in measured(hypervisor)


def test_a_node_tells_what_it_is(place: Place) -> None:
    info = place.connect().info()
    assert info.hostname
    assert info.cpus > 0
    assert info.cpu_model
    assert info.memory_total >= info.memory_free >= 0
    assert info.libvirt_version.count(".") == info.hypervisor_version.count(".") == 2


@pytest.mark.parametrize("place", ["fake", REAL], indirect=True)
def test_a_node_has_an_identity(place: Place) -> None:
    assert UUID(place.connect().info().node_uuid)


def test_an_image_outside_all_pools_is_not_deleted(place: Place) -> None:
    with pytest.raises(DiskMissing):
        place.connect().delete_disk("/no/pool/here/disk.qcow2")


def test_nothing_stands_on_an_image_that_is_not_there(place: Place) -> None:
    assert list(place.connect().disks_on_top_of("/no/pool/here/disk.qcow2")) == []


def test_an_image_that_is_gone_may_be_deleted_again(place: Place) -> None:
    place.connect().delete_disk(f"{place.images}/gone.qcow2")


def test_names_may_be_strange(place: Place) -> None:
    name = "x &lt;script&gt; مرحبا " + "é" * 60
    vm = place.make(name)
    place.connect().start(vm)
    assert place.connect().machine(vm).name == "x <script> مرحبا " + "é" * 60


def test_a_closed_connection_is_replaced_by_the_next(place: Place) -> None:
    first = place.connect()
    assert first.is_alive()
    first.close()
    assert not first.is_alive()
    wait_for(lambda: place.connect().is_alive())


def is_wrong_state_for(call: str, vm: UUID, place: Place) -> bool:
    try:
        getattr(place.connect(), call)(vm)
    except WrongState:
        return True
    return False


def measured(hypervisor: Hypervisor) -> set[UUID]:
    return {stats.uuid for stats in hypervisor.stats()}
