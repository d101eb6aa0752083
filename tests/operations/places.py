"""What the watcher has heard of fake nodes, for those who look for a place for a machine."""

from __future__ import annotations

from tests.conftest import row_of
from vms.hypervisor import fake
from vms.hypervisor.fake import FakeNode
from vms.models import Node
from vms.operations.reaching import reach
from vms.watcher.news import NodeUse, StorageSeen
from vms.watcher.recording import record


def add_places(count: int) -> list[FakeNode]:
    """So many more nodes, of which the panel knows all that it wants to know."""
    made = [fake.add_node(f"fake://place{number}") for number in range(count)]
    for there in made:
        tell_of(row_of(there, there.uri.rpartition("/")[2]))
    return made


def tell_of(*nodes: Node) -> None:
    """Their storage, networks and free memory, as they are now."""
    for node in nodes:
        there = reach(node)
        pools, networks = tuple(there.storage_pools()), frozenset(there.networks())
        record(
            StorageSeen(node.pk, pools, networks, offers_kvm=there.offers_kvm()),
            NodeUse(node.pk, there.info().memory_free, None),
        )
        node.refresh_from_db()
