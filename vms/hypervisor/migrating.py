"""The part of the contract about moving a machine to another node.

The nodes move it by themselves, once they are asked: whoever asked may die, and so may the connection. So nobody waits
for the end. send() returns at once, and the truth is what both nodes say afterwards: see rules.whereabouts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from vms.rules.power import Power, PowerReason
from vms.rules.preflight import Lack, Tie
from vms.rules.problems import Problem
from vms.rules.whereabouts import Call, Side, side_of


@dataclass(frozen=True, slots=True)
class Destination:
    """uri: how the source, not the panel, reaches the other node. address: where to memory and disks are sent, as in
    an address of the web, without a port: "10.0.0.7", "[fd00::7]"; "" for the other node's own name."""

    uri: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class How:
    """live: with its process, and so with its guest; else its definition alone.

    disks: by target, the paths of images on the destination into which disks are copied, made there before, qcow2 and
    of the same capacity; all other disks are files that both nodes see. limit: bytes per second, in whole MiB, 0 for
    none: of the memory, and of each disk. converges: slow the guest down, the longer the more, if it changes its
    memory faster than it can be sent. post_copy: whether the guest may be handed over before all of its memory is, see
    switch_to_post_copy().
    """

    live: bool = True
    disks: Mapping[str, str] = field(default_factory=dict)
    limit: int = 0
    converges: bool = False
    post_copy: bool = False


class Stage(StrEnum):
    PREPARING = "preparing"
    DISKS = "disks"
    MEMORY = "memory"
    HANDED_OVER = "handed_over"
    """The guest runs on the destination, and gets the rest of its memory when it needs it."""


@dataclass(frozen=True, slots=True)
class Migration:
    """How far a machine is on its way, in bytes; the total is 0 as long as it is not known. memory_done falls back when
    the guest changes what was sent already; rounds: how often its memory was gone through."""

    stage: Stage
    disks_done: int
    disks_total: int
    memory_done: int
    memory_total: int
    bytes_per_second: int
    rounds: int


class CallState(StrEnum):
    UNDER_WAY = "under_way"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    """The source does not answer any more: nobody knows."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the call. problem: None unless it failed or was lost; detail: the nodes' own text, as evidence."""

    state: CallState
    problem: Problem | None = None
    detail: str = ""

    @property
    def call(self) -> Call:
        """What it says of where the machine is."""
        return _CALL[self.state]


_CALL: Mapping[CallState, Call] = {
    CallState.UNDER_WAY: Call.UNDER_WAY,
    CallState.SUCCEEDED: Call.SUCCEEDED,
    CallState.FAILED: Call.FAILED,
    CallState.CANCELLED: Call.FAILED,
    CallState.LOST: Call.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Presence:
    """What a node has of a machine. defined: whether it would be left when the process ends. reason: as the node tells
    it, also of one that does not move any more."""

    defined: bool
    power: Power
    reason: PowerReason

    @property
    def side(self) -> Side:
        return side_of(self.power, self.reason, defined=self.defined)


class Migrating(Protocol):
    def send(self, vm: UUID, to: Destination, how: How) -> None:
        """Begin to move the machine. Afterwards the destination has its definition, and this node has forgotten it;
        whether it starts with the node is not taken along. One that is paused stays paused.

        Returns before it has really begun: a send() that came to nothing shows in outcome(). WrongState if the machine
        is not on (live) or not off, or if it is on its way already; InvalidXml if it has no such disk.
        """
        ...

    def outcome(self, vm: UUID) -> Outcome | None:
        """Of the last send() of this machine from this node by this process; None if it made none. Asks nobody."""
        ...

    def migration(self, vm: UUID) -> Migration | None:
        """Of a machine that is leaving this node, whoever sent it. None if it is not, is only arriving, or has gone."""
        ...

    def cancel_migration(self, vm: UUID) -> None:
        """It stays here, and the destination forgets it; only the images made there stay. Without a migration nothing
        happens. WrongState once the guest is handed over."""
        ...

    def limit_migration(self, vm: UUID, *, limit: int) -> None:
        """Of the memory: disks keep the limit with which they began. limit: bytes per second, 0 for none. Without a
        migration nothing happens."""
        ...

    def switch_to_post_copy(self, vm: UUID) -> None:
        """Hand the guest over now, and send the rest of its memory when it needs it: this comes to an end in any case,
        but if the way breaks meanwhile the machine is lost. WrongState unless send() allowed it and it is on its way.
        """
        ...

    def presence(self, vm: UUID) -> Presence | None:
        """None if the node does not know the machine."""
        ...

    def ties_of(self, vm: UUID) -> frozenset[Tie]:
        """Those that its definition does not tell."""
        ...

    def cpu(self) -> str:
        """The node's own processor, as XML: for lacks_for() of another node."""
        ...

    def lacks_for(self, definition: str, *, home_cpu: str) -> frozenset[Lack]:
        """What this node lacks for a machine with this definition (the live one of a machine that is on). home_cpu:
        the processor of the node where it is, which counts if the machine has just that."""
        ...
