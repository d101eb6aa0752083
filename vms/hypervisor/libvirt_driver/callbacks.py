"""What libvirt calls when something happens. It calls from its event thread: nothing is done here but to tell."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import libvirt

from vms.hypervisor.followers import Followers
from vms.hypervisor.libvirt_driver.domains import uuid_of
from vms.rules.events import Happening, MachineEvent

_EVENTS: Mapping[str, Happening] = {
    "VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2": Happening.JOB_CHANGED,
    "VIR_DOMAIN_EVENT_ID_JOB_COMPLETED": Happening.JOB_CHANGED,
    "VIR_DOMAIN_EVENT_ID_DEVICE_ADDED": Happening.DEVICES_CHANGED,
    "VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED": Happening.DEVICES_CHANGED,
    "VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED": Happening.DEVICES_CHANGED,
    "VIR_DOMAIN_EVENT_ID_DISK_CHANGE": Happening.DEVICES_CHANGED,
    "VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE": Happening.MEMORY_CHANGED,
    "VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE": Happening.AGENT_CHANGED,
    "VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON": Happening.IO_ERROR,
    "VIR_DOMAIN_EVENT_ID_WATCHDOG": Happening.WATCHDOG,
    "VIR_DOMAIN_EVENT_ID_REBOOT": Happening.REBOOTED,
    "VIR_DOMAIN_EVENT_ID_METADATA_CHANGE": Happening.DEFINITION_CHANGED,
}
"""By name: an older libvirt may not have them all. The lifecycle has a table of its own below."""

_LIFECYCLE: Mapping[tuple[int, int | None], Happening] = {
    (libvirt.VIR_DOMAIN_EVENT_DEFINED, None): Happening.DEFINITION_CHANGED,
    (libvirt.VIR_DOMAIN_EVENT_UNDEFINED, None): Happening.UNDEFINED,
    (libvirt.VIR_DOMAIN_EVENT_UNDEFINED, libvirt.VIR_DOMAIN_EVENT_UNDEFINED_RENAMED): Happening.DEFINITION_CHANGED,
}


def register(connection: libvirt.virConnect, followers: Followers) -> tuple[int, ...]:
    """The ids to deregister by. Raises libvirtError if not even the lifecycle can be heard."""
    lifecycle = connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, _on_lifecycle, followers)
    others = (_register_if_known(connection, name, happening, followers) for name, happening in _EVENTS.items())
    return (lifecycle, *(callback for callback in others if callback is not None))


def deregister(connection: libvirt.virConnect, callback_ids: tuple[int, ...]) -> None:
    """On a dead connection too, where libvirt forgets the callback but says that it could not."""
    for callback_id in callback_ids:
        with suppress(libvirt.libvirtError):
            connection.domainEventDeregisterAny(callback_id)
        getattr(connection, "domainEventCallbackID", {}).pop(callback_id, None)


def on_close(_connection: libvirt.virConnect, _reason: int, followers: Followers) -> None:
    followers.end()


def _register_if_known(
    connection: libvirt.virConnect, name: str, happening: Happening, followers: Followers
) -> int | None:
    event_id = getattr(libvirt, name, None)
    if event_id is None:
        return None
    try:
        return int(connection.domainEventRegisterAny(None, event_id, _teller_of(happening), followers))
    except libvirt.libvirtError:  # this node's libvirt is older than ours
        return None


def _teller_of(happening: Happening) -> Callable[..., None]:
    return partial(_on_event, happening)


def _on_event(happening: Happening, _connection: libvirt.virConnect, domain: libvirt.virDomain, *details: Any) -> None:
    """Each event brings details of its own, and last what it was registered with: the followers."""
    followers: Followers = details[-1]
    followers.tell(MachineEvent(uuid_of(domain), happening))


def _on_lifecycle(
    connection: libvirt.virConnect, domain: libvirt.virDomain, event: int, detail: int, followers: Followers
) -> None:
    plain = _LIFECYCLE.get((event, None), Happening.POWER_CHANGED)
    _on_event(_LIFECYCLE.get((event, detail), plain), connection, domain, followers)
