"""The part of the contract about changing what a machine is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from vms.rules.differences import Change


@dataclass(frozen=True, slots=True)
class Definition:
    """xml: what it will be at its next start; live: what it is now, "" if it is off; both with their secrets, so that
    they are not shown where values are printed."""

    xml: str = field(repr=False)
    live: str = field(repr=False)
    autostart: bool

    @property
    def digest(self) -> str:
        """The same for as long as nobody changes what it will be at its next start."""
        return digest_of(self.xml)


def digest_of(xml: str) -> str:
    """Of a definition as a node writes it, which is the same each time."""
    return sha256(xml.encode()).hexdigest()


class Editing(Protocol):
    def definition(self, vm: UUID) -> Definition: ...
    def redefine(self, vm: UUID, xml: str, *, instead_of: str) -> None:
        """Replace the definition for the next start, validated strictly, of a machine that is on or off.

        instead_of: the digest of the one that was read; ChangedMeanwhile if it is another by now. WrongState while the
        machine's memory is saved: it would wake up in another machine. Unsupported for the definition of another one.
        """
        ...

    def disk_sizes(self, vm: UUID) -> Mapping[str, int]:
        """What the guest sees of its disks, in bytes, by target, on or off. Those that cannot be looked at are not
        among them."""
        ...

    def change_now(self, vm: UUID, change: Change) -> None:
        """Make one change at the machine itself, which must be on unless it is about autostart or a disk's size.

        Returns at once: what the guest has to do (see rules.editing.ASKS_THE_GUEST) it may do later or never; look at
        the definition's live side. What is so already is no error, but a disk does not shrink: Refused.
        """
        ...
