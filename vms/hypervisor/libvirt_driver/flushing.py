"""Having a machine's process write down its own notes on its images: which parts of them are filled.

During a pull of a held machine it keeps them in memory only. libvirt has no call for that, so QEMU is asked over the
monitor, with a command that changes nothing; libvirt notes in the machine's log that somebody did.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import libvirt
import libvirt_qemu

_NAMES = json.dumps({"execute": "query-named-block-nodes", "arguments": {"flat": True}})
_OF_LIBVIRT = re.compile(r"libvirt-\d+-format\Z")


def flush(domain: libvirt.virDomain) -> None:
    for name in _writable_images(domain):
        libvirt_qemu.qemuMonitorCommand(
            domain, f"qemu-io {name} flush", libvirt_qemu.VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP
        )


def _writable_images(domain: libvirt.virDomain) -> Iterator[str]:
    """By the names that libvirt gave them; only such a name goes into the command."""
    answer: dict[str, Any] = json.loads(libvirt_qemu.qemuMonitorCommand(domain, _NAMES, 0))
    for image in answer.get("return", ()):
        if _OF_LIBVIRT.match(image["node-name"]) and not image["ro"]:
            yield image["node-name"]
