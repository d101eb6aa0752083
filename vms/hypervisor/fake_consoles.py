"""Screens and serial ports of fake machines. A test holds the machine's end: FakeMachine.viewers and .serial."""

from __future__ import annotations

from socket import socket, socketpair
from uuid import UUID

from vms.hypervisor import possible
from vms.hypervisor.consoles import Screen
from vms.hypervisor.errors import NoScreen, NoSerialPort, ScreenNotForBrowsers, SerialTaken
from vms.hypervisor.fake_calls import FakeCalls
from vms.hypervisor.fake_node import FakeMachine
from vms.rules.consoles import ScreenKind


class FakeConsoles(FakeCalls):
    def screen(self, vm: UUID) -> Screen:
        with self._machine("screen", vm) as machine:
            return machine.screen

    def open_screen(self, vm: UUID) -> socket:
        with self._machine("open_screen", vm, possible.LOOK) as machine:
            _require_vnc(machine)
            ours, theirs = socketpair()
            machine.viewers.append(ours)
            return theirs

    def open_serial(self, vm: UUID, *, take_over: bool = False) -> socket:
        with self._machine("open_serial", vm, possible.LOOK) as machine:
            if not machine.has_serial_port:
                raise NoSerialPort(f"{machine.name} has no serial port")
            if machine.serial_is_taken() and not take_over:
                raise SerialTaken("Active console session exists for this domain")
            machine.close_serial()
            machine.serial, theirs = socketpair()
            return theirs


def _require_vnc(machine: FakeMachine) -> None:
    if machine.screen.kind is ScreenKind.NONE:
        raise NoScreen(f"{machine.name} has no screen")
    if machine.screen.kind is not ScreenKind.VNC:
        raise ScreenNotForBrowsers(f"the screen of {machine.name} speaks {machine.screen.kind}")
