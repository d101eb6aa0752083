"""Nodes on which a machine cannot be made, and all reasons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vms import labels
from vms.models import Vm
from vms.operations.planning import Candidate
from vms.web import formats


@dataclass(frozen=True, slots=True)
class NodeOut:
    name: str
    reasons: list[str]


def nodes_out(candidates: Iterable[Candidate], needed: int, origin: Vm | None = None) -> list[NodeOut]:
    """Those that could be chosen otherwise, not all that the machine's pool does not have. needed: bytes of memory;
    origin: the machine it is made from, if any."""
    found = [each for each in candidates if each.obstacles and each.is_of_the_pool]
    return [NodeOut(each.node.name, why_out(each, needed, origin)) for each in found]


def why_out(candidate: Candidate, needed: int, origin: Vm | None = None) -> list[str]:
    words = {
        "node": candidate.node.name,
        "free": formats.size(candidate.node.memory_free),
        "needed": formats.size(needed),
        "networks": ", ".join(candidate.missing_networks),
        "vm": origin.display_name if origin else "",
        "home": origin.node.name if origin else "",
        "vm_pool": candidate.vm_pool.name if candidate.vm_pool else "",
        "folder": candidate.vm_pool.folder if candidate.vm_pool else "",
    }
    return [str(labels.OBSTACLE[obstacle]) % words for obstacle in candidate.obstacles]
