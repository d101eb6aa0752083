"""The guest agent's sign of life."""

from typing import cast

import libvirt
import libvirt_qemu

from vms.hypervisor.machine_xml.reading import agent_is_connected

_PING = '{"execute": "guest-ping"}'


def _codes(*names: str) -> frozenset[int]:
    """Only those this libvirt knows."""
    return frozenset(getattr(libvirt, name) for name in names if hasattr(libvirt, name))


NO_AGENT = _codes("VIR_ERR_NO_SUPPORT", "VIR_ERR_ARGUMENT_UNSUPPORTED", "VIR_ERR_OPERATION_INVALID")
NO_ANSWER = _codes("VIR_ERR_AGENT_UNRESPONSIVE", "VIR_ERR_AGENT_COMMAND_TIMEOUT", "VIR_ERR_AGENT_UNSYNCED")


def answers(domain: libvirt.virDomain, *, seconds: int) -> bool | None:
    """None if there is no channel, or no agent at its other end. Takes up to that many seconds."""
    try:
        libvirt_qemu.qemuAgentCommand(domain, _PING, seconds, 0)
    except libvirt.libvirtError as error:
        return what_it_means(error, domain)
    return True


def what_it_means(error: libvirt.libvirtError, domain: libvirt.virDomain) -> bool | None:
    """libvirt has one code for "nobody at the other end" and "somebody, but silent"."""
    code = cast("int", error.get_error_code())
    if code in NO_AGENT:
        return None
    if code in NO_ANSWER:
        return False if agent_is_connected(domain.XMLDesc()) else None
    raise error
