"""Putting the guests of a node to sleep, state and all, and waking exactly those again."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import libvirt

from demo.nodes import LocalNode
from demo.talking import say

AT_ONCE = 4


def put_to_sleep(node: LocalNode, asleep_note: Path) -> None:
    """Save every guest that runs or is paused, and write down which. What cannot be saved goes on running."""
    with node.connected() as connection, ThreadPoolExecutor(AT_ONCE) as workers:
        active = connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)
        asleep_note.write_text(json.dumps({guest.UUIDString(): _is_paused(guest) for guest in active}))
        list(workers.map(_save, active))


def wake(node: LocalNode, asleep_note: Path) -> None:
    """Start those that were put to sleep, each as it was: running or paused."""
    if not asleep_note.exists():
        return
    paused = json.loads(asleep_note.read_text())
    with node.connected() as connection, ThreadPoolExecutor(AT_ONCE) as workers:
        known = {guest.UUIDString(): guest for guest in connection.listAllDomains()}
        sleeping = [known[uuid] for uuid in paused if uuid in known and not known[uuid].isActive()]
        # A paused one that could not be saved stays off: started from its disk it would not be what it was.
        wanted = [each for each in sleeping if each.hasManagedSaveImage() or not paused[each.UUIDString()]]
        list(workers.map(_wake, wanted))
    asleep_note.unlink()


def _is_paused(guest: libvirt.virDomain) -> bool:
    return int(guest.state()[0]) == int(libvirt.VIR_DOMAIN_PAUSED)


def _save(guest: libvirt.virDomain) -> None:
    try:
        guest.managedSave()
    except libvirt.libvirtError as error:
        say(f"{guest.name()} cannot be put to sleep and is powered off: {error}")


def _wake(guest: libvirt.virDomain) -> None:
    try:
        guest.create()
    except libvirt.libvirtError as error:
        say(f"{guest.name()} does not wake up and starts afresh: {error}")
        _start_afresh(guest)


def _start_afresh(guest: libvirt.virDomain) -> None:
    try:
        if guest.hasManagedSaveImage():
            guest.managedSaveRemove()
        guest.create()
    except libvirt.libvirtError as error:
        say(f"{guest.name()} does not start: {error}")
