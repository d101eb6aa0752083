"""What is to be done when a machine is backed up or comes back: the arguments of such operations, and the names of a
backup's files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from vms.rules.making import DiskPlan
from vms.rules.names import as_file_name

DEFINITION, MEMORY, LIST, SUMS = "definition.xml", "memory.bin", "backup.json", "sha256"


def stem_of(machine: str, unique: UUID, at: str) -> str:
    """How the names of all files of one backup begin: people can tell it, and no other backup has it. at: the moment,
    such as 20261123T130500Z."""
    return f"{as_file_name(machine)}-{unique.hex[:8]}-{at}"


def file_of(stem: str, part: str) -> str:
    """part: a disk's target, or one of the names above."""
    ending = "" if "." in part or part == SUMS else ".qcow2"
    return f"{stem}.{part}{ending}"


def overlay_of(stem: str, target: str) -> str:
    """What takes a disk's place for as long as the guest's memory and the disk below are of one moment."""
    return file_of(stem, f"{target}{_OVERLAY}")


def is_overlay(path: str) -> bool:
    """Whether the panel made it for a backup, whichever."""
    return path.endswith(_OVERLAY)


def checkpoint_of(stem: str, attempt: int) -> str:
    """A name that no other moment has."""
    return f"{stem}-{attempt}"


def is_checkpoint(name: str) -> bool:
    """Whether the panel made it for a backup, whichever."""
    return _CHECKPOINT.search(name) is not None


_OVERLAY = ".overlay.qcow2"
_CHECKPOINT = re.compile(r"-[0-9a-f]{8}-\d{8}T\d{6}Z-\d+$")


@dataclass(frozen=True, slots=True)
class Taking:
    """backup: the key of its row; folder: where its files go. whole: all is copied, even if changes would do;
    longest_chain: so many of changes may stand on a whole one. with_memory: of a guest that runs. freezes: its file
    systems are brought to rest for the moment, if its agent answers."""

    backup: int
    folder: str
    whole: bool = False
    longest_chain: int = 6
    with_memory: bool = False
    freezes: bool = True

    def to_arguments(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> Taking:
        return cls(**arguments)


@dataclass(frozen=True, slots=True)
class Return:
    """backup: the key of the one that comes back; disks: images that are made for it, on top of its own. with_memory:
    the guest goes on where it was, instead of staying off."""

    backup: int
    disks: tuple[DiskPlan, ...] = ()
    with_memory: bool = False

    def to_arguments(self) -> dict[str, Any]:
        """What of it is like a machine that is to be made has the same names: see rules.making.Plan."""
        return asdict(self)

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> Return:
        disks = tuple(DiskPlan(**disk) for disk in arguments["disks"])
        return cls(arguments["backup"], disks, arguments["with_memory"])
