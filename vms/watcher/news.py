"""What a node's follower tells the writer: plain values, so that a node is asked and the database written apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from vms.hypervisor.contract import DiskError, JobProgress, Machine, NodeInfo
from vms.hypervisor.machine_xml import MachineDescription
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
    """A machine as it was at that time. description: None if it has not changed since it was last told."""

    node: int
    machine: Machine
    description: MachineDescription | None = None
    disk_errors: tuple[DiskError, ...] = ()
    log_lines: str = ""
    asked_at: datetime = field(default_factory=partial(datetime.now, UTC))


@dataclass(frozen=True, slots=True)
class AllListed:
    """Every machine the node knows: what is not among them is gone."""

    node: int
    uuids: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Happened:
    """Something for the timeline that is no change of power."""

    node: int
    uuid: UUID
    happening: Happening


@dataclass(frozen=True, slots=True)
class JobProgressed:
    node: int
    uuid: UUID
    progress: JobProgress | None


@dataclass(frozen=True, slots=True)
class AgentAsked:
    node: int
    uuid: UUID
    answered: bool


News = NodeFound | NodeLost | NodeUse | MachineSeen | AllListed | Happened | JobProgressed | AgentAsked
