"""The part of the contract about copying a machine's disks, and its memory, aside: for a backup.

The node copies by itself, once it is asked: whoever asked may die, and so may the node's libvirtd. What came of it, the
node tells everybody, but not for ever: see backup_outcome(). What only libvirtd's memory knows is never taken for a
success.

A backup's other files (definition, list of its files) are written with upload() and read with first_bytes(); the target
is a folder that a storage pool of the node has. An image comes back as a disk when a new image is made on top of it
(make_image) and the rest is copied into that (pull), which has progress and a limit, and goes on after any crash.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from vms.hypervisor.migrating import Outcome


@dataclass(frozen=True, slots=True)
class BackupPlan:
    """files: by target, paths of new images in storage pools.

    below: by target, the images of an earlier backup: of these disks only what changed since its checkpoint is copied
    (since), and the new image needs that one below it. All other disks are copied whole. checkpoint: a name, never used
    before, for the moment of this backup, so that a later one may copy what changes from now on; "" for none. Only
    disks that are qcow2 of the newer kind keep it, with all that is below them. limit: bytes per second of each disk, 0
    for none; the first 64 MiB or so are read at full speed. freezes: ask the guest to bring its file systems to rest
    for the moment.
    """

    files: Mapping[str, str]
    below: Mapping[str, str] = field(default_factory=dict)
    since: str = ""
    checkpoint: str = ""
    limit: int = 0
    freezes: bool = True


@dataclass(frozen=True, slots=True)
class Began:
    """frozen: whether the guest's file systems were at rest in the moment of the backup; None if there was nobody to
    ask (it does not run, or has no agent). still_frozen: they are at rest yet, and thaw() must be called until it
    says that they are not."""

    frozen: bool | None
    still_frozen: bool = False


@dataclass(frozen=True, slots=True)
class Backup:
    """One under way, in bytes. files: by target. limit: of each disk, 0 for none. left: of the disk that has least."""

    files: Mapping[str, str]
    done: int
    total: int
    limit: int
    left: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A moment since which the disks' changes are noted. changed: bytes since then, by target; None of a machine that
    is off, for then nobody knows."""

    name: str
    made_at: datetime
    disks: frozenset[str]
    changed: Mapping[str, int] | None

    @property
    def is_whole(self) -> bool | None:
        """False if the notes of a disk were lost: with a process that died, or an image that was put back."""
        return None if self.changed is None else self.changed.keys() >= self.disks


@dataclass(frozen=True, slots=True)
class Merge:
    """Of what a disk's overlay has into the image below it, in bytes. is_ready: finish_merge() may be called."""

    done: int
    total: int
    is_ready: bool


class BackingUp(Protocol):
    def begin_backup(self, vm: UUID, plan: BackupPlan) -> Began:
        """The disks are copied as they are at this moment, whatever the guest writes meanwhile. A machine that is off
        is started paused before, and powered off afterwards. A guest may be resumed, paused and reset meanwhile.

        WrongState without a process, or while another job of the machine or of a disk is under way. InvalidXml if it
        has no such disk. ChainBroken if it has no whole checkpoint of that name (since). DiskExists, DiskMissing,
        NoSpace of the new images; nothing is left then. Of a backup that does not succeed the images (and the
        checkpoint) stay: they are worth nothing and must be deleted.
        """
        ...

    def backup(self, vm: UUID) -> Backup | None:
        """The one under way, whoever began it."""
        ...

    def backup_outcome(self, vm: UUID) -> Outcome | None:
        """Of the last one. None while one is under way, and when the node does not know any more: its libvirtd was
        restarted after the end, or the machine has had another job since. That backup must be taken for failed."""
        ...

    def cancel_backup(self, vm: UUID) -> None:
        """Without a backup nothing happens."""
        ...

    def limit_backup(self, vm: UUID, *, limit: int) -> None:
        """limit: bytes per second of each disk, 0 for none. Without a backup nothing happens."""
        ...

    def thaw(self, vm: UUID) -> bool:
        """Whether the guest's file systems work again. True also if it does not run, or has no agent. False if its
        agent does not answer: after a restart of the node's libvirtd it needs a moment."""
        ...

    def checkpoints(self, vm: UUID) -> Sequence[Checkpoint]:
        """The oldest first. A machine that came from another node has none, nor has one whose definition was forgotten
        meanwhile."""
        ...

    def forget_checkpoint(self, vm: UUID, name: str) -> None:
        """The others stay whole. One that is not there is no error. WrongState without a process: the notes are in the
        images, and the process must take them out."""
        ...

    def save_memory(self, vm: UUID, path: str, overlays: Mapping[str, str]) -> None:
        """Begin to write the memory of a paused machine into a new file, and after that put a new image on top of each
        of these disks, by target: all that may be written must be among them. It stays paused, so that a backup that
        begins then is of the same moment; afterwards it is resumed, and the overlays are merged. Until it is resumed
        the disks' notes cannot be read and count for nothing, so that backup must be of whole disks. While it is
        resumed nothing may be copied, nor a copy end: QEMU takes its images up again then, under the hands of who reads
        them, and before 9.0 it counts the users of a wrong one if a copy ends meanwhile. It dies of both, some of it
        only when the overlay is merged.

        Returns before it has really begun: see memory_outcome() and job_progress(). That the definition has the
        overlays tells everybody that it was done. WrongState unless the machine is paused; InvalidXml if it has no such
        disk.
        """
        ...

    def memory_outcome(self, vm: UUID) -> Outcome | None:
        """Of the last save_memory() of this machine by this process; None if it made none. Asks nobody."""
        ...

    def merge(self, vm: UUID, target: str) -> None:
        """Begin to bring what a disk's overlay has into the image below it. The guest may run; one that is paused since
        save_memory() must be resumed before. It ends with finish_merge(); after a stop it begins anew. WrongState while
        another job of the disk, or a backup, is under way; Refused if nothing is below it."""
        ...

    def merges(self, vm: UUID) -> Mapping[str, Merge]:
        """Those under way, by target. Nothing if it is off."""
        ...

    def finish_merge(self, vm: UUID, target: str) -> None:
        """The disk is the image below again, also in the definition; the overlay can be deleted. WrongState unless the
        merge is ready."""
        ...

    def start_with_memory(self, vm: UUID, path: str, disks: Mapping[str, str]) -> None:
        """Start a machine as it was when this file was written, with these images as its disks, by target. It is paused
        then. The definition stays as it is."""
        ...

    def bytes_to_copy(self, path: str) -> int:
        """What a copy of an image would take at most if it stood alone: with all that is below it."""
        ...

    def checksum(self, path: str, told: Callable[[int], None]) -> str:
        """SHA-256 of a file in a storage pool. All of it comes over the connection: libvirt has no call for it. told:
        called now and then with how many bytes were read; what it raises ends it. DiskMissing."""
        ...
