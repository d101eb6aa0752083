"""What is not said to everybody: the names of nodes and what lies on them, and the machines of others."""

from __future__ import annotations

from collections.abc import Mapping

from vms.models import Node
from vms.models.viewer import Viewer
from vms.operations.permission import sees_every_vm, sees_nodes

NOT_SAID = "…"
"""Stands in a sentence for a name that the reader is not told."""

OF_NODES = ("node", "home", "to", "path", "there", "kept")
OF_MACHINES = ("users", "template")
"""Which values of sentences are such names."""


def node_name(node: Node, viewer: Viewer) -> str:
    return node.name if sees_nodes(viewer) else NOT_SAID


def sayable(values: Mapping[str, str], viewer: Viewer) -> dict[str, str]:
    """What stands in a sentence, as this reader may read it."""
    hidden = (*(() if sees_nodes(viewer) else OF_NODES), *(() if sees_every_vm(viewer) else OF_MACHINES))
    return {name: NOT_SAID if value and name in hidden else value for name, value in values.items()}
