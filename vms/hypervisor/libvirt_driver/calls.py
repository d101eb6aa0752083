"""How a node is called: what every call over a link goes through."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import libvirt

from vms.hypervisor.errors import WrongState
from vms.hypervisor.libvirt_driver.domains import look_at
from vms.hypervisor.libvirt_driver.link import Link
from vms.hypervisor.libvirt_driver.refusals import our_errors
from vms.rules.power import Power


class LibvirtCalls:
    def __init__(self, link: Link) -> None:
        self._link = link

    @contextmanager
    def _connection(self) -> Iterator[libvirt.virConnect]:
        with our_errors(self._link):
            yield self._link.connection

    @contextmanager
    def _domain(self, vm: UUID, possible_in: frozenset[Power] | None = None) -> Iterator[libvirt.virDomain]:
        """WrongState if its power is none of these. Looked at first: drivers disagree on what they call a mistake."""
        with self._connection() as connection:
            domain = connection.lookupByUUID(vm.bytes)
            if possible_in is not None and (power := look_at(domain)) not in possible_in:
                raise WrongState(f"{domain.name()} is {power}")
            yield domain
