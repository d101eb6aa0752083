"""From what a person chose to a plan: which files, which addresses, and which nodes would do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from posixpath import dirname, join, normpath
from uuid import UUID, uuid4

from django.conf import settings

from vms.models import Disk, Node, StoragePool, Vm, VmPool
from vms.models.facts import facts_of_node, pools_for_disks
from vms.models.pooling import places_of
from vms.operations.making import NewMachine
from vms.operations.steps.addresses import fresh_macs as fresh_macs
from vms.rules.kinds import Kind, Mode
from vms.rules.making import DiskPlan, Plan
from vms.rules.names import image_name
from vms.rules.placing import Need, Obstacle, ranked
from vms.rules.pooling import EVERYWHERE, Places

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node with what stands against it; nothing does if it is possible. pools: those with a folder, and of these
    only what the machine's own pool may use. vm_pool: that one, if any."""

    node: Node
    pools: tuple[StoragePool, ...]
    obstacles: tuple[Obstacle, ...]
    missing_networks: tuple[str, ...] = ()
    vm_pool: VmPool | None = None

    @property
    def is_of_the_pool(self) -> bool:
        return Obstacle.NOT_IN_POOL not in self.obstacles


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person chose for one machine. Sizes in bytes; capacity: at least so large a first disk, 0 for the
    origin's; network: None for what the origin has; limit: bytes per second of its streams, 0 for none; vm_pool: the
    one it is to belong to, pool: the storage."""

    name: str
    pool: StoragePool
    memory: int
    vcpus: int
    network: str | None = None
    capacity: int = 0
    limit: int = 0
    start: bool = False
    kind: Kind = Kind.VM
    mode: Mode | None = None
    notes: str = ""
    os_name: str = ""
    vm_pool: VmPool | None = None


def default_limit() -> int:
    """Of a stream for which nobody chose one, in bytes per second."""
    return int(settings.STREAM_LIMIT) * MIB


def candidates_for(
    memory: int, network: str | None = None, origin: Vm | None = None, *, pool: VmPool | None = None
) -> list[Candidate]:
    """All nodes, the best first. Memory in bytes, of all machines that are to be made together. pool: the one they are
    to belong to."""
    places = EVERYWHERE if pool is None else places_of(pool)
    nodes = {node.pk: node for node in Node.objects.prefetch_related("storage_pools", "networks")}
    facts = {pk: facts_of_node(node) for pk, node in nodes.items()}
    need = Need(memory, _networks(network, origin), places=places)
    if origin is not None:
        need = replace(need, home=facts.get(origin.node_id), image_folders=_image_folders(origin))
    return [
        Candidate(
            nodes[node.key],
            _pools_within(nodes[node.key], places),
            tuple(obstacles),
            tuple(sorted(need.networks - node.networks)),
            pool,
        )
        for node, obstacles in ranked(facts.values(), need)
    ]


def _pools_within(node: Node, places: Places) -> tuple[StoragePool, ...]:
    if not places.have_node(node.pk):
        return ()
    return tuple(pool for pool in pools_for_disks(node) if places.have_folder(pool.folder))


def _networks(network: str | None, origin: Vm | None) -> frozenset[str]:
    """All it will be plugged into: the chosen one, and those of the origin's interfaces that stay as they are."""
    chosen = frozenset({network}) if network else frozenset[str]()
    interfaces = list(origin.interfaces.all()) if origin else []
    kept = interfaces if network is None else interfaces[1:]
    return chosen | {each.source for each in kept if each.source_type == "network" and each.source}


def _image_folders(origin: Vm) -> frozenset[str]:
    return frozenset(normpath(dirname(disk.path)) for disk in disks_to_copy(origin))


def disks_to_copy(origin: Vm) -> list[Disk]:
    """Its own disks; not what lies in its drives."""
    return [disk for disk in origin.disks.all() if disk.device == "disk" and disk.path]


def cannot_be_copied(origin: Vm) -> list[Disk]:
    """Those of its disks that are no files, or whose format nobody has said: it is never guessed."""
    return [disk for disk in disks_to_copy(origin) if not disk.path.startswith("/") or not disk.image_format]


def plan_copies(origin: Vm, wishes: Sequence[Wish]) -> list[NewMachine]:
    """One machine for each wish, its disks on top of the origin's. No two get the same address."""
    interfaces = len(origin.interfaces.all())
    macs = iter(fresh_macs(interfaces * len(wishes)))
    return [_plan_copy(origin, wish, tuple(islice(macs, interfaces))) for wish in wishes]


def _plan_copy(origin: Vm, wish: Wish, macs: tuple[str, ...]) -> NewMachine:
    uuid = uuid4()
    disks = tuple(_disks_on_top(origin, wish, uuid))
    plan = Plan(disks, wish.memory, wish.vcpus, origin.uuid, wish.network, macs, wish.start)
    return new_machine(uuid, plan, wish)


def new_machine(uuid: UUID, plan: Plan, wish: Wish) -> NewMachine:
    return NewMachine(
        name=wish.name,
        plan=plan,
        uuid=uuid,
        kind=wish.kind,
        mode=wish.mode,
        notes=wish.notes,
        os_name=wish.os_name,
        limit=wish.limit,
        pool=wish.vm_pool,
    )


def _disks_on_top(origin: Vm, wish: Wish, uuid: UUID) -> Iterator[DiskPlan]:
    for number, disk in enumerate(disks_to_copy(origin)):
        yield DiskPlan(
            target=disk.target,
            path=image_path(wish, uuid, disk.target),
            capacity=max(wish.capacity if number == 0 else 0, disk.capacity or 0),
            below=disk.path,
            format_below=disk.image_format,
        )


def image_path(wish: Wish, uuid: UUID, target: str) -> str:
    return join(wish.pool.folder, image_name(wish.name, uuid, target))
