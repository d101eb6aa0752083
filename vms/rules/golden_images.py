"""In which folder a pool's golden images can lie, so that all its nodes can make VMs on them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from vms.rules.placing import NodeFacts
from vms.rules.pooling import Places


class NoPlace(StrEnum):
    """Why a pool has none for a golden image."""

    NO_NODES = "no_nodes"
    NO_FOLDER = "no_folder"
    """Its node has no storage pool, or none with the folder that the pool's machines may use."""
    NOT_SHARED = "not_shared"
    """It has several nodes, and no folder that its machines may use is the same files on all of them."""
    NODES_OUT = "nodes_out"
    """Something stands against each of its nodes at the moment."""


def folders_for_images(nodes: Sequence[NodeFacts], places: Places) -> frozenset[str]:
    """nodes: all of the pool; places: where its machines may be."""
    if not nodes:
        return frozenset()
    seen = [node.folders if len(nodes) == 1 else node.folders & node.shared_folders for node in nodes]
    return frozenset(filter(places.have_folder, frozenset.intersection(*seen)))
