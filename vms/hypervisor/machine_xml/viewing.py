"""What of a machine can be looked at."""

from lxml.etree import _Element as Element

from vms.hypervisor.consoles import Screen
from vms.hypervisor.machine_xml.parsing import parse
from vms.rules.consoles import ScreenKind

_ONLY_HERE = ("", "127.0.0.1", "::1", "localhost")


def screen_in(xml: str) -> Screen:
    """Of a live definition; only that tells the ports. VNC goes before SPICE."""
    found = [_screen(graphics) for graphics in parse(xml).iterfind("devices/graphics")]
    return next(
        (screen for kind in (ScreenKind.VNC, ScreenKind.SPICE) for screen in found if screen.kind is kind),
        Screen(ScreenKind.NONE),
    )


def place_of_vnc(xml: str) -> int:
    """Which of the machine's screens speaks VNC, counted from 0. ValueError if none does."""
    kinds = [graphics.get("type", "") for graphics in parse(xml).iterfind("devices/graphics")]
    return kinds.index(ScreenKind.VNC)


def asks_for_a_password(xml: str) -> bool:
    """xml: with its secrets."""
    return parse(xml).find("devices/graphics[@type='vnc'][@passwd]") is not None


def has_serial_port(xml: str) -> bool:
    return parse(xml).find("devices/console[@type='pty']") is not None


def _screen(graphics: Element) -> Screen:
    kind = graphics.get("type", "")
    return Screen(
        kind=ScreenKind(kind) if kind in set(ScreenKind) else ScreenKind.NONE,
        address=_address(graphics),
        port=_port(graphics, "port"),
        tls_port=_port(graphics, "tlsPort"),
    )


def _address(graphics: Element) -> str:
    listen = graphics.find("listen[@type='address']")
    address = graphics.get("listen", "") if listen is None else listen.get("address", "")
    return "" if address in _ONLY_HERE else address


def _port(graphics: Element, name: str) -> int:
    """-1 stands for one that is chosen at the next start."""
    port = graphics.get(name, "")
    return int(port) if port.isascii() and port.isdigit() else 0
