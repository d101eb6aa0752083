"""What a node's follower tells the writer: plain values, so that a node is asked and the database written apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from vms.hypervisor.contract import DiskError, GuestInterface, ImageSize, JobProgress, Machine, NodeInfo, StoragePool
from vms.hypervisor.machine_xml import MachineDescription
from vms.operations.definitions import Reading
from vms.rules.events import Happening
from vms.rules.problems import Problem


@dataclass(frozen=True, slots=True)
class NodeFound:
    node: int
    info: NodeInfo


@dataclass(frozen=True, slots=True)
class NodeLost:
    node: int
    problem: Problem
    evidence: str


@dataclass(frozen=True, slots=True)
class NodeUse:
    """cpu_permille: share of all the node's processors that its machines used since the last time, if known."""

    node: int
    memory_free: int
    cpu_permille: int | None


@dataclass(frozen=True, slots=True)
class MachineSeen:
    """A machine as it was at that time. description: what it will be at its next start, reading: that and what it is
    now; None if it has not changed since it was last told.

    happened: it was looked at because something happened to it just then, not in a look at all.
    """

    node: int
    machine: Machine
    description: MachineDescription | None = None
    reading: Reading | None = None
    disk_errors: tuple[DiskError, ...] = ()
    log_lines: str = ""
    asked_at: datetime = field(default_factory=partial(datetime.now, UTC))
    happened: bool = False


@dataclass(frozen=True, slots=True)
class MachineMissing:
    """Something happened to a machine, and the node, which had told of it before, does not know it any more."""

    node: int
    uuid: UUID


@dataclass(frozen=True, slots=True)
class AllListed:
    """Every machine the node knew at that time: what is not among them is gone."""

    node: int
    uuids: frozenset[UUID]
    asked_at: datetime = field(default_factory=partial(datetime.now, UTC))


@dataclass(frozen=True, slots=True)
class Happened:
    """Something for the timeline that is no change of power."""

    node: int
    uuid: UUID
    happening: Happening


@dataclass(frozen=True, slots=True)
class JobProgressed:
    """bytes_per_second: over the last seconds, None if not known (yet)."""

    node: int
    uuid: UUID
    progress: JobProgress | None
    bytes_per_second: int | None = None


@dataclass(frozen=True, slots=True)
class AgentAsked:
    node: int
    uuid: UUID
    answered: bool


@dataclass(frozen=True, slots=True)
class GuestSeen:
    """What is known of a running guest. os_name and hostname: None if only the networks' leases were asked."""

    node: int
    uuid: UUID
    interfaces: tuple[GuestInterface, ...]
    os_name: str | None = None
    hostname: str | None = None


@dataclass(frozen=True, slots=True)
class StorageSeen:
    """What a node offers to machines that are to be made there: all of it, so that what is missing is gone."""

    node: int
    pools: tuple[StoragePool, ...]
    networks: frozenset[str]
    offers_kvm: bool


@dataclass(frozen=True, slots=True)
class DisksMeasured:
    """sizes: of those disks of the machine that could be measured, by target."""

    node: int
    uuid: UUID
    sizes: Mapping[str, ImageSize]


News = (
    NodeFound
    | NodeLost
    | NodeUse
    | MachineSeen
    | MachineMissing
    | AllListed
    | Happened
    | JobProgressed
    | AgentAsked
    | GuestSeen
    | DisksMeasured
    | StorageSeen
)
