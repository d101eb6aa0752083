"""What happens on a node, as a queue."""

from vms.hypervisor.followers import Events
from vms.hypervisor.libvirt_driver.connections import link_to
from vms.hypervisor.libvirt_driver.refusals import our_errors


def follow(uri: str) -> Events:
    """From the moment of return nothing is missed, until ConnectionLost. To stop, let go of the queue."""
    link = link_to(uri)
    with our_errors(link):
        return link.follow()
