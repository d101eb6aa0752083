"""What libvirt's own types leave open: its Python module declares most answers as text, whatever they are."""

from typing import cast
from uuid import UUID

import libvirt

from vms.hypervisor.contract import Machine
from vms.hypervisor.libvirt_driver.vocabulary import power_of, reason_of
from vms.rules.power import Power, PowerReason

_NOT_TOLD_HERE = frozenset(
    {libvirt.VIR_ERR_OPERATION_INVALID, libvirt.VIR_ERR_OPERATION_UNSUPPORTED, libvirt.VIR_ERR_NO_DOMAIN}
)
"""The job is known at its source only, and this is the destination; or the machine has left meanwhile."""


def uuid_of(domain: libvirt.virDomain) -> UUID:
    """Known without asking the node, like the name."""
    return UUID(domain.UUIDString())


def state_of(domain: libvirt.virDomain) -> tuple[int, int]:
    """State and reason, in libvirt's numbers."""
    return cast("tuple[int, int]", domain.state())


def look_at(domain: libvirt.virDomain) -> Power:
    return power_of(state_of(domain)[0])


def machine_of(domain: libvirt.virDomain, state: int, reason: int) -> Machine:
    why = reason_of(state, reason)
    if why is PowerReason.MIGRATING and not _is_on_its_way(domain):
        why = PowerReason.BY_REQUEST
    return Machine(uuid_of(domain), domain.name(), power_of(state), why)


def _is_on_its_way(domain: libvirt.virDomain) -> bool:
    """libvirt also says so of a machine that was restored from a file and left paused, for as long as it is."""
    try:
        kind = cast("list[int]", domain.jobInfo())[0]
    except libvirt.libvirtError as error:
        if error.get_error_code() in _NOT_TOLD_HERE:
            return True
        raise
    return kind != libvirt.VIR_DOMAIN_JOB_NONE
