"""What belongs to a pool: where its machines may be, and how much of everything they may have together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from posixpath import normpath

from vms.rules.kinds import Kind
from vms.rules.pools import PoolKind

POOL_FOR: Mapping[Kind, PoolKind] = {
    Kind.VM: PoolKind.PERSISTENT,
    Kind.DYNAMIC: PoolKind.DYNAMIC,
    Kind.TEMPLATE: PoolKind.TEMPLATE,
    Kind.GOLDEN_IMAGE: PoolKind.DYNAMIC,
}
"""To which pools a machine may belong."""


class Limit(StrEnum):
    """What of a pool can be used up. The values name the fields of PoolUse."""

    VMS = "vms"
    MEMORY = "memory"
    VCPUS = "vcpus"


@dataclass(frozen=True, slots=True)
class PoolUse:
    """What machines have together, or may have. Memory in bytes."""

    vms: int = 0
    memory: int = 0
    vcpus: int = 0

    def __add__(self, other: PoolUse) -> PoolUse:
        return PoolUse(self.vms + other.vms, self.memory + other.memory, self.vcpus + other.vcpus)

    def beyond(self, other: PoolUse) -> PoolUse:
        """So much more than the other, nowhere less than nothing."""
        return PoolUse(
            max(0, self.vms - other.vms), max(0, self.memory - other.memory), max(0, self.vcpus - other.vcpus)
        )

    def of(self, limit: Limit) -> int:
        return {Limit.VMS: self.vms, Limit.MEMORY: self.memory, Limit.VCPUS: self.vcpus}[limit]


def limit_reached(most: PoolUse, used: PoolUse, wanted: PoolUse) -> Limit | None:
    """The first limit that would be passed. most: 0 for no limit. Where nothing more is wanted nothing is passed, also
    if a limit was set below what there was."""
    for limit in Limit:
        if wanted.of(limit) > 0 and 0 < most.of(limit) < used.of(limit) + wanted.of(limit):
            return limit
    return None


class Part(StrEnum):
    """Of what a machine has, and a pool may limit."""

    NODE = "node"
    FOLDER = "folder"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Places:
    """Where machines may be: keys of nodes, a folder of storage pools, names of networks. Empty for everywhere."""

    nodes: frozenset[int] = frozenset()
    folder: str = ""
    networks: frozenset[str] = frozenset()

    def have_node(self, key: int) -> bool:
        return not self.nodes or key in self.nodes

    def have_folder(self, folder: str) -> bool:
        return not self.folder or normpath(folder) == normpath(self.folder)

    def have_network(self, name: str) -> bool:
        return not self.networks or name in self.networks


EVERYWHERE = Places()


def folders_outside(places: Places, folders: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({folder for folder in folders if not places.have_folder(folder)}))


def networks_outside(places: Places, networks: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({network for network in networks if not places.have_network(network)}))
