"""Moments since which a machine's images note what changes."""

from collections.abc import Collection

import libvirt

from vms.hypervisor.backing_up import Checkpoint
from vms.hypervisor.errors import ChainBroken
from vms.hypervisor.libvirt_driver.backup_xml import checkpoint_in
from vms.hypervisor.libvirt_driver.domains import look_at
from vms.rules.power import HAS_PROCESS

_PLAIN = libvirt.VIR_DOMAIN_CHECKPOINT_XML_NO_DOMAIN
_MEASURED = _PLAIN | libvirt.VIR_DOMAIN_CHECKPOINT_XML_SIZE


def all_of(domain: libvirt.virDomain) -> list[Checkpoint]:
    found = domain.listAllCheckpoints(libvirt.VIR_DOMAIN_CHECKPOINT_LIST_TOPOLOGICAL)
    return [_read(domain, each) for each in found]


def require_whole(domain: libvirt.virDomain, name: str, targets: Collection[str]) -> None:
    found = _read(domain, domain.checkpointLookupByName(name))
    if lost := set(targets) - set(found.changed or ()):
        raise ChainBroken(f"{name} knows nothing of {', '.join(sorted(lost))}")


def forget(domain: libvirt.virDomain, name: str) -> None:
    """Of one whose notes were lost there is only the record."""
    try:
        checkpoint = domain.checkpointLookupByName(name)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN_CHECKPOINT:
            return
        raise
    is_whole = _read(domain, checkpoint).is_whole
    checkpoint.delete(0 if is_whole else libvirt.VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY)


def _read(domain: libvirt.virDomain, checkpoint: libvirt.virDomainCheckpoint) -> Checkpoint:
    is_measured = look_at(domain) in HAS_PROCESS
    return checkpoint_in(checkpoint.getXMLDesc(_MEASURED if is_measured else _PLAIN), is_measured=is_measured)
