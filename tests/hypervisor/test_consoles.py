"""Screens and serial ports: one promise, kept by the fake and by a real node."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from socket import create_server, socket
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.hypervisor.conftest import REAL
from tests.hypervisor.places import Place, wait_for
from vms.hypervisor import fake
from vms.hypervisor.consoles import Screen
from vms.hypervisor.errors import (
    NoScreen,
    NoSerialPort,
    ScreenNotForBrowsers,
    ScreenTooFar,
    SerialTaken,
    VmNotFound,
    WrongState,
)
from vms.hypervisor.libvirt_driver import consoles
from vms.hypervisor.machine_xml.viewing import asks_for_a_password, has_serial_port, place_of_vnc, screen_in
from vms.rules.consoles import ScreenKind

BOTH = pytest.mark.parametrize("place", ["fake", REAL], indirect=True)
VNC = "<graphics type='vnc'><listen type='none'/></graphics>"
VNC_WITH_PASSWORD = "<graphics type='vnc' passwd='secret'><listen type='none'/></graphics>"
SERIAL = "<serial type='pty'/><console type='pty'/>"


def make_running(place: Place, *, devices: str = VNC + SERIAL) -> UUID:
    vm = place.make("seen", devices=devices)
    place.connect().start(vm)
    return vm


@contextmanager
def opened(channel: socket) -> Iterator[socket]:
    channel.settimeout(20)
    with channel:
        yield channel


def machine_says(place: Place, vm: UUID, text: bytes) -> None:
    """A fake one is told to; the firmware of a real one speaks by itself."""
    if place.driver is fake:
        fake._nodes[place.uri].machines[vm].viewers[-1].sendall(text)


@BOTH
def test_a_screen_speaks_vnc_from_its_first_byte(place: Place) -> None:
    vm = make_running(place)
    with opened(place.connect().open_screen(vm)) as screen:
        machine_says(place, vm, b"RFB 003.008\n")
        assert screen.recv(12) == b"RFB 003.008\n"


@pytest.mark.parametrize("place", [REAL], indirect=True)
def test_a_screen_with_a_password_asks_the_panel_for_none(place: Place) -> None:
    vm = make_running(place, devices=VNC_WITH_PASSWORD)
    with opened(place.connect().open_screen(vm)) as screen:
        screen.sendall(screen.recv(12))
        offered = screen.recv(2)
        assert offered == b"\x01\x01"  # one way, and that is: none


@BOTH
def test_many_may_look_at_one_screen(place: Place) -> None:
    vm = make_running(place)
    viewers = [place.connect().open_screen(vm) for _ in range(5)]
    for viewer in viewers:
        viewer.close()
    assert len({id(viewer) for viewer in viewers}) == 5


@BOTH
def test_what_a_machine_has_is_told_while_it_is_off_too(place: Place) -> None:
    vm = place.make("dark", devices=VNC + SERIAL)
    assert place.connect().screen(vm).kind is ScreenKind.VNC


@BOTH
def test_a_machine_that_is_off_shows_nothing(place: Place) -> None:
    vm = place.make("dark", devices=VNC + SERIAL)
    with pytest.raises(WrongState):
        place.connect().open_screen(vm)
    with pytest.raises(WrongState):
        place.connect().open_serial(vm)


@BOTH
def test_nobody_looks_at_a_machine_that_is_not_there(place: Place) -> None:
    for call in ("screen", "open_screen", "open_serial"):
        with pytest.raises(VmNotFound):
            getattr(place.connect(), call)(uuid4())


@BOTH
def test_a_machine_may_have_neither(place: Place) -> None:
    vm = make_running(place, devices="")
    if place.driver is fake:
        machine = fake._nodes[place.uri].machines[vm]
        machine.screen, machine.has_serial_port = Screen(ScreenKind.NONE), False
    assert place.connect().screen(vm) == Screen(ScreenKind.NONE)
    with pytest.raises(NoScreen):
        place.connect().open_screen(vm)
    with pytest.raises(NoSerialPort):
        place.connect().open_serial(vm)


def test_a_screen_that_a_browser_does_not_understand_is_named_so() -> None:
    node = fake.add_node("fake://spice")
    machine = node.add("spicy")
    machine.screen = Screen(ScreenKind.SPICE, "192.0.2.1", 5900)
    hypervisor = fake.connect(node.uri)
    hypervisor.start(machine.uuid)
    with pytest.raises(ScreenNotForBrowsers):
        hypervisor.open_screen(machine.uuid)


@BOTH
def test_a_serial_port_has_room_for_one(place: Place) -> None:
    vm = make_running(place)
    with opened(place.connect().open_serial(vm)), pytest.raises(SerialTaken):
        place.connect().open_serial(vm)


@BOTH
def test_whoever_takes_a_serial_port_over_ends_the_other_one(place: Place) -> None:
    vm = make_running(place)
    with opened(place.connect().open_serial(vm)) as first, opened(place.connect().open_serial(vm, take_over=True)):
        assert drained(first)


@BOTH
def test_a_serial_port_that_was_left_is_free_again(place: Place) -> None:
    vm = make_running(place)
    place.connect().open_serial(vm).close()
    wait_for(lambda: can_open(place, vm), seconds=10)


@BOTH
def test_both_end_with_the_machine(place: Place) -> None:
    vm = make_running(place)
    with opened(place.connect().open_serial(vm)) as serial, opened(place.connect().open_screen(vm)) as screen:
        place.connect().power_off(vm)
        assert drained(screen)
        assert drained(serial)


def can_open(place: Place, vm: UUID) -> bool:
    try:
        place.connect().open_serial(vm).close()
    except SerialTaken:
        return False
    return True


def drained(channel: socket) -> bool:
    """Read to its end."""
    while channel.recv(65536):
        pass
    return True


LISTENS = "<graphics type='vnc' port='5903' passwd='x'><listen type='address' address='192.0.2.7'/></graphics>"
SPICE = "<graphics type='spice' port='5900' tlsPort='5901' listen='0.0.0.0'/>"


def definition(devices: str) -> str:
    return f"<domain><name>a</name><devices>{devices}</devices></domain>"


def test_vnc_goes_before_spice_wherever_it_stands() -> None:
    xml = definition(SPICE + LISTENS)
    assert screen_in(xml) == Screen(ScreenKind.VNC, "192.0.2.7", 5903)
    assert place_of_vnc(xml) == 1
    assert screen_in(definition(SPICE)) == Screen(ScreenKind.SPICE, "0.0.0.0", 5900, 5901)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "localhost", ""])
def test_a_port_on_the_node_itself_is_no_offer(address: str) -> None:
    xml = definition(f"<graphics type='vnc' port='-1' listen='{address}'/>")
    assert screen_in(xml) == Screen(ScreenKind.VNC)


def test_the_rest_of_a_definition_is_read_as_it_is_meant() -> None:
    assert screen_in(definition("<graphics type='egl-headless'/>")) == Screen(ScreenKind.NONE)
    assert asks_for_a_password(definition(LISTENS))
    assert not asks_for_a_password(definition(VNC))
    assert has_serial_port(definition(SERIAL))
    assert not has_serial_port(definition("<console type='file'/>"))


class FarMachine:
    """A machine on another node, as far as its screen is concerned."""

    def __init__(self, graphics: str) -> None:
        self._xml = definition(graphics)

    def XMLDesc(self, _flags: int = 0) -> str:  # noqa: N802 -- libvirt's name
        return self._xml


def far(graphics: str, uri: str = "qemu+ssh://127.0.0.1/system") -> socket:
    node: Any = FarNode(uri)
    machine: Any = FarMachine(graphics)
    return consoles.open_screen(node, machine)


class FarNode:
    def __init__(self, uri: str) -> None:
        self._uri = uri

    def getURI(self) -> str:  # noqa: N802 -- libvirt's name
        return self._uri


def test_the_screen_of_a_far_node_is_reached_by_its_open_port() -> None:
    with create_server(("127.0.0.1", 0)) as there:
        port = there.getsockname()[1]
        with far(f"<graphics type='vnc' port='{port}' listen='0.0.0.0'/>") as screen:
            accepted, _ = there.accept()
            accepted.sendall(b"RFB")
            assert screen.recv(3) == b"RFB"
            accepted.close()


@pytest.mark.parametrize(
    "graphics",
    [
        "<graphics type='vnc' port='5900' listen='127.0.0.1'/>",
        "<graphics type='vnc'><listen type='none'/></graphics>",
        "<graphics type='vnc' port='5900' listen='0.0.0.0' passwd='secret'/>",
        "<graphics type='vnc' port='1' listen='0.0.0.0'/>",
    ],
)
def test_a_far_screen_without_an_open_port_is_too_far(graphics: str) -> None:
    with pytest.raises(ScreenTooFar):
        far(graphics)
