"""What the panel asks of a node, whatever carries it out. Two keep this contract: libvirt and the fake.

Every call blocks, may be made from any thread, and raises HypervisorError only. Sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import BinaryIO, Protocol
from uuid import UUID

from vms.hypervisor.backing_up import BackingUp
from vms.hypervisor.consoles import Consoles
from vms.hypervisor.editing import Editing
from vms.hypervisor.machine_xml import PanelMark
from vms.hypervisor.migrating import Migrating
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
class StoragePool:
    """An active pool of images. folder: "" if its images are no files; over_network: kept elsewhere, so that other
    nodes may have the same files."""

    name: str
    folder: str
    capacity: int
    free: int
    over_network: bool


@dataclass(frozen=True, slots=True)
class Image:
    """An image in a storage pool. format: qcow2, raw, iso ... as its first bytes say; below: the path of the image that
    it needs, "" if it stands alone."""

    path: str
    format: str
    capacity: int
    allocation: int
    below: str


@dataclass(frozen=True, slots=True)
class Pull:
    """Copying into a disk what is still in the images below it, in bytes. limit: bytes per second, 0 for none."""

    done: int
    total: int
    limit: int


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


class Hypervisor(Consoles, Editing, Migrating, BackingUp, Protocol):
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

    def write_mark(self, vm: UUID, mark: PanelMark) -> None:
        """Replace the panel's own element in the machine's metadata, whether it is on or off. All else stays."""
        ...

    def start(self, vm: UUID) -> None: ...
    def start_paused(self, vm: UUID) -> None:
        """With its process, but so that the guest does nothing until resume()."""
        ...

    def resume(self, vm: UUID) -> None: ...
    def pause(self, vm: UUID) -> None: ...
    def ask_to_shut_down(self, vm: UUID) -> None:
        """By the power button (ACPI) or the guest agent. Returns at once; the guest may take its time or ignore it."""
        ...

    def power_off(self, vm: UUID) -> None: ...
    def reset(self, vm: UUID) -> None: ...
    def undefine(self, vm: UUID, *, keep_files: bool = False) -> None:
        """Forget the machine with all that belongs to its definition (firmware variables, saved memory, snapshots' and
        checkpoints' records). Its disks stay; keep_files: what its firmware and its TPM have written down too, because
        another node's definition may use the same files."""
        ...

    def disks_on_top_of(self, path: str) -> Sequence[str]:
        """Paths of the images, in all storage pools of the node, that need this one below them."""
        ...

    def delete_disk(self, path: str) -> None:
        """Delete an image in a storage pool. One that is already gone is no error. DiskMissing if no pool knows its
        folder."""
        ...

    def storage_pools(self) -> list[StoragePool]:
        """The active ones."""
        ...

    def networks(self) -> list[str]:
        """The names of the active ones."""
        ...

    def offers_kvm(self) -> bool: ...
    def image(self, path: str) -> Image | None:
        """None if there is no such file. DiskMissing if no pool knows its folder."""
        ...

    def make_image(self, path: str, capacity: int, *, on_top_of: str = "", format_below: str = "") -> None:
        """A thin qcow2 image, empty or on top of another one, whose format must then be said: it is never guessed.
        DiskMissing if no pool knows its folder, DiskExists if there is such a file."""
        ...

    def first_bytes(self, path: str, count: int) -> bytes:
        """Of an image in a storage pool, as they are in the file; fewer if the file is shorter. DiskMissing."""
        ...

    def bytes_at(self, path: str, offset: int, count: int) -> bytes:
        """As first_bytes(), from there on."""
        ...

    def upload(self, path: str, size: int, source: BinaryIO, told: Callable[[int], None]) -> None:
        """Put a file of so many bytes into a storage pool, byte by byte. told: called now and then with how many bytes
        have gone; what it raises ends the upload. What was uploaded by half is removed again. DiskExists."""
        ...

    def images_below(self, vm: UUID) -> Mapping[str, str]:
        """Of the machine's writable disks those that still need an image below them: its path by target."""
        ...

    def pull(self, vm: UUID, target: str, *, limit: int) -> None:
        """Begin to copy what is below this disk into it, so that it stands alone at the end. The machine must have a
        process. limit: bytes per second, 0 for none. One that is under way already is WrongState. After a stop or a
        power-off the next one goes on where it was; when the process dies, what it had not flushed is copied again."""
        ...

    def pulls(self, vm: UUID) -> Mapping[str, Pull]:
        """Those under way, by target. Nothing if it is off."""
        ...

    def limit_pull(self, vm: UUID, target: str, *, limit: int) -> None:
        """limit: bytes per second, 0 for none. Without a pull nothing happens."""
        ...

    def keep_pulled(self, vm: UUID) -> None:
        """Have written down what was copied so far, so that a pull whose process dies goes on from here."""
        ...

    def stop_pull(self, vm: UUID, target: str) -> None:
        """What was copied stays; the rest is still below. Without a pull nothing happens."""
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
