"""What the panel asks of a node, whatever carries it out. Two keep this contract: libvirt and the fake.

Every call blocks, may be made from any thread, and raises HypervisorError only. Sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Protocol
from uuid import UUID

from vms.rules.events import NodeEvent
from vms.rules.power import Power, PowerReason


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine's state, cheap to read for all machines at once."""

    uuid: UUID
    name: str
    power: Power
    reason: PowerReason = PowerReason.NONE


@dataclass(frozen=True, slots=True)
class DiskError:
    """A disk on which the guest's writes fail. no_space: the storage below it is full."""

    target: str
    no_space: bool


@dataclass(frozen=True, slots=True)
class ImageSize:
    """capacity: what the guest sees; allocation: what its image takes in the storage."""

    capacity: int
    allocation: int


@dataclass(frozen=True, slots=True)
class MachineStats:
    """Use at one moment. cpu_time in nanoseconds since the machine's start; memory in bytes, 0 if not known.

    disks: sizes by target; one without a medium, or whose process is busy, is not among them.
    """

    uuid: UUID
    cpu_time: int
    memory_used: int
    disk_bytes_read: int
    disk_bytes_written: int
    disks: Mapping[str, ImageSize] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GuestInterface:
    """addresses: those by which others reach it, so neither loopback nor link-local ones."""

    mac: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GuestInfo:
    """What a guest says of itself. os_name: "Debian GNU/Linux 12 (bookworm)", as far as it tells; text not told: ""."""

    os_name: str
    hostname: str
    interfaces: tuple[GuestInterface, ...]


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far the jobs of one machine are, over all its disks and its memory, in bytes."""

    done: int
    total: int
    bytes_per_second: int = 0


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """What a node is. Versions as text like "9.0.0"; memory in bytes. node_uuid: libvirt's identity of the host, "" if
    it has none."""

    node_uuid: str
    hostname: str
    libvirt_version: str
    hypervisor_version: str
    cpus: int
    cpu_model: str
    memory_total: int
    memory_free: int


class Hypervisor(Protocol):
    """An open connection to one node."""

    def info(self) -> NodeInfo: ...
    def is_alive(self) -> bool:
        """Whether the connection still stands. Never blocks for long, never raises."""
        ...

    def machines(self) -> list[Machine]:
        """All machines with their state: one round trip, however many there are."""
        ...

    def machine(self, vm: UUID) -> Machine: ...
    def xml_of(self, vm: UUID) -> str:
        """The persistent definition with its secrets, as it would be used at the next start."""
        ...

    def disk_errors(self, vm: UUID) -> list[DiskError]: ...
    def stats(self) -> list[MachineStats]:
        """Of all machines that are on: one round trip."""
        ...

    def job_progress(self, vm: UUID) -> JobProgress | None:
        """None if no job is under way."""
        ...

    def agent_answers(self, vm: UUID, *, seconds: int) -> bool | None:
        """Ask the guest agent for a sign of life. None if the machine has no agent channel or is not running."""
        ...

    def guest(self, vm: UUID, *, seconds: int) -> GuestInfo | None:
        """What the guest agent tells, each of its answers within so many seconds. None if there is no agent, it does
        not answer, or the machine is not running."""
        ...

    def leased_addresses(self, vm: UUID) -> tuple[GuestInterface, ...]:
        """What the node's own networks have leased to the machine. Nothing if it is off or plugged in elsewhere."""
        ...

    def image_sizes(self, paths: Collection[str]) -> Mapping[str, ImageSize]:
        """Of images in storage pools, without going through the machines that own them: storage that hangs then
        holds up nothing else. Those that no pool knows are not among the answers."""
        ...

    def define(self, xml: str) -> UUID:
        """Make or change a machine's persistent definition. The XML is validated strictly."""
        ...

    def start(self, vm: UUID) -> None: ...
    def resume(self, vm: UUID) -> None: ...
    def pause(self, vm: UUID) -> None: ...
    def ask_to_shut_down(self, vm: UUID) -> None:
        """By the power button (ACPI) or the guest agent. Returns at once; the guest may take its time or ignore it."""
        ...

    def power_off(self, vm: UUID) -> None: ...
    def reset(self, vm: UUID) -> None: ...
    def undefine(self, vm: UUID) -> None:
        """Forget the machine with all that belongs to its definition (firmware variables, saved memory, snapshots' and
        checkpoints' records). Its disks stay."""
        ...

    def disks_on_top_of(self, path: str) -> Sequence[str]:
        """Paths of the images, in all storage pools of the node, that need this one below them."""
        ...

    def delete_disk(self, path: str) -> None:
        """Delete an image in a storage pool. One that is already gone is no error. DiskMissing if no pool knows its
        folder."""
        ...

    def close(self) -> None: ...


class Driver(Protocol):
    """A module that reaches nodes. settings.HYPERVISOR_DRIVER names it."""

    def connect(self, uri: str) -> Hypervisor:
        """This process's one connection to the node, opened now if need be. NodeUnreachable after at most
        10 s, at once while the last failure is fresh (back-off)."""
        ...

    def follow(self, uri: str) -> SimpleQueue[NodeEvent]:
        """All that happens on the node from now on, over this process's connection. Ends with ConnectionLost.
        To stop following, let go of the queue."""
        ...
