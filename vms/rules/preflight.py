"""Whether a machine can move to another node, and how: what ties it to its own, what the others lack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from posixpath import dirname, normpath

from vms.rules.placing import Need, NodeFacts, Obstacle, obstacles
from vms.rules.pooling import EVERYWHERE, Places


class Tie(StrEnum):
    """Why a machine cannot leave its node, wherever it is to go."""

    JOB_RUNNING = "job_running"
    """Something is being done with it, by the panel or by another tool."""
    SNAPSHOTS = "snapshots"
    MEMORY_SAVED = "memory_saved"
    """It is off, but would wake up where it was."""
    NEVER_RAN = "never_ran"
    """It was paused when it came to its node, or was started so, and its guest has not run there yet."""
    PASSED_THROUGH = "passed_through"
    """It has devices of the node."""
    SHARED_FOLDERS = "shared_folders"
    SHARED_MEMORY = "shared_memory"
    ENCRYPTED_MEMORY = "encrypted_memory"
    DISK_CANNOT_BE_COPIED = "disk_cannot_be_copied"
    """A disk that only this node has: one of its devices, a volume of its pool, one that is encrypted or shared by
    several machines."""


class Lack(StrEnum):
    """What a node lacks for a machine, or has too much."""

    IS_HOME = "is_home"
    """The machine is there."""
    ALREADY_THERE = "already_there"
    """It has another one of the same identity."""
    NAME_TAKEN = "name_taken"
    NOT_ASKED = "not_asked"
    """It was not asked yet, or did not answer: nobody knows about its processor."""
    CPU = "cpu"
    MACHINE_TYPE = "machine_type"
    EMULATOR = "emulator"
    """The program that the machine's definition names."""
    ACCELERATION = "acceleration"
    """It does not offer KVM, or whatever else the machine is run by."""
    NO_SUCH_BRIDGE = "no_such_bridge"
    MEDIA_ELSEWHERE = "media_elsewhere"
    """It does not see what lies in the machine's drives."""
    NO_ROOM = "no_room"
    """For the disks that would have to be copied."""


_OF_A_NODE = frozenset({Lack.CPU, Lack.MACHINE_TYPE, Lack.EMULATOR, Lack.ACCELERATION, Lack.NO_SUCH_BRIDGE})


class Way(StrEnum):
    """How a machine moves."""

    LIVE = "live"
    HELD = "held"
    """It is off, but has what only a process can take along: it is started paused, moved, and ended there."""
    OFFLINE = "offline"
    """Its definition alone."""


@dataclass(frozen=True, slots=True)
class MovingDisk:
    """A disk that the machine writes. path: "" if it is no file."""

    target: str
    path: str
    can_be_copied: bool = True


@dataclass(frozen=True, slots=True)
class Needs:
    """What a definition asks of a node. memory in bytes; networks, bridges by name; media: paths of what lies in its
    drives and of disks that it only reads. own_files: what it writes besides its disks (variables of its firmware);
    keeps_state: it has a TPM of its own. Both are taken along by a process, and by nothing else."""

    memory: int
    networks: frozenset[str] = frozenset()
    bridges: frozenset[str] = frozenset()
    disks: tuple[MovingDisk, ...] = ()
    media: frozenset[str] = frozenset()
    own_files: frozenset[str] = frozenset()
    keeps_state: bool = False
    ties: frozenset[Tie] = frozenset()


