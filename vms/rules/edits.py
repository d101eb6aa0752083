"""What a person asks to be changed of a machine: written down when it is asked for, read by the worker that does it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeAlias
from uuid import UUID

from vms.rules.differences import Change, Hindrance, Part, Value, When, difference
from vms.rules.editing import plan
from vms.rules.hardware import Drive, Hardware, Interface
from vms.rules.making import DiskPlan

Pair: TypeAlias = tuple[str, str]
"""What it was when the person looked, and what it shall be."""

LONGEST = 200
"""Characters of a text that are told of."""


@dataclass(frozen=True, slots=True)
class EditOrder:
    """before: the definition for the next start, as it was read and shown; digest: of that; after: the same as it shall
    be, its drives with the paths of new images. display_name, mode: None if they stay. disks: the images that are made
    for new drives; file: the uploaded ISO image that is brought to the node, to the path cdrom, None for none. key: the
    same for every submission of the same page.
    """

    before: Hardware
    after: Hardware
    digest: str
    display_name: Pair | None = None
    mode: Pair | None = None
    disks: tuple[DiskPlan, ...] = ()
    file: int | None = None
    cdrom: str = ""
    key: UUID | None = None

    @property
    def changes(self) -> list[Change]:
        return difference(self.before, self.after)

    @property
    def impossible(self) -> list[Change]:
        """Those that no state of the machine allows. The name of what goes is free only when it has gone."""
        never = [change for change in plan(self.before, self.after) if change.when is When.NEVER]
        gone = {change.device for change in self.changes if _goes(change)}
        again = [change for change in self.changes if change.named in gone and not _goes(change)]
        return [*never, *(_refused(change) for change in again)]

    @property
    def is_empty(self) -> bool:
        return not self.changes and self.display_name is None and self.mode is None

    def as_arguments(self) -> dict[str, Any]:
        """Only what JSON knows. A name or a mode that stays is not among them."""
        name, mode = self.display_name, self.mode
        return {
            "before": self.before.as_arguments(),
            "after": self.after.as_arguments(),
            "digest": self.digest,
            "disks": [asdict(disk) for disk in self.disks],
            "file": self.file,
            "cdrom": self.cdrom,
            **({"name_was": name[0], "name": name[1]} if name else {}),
            **({"was": mode[0], "mode": mode[1]} if mode else {}),
        }

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> EditOrder:
        """What as_arguments() gave. KeyError or TypeError for anything else."""
        return cls(
            before=Hardware.from_arguments(arguments["before"]),
            after=Hardware.from_arguments(arguments["after"]),
            digest=arguments["digest"],
            display_name=_pair(arguments, "name_was", "name"),
            mode=_pair(arguments, "was", "mode"),
            disks=tuple(DiskPlan(**disk) for disk in arguments["disks"]),
            file=arguments["file"],
            cdrom=arguments["cdrom"],
        )

    def in_short(self) -> dict[str, Any]:
        """For the audit trail: codes and values, texts cut."""
        pairs = {"name": self.display_name, "mode": self.mode}
        return {
            "changes": [told(change) for change in self.changes],
            **{what: list(pair) for what, pair in pairs.items() if pair},
        }


def disturbing_a_job(changes: Iterable[Change]) -> list[Change]:
    """Those that cannot be made while something is done with the disks: it would be torn apart."""
    return [change for change in changes if change.part in _OF_DISKS or _takes_a_disk_out(change)]


_OF_DISKS = frozenset({Part.DRIVE_BUS, Part.DRIVE_SIZE})


def _takes_a_disk_out(change: Change) -> bool:
    return change.part is Part.DRIVE_REMOVED and isinstance(change.before, Drive) and not change.before.is_removable


def told(change: Change) -> dict[str, Any]:
    return {
        "part": change.part.value,
        "device": change.device,
        "before": _plain(change.before),
        "after": _plain(change.after),
    }


def known_by(changes: Iterable[Change]) -> list[Pair]:
    """What tells the changes of one order apart: part and device."""
    return [(change.part.value, change.device) for change in changes]


def _pair(arguments: Mapping[str, Any], was: str, becomes: str) -> Pair | None:
    return (arguments[was], arguments[becomes]) if becomes in arguments else None


def _goes(change: Change) -> bool:
    return isinstance(change.before, Drive | Interface) and change.after is None


def _refused(change: Change) -> Change:
    return replace(change, when=When.NEVER, hindrance=Hindrance.NAME_TAKEN)


def _plain(value: Value) -> Any:
    if isinstance(value, Drive | Interface):
        return asdict(value)
    return value[:LONGEST] if isinstance(value, str) else value
