"""Where a machine can be made, as choices of a form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django import forms

from vms import labels
from vms.models import StoragePool
from vms.operations.planning import Candidate
from vms.web import formats


class InAPool(forms.Form):
    """A form with a field "pool", the key of one of the candidates' pools."""

    candidates: Sequence[Candidate]

    # Only when it is valid

    @property
    def chosen(self) -> Candidate:
        return next(each for each in self.candidates if self.chosen_pool in each.pools)

    @property
    def chosen_pool(self) -> StoragePool:
        pools = (pool for each in self.candidates for pool in each.pools)
        return next(pool for pool in pools if pool.pk == self.cleaned_data["pool"])


def roomiest(candidates: Sequence[Candidate]) -> StoragePool | None:
    """Of the best node's pools."""
    return max(candidates[0].pools, key=lambda pool: pool.free, default=None) if candidates else None


def node_with_free(candidate: Candidate) -> str:
    node = candidate.node
    return str(labels.NODE_WITH_FREE) % {"node": node.name, "free": formats.size(node.memory_free)}


def pools_with_free(candidate: Candidate) -> list[tuple[int, str]]:
    return [
        (pool.pk, str(labels.POOL_WITH_FREE) % {"pool": pool.name, "free": formats.size(pool.free)})
        for pool in candidate.pools
    ]


def networks_with_nodes(candidates: Iterable[Candidate]) -> list[tuple[str, str]]:
    nodes_of: dict[str, list[str]] = {}
    for each in candidates:
        for network in each.node.networks.all():
            nodes_of.setdefault(network.name, []).append(each.node.name)
    return [
        (name, str(labels.NETWORK_OF_NODES) % {"network": name, "nodes": ", ".join(sorted(nodes))})
        for name, nodes in sorted(nodes_of.items())
    ]
