"""What a place tells of its guests, their addresses and their disks, besides whether they run."""

from __future__ import annotations

from uuid import uuid4

import pytest

from demo.guest import Guest
from demo.machines import guest_xml
from demo.nodes import LocalNode
from demo.pools import ensure_disk
from tests.hypervisor.conftest import REAL
from tests.hypervisor.places import Place, wait_for
from tests.hypervisor.test_guest import frozen
from vms.hypervisor import fake
from vms.hypervisor.contract import GuestInfo, GuestInterface, ImageSize
from vms.hypervisor.errors import VmNotFound
from vms.hypervisor.libvirt_driver import guests, numbers
from vms.hypervisor.machine_xml import describe

MIB = 1024 * 1024


def test_a_machine_without_an_agent_tells_nothing_of_its_guest(place: Place) -> None:
    vm = place.make("one")
    assert place.connect().guest(vm, seconds=1) is None
    place.connect().start(vm)
    assert place.connect().guest(vm, seconds=1) is None


def test_a_machine_that_is_off_or_unplugged_has_no_leases(place: Place) -> None:
    vm = place.make("one")
    assert place.connect().leased_addresses(vm) == ()
    place.connect().start(vm)
    assert place.connect().leased_addresses(vm) == ()


@pytest.mark.parametrize("call", ["guest", "leased_addresses"])
def test_nothing_is_told_of_an_unknown_machine(call: str, place: Place) -> None:
    more = {"seconds": 1} if call == "guest" else {}
    with pytest.raises(VmNotFound):
        getattr(place.connect(), call)(uuid4(), **more)


def test_images_that_no_pool_knows_have_no_size(place: Place) -> None:
    assert dict(place.connect().image_sizes([f"{place.images}/gone.qcow2", "/no/pool/here.qcow2"])) == {}
    assert dict(place.connect().image_sizes([])) == {}


def test_a_machine_without_disks_measures_none(place: Place) -> None:
    vm = place.make("one")
    place.connect().start(vm)
    assert [dict(stats.disks) for stats in place.connect().stats() if stats.uuid == vm] == [{}]


@pytest.mark.parametrize("place", ["fake"], indirect=True)
def test_the_fake_tells_what_a_test_put_there(place: Place) -> None:
    node, vm = fake._nodes[place.uri], place.make("one")
    told = GuestInfo("Debian 12", "web1", (GuestInterface("52:54:00:00:00:01", ("10.0.0.7",)),))
    size = ImageSize(10, 4)
    node.machines[vm].guest, node.machines[vm].agent_answers = told, True
    node.machines[vm].disks["vda"] = size
    node.add_image("/images/a", capacity=10, allocation=4)
    place.connect().start(vm)
    assert place.connect().guest(vm, seconds=1) == told
    assert place.connect().image_sizes(["/images/a", "/images/b"]) == {"/images/a": size}
    assert [stats.disks for stats in place.connect().stats()] == [{"vda": size}]


@pytest.mark.parametrize("place", [REAL], indirect=True)
def test_a_real_guest_and_its_disk(place: Place, guest: Guest, live_node: LocalNode) -> None:
    hypervisor = place.connect()
    with live_node.connected() as connection:
        path = ensure_disk(connection, f"{uuid4()}.qcow2", size=64 * MIB)
    assert hypervisor.image_sizes([str(path)])[str(path)].capacity == 64 * MIB
    vm = hypervisor.define(guest_xml("guest", guest, disk=path, network=True))
    place.made.append(vm)
    hypervisor.start(vm)
    wait_for(lambda: hypervisor.agent_answers(vm, seconds=2), 60)
    wait_for(lambda: addresses_of(hypervisor.guest(vm, seconds=3)), 20)
    told = hypervisor.guest(vm, seconds=3)
    assert told is not None
    assert (told.hostname, told.os_name[:5]) == ("guest", "Linux")
    assert describe(hypervisor.xml_of(vm)).interfaces[0].mac in {interface.mac for interface in told.interfaces}
    sizes = next(stats.disks for stats in hypervisor.stats() if stats.uuid == vm)
    assert sizes["vda"].capacity == 64 * MIB
    assert 0 < sizes["vda"].allocation <= 64 * MIB
    hypervisor.pause(vm)
    assert hypervisor.guest(vm, seconds=1) is None
    hypervisor.resume(vm)
    with frozen(live_node):
        assert hypervisor.guest(vm, seconds=1) is None
        assert hypervisor.image_sizes([str(path)])


def addresses_of(told: GuestInfo | None) -> set[str]:
    return {address for interface in told.interfaces for address in interface.addresses} if told else set()


def test_only_addresses_by_which_others_reach_it_are_told() -> None:
    told = {
        "os.pretty-name": "Debian GNU/Linux 12 (bookworm)",
        "hostname": "web1",
        "if.count": 2,
        "if.0.hwaddr": "00:00:00:00:00:00",
        "if.0.addr.count": 1,
        "if.0.addr.0.addr": "127.0.0.1",
        "if.1.hwaddr": "52:54:00:AB:00:01",
        "if.1.addr.count": 3,
        "if.1.addr.0.addr": "10.0.3.27",
        "if.1.addr.1.addr": "fe80::1",
        "if.1.addr.2.addr": "2001:db8::7",
    }
    seen = guests._info_from(told)
    assert (seen.os_name, seen.hostname) == ("Debian GNU/Linux 12 (bookworm)", "web1")
    assert seen.interfaces[1] == GuestInterface("52:54:00:ab:00:01", ("10.0.3.27", "2001:db8::7"))
    assert seen.interfaces[0].addresses == ()


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({}, ""),
        ({"os.name": "Microsoft Windows", "os.version": "10"}, "Microsoft Windows 10"),
        ({"os.name": "FreeBSD"}, "FreeBSD"),
        ({"os.kernel-release": "6.1.0"}, "Linux 6.1.0"),
    ],
)
def test_a_guest_is_named_as_well_as_it_tells(told: dict[str, str], name: str) -> None:
    assert guests._info_from(told).os_name == name


def test_a_drive_without_a_medium_has_no_size() -> None:
    told = {"block.count": 3, "block.0.name": "vda", "block.0.capacity": 100, "block.0.allocation": 7}
    told |= {"block.1.name": "sda", "block.2.name": "vdb", "block.2.capacity": 50, "block.2.physical": 3}
    assert numbers._disk_sizes(told) == {"vda": ImageSize(100, 7), "vdb": ImageSize(50, 3)}
