"""A guest's file systems at rest, by its agent: nothing half written is in the disks while they are."""

from collections.abc import Callable

import libvirt

from vms.hypervisor.libvirt_driver import agent
from vms.hypervisor.libvirt_driver.domains import look_at
from vms.rules.power import Power

AGENT_SECONDS = 10


def freeze(domain: libvirt.virDomain) -> bool | None:
    """None if there is nobody to ask. One that did not answer in time may freeze later: thaw in any case."""
    if look_at(domain) is not Power.RUNNING:
        return None
    try:
        _ask(domain, domain.fsFreeze)
    except libvirt.libvirtError as error:
        try:
            return agent.what_it_means(error, domain)
        except libvirt.libvirtError:  # it answered, and did not want to
            return False
    return True


def thaw(domain: libvirt.virDomain) -> bool:
    """Of file systems that are not frozen this is true too."""
    try:
        _ask(domain, domain.fsThaw)
    except libvirt.libvirtError as error:
        return error.get_error_code() in agent.NO_AGENT
    return True


def _ask(domain: libvirt.virDomain, call: Callable[[], object]) -> None:
    domain.agentSetResponseTimeout(AGENT_SECONDS)
    call()
