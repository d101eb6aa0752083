"""On which nodes a machine can be made, and what stands against the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from vms.rules.duty import Duty
from vms.rules.pooling import EVERYWHERE, Places


class Obstacle(StrEnum):
    """Why a node is out."""

    UNREACHABLE = "unreachable"
    MAINTENANCE = "maintenance"
    NOT_IN_POOL = "not_in_pool"
    """The pool that the machine belongs to does not have it."""
    NO_STORAGE = "no_storage"
    """It has no storage pool whose folder is known."""
    NO_STORAGE_OF_POOL = "no_storage_of_pool"
    """It has no storage pool of the only folder that the machine's pool may use."""
    DISKS_ELSEWHERE = "disks_elsewhere"
    """It does not see the images that the machine is to be made from."""
    NOT_ENOUGH_MEMORY = "not_enough_memory"
    NO_SUCH_NETWORK = "no_such_network"


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What the panel last heard of a node. folders: of its storage pools, where disks may be put; shared_folders: all
    in which other nodes see the same files. Memory in bytes."""

    key: int
    reachable: bool
    duty: Duty
    memory_free: int
    folders: frozenset[str]
    shared_folders: frozenset[str]
    networks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Need:
    """What is to be made. home: the node of the machine it is made from, image_folders: where that one's images are;
    networks: all that it is plugged into; places: of the pool that it belongs to."""

    memory: int
    networks: frozenset[str] = frozenset()
    home: NodeFacts | None = None
    image_folders: frozenset[str] = frozenset()
    places: Places = EVERYWHERE


def obstacles(node: NodeFacts, need: Need) -> list[Obstacle]:
    """All that stand against this node; none if it is possible."""
    found = {
        Obstacle.UNREACHABLE: not node.reachable,
        Obstacle.MAINTENANCE: node.duty is not Duty.ACTIVE,
        Obstacle.NOT_IN_POOL: not need.places.have_node(node.key),
        Obstacle.NO_STORAGE: not node.folders,
        Obstacle.NO_STORAGE_OF_POOL: bool(node.folders) and not _folders_for(node, need),
        Obstacle.DISKS_ELSEWHERE: not _sees_the_images(node, need),
        Obstacle.NOT_ENOUGH_MEMORY: node.memory_free < need.memory,
        Obstacle.NO_SUCH_NETWORK: not need.networks <= node.networks,
    }
    return [obstacle for obstacle, stands in found.items() if stands]


def _folders_for(node: NodeFacts, need: Need) -> list[str]:
    return [folder for folder in node.folders if need.places.have_folder(folder)]


def _sees_the_images(node: NodeFacts, need: Need) -> bool:
    if need.home is None or node.key == need.home.key:
        return True
    return need.image_folders <= node.shared_folders & need.home.shared_folders


def ranked(nodes: Iterable[NodeFacts], need: Need) -> list[tuple[NodeFacts, list[Obstacle]]]:
    """The best first: those that are possible by free memory, then the others with what stands against them."""
    judged = [(node, obstacles(node, need)) for node in nodes]
    return sorted(judged, key=lambda each: (len(each[1]) > 0, -each[0].memory_free))
