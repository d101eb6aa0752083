"""All other devices of a copy: no port, socket, file or password of the origin, and none that two cannot share."""

from lxml.etree import _Element as Element

from vms.hypervisor.machine_xml.elements import drop, drop_all, drop_attributes

_FOR_ONE_MACHINE = (
    "devices/hostdev",
    "devices/lease",
    "devices/pstore",
    "devices/input[@type='evdev']",
    "devices/input[@type='passthrough']",
    "devices/smartcard[@mode='host']",
    "devices/smartcard[@type='tcp']",
    "devices/redirdev[@type='tcp']",
    "devices/tpm/backend[@type='passthrough']/..",
    "devices/tpm/backend[@type='external']/..",
    "devices/filesystem/source[@socket]/..",
)
_OF_THE_ORIGIN = ("devices/*/log", "devices/tpm/backend/source")
_LINES = ("serial", "parallel", "console", "channel")
_INSIDE = frozenset({"null", "vc", "stdio", "spicevmc", "spiceport", "dbus", "qemu-vdagent"})
_PASSWORDS = ("passwd", "passwdValidTo", "connected", "username", "password")
_PORTS = ("port", "tlsPort", "websocket")
_LOOPBACK = "127.0.0.1"


def replace_devices(root: Element) -> None:
    drop_all(root, *_FOR_ONE_MACHINE, *_OF_THE_ORIGIN)
    for tag in _LINES:
        for line in root.findall(f"devices/{tag}"):
            _free_line(line)
    for graphics in root.iterfind("devices/graphics"):
        _free_graphics(graphics)
    for cid in root.iterfind("devices/vsock/cid"):
        drop_attributes(cid, "address")
        cid.set("auto", "yes")


def _free_line(line: Element) -> None:
    """What leads to a place of the origin's, libvirt places anew. A channel to no virtio port it cannot place."""
    if line.get("type") in _INSIDE:
        return
    drop_all(line, "source", "protocol")
    drop_attributes(line, "tty")
    if line.tag != "channel":
        line.set("type", "pty")
    elif line.find("target[@type='virtio']") is None:
        drop(line)
    elif line.get("type") != "pty":
        line.set("type", "unix")


def _free_graphics(graphics: Element) -> None:
    if "passwd" in graphics.attrib or "password" in graphics.attrib:
        _listen_here_only(graphics)
    drop_attributes(graphics, *_PASSWORDS, "socket")
    fixed = [name for name in _PORTS if name in graphics.attrib]
    for name in fixed:
        graphics.set(name, "-1")
    if "port" in fixed or "tlsPort" in fixed:
        graphics.set("autoport", "yes")
    for listen in graphics.iterfind("listen"):
        drop_attributes(listen, "socket")


def _listen_here_only(graphics: Element) -> None:
    """Without its password the screen must not be open to everybody."""
    drop_all(graphics, "listen[@type='address']", "listen[@type='network']")
    if graphics.find("listen") is None:
        graphics.set("listen", _LOOPBACK)
