"""What a machine that is to be made will be: written down when it is asked for, read by the worker that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class DiskPlan:
    """below: the image it begins with, in the format format_below; "" for an empty one. capacity in bytes: at least
    so much."""

    target: str
    path: str
    capacity: int = 0
    below: str = ""
    format_below: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A machine to be made. Sizes in bytes.

    origin: the machine it is made from, if any; network: a libvirt network for its first interface, None for what the
    origin has; macs: one for each interface; start: at once. cdrom: the ISO image in its drive, "" for none; file: the
    uploaded one that is brought to the node first, as that image or as what its disk begins with. backup: the key of
    the one that it comes from: then its memory and vCPUs are those of that one, and its addresses are chosen when it is
    made. activate: of a golden image, its pool's next VMs stand on it as soon as it is sealed.
    """

    disks: tuple[DiskPlan, ...]
    memory: int
    vcpus: int
    origin: UUID | None = None
    network: str | None = None
    macs: tuple[str, ...] = ()
    start: bool = False
    cdrom: str = ""
    file: int | None = None
    backup: int | None = None
    activate: bool = False

    def as_arguments(self) -> dict[str, Any]:
        """Only what JSON knows."""
        return {**asdict(self), "origin": str(self.origin) if self.origin else None}

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> Plan:
        origin = arguments.get("origin")
        return cls(
            disks=tuple(DiskPlan(**disk) for disk in arguments.get("disks", ())),
            memory=arguments.get("memory", 0),
            vcpus=arguments.get("vcpus", 0),
            origin=UUID(origin) if origin else None,
            network=arguments.get("network"),
            macs=tuple(arguments.get("macs", ())),
            start=arguments.get("start", False),
            cdrom=arguments.get("cdrom", ""),
            file=arguments.get("file"),
            backup=arguments.get("backup"),
            activate=arguments.get("activate", False),
        )
