"""What real nodes do when something breaks while a machine moves. Nothing here depends on whoever asked for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from demo.guest import Guest
from demo.machines import guest_xml
from demo.pools import ensure_pool
from tests.hypervisor.conftest import forget, real_place
from tests.hypervisor.journeys import MIB, SIZE, SLOWLY, Journey
from tests.hypervisor.places import wait_for
from tests.nodes import Nodes
from vms.hypervisor.errors import NodeUnreachable, WrongState
from vms.hypervisor.migrating import CallState, Stage
from vms.rules.preflight import Tie
from vms.rules.problems import Problem
from vms.rules.whereabouts import Next, Side

pytestmark = pytest.mark.live

ASKS_AND_WAITS = """
import sys, threading, uuid
from vms.hypervisor import libvirt_driver
from vms.hypervisor.migrating import Destination, How
source, destination, vm, disk = sys.argv[1:]
how = How(disks={"vda": disk}, limit=6 * 1024 * 1024)
libvirt_driver.connect(source).send(uuid.UUID(vm), Destination(destination), how)
print("sent", flush=True)
threading.Event().wait()
"""


@pytest.fixture
def journey(nodes: Nodes) -> Iterator[Journey]:
    found = Journey(real_place(nodes.alpha), real_place(nodes.beta), str(nodes.shared), nodes.alpha)
    yield found
    for node in nodes:
        node.thaw()
        node.start()
    forget_both(found)
    found.clear()
    forget_both(found)


def forget_both(journey: Journey) -> None:
    """As another process would begin."""
    for place in (journey.source, journey.destination):
        forget(place.uri)


@pytest.fixture
def vm(journey: Journey) -> UUID:
    """It runs on its node, with a disk that only this one has."""
    vm = journey.make("one", journey.image_here())
    journey.here.start(vm)
    return vm


@pytest.fixture
def half_way(journey: Journey, vm: UUID) -> UUID:
    journey.send(vm, disks={"vda": journey.image_there()}, limit=SLOWLY)
    journey.be_half_way(vm)
    return vm


def test_whoever_asked_may_be_killed(journey: Journey, vm: UUID) -> None:
    words = [sys.executable, "-c", ASKS_AND_WAITS, journey.source.uri, journey.destination.uri, str(vm)]
    root = Path(__file__).parents[2]
    with subprocess.Popen([*words, journey.image_there()], stdout=subprocess.PIPE, text=True, cwd=root) as asker:
        assert asker.stdout is not None
        assert asker.stdout.readline() == "sent\n"
        journey.be_half_way(vm)
        asker.kill()
        asker.wait()
    far = journey.far(vm)
    assert journey.here.outcome(vm) is None
    assert journey.next_step(vm) is Next.WAIT
    wait_for(lambda: journey.far(vm) > far, 20)
    wait_for(lambda: journey.next_step(vm, settled=False) is Next.ARRIVED, 90)
    assert journey.side(journey.destination, vm) is Side.RUNNING


def test_the_source_s_libvirtd_is_killed(journey: Journey, half_way: UUID, nodes: Nodes) -> None:
    nodes.alpha.kill_daemon()
    wait_for(lambda: journey.there.presence(half_way) is None, 20)
    with pytest.raises(NodeUnreachable):
        journey.here.presence(half_way)
    nodes.alpha.start()
    forget(journey.source.uri)
    outcome = journey.end(half_way)
    assert (outcome.state, outcome.problem) == (CallState.LOST, Problem.NODE_UNREACHABLE)
    wait_for(lambda: journey.next_step(half_way) is Next.STAYED, 20)
    assert journey.side(journey.source, half_way) is Side.RUNNING
    may_be_sent_again(journey, half_way)


def test_the_destination_s_libvirtd_is_killed(journey: Journey, half_way: UUID, nodes: Nodes) -> None:
    nodes.beta.kill_daemon()
    outcome = journey.end(half_way)
    assert outcome.state is CallState.FAILED
    assert journey.side(journey.source, half_way) is Side.RUNNING
    assert len(nodes.beta.guest_processes()) == 1, "half a machine waits there"
    nodes.beta.start()
    forget(journey.destination.uri)
    wait_for(lambda: journey.next_step(half_way) is Next.STAYED, 20)
    wait_for(lambda: not nodes.beta.guest_processes())
    may_be_sent_again(journey, half_way)


def test_both_libvirtds_are_killed(journey: Journey, half_way: UUID, nodes: Nodes) -> None:
    for node in nodes:
        node.kill_daemon()
    for node in nodes:
        node.start()
    forget_both(journey)
    wait_for(lambda: is_put_right(journey, half_way), 20)
    assert journey.side(journey.source, half_way) is Side.RUNNING
    may_be_sent_again(journey, half_way)


def is_put_right(journey: Journey, vm: UUID) -> bool:
    """libvirt may forget whom half a machine was meant for, and leave it."""
    step = journey.next_step(vm, knows_the_call=False)
    if step is Next.DROP_DESTINATION:
        journey.there.power_off(vm)
    return step is Next.STAYED


def may_be_sent_again(journey: Journey, vm: UUID) -> None:
    """Into another image, and it does not matter what is left of the first one."""
    journey.send(vm, disks={"vda": journey.image_there()})
    journey.arrive(vm, 60)
    assert journey.side(journey.destination, vm) is Side.RUNNING


def may_mount() -> bool:
    """CAP_SYS_ADMIN, which root in a container may not have."""
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    return bool(int(status["CapEff"], 16) >> 21 & 1)


@pytest.mark.skipif(not may_mount(), reason="only who may mount can make a storage that is full")
def test_a_destination_that_is_full_gets_nothing(journey: Journey, vm: UUID, nodes: Nodes) -> None:
    with small_storage(nodes) as folder:
        path = f"{folder}/small.qcow2"
        journey.there.make_image(path, SIZE)
        journey.send(vm, disks={"vda": path})
        outcome = journey.end(vm)
        assert (outcome.state, outcome.problem) == (CallState.FAILED, Problem.NO_SPACE)
        wait_for(lambda: journey.next_step(vm) is Next.STAYED)
        assert journey.side(journey.source, vm) is Side.RUNNING


@contextmanager
def small_storage(nodes: Nodes) -> Iterator[Path]:
    """A pool of the destination with 8 MiB."""
    folder = nodes.beta.account.make_directory(nodes.beta.images.parent / "small")
    mount = ["mount", "-t", "tmpfs", "-o", f"size=8m,uid={nodes.beta.account.uid},mode=700", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    try:
        with nodes.beta.connected() as connection:
            ensure_pool(connection, "small", folder)
        yield folder
    finally:
        with nodes.beta.connected() as connection:
            pool = connection.storagePoolLookupByName("small")
            pool.destroy()
            pool.undefine()
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_an_image_of_another_size_gets_nothing(journey: Journey, vm: UUID) -> None:
    path = f"{journey.destination.images}/other.qcow2"
    journey.there.make_image(path, SIZE // 2)
    journey.send(vm, disks={"vda": path})
    assert journey.end(vm).state is CallState.FAILED
    wait_for(lambda: journey.next_step(vm) is Next.STAYED)


def test_a_guest_goes_on_where_it_was(journey: Journey, guest: Guest) -> None:
    """Slowly first, then at once; it answers on the other node without having been started there."""
    disk = journey.image_on_both()
    vm = journey.here.define(guest_xml("guest", guest, disk=Path(disk)))
    for place in (journey.source, journey.destination):
        place.made.append(vm)
    journey.here.start(vm)
    wait_for(lambda: journey.here.agent_answers(vm, seconds=2), 120)
    journey.send(vm, limit=MIB, converges=True)
    found = journey.be_half_way(vm)
    assert found.stage is Stage.MEMORY
    assert found.disks_total == 0
    assert found.rounds == 1
    wait_for(lambda: 0 < speed(journey, vm) < 4 * MIB)
    journey.here.limit_migration(vm, limit=0)
    journey.arrive(vm, 60)
    wait_for(lambda: journey.there.agent_answers(vm, seconds=2), 30)
    up = journey.there.guest(vm, seconds=5)
    assert up is not None


def speed(journey: Journey, vm: UUID) -> int:
    found = journey.here.migration(vm)
    return 0 if found is None else found.bytes_per_second


def test_the_limit_of_disks_is_that_of_the_beginning(journey: Journey, half_way: UUID) -> None:
    journey.here.limit_migration(half_way, limit=0)
    before = journey.far(half_way)
    wait_for(lambda: journey.far(half_way) > before, 20)
    assert journey.here.migration(half_way) is not None
    journey.here.cancel_migration(half_way)


def test_snapshots_tie_a_machine_to_its_node(journey: Journey, vm: UUID, nodes: Nodes) -> None:
    journey.here.power_off(vm)
    with nodes.alpha.connected() as connection:
        connection.lookupByUUID(vm.bytes).snapshotCreateXML("<domainsnapshot><name>s</name></domainsnapshot>")
    assert journey.here.ties_of(vm) == {Tie.SNAPSHOTS}
    journey.send(vm, live=False)
    assert journey.end(vm).state is CallState.FAILED
    with nodes.alpha.connected() as connection:
        connection.lookupByUUID(vm.bytes).snapshotLookupByName("s").delete()


def test_saved_memory_ties_a_machine_to_its_node(journey: Journey, vm: UUID, nodes: Nodes) -> None:
    with nodes.alpha.connected() as connection:
        connection.lookupByUUID(vm.bytes).managedSave()
    assert journey.here.ties_of(vm) == {Tie.MEMORY_SAVED}


def test_a_guest_that_never_ran_ties_a_machine_with_disks_to_its_node(journey: Journey, nodes: Nodes) -> None:
    """Its process would die of the move."""
    vm, without_disk = journey.make("one", journey.image_on_both()), journey.make("two")
    for each in (vm, without_disk):
        journey.here.start_paused(each)
    assert journey.here.ties_of(vm) == {Tie.NEVER_RAN}
    assert journey.here.ties_of(without_disk) == frozenset()
    journey.here.resume(vm)
    with nodes.alpha.connected() as connection:
        domain = connection.lookupByUUID(vm.bytes)
        wait_for(lambda: int(domain.vcpus()[0][0][2]) > 0)
    journey.here.pause(vm)
    assert journey.here.ties_of(vm) == frozenset()
    journey.send(vm)
    journey.arrive(vm)
    assert journey.there.ties_of(vm) == {Tie.NEVER_RAN}


def test_post_copy_fails_at_the_beginning_or_not_at_all(journey: Journey, vm: UUID) -> None:
    """It depends on what the node's kernel lets QEMU do."""
    journey.send(vm, disks={"vda": journey.image_there()}, post_copy=True)
    succeeded = journey.end(vm).state is CallState.SUCCEEDED
    wait_for(lambda: journey.next_step(vm) is (Next.ARRIVED if succeeded else Next.STAYED))
    assert journey.side(journey.destination if succeeded else journey.source, vm) is Side.RUNNING


def test_post_copy_that_was_not_allowed_is_not_possible_later(journey: Journey, half_way: UUID) -> None:
    with pytest.raises(WrongState):
        journey.here.switch_to_post_copy(half_way)
