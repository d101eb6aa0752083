"""Machines move from one node to another: by libvirt and QEMU, and by the fake in the same way."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from signal import SIGKILL
from uuid import UUID, uuid4

import pytest

from demo.processes import send
from tests.hypervisor.conftest import REAL, fake_place, forget, real_place
from tests.hypervisor.journeys import MIB, SIZE, SLOWLY, Journey
from tests.hypervisor.places import wait_for
from tests.hypervisor.test_events import hears
from vms.hypervisor import fake
from vms.hypervisor.errors import InvalidXml, VmNotFound, WrongState
from vms.hypervisor.machine_xml import PanelMark, describe
from vms.hypervisor.migrating import CallState, Destination, How, Presence, Stage
from vms.rules.differences import Change, Part
from vms.rules.events import Happening
from vms.rules.power import Power, PowerReason
from vms.rules.preflight import Lack, Tie
from vms.rules.problems import Problem
from vms.rules.whereabouts import Next, Side


@pytest.fixture(params=["fake", REAL])
def journey(request: pytest.FixtureRequest) -> Iterator[Journey]:
    if request.param == "fake":
        found = Journey(fake_place(), fake_place(), "/shared")
        for place in (found.source, found.destination):
            fake._nodes[place.uri].pools["/shared"] = fake.FakePool("shared")
    else:
        nodes = request.getfixturevalue("nodes")
        found = Journey(real_place(nodes.alpha), real_place(nodes.beta), str(nodes.shared), nodes.alpha)
    yield found
    found.clear()
    for place in (found.source, found.destination):
        forget(place.uri)


def test_a_running_machine_moves_with_disks_that_both_nodes_see(journey: Journey) -> None:
    path = journey.image_on_both()
    vm = journey.make("one", path)
    journey.here.start(vm)
    left, arrived = (place.driver.follow(place.uri) for place in (journey.source, journey.destination))
    journey.send(vm)
    journey.arrive(vm)
    assert journey.here.presence(vm) is None
    assert journey.here.migration(vm) is None
    journey.here.cancel_migration(vm)
    journey.here.limit_migration(vm, limit=MIB)
    assert journey.there.presence(vm) == Presence(True, Power.RUNNING, PowerReason.NONE)
    assert [disk.source for disk in describe(journey.there.xml_of(vm)).disks] == [path]
    assert journey.next_step(vm) is Next.ARRIVED
    assert hears(left, vm, Happening.POWER_CHANGED)
    assert hears(arrived, vm, Happening.POWER_CHANGED)


def test_a_running_machine_moves_with_its_disk_to_another_path(journey: Journey) -> None:
    old, new = journey.image_here(), journey.image_there()
    vm = journey.make("one", old)
    journey.here.write_mark(vm, PanelMark(display_name="Books", made_disks=frozenset({old})))
    journey.here.start(vm)
    journey.send(vm, disks={"vda": new})
    journey.arrive(vm)
    definition = journey.there.definition(vm)
    for xml in (definition.xml, definition.live):
        assert [disk.source for disk in describe(xml).disks] == [new]
        assert describe(xml).panel.made_disks == {new}
    journey.there.power_off(vm)
    is_the_same(journey, old, new)
    journey.there.start(vm)


def test_plain_bytes_arrive_as_qcow2(journey: Journey) -> None:
    old, new = journey.image_here().replace("qcow2", "raw"), journey.image_there()
    if journey.is_fake:
        fake._nodes[journey.source.uri].add_image(old, image_format="raw", capacity=SIZE)
    elif journey.node is not None:
        journey.node.account.run("qemu-io", "-f", "raw", "-c", "write -q -P 9 0 8M", "-C", make_raw(journey, old))
    vm = journey.make("one")
    journey.here.undefine(vm)
    devices = (
        f"<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{old}'/>"
        "<target dev='vda' bus='virtio'/></disk>"
    )
    vm = journey.source.make("one", devices=devices)
    journey.destination.made.append(vm)
    journey.here.start(vm)
    journey.send(vm, disks={"vda": new})
    journey.arrive(vm)
    assert [disk.format for disk in describe(journey.there.xml_of(vm)).disks] == ["qcow2"]


def make_raw(journey: Journey, path: str) -> str:
    assert journey.node is not None
    journey.node.account.run("qemu-img", "create", "-q", "-f", "raw", path, str(SIZE))
    return path


def test_a_machine_that_is_off_moves_as_a_definition(journey: Journey) -> None:
    vm = journey.make("one", journey.image_on_both())
    journey.send(vm, live=False)
    assert journey.end(vm).state is CallState.SUCCEEDED
    assert journey.here.presence(vm) is None
    assert journey.side(journey.destination, vm) is Side.OFF
    assert journey.next_step(vm, live=False) is Next.ARRIVED
    journey.there.start(vm)


def test_the_definition_alone_may_get_other_disks(journey: Journey) -> None:
    vm = journey.make("one", journey.image_here())
    new = journey.image_there()
    journey.send(vm, live=False, disks={"vda": new})
    assert journey.end(vm).state is CallState.SUCCEEDED
    assert [disk.source for disk in describe(journey.there.xml_of(vm)).disks] == [new]


def test_a_machine_that_is_off_takes_its_disks_along_while_it_is_held(journey: Journey) -> None:
    old, new = journey.image_here(), journey.image_there()
    vm = journey.make("one", old)
    journey.here.start_paused(vm)
    journey.send(vm, disks={"vda": new})
    journey.arrive(vm)
    assert journey.there.machine(vm).power is Power.PAUSED
    assert journey.next_step(vm) is Next.ARRIVED
    journey.there.power_off(vm)
    assert journey.side(journey.destination, vm) is Side.OFF
    is_the_same(journey, old, new)


def test_half_way_both_nodes_say_so(journey: Journey) -> None:
    vm = journey.make("one", journey.image_here())
    journey.here.start(vm)
    assert journey.here.outcome(vm) is None
    journey.send(vm, disks={"vda": journey.image_there()}, limit=SLOWLY)
    found = journey.be_half_way(vm)
    assert found.stage is Stage.DISKS
    assert 0 < found.disks_done < found.disks_total == SIZE
    outcome = journey.here.outcome(vm)
    assert outcome is not None
    assert outcome.state is CallState.UNDER_WAY
    assert journey.side(journey.source, vm) is Side.RUNNING
    assert journey.there.presence(vm) == Presence(False, Power.PAUSED, PowerReason.MIGRATING)
    assert journey.there.migration(vm) is None
    assert journey.there.job_progress(vm) is None
    assert [machine.reason for machine in journey.there.machines() if machine.uuid == vm] == [PowerReason.MIGRATING]
    progress = journey.here.job_progress(vm)
    assert progress is not None
    assert progress.done > 0
    assert Tie.JOB_RUNNING in journey.here.ties_of(vm)
    with pytest.raises(WrongState):
        journey.send(vm)
    assert journey.next_step(vm, knows_the_call=False) is Next.WAIT


def test_a_cancelled_machine_stays_and_may_be_sent_again(journey: Journey) -> None:
    old, new = journey.image_here(), journey.image_there()
    vm = journey.make("one", old)
    journey.here.start(vm)
    journey.send(vm, disks={"vda": new}, limit=SLOWLY)
    journey.be_half_way(vm)
    journey.here.cancel_migration(vm)
    outcome = journey.end(vm)
    assert (outcome.state, outcome.problem) == (CallState.CANCELLED, None)
    assert outcome.detail
    stayed(journey, vm)
    journey.there.delete_disk(new)
    journey.there.make_image(new, SIZE)
    journey.send(vm, disks={"vda": new})
    journey.arrive(vm)
    journey.there.power_off(vm)
    is_the_same(journey, old, new)


def test_without_the_image_there_it_stays(journey: Journey) -> None:
    vm = journey.make("one", journey.image_here())
    journey.here.start(vm)
    journey.send(vm, disks={"vda": f"{journey.destination.images}/in-no-pool/gone.qcow2"})
    outcome = journey.end(vm)
    assert (outcome.state, outcome.problem) == (CallState.FAILED, Problem.DISK_MISSING)
    stayed(journey, vm)


def test_without_the_other_node_it_stays(journey: Journey) -> None:
    vm = journey.make("one")
    journey.here.start(vm)
    journey.here.send(vm, Destination(f"{journey.destination.uri}-gone"), How())
    outcome = journey.end(vm)
    assert (outcome.state, outcome.problem) == (CallState.FAILED, Problem.NODE_UNREACHABLE)
    assert journey.here.is_alive()
    stayed(journey, vm)


def test_where_its_name_is_taken_it_does_not_go(journey: Journey) -> None:
    vm = journey.make("one")
    journey.destination.make("one")
    journey.here.start(vm)
    journey.send(vm)
    assert journey.end(vm).state is CallState.FAILED
    assert Lack.NAME_TAKEN in journey.there.lacks_for(journey.here.definition(vm).live, home_cpu="")
    stayed(journey, vm)


def test_a_machine_whose_process_dies_half_way_is_off(journey: Journey) -> None:
    vm = half_way(journey)
    if journey.is_fake:
        fake._nodes[journey.source.uri].become(vm, Power.OFF, PowerReason.PROCESS_DIED)
    for process in journey.source.processes():
        send(process, SIGKILL)
    assert journey.end(vm).state is CallState.FAILED
    wait_for(lambda: journey.next_step(vm) is Next.STAYED)
    assert journey.side(journey.source, vm) is Side.OFF
    assert journey.next_step(vm, knows_the_call=False) is Next.STAYED


def test_half_a_machine_that_is_ended_there_stays_here(journey: Journey) -> None:
    vm = half_way(journey)
    journey.there.power_off(vm)
    assert journey.end(vm).state is CallState.FAILED
    stayed(journey, vm)


def half_way(journey: Journey) -> UUID:
    vm = journey.make("one", journey.image_here())
    journey.here.start(vm)
    journey.send(vm, disks={"vda": journey.image_there()}, limit=SLOWLY)
    journey.be_half_way(vm)
    return vm


def test_whether_it_starts_with_the_node_is_not_taken_along(journey: Journey) -> None:
    vm = journey.make("one")
    journey.here.change_now(vm, Change(Part.AUTOSTART, False, True))
    journey.send(vm, live=False)
    assert journey.end(vm).state is CallState.SUCCEEDED
    assert not journey.there.definition(vm).autostart


def test_what_is_not_so_cannot_be_sent_so(journey: Journey) -> None:
    vm = journey.make("one", journey.image_here())
    with pytest.raises(WrongState):
        journey.send(vm)
    journey.here.start(vm)
    with pytest.raises(WrongState):
        journey.send(vm, live=False)
    with pytest.raises(InvalidXml):
        journey.send(vm, disks={"vdz": "/anywhere.qcow2"})
    with pytest.raises(VmNotFound):
        journey.send(uuid4())
    assert journey.here.outcome(vm) is None


def test_without_a_migration_there_is_nothing_to_cancel_or_limit(journey: Journey) -> None:
    vm = journey.make("one")
    for prepare in (lambda: None, lambda: journey.here.start(vm)):
        prepare()
        assert journey.here.migration(vm) is None
        journey.here.cancel_migration(vm)
        journey.here.limit_migration(vm, limit=MIB)
        with pytest.raises(WrongState):
            journey.here.switch_to_post_copy(vm)
    assert journey.side(journey.source, vm) is Side.RUNNING


@pytest.mark.parametrize("journey", ["fake"], indirect=True)
def test_a_guest_that_was_handed_over_does_not_come_back(journey: Journey) -> None:
    """Real nodes need more rights for it than those of the tests have."""
    vm = journey.make("one")
    journey.here.start(vm)
    journey.send(vm, post_copy=True)
    journey.here.switch_to_post_copy(vm)
    found = journey.here.migration(vm)
    assert found is not None
    assert found.stage is Stage.HANDED_OVER
    assert (journey.side(journey.source, vm), journey.side(journey.destination, vm)) == (Side.LEFT, Side.RUNNING)
    assert journey.next_step(vm, knows_the_call=False) is Next.WAIT
    with pytest.raises(WrongState):
        journey.here.cancel_migration(vm)
    journey.arrive(vm)
    assert journey.next_step(vm, knows_the_call=False) is Next.ARRIVED


def test_a_node_that_does_not_know_a_machine_says_so(journey: Journey) -> None:
    assert journey.there.presence(uuid4()) is None
    vm = journey.make("one")
    assert journey.here.presence(vm) == Presence(True, Power.OFF, PowerReason.NONE)
    assert journey.here.ties_of(vm) == frozenset()


def test_a_like_node_lacks_nothing(journey: Journey) -> None:
    vm = journey.make("one")
    cpu = journey.here.cpu()
    assert cpu.startswith("<cpu>")
    journey.here.start(vm)
    definition = journey.here.definition(vm)
    assert journey.there.lacks_for(definition.live, home_cpu=cpu) == frozenset()
    assert journey.there.lacks_for(definition.xml, home_cpu=cpu) == frozenset()
    assert journey.here.lacks_for(definition.live, home_cpu=cpu) == {Lack.ALREADY_THERE}


def test_a_bridge_that_is_not_there_is_lacked(journey: Journey) -> None:
    bridge = "<interface type='bridge'><source bridge='br-gone'/></interface>"
    xml = journey.source.xml("one", devices=bridge)
    assert journey.there.lacks_for(xml, home_cpu="") == {Lack.NO_SUCH_BRIDGE}


@pytest.mark.parametrize("journey", [REAL], indirect=True)
@pytest.mark.parametrize(
    ("old", "new", "lack"),
    [
        ('arch="x86_64"', 'arch="x86_64" machine="pc-i440fx-99.0"', Lack.MACHINE_TYPE),
        ('arch="x86_64"', 'arch="s390x"', Lack.EMULATOR),
        ("<devices>", "<devices><emulator>/usr/libexec/qemu-of-others</emulator>", Lack.EMULATOR),
        ('type="qemu"', 'type="xen"', Lack.ACCELERATION),
        ("<devices>", "<cpu mode='custom'><model>EPYC</model></cpu><devices>", Lack.CPU),
        ("<devices>", "<cpu mode='custom'><model>of-tomorrow</model></cpu><devices>", Lack.CPU),
    ],
)
def test_what_a_real_node_cannot_run_is_said(journey: Journey, old: str, new: str, lack: Lack) -> None:
    xml = journey.source.xml("one").replace(old, new)
    assert journey.there.lacks_for(xml, home_cpu="") == {lack}


@pytest.mark.parametrize("journey", [REAL], indirect=True)
@pytest.mark.parametrize("mode", ["host-passthrough", "host-model", "maximum"])
def test_the_processor_of_a_like_node_will_do(journey: Journey, mode: str) -> None:
    xml = journey.source.xml("one").replace("<devices>", f"<cpu mode='{mode}'/><devices>")
    assert journey.there.lacks_for(xml, home_cpu=journey.here.cpu()) == frozenset()


def stayed(journey: Journey, vm: UUID) -> None:
    """It runs on, and the other node has nothing of it: also for somebody who knows nothing of the call."""
    wait_for(lambda: journey.next_step(vm) is Next.STAYED)
    assert journey.next_step(vm, knows_the_call=False) is Next.STAYED
    assert journey.next_step(vm, knows_the_call=False, settled=False) is Next.LOOK_AGAIN
    assert journey.side(journey.source, vm) is Side.RUNNING
    assert journey.here.migration(vm) is None


def is_the_same(journey: Journey, old: str, new: str) -> None:
    if journey.node is not None:
        words = ["qemu-img", "compare", "-f", "qcow2", "-F", "qcow2", old, new]
        compared = subprocess.run(words, check=False, capture_output=True)
        assert compared.returncode == 0, compared.stdout