@dataclass(frozen=True, slots=True)
class Mover:
    """The machine that is to move. home: its node; home_lacks: what that says it lacks, though the machine is there;
    ties: those that its definition does not tell. By target: sizes, what its disks take in the storage, in bytes;
    below: the path of the image that one still needs. places: of the pool that it belongs to."""

    needs: Needs
    home: NodeFacts
    is_on: bool
    home_lacks: frozenset[Lack] = frozenset()
    ties: frozenset[Tie] = frozenset()
    sizes: Mapping[str, int] = field(default_factory=dict)
    below: Mapping[str, str] = field(default_factory=dict)
    places: Places = EVERYWHERE


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node, and what it said when it was asked about the machine. lacks: None if it was not asked or did not answer;
    free: bytes by folder."""

    node: NodeFacts
    lacks: frozenset[Lack] | None
    free: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """copies: the targets of disks that would be copied; folders: where there is room for all of them, the most
    first; to_copy: what they take, in bytes; missing_networks: those of the machine that the node has not."""

    node: NodeFacts
    way: Way
    copies: tuple[str, ...]
    folders: tuple[str, ...]
    obstacles: tuple[Obstacle, ...]
    lacks: tuple[Lack, ...]
    ties: tuple[Tie, ...]
    to_copy: int = 0
    missing_networks: tuple[str, ...] = ()

    @property
    def is_possible(self) -> bool:
        return not (self.obstacles or self.lacks or self.ties)


def ranked(candidates: Iterable[Candidate], mover: Mover) -> list[Judgement]:
    """The best first: those that are possible, by the fewest disks to copy and then by free memory."""
    judged = [judge(candidate, mover) for candidate in candidates]
    return sorted(judged, key=lambda each: (not each.is_possible, len(each.copies), -each.node.memory_free))


def judge(candidate: Candidate, mover: Mover) -> Judgement:
    node = candidate.node
    copied = [disk for disk in mover.needs.disks if not _stays_seen(disk, node, mover)]
    folders = _with_room(candidate, copied, mover) if copied else ()
    way = way_to(node, mover)
    return Judgement(
        node=node,
        way=way,
        copies=tuple(disk.target for disk in copied),
        folders=folders,
        obstacles=tuple(_obstacles(node, mover, way, copies=bool(copied))),
        lacks=tuple(_lacks(candidate, mover, has_room=bool(folders) or not copied)),
        ties=tuple(_ties(mover, copied)),
        to_copy=_size_of(copied, mover),
        missing_networks=tuple(sorted(mover.needs.networks - node.networks)),
    )


def way_to(node: NodeFacts, mover: Mover) -> Way:
    if mover.is_on:
        return Way.LIVE
    needs = mover.needs
    disks_stay = all(_stays_seen(disk, node, mover) for disk in needs.disks)
    files_stay = all(_is_seen(path, node, mover.home) for path in needs.own_files)
    return Way.OFFLINE if disks_stay and files_stay and not needs.keeps_state else Way.HELD


def _obstacles(node: NodeFacts, mover: Mover, way: Way, *, copies: bool) -> list[Obstacle]:
    """As for a machine that is made there; but one that copies nothing needs no storage of the node's own, and one
    that stays off needs no memory now."""
    memory = 0 if way is Way.OFFLINE else mover.needs.memory
    found = obstacles(node, Need(memory, mover.needs.networks, places=mover.places))
    return [each for each in found if copies or each not in _OF_COPIES]


_OF_COPIES = frozenset({Obstacle.NO_STORAGE, Obstacle.NO_STORAGE_OF_POOL})


def _lacks(candidate: Candidate, mover: Mover, *, has_room: bool) -> list[Lack]:
    """What home lacks as well did not keep the machine from running there."""
    node, home = candidate.node, mover.home
    told = frozenset({Lack.NOT_ASKED}) if candidate.lacks is None else candidate.lacks - (mover.home_lacks & _OF_A_NODE)
    found = {
        Lack.IS_HOME: node.key == home.key,
        Lack.MEDIA_ELSEWHERE: not all(_is_seen(path, node, home) for path in mover.needs.media),
        Lack.NO_ROOM: not has_room and any(map(mover.places.have_folder, node.folders)),
    }
    return [lack for lack in Lack if lack in told or found.get(lack, False)]


def _ties(mover: Mover, copied: list[MovingDisk]) -> list[Tie]:
    told = mover.ties | mover.needs.ties
    if not all(disk.can_be_copied for disk in copied):
        told |= {Tie.DISK_CANNOT_BE_COPIED}
    return [tie for tie in Tie if tie in told]


def _with_room(candidate: Candidate, copied: list[MovingDisk], mover: Mover) -> tuple[str, ...]:
    size = _size_of(copied, mover)
    allowed = filter(mover.places.have_folder, candidate.node.folders)
    found = [folder for folder in allowed if candidate.free.get(folder, 0) >= size]
    return tuple(sorted(found, key=lambda folder: (-candidate.free.get(folder, 0), folder)))


def _size_of(copied: list[MovingDisk], mover: Mover) -> int:
    return sum(mover.sizes.get(disk.target, 0) for disk in copied)


def _stays_seen(disk: MovingDisk, node: NodeFacts, mover: Mover) -> bool:
    """With what is below it."""
    paths = [disk.path, *([mover.below[disk.target]] if disk.target in mover.below else [])]
    return all(_is_seen(path, node, mover.home) for path in paths)


def _is_seen(path: str, node: NodeFacts, home: NodeFacts) -> bool:
    """Whether both nodes see the same file."""
    return node.key == home.key or normpath(dirname(path)) in node.shared_folders & home.shared_folders
