"""What else people edit: texts, screens, the agent's channel, the watchdog."""

from lxml import etree
from lxml.etree import _Element as Element

from vms.hypervisor.machine_xml.elements import child_of, drop, drop_all, write_text
from vms.hypervisor.machine_xml.reading import AGENT_CHANNEL
from vms.rules.differences import Change

_NEED_SPICE = (
    "devices/channel[@type='spicevmc']",
    "devices/channel[@type='spiceport']",
    "devices/redirdev[@type='spicevmc']",
    "devices/smartcard[@type='spicevmc']",
)
_WATCHDOGS = {"s390x": "diag288", "s390": "diag288"}
_LOOPBACK = "127.0.0.1"


def set_title(root: Element, change: Change) -> None:
    _set_text(root, "title", str(change.after))


def set_description(root: Element, change: Change) -> None:
    _set_text(root, "description", str(change.after))


def set_graphics(root: Element, change: Change) -> None:
    """A new screen is open to the node alone and has no password; what needs SPICE goes with it."""
    kinds = change.after if isinstance(change.after, tuple) else ()
    old = change.before if isinstance(change.before, tuple) else ()
    for kind in [kind for kind in old if kind not in kinds]:
        drop_all(root, f"devices/graphics[@type='{kind}']")
    for kind in [str(kind) for kind in kinds if kind not in old]:
        child_of(root, "devices").append(_screen(kind))
    if "spice" in old and "spice" not in kinds:
        _live_without_spice(root)


def set_agent_channel(root: Element, change: Change) -> None:
    drop_all(root, f"devices/channel/target[@name='{AGENT_CHANNEL}']/..")
    if change.after:
        channel = etree.SubElement(child_of(root, "devices"), "channel", type="unix")
        etree.SubElement(channel, "target", type="virtio", name=AGENT_CHANNEL)


def set_watchdog(root: Element, change: Change) -> None:
    """Of several, the first one; none are left without an action."""
    watchdog = root.find("devices/watchdog")
    if not change.after:
        drop_all(root, "devices/watchdog")
    elif watchdog is None:
        arch = child_of(child_of(root, "os"), "type").get("arch", "")
        watchdog = etree.SubElement(child_of(root, "devices"), "watchdog", model=_WATCHDOGS.get(arch, "i6300esb"))
    if watchdog is not None:
        watchdog.set("action", str(change.after))


def _set_text(root: Element, tag: str, text: str) -> None:
    found = root.find(tag)
    if found is None and text:
        found = etree.Element(tag)
        root.insert(root.index(child_of(root, "name")) + 1, found)
    if found is not None and text:
        write_text(found, text)
    elif found is not None:
        drop(found)


def _screen(kind: str) -> Element:
    return etree.Element("graphics", type=kind, autoport="yes", listen=_LOOPBACK)


def _live_without_spice(root: Element) -> None:
    drop_all(root, *_NEED_SPICE)
    for line in [*root.iterfind("devices/serial"), *root.iterfind("devices/console")]:
        if line.get("type") == "spiceport":
            drop_all(line, "source")
            line.set("type", "pty")
    for audio in root.iterfind("devices/audio[@type='spice']"):
        audio.set("type", "none")
