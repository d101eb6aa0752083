"""The contract's calls about screens and serial ports."""

from __future__ import annotations

from socket import create_connection, socket
from typing import Any
from urllib.parse import SplitResult, urlsplit

import libvirt

from vms.hypervisor.consoles import Screen
from vms.hypervisor.errors import NoScreen, NoSerialPort, ScreenNotForBrowsers, ScreenTooFar, SerialTaken
from vms.hypervisor.libvirt_driver.serial_line import serial_line
from vms.hypervisor.machine_xml.viewing import asks_for_a_password, has_serial_port, place_of_vnc, screen_in
from vms.rules.consoles import ScreenKind

_ON_THIS_MACHINE = ("qemu", "qemu+unix", "test")
_WITH_PASSWORD = libvirt.VIR_DOMAIN_XML_SECURE
CONNECT_SECONDS = 5.0
_FIRST: Any = None
"""The first serial port, however it is called. libvirt's Python module does not declare that it may be so."""


def screen_of(domain: libvirt.virDomain) -> Screen:
    return screen_in(domain.XMLDesc(0))


def open_screen(connection: libvirt.virConnect, domain: libvirt.virDomain) -> socket:
    xml = domain.XMLDesc(0)
    _require_vnc(screen_in(xml), domain)
    uri = urlsplit(connection.getURI())
    if uri.scheme not in _ON_THIS_MACHINE or uri.netloc:
        return _open_far_screen(uri, domain)
    descriptor = domain.openGraphicsFD(place_of_vnc(xml), libvirt.VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH)
    return socket(fileno=descriptor)


def open_serial(connection: libvirt.virConnect, domain: libvirt.virDomain, *, take_over: bool) -> socket:
    if not has_serial_port(domain.XMLDesc(0)):
        raise NoSerialPort(f"{domain.name()} has no serial port that a person can be connected to")
    stream = connection.newStream(libvirt.VIR_STREAM_NONBLOCK)
    try:
        domain.openConsole(_FIRST, stream, libvirt.VIR_DOMAIN_CONSOLE_FORCE if take_over else 0)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_OPERATION_FAILED:
            raise SerialTaken(str(error)) from error
        raise
    return serial_line(stream)


def _require_vnc(screen: Screen, domain: libvirt.virDomain) -> None:
    if screen.kind is ScreenKind.NONE:
        raise NoScreen(f"{domain.name()} has no screen")
    if screen.kind is not ScreenKind.VNC:
        raise ScreenNotForBrowsers(f"the screen of {domain.name()} speaks {screen.kind}")


def _open_far_screen(uri: SplitResult, domain: libvirt.virDomain) -> socket:
    """An open file can be handed from process to process, but not from machine to machine. What is left is the port,
    if the node lets the panel connect to it and asks for no password, which is for nobody to know."""
    xml = domain.XMLDesc(_WITH_PASSWORD)
    screen = screen_in(xml)
    if not (screen.address and screen.port) or asks_for_a_password(xml):
        raise ScreenTooFar("a node on another machine cannot hand its channel over, and offers no open port")
    try:
        return create_connection((screen.address_from_outside(uri.hostname or ""), screen.port), CONNECT_SECONDS)
    except OSError as error:
        raise ScreenTooFar(str(error)) from error
