"""The part of the contract about what people look at and type into."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from socket import socket
from typing import Protocol
from uuid import UUID

from vms.rules.consoles import ScreenKind


@dataclass(frozen=True, slots=True)
class Screen:
    """What a machine has, as it is now. address: where the node itself lets viewers connect, "" if it does so nowhere
    or only on the node; port, tls_port: 0 if there is none."""

    kind: ScreenKind
    address: str = ""
    port: int = 0
    tls_port: int = 0

    def address_from_outside(self, node: str) -> str:
        """node: by which name others find it. Whoever listens on every address is found there."""
        try:
            return node if ip_address(self.address).is_unspecified else self.address
        except ValueError:
            return self.address


class Consoles(Protocol):
    """Each socket belongs to the caller, who closes it. It ends when the machine's process does."""

    def screen(self, vm: UUID) -> Screen:
        """NONE for a machine that has no screen, on or off."""
        ...

    def open_screen(self, vm: UUID) -> socket:
        """One more viewer of a VNC screen: bytes of its protocol, by the node's own channel, without its port and
        without its password; of a node on another machine by its port. WrongState if the machine is off, NoScreen if
        it has none, ScreenNotForBrowsers if it speaks another language, ScreenTooFar if there is no way to it."""
        ...

    def open_serial(self, vm: UUID, *, take_over: bool = False) -> socket:
        """The machine's first serial port. It has room for one: SerialTaken, or whoever has it loses it. WrongState if
        the machine is off, NoSerialPort if it has none."""
        ...
