"""One promise about editing, kept by the fake, by libvirt's test driver and by a real node."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from demo.nodes import LocalNode
from tests.hypervisor.conftest import REAL
from tests.hypervisor.places import Place
from vms.hypervisor import fake
from vms.hypervisor.errors import ChangedMeanwhile, InvalidXml, Unsupported, VmNotFound, WrongState
from vms.hypervisor.machine_xml import describe, edited, hardware_of
from vms.rules.differences import Change, Part
from vms.rules.editing import AT_RUNNING, OUTSIDE_DEFINITION, plan
from vms.rules.hardware import Hardware
from vms.rules.power import Power, PowerReason

MIB = 1024**2
SIZE = "<vcpu current='1'>2</vcpu><currentMemory unit='MiB'>8</currentMemory>"
VNC = "<graphics type='vnc' autoport='yes' passwd='geheim'/>"
TITLE = Change(Part.TITLE, "", "Büro <1>")


def machine(place: Place, vm) -> Hardware:
    found = place.connect().definition(vm)
    return hardware_of(found.xml, autostart=found.autostart)


def test_a_machine_that_is_off_is_nothing_live(place: Place) -> None:
    vm = place.make("one")
    found = place.connect().definition(vm)
    assert found.live == ""
    assert describe(found.xml).uuid == vm
    assert found.digest == place.connect().definition(vm).digest


def test_a_machine_that_is_on_is_something_live(place: Place) -> None:
    vm = place.make("one")
    place.connect().start(vm)
    assert describe(place.connect().definition(vm).live).uuid == vm


@pytest.mark.parametrize("place", ["fake", REAL], indirect=True)
def test_the_passwords_are_not_lost(place: Place) -> None:
    vm = place.make("one", devices=VNC)
    place.connect().start(vm)
    found = place.connect().definition(vm)
    assert "geheim" in found.xml
    assert "geheim" in found.live
    assert "geheim" not in repr(found)
    place.connect().redefine(vm, edited(found.xml, [TITLE]), instead_of=found.digest)
    assert "geheim" in place.connect().definition(vm).xml


@pytest.mark.parametrize("call", ["definition", "disk_sizes"])
def test_an_unknown_machine_is_not_found(call: str, place: Place) -> None:
    with pytest.raises(VmNotFound):
        getattr(place.connect(), call)(uuid4())
    with pytest.raises(VmNotFound):
        place.connect().change_now(uuid4(), TITLE)
    with pytest.raises(VmNotFound):
        place.connect().redefine(uuid4(), place.xml("one"), instead_of="")


@pytest.mark.parametrize("is_on", [False, True])
def test_a_definition_is_replaced_for_the_next_start(is_on: bool, place: Place) -> None:
    vm = place.make("one", extra="<metadata><o:theirs xmlns:o='urn:other'>5 &lt; 7</o:theirs></metadata>")
    if is_on:
        place.connect().start(vm)
    found = place.connect().definition(vm)
    changes = plan(hardware_of(found.xml), replace(hardware_of(found.xml), title="later", boot=("network", "hd")))
    place.connect().redefine(vm, edited(found.xml, changes), instead_of=found.digest)
    after = place.connect().definition(vm)
    assert (machine(place, vm).title, machine(place, vm).boot) == ("later", ("network", "hd"))
    assert "5 &lt; 7</o:theirs>" in after.xml
    assert after.digest != found.digest
    assert not is_on or hardware_of(after.live).boot == hardware_of(found.live).boot


def test_a_definition_that_changed_meanwhile_is_not_overwritten(place: Place) -> None:
    vm = place.make("one")
    seen = place.connect().definition(vm)
    place.connect().redefine(vm, edited(seen.xml, [TITLE]), instead_of=seen.digest)
    with pytest.raises(ChangedMeanwhile):
        other = Change(Part.TITLE, "", "other")
        place.connect().redefine(vm, edited(seen.xml, [other]), instead_of=seen.digest)
    assert machine(place, vm).title == "Büro <1>"


@pytest.mark.parametrize("place", ["test", REAL], indirect=True)
def test_a_definition_is_validated_strictly(place: Place) -> None:
    vm = place.make("one")
    seen = place.connect().definition(vm)
    with pytest.raises(InvalidXml):
        place.connect().redefine(vm, seen.xml.replace("<devices>", "<devices><bogus/>"), instead_of=seen.digest)


def test_a_definition_without_an_identity_is_refused(place: Place) -> None:
    vm = place.make("one")
    seen = place.connect().definition(vm)
    with pytest.raises(Unsupported):
        place.connect().redefine(vm, place.xml("one"), instead_of=seen.digest)


def test_the_definition_of_another_machine_is_refused(place: Place) -> None:
    vm, other = place.make("one"), place.make("other")
    seen, theirs = place.connect().definition(vm), place.connect().definition(other)
    with pytest.raises(Unsupported):
        place.connect().redefine(vm, theirs.xml, instead_of=seen.digest)


@pytest.mark.parametrize("place", [REAL], indirect=True)
def test_a_machine_whose_memory_is_saved_keeps_its_definition(place: Place, live_node: LocalNode) -> None:
    vm = place.make("one")
    place.connect().start(vm)
    with live_node.connected() as somebody:
        somebody.lookupByUUID(vm.bytes).managedSave()
    require_kept(place, vm)


def test_a_fake_machine_whose_memory_is_saved_keeps_its_definition() -> None:
    node = fake.add_node("fake://saved")
    vm = node.add("one").uuid
    node.become(vm, Power.OFF, PowerReason.SAVED)
    require_kept(Place(fake, node.uri), vm)


def require_kept(place: Place, vm) -> None:
    seen = place.connect().definition(vm)
    with pytest.raises(WrongState):
        place.connect().redefine(vm, edited(seen.xml, [TITLE]), instead_of=seen.digest)
    assert place.connect().definition(vm) == seen


@pytest.mark.parametrize("is_on", [False, True])
def test_a_machine_may_start_with_its_node(is_on: bool, place: Place) -> None:
    vm = place.make("one")
    if is_on:
        place.connect().start(vm)
    for wish in (True, True, False):
        place.connect().change_now(vm, Change(Part.AUTOSTART, not wish, wish))
        assert machine(place, vm).autostart is wish


def test_texts_change_at_once(place: Place) -> None:
    vm = place.make("one")
    place.connect().start(vm)
    for part, text in ((Part.TITLE, "Büro <1>"), (Part.DESCRIPTION, "two\nlines"), (Part.TITLE, "")):
        place.connect().change_now(vm, Change(part, "", text))
        now = hardware_of(place.connect().definition(vm).live)
        assert (now.title if part is Part.TITLE else now.description) == text


def test_vcpus_are_plugged_in_at_once(place: Place) -> None:
    vm = place.make("one", extra=SIZE)
    place.connect().start(vm)
    place.connect().change_now(vm, Change(Part.VCPUS, 1, 2))
    assert hardware_of(place.connect().definition(vm).live).vcpus_current == 2
    assert machine(place, vm).vcpus_current == 1


def test_a_machine_that_is_off_changes_by_its_definition_only(place: Place) -> None:
    vm = place.make("one", extra=SIZE)
    for part in AT_RUNNING:
        with pytest.raises(WrongState):
            place.connect().change_now(vm, Change(part, "", ""))


def test_all_else_waits_for_the_next_start(place: Place) -> None:
    vm = place.make("one", extra=SIZE)
    place.connect().start(vm)
    for part in set(Part) - AT_RUNNING - OUTSIDE_DEFINITION:
        with pytest.raises(Unsupported):
            place.connect().change_now(vm, Change(part, "", ""))


def test_a_machine_without_disks_has_no_sizes(place: Place) -> None:
    assert place.connect().disk_sizes(place.make("one")) == {}
