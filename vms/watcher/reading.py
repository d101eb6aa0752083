"""Reads what a node has written down of its machines, when it is new or may have changed."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vms.hypervisor.contract import Hypervisor
from vms.hypervisor.editing import Definition, digest_of
from vms.hypervisor.errors import HypervisorError, NodeUnreachable
from vms.hypervisor.machine_xml import MachineDescription, describe
from vms.operations.definitions import Reading, reading_of

PARTS = 20
"""Not every change of a definition is an event: a part of them is read again now and then."""

Read = tuple[MachineDescription | None, Reading | None]
_NOTHING_NEW: Read = None, None

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Told:
    """Digests of what was told last."""

    saved: str = ""
    live: str = ""
    autostart: bool = False


class Reader:
    """Remembers which definitions were told. Without those that could not be read, it says nothing twice."""

    def __init__(self, node: str, hypervisor: Hypervisor) -> None:
        self._node = node
        self._hypervisor = hypervisor
        self._told: dict[UUID, _Told] = {}
        self._doubted: set[UUID] = set()
        self._part = 0

    def knows(self, uuid: UUID) -> bool:
        return uuid in self._told

    def forget(self, uuid: UUID) -> None:
        """Its definition has changed: it is to be read anew, and told."""
        self._told.pop(uuid, None)

    def tell_again(self, uuid: UUID) -> None:
        """Nobody has written down what was told of it."""
        if uuid in self._told:
            self._told[uuid] = _Told()
            self._doubted.add(uuid)

    def doubt(self, uuid: UUID) -> None:
        """What it is now may have changed: it is to be read anew, and told if it has."""
        self._doubted.add(uuid)

    def doubt_a_part(self) -> list[UUID]:
        """The next one in turn."""
        self._part = (self._part + 1) % PARTS
        machines = list(self._told)[self._part :: PARTS]
        self._doubted.update(machines)
        return machines

    def news_of(self, uuid: UUID, asked_at: datetime) -> Read:
        """What it will be at its next start, and that with what it is now; None for what was told already."""
        if uuid in self._told and uuid not in self._doubted:
            return _NOTHING_NEW
        self._doubted.discard(uuid)
        known = self._told.setdefault(uuid, _Told())
        try:
            return self._read(uuid, known, asked_at)
        except NodeUnreachable:
            raise
        except HypervisorError as error:
            logger.warning("the definition of %s on %s cannot be read: %s", uuid, self._node, error)
            return _NOTHING_NEW

    def _read(self, uuid: UUID, known: _Told, asked_at: datetime) -> Read:
        definition = self._hypervisor.definition(uuid)
        now = _digests(definition)
        if now == known:
            return _NOTHING_NEW
        self._told[uuid] = now
        description = None if now.saved == known.saved else describe(definition.xml)
        return description, reading_of(definition, asked_at)


def _digests(definition: Definition) -> _Told:
    return _Told(definition.digest, digest_of(definition.live), definition.autostart)
