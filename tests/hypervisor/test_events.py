"""Whatever somebody does to a machine, its followers hear of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from time import monotonic
from uuid import UUID

import libvirt
import pytest

from demo.nodes import LocalNode
from tests.hypervisor.conftest import REAL
from tests.hypervisor.places import Place
from vms.hypervisor.followers import Followers
from vms.hypervisor.libvirt_driver import callbacks
from vms.rules.events import ConnectionLost, Happening, MachineEvent, NodeEvent

Events = SimpleQueue[NodeEvent]


@pytest.fixture
def events(place: Place) -> Iterator[Events]:
    yield place.driver.follow(place.uri)


def hears(events: Events, vm: UUID, happening: Happening) -> bool:
    """Within five seconds, whatever else happens meanwhile."""
    end = monotonic() + 5
    while (left := end - monotonic()) > 0:
        try:
            if events.get(timeout=left) == MachineEvent(vm, happening):
                return True
        except Empty:
            break
    return False


def test_a_definition(place: Place, events: Events) -> None:
    assert hears(events, place.make("one"), Happening.DEFINITION_CHANGED)


@pytest.mark.parametrize(
    ("before", "call"),
    [((), "start"), (("start",), "pause"), (("start", "pause"), "resume"), (("start",), "power_off")],
)
def test_a_change_of_power(place: Place, before: tuple[str, ...], call: str) -> None:
    vm = place.make("one")
    for earlier in before:
        getattr(place.connect(), earlier)(vm)
    events = place.driver.follow(place.uri)
    getattr(place.connect(), call)(vm)
    assert hears(events, vm, Happening.POWER_CHANGED)


def test_an_undefined_machine(place: Place, events: Events) -> None:
    vm = place.make("one")
    place.connect().undefine(vm)
    assert hears(events, vm, Happening.UNDEFINED)


@pytest.mark.parametrize("place", ["fake", REAL], indirect=True)
def test_a_reset(place: Place, events: Events) -> None:
    vm = place.make("one")
    place.connect().start(vm)
    place.connect().reset(vm)
    assert hears(events, vm, Happening.REBOOTED)


def test_two_followers_hear_the_same(place: Place, events: Events) -> None:
    other = place.driver.follow(place.uri)
    vm = place.make("one")
    assert hears(events, vm, Happening.DEFINITION_CHANGED)
    assert hears(other, vm, Happening.DEFINITION_CHANGED)


def test_the_last_word_is_that_the_connection_ended(place: Place, events: Events) -> None:
    place.connect().close()
    assert events.get(timeout=1) == ConnectionLost()
    place.connect()
    assert events.empty()


@pytest.mark.parametrize("place", [REAL], indirect=True)
def test_what_somebody_does_with_another_tool(place: Place, events: Events, live_node: LocalNode) -> None:
    with live_node.connected() as somebody:
        domain = somebody.defineXML(place.xml("other"))
        place.made.append(vm := UUID(domain.UUIDString()))
        assert hears(events, vm, Happening.DEFINITION_CHANGED)
        domain.create()
        assert hears(events, vm, Happening.POWER_CHANGED)


DEVICE = "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"


@pytest.mark.parametrize("place", [REAL], indirect=True)
@pytest.mark.parametrize(
    ("deed", "happening"),
    [
        (
            lambda domain: domain.setMetadata(
                libvirt.VIR_DOMAIN_METADATA_ELEMENT, "<note>hello</note>", "note", "urn:note", 0
            ),
            Happening.DEFINITION_CHANGED,
        ),
        (lambda domain: domain.attachDevice(DEVICE), Happening.DEVICES_CHANGED),
    ],
)
def test_what_changes_in_a_running_machine(
    place: Place, live_node: LocalNode, deed: Callable[[libvirt.virDomain], object], happening: Happening
) -> None:
    vm = place.make("one", extra="<features><acpi/></features>")
    place.connect().start(vm)
    events = place.driver.follow(place.uri)
    with live_node.connected() as somebody:
        deed(somebody.lookupByUUIDString(str(vm)))
    assert hears(events, vm, happening)


def test_every_event_that_libvirt_knows_by_our_names_is_known_to_this_libvirt() -> None:
    assert all(hasattr(libvirt, name) for name in callbacks._EVENTS)


def test_who_comes_after_the_end_is_told_so_at_once() -> None:
    followers = Followers()
    followers.end()
    followers.end()
    late = followers.add()
    assert late.get_nowait() == ConnectionLost()
    assert late.empty()
