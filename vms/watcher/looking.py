"""Asks a node about its machines, and puts what it says into news."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from queue import SimpleQueue
from uuid import UUID

from vms.hypervisor.contract import DiskError, Hypervisor, Machine
from vms.hypervisor.errors import HypervisorError, NodeUnreachable, VmNotFound
from vms.hypervisor.machine_xml import MachineDescription
from vms.models import Node
from vms.rules.power import PAUSED_BY_FAULT, Power, PowerReason
from vms.watcher.logs import last_lines
from vms.watcher.news import AllListed, MachineMissing, MachineSeen, News
from vms.watcher.reading import Reader

WORTH_A_LOOK_INTO_THE_LOG = PAUSED_BY_FAULT | {PowerReason.PROCESS_DIED, PowerReason.START_FAILED}

logger = logging.getLogger(__name__)


class Lookout:
    """Remembers what was told already, so that definitions are read when they are new or may have changed."""

    def __init__(self, node: Node, hypervisor: Hypervisor) -> None:
        self._node = node
        self._hypervisor = hypervisor
        self._reader = Reader(node.name, hypervisor)
        self._with_agent: set[UUID] = set()
        self._on_networks: set[UUID] = set()
        self.running_with_agent: set[UUID] = set()
        self.running_on_networks: set[UUID] = set()
        self.woken: SimpleQueue[UUID] = SimpleQueue()
        """Machines whose guest may tell something else now."""
        self.unmeasured: SimpleQueue[tuple[UUID, dict[str, str]]] = SimpleQueue()
        """Machines that are off, with the paths of their images by target."""

    def everything(self) -> Iterator[News]:
        """All machines, and that these are all: the list wins over events that were missed."""
        asked_at = datetime.now(UTC)
        machines = self._hypervisor.machines()
        for machine in machines:
            yield self._news_of(machine, asked_at)
        yield AllListed(self._node.pk, frozenset(machine.uuid for machine in machines), asked_at)

    def one(self, uuid: UUID) -> Iterator[News]:
        """One to which something has happened; nothing if the node never told of it, or cannot say now: the next full
        look will."""
        yield from self._one(uuid, happened=True)

    def a_part_again(self) -> Iterator[News]:
        """Machines whose definitions may have changed without an event, others each time."""
        for uuid in self._reader.doubt_a_part():
            yield from self._one(uuid, happened=False)

    def _one(self, uuid: UUID, *, happened: bool) -> Iterator[News]:
        asked_at = datetime.now(UTC)
        try:
            yield self._news_of(self._hypervisor.machine(uuid), asked_at, happened=happened)
        except VmNotFound:
            if self.knows(uuid):
                yield MachineMissing(self._node.pk, uuid)
            self.forget(uuid)
        except NodeUnreachable:
            raise
        except HypervisorError as error:
            logger.warning("machine %s on %s cannot be looked at: %s", uuid, self._node.name, error)

    def forget(self, uuid: UUID) -> None:
        """Its definition has changed: read it anew at the next look, and tell it."""
        self._reader.forget(uuid)

    def doubt(self, uuid: UUID) -> None:
        """What it is now may have changed: read it anew at the next look, and tell it if it is so."""
        self._reader.doubt(uuid)

    def tell_again(self, uuid: UUID) -> None:
        """It belonged to another node when it was told: what it is, is told again at the next look."""
        self._reader.tell_again(uuid)

    def knows(self, uuid: UUID) -> bool:
        """Whether it was described, so that there is a row for each of its disks."""
        return self._reader.knows(uuid)

    def _news_of(self, machine: Machine, asked_at: datetime, *, happened: bool = False) -> MachineSeen:
        description, reading = self._reader.news_of(machine.uuid, asked_at)
        self._note_guest(machine, description)
        errors = tuple(self._disk_errors(machine))
        log_lines = self._log_lines(machine)
        return MachineSeen(self._node.pk, machine, description, reading, errors, log_lines, asked_at, happened)

    def _note_guest(self, machine: Machine, description: MachineDescription | None) -> None:
        uuid, running = machine.uuid, machine.power is Power.RUNNING
        if description is not None:
            _put(uuid, self._with_agent, belongs=description.has_agent_channel)
            _put(uuid, self._on_networks, belongs=_is_on_a_network(description))
            if machine.power is Power.OFF:
                self.unmeasured.put((uuid, {disk.target: disk.source for disk in description.disks if disk.source}))
        _put(uuid, self.running_with_agent, belongs=running and uuid in self._with_agent)
        _put(uuid, self.running_on_networks, belongs=running and uuid in self._on_networks)

    def _disk_errors(self, machine: Machine) -> Iterator[DiskError]:
        if machine.power is not Power.PAUSED or machine.reason is not PowerReason.IO_ERROR:
            return
        try:
            yield from self._hypervisor.disk_errors(machine.uuid)
        except NodeUnreachable:
            raise
        except HypervisorError:
            return  # the machine went on meanwhile

    def _log_lines(self, machine: Machine) -> str:
        wanted = machine.power is Power.CRASHED or machine.reason in WORTH_A_LOOK_INTO_THE_LOG
        return last_lines(self._node.log_directory, machine.name) if wanted else ""


def _put(uuid: UUID, group: set[UUID], *, belongs: bool) -> None:
    (group.add if belongs else group.discard)(uuid)


def _is_on_a_network(description: MachineDescription) -> bool:
    """Whether libvirt itself hands out an address; bridges and the like are led by others."""
    return any(interface.source_type == "network" for interface in description.interfaces)
