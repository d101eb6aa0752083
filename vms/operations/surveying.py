"""Asks the nodes themselves where a machine could move: what its own says of it, and what each other one lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from posixpath import normpath

from vms.hypervisor.contract import Hypervisor, ImageSize
from vms.hypervisor.errors import DiskMissing, HypervisorError
from vms.hypervisor.machine_xml import needs_of
from vms.models import Node, Vm
from vms.models.facts import facts_of_node, pools_with_folders
from vms.models.pooling import places_for
from vms.operations.reaching import a_turn_at, reach
from vms.rules.preflight import Candidate, Judgement, Lack, Mover, MovingDisk, judge, ranked

SECONDS_FOR_ALL = 1.5
"""Somebody waits for the answer: a node that has not given its own by then counts as not asked."""

SECONDS_FOR_ONE = 10.0
"""As long as opening a connection may take."""

ASKED_AT_ONCE = 16
_SOMETHING = "?"
"""Below a disk of which nobody can say that it stands alone: it is taken along."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a machine's own node says of it. definition: what it is now, with its secrets."""

    definition: str = field(repr=False)
    cpu: str
    mover: Mover


def judge_everywhere(vm: Vm) -> list[Judgement]:
    """Of all nodes, the best first. HypervisorError if its own node does not tell what the machine is."""
    with a_turn_at(vm.node) as hypervisor:
        found = _look_at(vm, hypervisor)
    nodes = list(Node.objects.prefetch_related("storage_pools", "networks"))
    asked = [node for node in nodes if node.reachable and node.pk != vm.node_id]
    lacks = {vm.node_id: frozenset[Lack](), **_ask(asked, found, SECONDS_FOR_ALL)}
    return ranked([_candidate(node, lacks) for node in nodes], found.mover)


def judge_now(vm: Vm, to: Node) -> Judgement:
    """Of one node. Whoever calls this has a turn at the machine's own. HypervisorError as in judge_everywhere()."""
    found = _look_at(vm, reach(vm.node))
    return judge(_candidate(to, _ask([to], found, SECONDS_FOR_ONE)), found.mover)


def _look_at(vm: Vm, hypervisor: Hypervisor) -> _Found:
    definition, cpu = hypervisor.definition(vm.uuid), hypervisor.cpu()
    xml = definition.live or definition.xml
    needs = needs_of(xml)
    below = _images_below(vm, needs.disks, hypervisor)
    mover = Mover(
        needs=needs,
        home=facts_of_node(vm.node),
        is_on=bool(definition.live),
        home_lacks=hypervisor.lacks_for(xml, home_cpu=cpu),
        ties=hypervisor.ties_of(vm.uuid),
        sizes=_sizes(vm, needs.disks, below, hypervisor),
        below=below,
        places=places_for(vm),
    )
    return _Found(xml, cpu, mover)


def _images_below(vm: Vm, disks: Sequence[MovingDisk], hypervisor: Hypervisor) -> Mapping[str, str]:
    try:
        return hypervisor.images_below(vm.uuid)
    except DiskMissing:  # an image of a machine that is off, in no pool
        return {disk.target: _SOMETHING for disk in disks}


def _sizes(vm: Vm, disks: Sequence[MovingDisk], below: Mapping[str, str], hypervisor: Hypervisor) -> dict[str, int]:
    """By target, in bytes: what a copy takes at most."""
    capacities = hypervisor.disk_sizes(vm.uuid)
    images = hypervisor.image_sizes([*(disk.path for disk in disks if disk.path), *below.values()])
    return {disk.target: _size(disk, below.get(disk.target, ""), capacities, images) for disk in disks}


def _size(disk: MovingDisk, below: str, capacities: Mapping[str, int], images: Mapping[str, ImageSize]) -> int:
    """What is below a disk goes into its copy, which may then come to all that the guest sees; so may one of which no
    pool knows."""
    capacity = capacities.get(disk.target, 0)
    image = images.get(disk.path)
    if image is None or below:
        return capacity or (image.capacity if image else 0)
    return min(image.allocation, capacity or image.allocation)


def _ask(nodes: Sequence[Node], found: _Found, seconds: float) -> dict[int, frozenset[Lack]]:
    """What each lacks. Those that do not answer in time are not among them, and are waited for by nobody."""
    threads = ThreadPoolExecutor(ASKED_AT_ONCE, thread_name_prefix="surveying")
    try:
        answers = {threads.submit(_lacks, node, found): node.pk for node in nodes}
        come, _late = wait(answers, timeout=seconds)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
    return {answers[each]: lacks for each in come if (lacks := each.result()) is not None}


def _lacks(node: Node, found: _Found) -> frozenset[Lack] | None:
    """None if it does not tell."""
    try:
        with a_turn_at(node) as hypervisor:
            return hypervisor.lacks_for(found.definition, home_cpu=found.cpu)
    except HypervisorError:
        return None


def _candidate(node: Node, lacks: Mapping[int, frozenset[Lack]]) -> Candidate:
    free = {normpath(pool.folder): pool.free for pool in pools_with_folders(node)}
    return Candidate(facts_of_node(node), lacks.get(node.pk), free)
