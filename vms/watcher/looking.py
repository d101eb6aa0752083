"""Asks a node about its machines, and puts what it says into news."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from vms.hypervisor.contract import DiskError, Hypervisor, Machine
from vms.hypervisor.errors import HypervisorError, NodeUnreachable, VmNotFound
from vms.hypervisor.machine_xml import MachineDescription, describe
from vms.models import Node
from vms.rules.power import PAUSED_BY_FAULT, Power, PowerReason
from vms.watcher.logs import last_lines
from vms.watcher.news import AllListed, MachineSeen, News

WORTH_A_LOOK_INTO_THE_LOG = PAUSED_BY_FAULT | {PowerReason.PROCESS_DIED, PowerReason.START_FAILED}

logger = logging.getLogger(__name__)


class Lookout:
    """Remembers which machines were described already, so that definitions are read when they are new or changed."""

    def __init__(self, node: Node, hypervisor: Hypervisor) -> None:
        self._node = node
        self._hypervisor = hypervisor
        self._described: set[UUID] = set()
        self.running_with_agent: set[UUID] = set()
        self._with_agent: set[UUID] = set()

    def everything(self) -> Iterator[News]:
        """All machines, and that these are all: the list wins over events that were missed."""
        asked_at = datetime.now(UTC)
        machines = self._hypervisor.machines()
        for machine in machines:
            yield self._news_of(machine, asked_at)
        yield AllListed(self._node.pk, frozenset(machine.uuid for machine in machines))

    def one(self, uuid: UUID) -> Iterator[News]:
        """One machine; nothing if the node does not know it (any more) or cannot say now: the next full look will."""
        asked_at = datetime.now(UTC)
        try:
            yield self._news_of(self._hypervisor.machine(uuid), asked_at)
        except VmNotFound:
            self.forget(uuid)
        except NodeUnreachable:
            raise
        except HypervisorError as error:
            logger.warning("machine %s on %s cannot be looked at: %s", uuid, self._node.name, error)

    def forget(self, uuid: UUID) -> None:
        """Its definition may have changed: read it anew at the next look."""
        self._described.discard(uuid)

    def _news_of(self, machine: Machine, asked_at: datetime) -> MachineSeen:
        description = self._describe_if_new(machine.uuid)
        self._note_agent(machine, description)
        errors = tuple(self._disk_errors(machine))
        return MachineSeen(self._node.pk, machine, description, errors, self._log_lines(machine), asked_at)

    def _describe_if_new(self, uuid: UUID) -> MachineDescription | None:
        if uuid in self._described:
            return None
        self._described.add(uuid)
        try:
            return describe(self._hypervisor.xml_of(uuid))
        except NodeUnreachable:
            raise
        except HypervisorError as error:
            logger.warning("the definition of %s on %s cannot be read: %s", uuid, self._node.name, error)
            return None

    def _note_agent(self, machine: Machine, description: MachineDescription | None) -> None:
        if description is not None:
            (self._with_agent.add if description.has_agent_channel else self._with_agent.discard)(machine.uuid)
        answers = machine.power is Power.RUNNING and machine.uuid in self._with_agent
        (self.running_with_agent.add if answers else self.running_with_agent.discard)(machine.uuid)

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
