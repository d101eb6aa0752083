"""Nodes made of dictionaries, for tests. They keep the same contract, and do on request what real ones do by mishap.

A test builds a node with add_node(uri); connect and follow reach it as the libvirt driver reaches a real one.
"""

from collections.abc import Iterable
from uuid import UUID, uuid4

from vms.hypervisor import possible
from vms.hypervisor.contract import (
    DiskError,
    GuestInfo,
    GuestInterface,
    Hypervisor,
    JobProgress,
    Machine,
    MachineStats,
    NodeInfo,
    Pull,
)
from vms.hypervisor.errors import NodeUnreachable, Refused
from vms.hypervisor.fake_backing_up import FakeBackingUp
from vms.hypervisor.fake_consoles import FakeConsoles
from vms.hypervisor.fake_editing import FakeEditing
from vms.hypervisor.fake_images import FakeImages
from vms.hypervisor.fake_migrating import FakeMigrating
from vms.hypervisor.fake_node import FakeImage, FakeMachine, FakeNode, FakePool, nodes, xml_for
from vms.hypervisor.fake_pulls import FakePulls
from vms.hypervisor.followers import Events
from vms.hypervisor.machine_xml import PanelMark, describe, needs_of, with_panel_mark
from vms.rules.events import Happening
from vms.rules.power import HAS_PROCESS, Power, PowerReason

__all__ = [
    "FakeHypervisor",
    "FakeImage",
    "FakeMachine",
    "FakeNode",
    "FakePool",
    "add_node",
    "connect",
    "follow",
    "forget_nodes",
    "xml_for",
]

_GIB = 1024**3
_nodes = nodes


def add_node(uri: str) -> FakeNode:
    """A new and empty node; one that was there is forgotten."""
    _nodes[uri] = FakeNode(uri)
    return _nodes[uri]


def forget_nodes() -> None:
    _nodes.clear()


def connect(uri: str) -> Hypervisor:
    return FakeHypervisor(_reach(uri))


def follow(uri: str) -> Events:
    return _reach(uri).followers.add()


def _reach(uri: str) -> FakeNode:
    node = _nodes.get(uri)
    if node is None:
        raise NodeUnreachable(f"there is no node at {uri}")
    node.require_reachable()
    return node


class FakeHypervisor(FakePulls, FakeImages, FakeConsoles, FakeEditing, FakeMigrating, FakeBackingUp):
    """All calls of the contract."""

    def info(self) -> NodeInfo:
        with self._call("info") as node:
            return NodeInfo(
                node_uuid=node.node_uuid,
                hostname=node.uri.rpartition("/")[2],
                libvirt_version="9.0.0",
                hypervisor_version="7.2.0",
                cpus=4,
                cpu_model="fake",
                memory_total=16 * _GIB,
                memory_free=8 * _GIB,
            )

    def machines(self) -> list[Machine]:
        with self._call("machines") as node:
            return [machine.as_machine() for machine in node.machines.values()]

    def machine(self, vm: UUID) -> Machine:
        with self._machine("machine", vm) as machine:
            return machine.as_machine()

    def xml_of(self, vm: UUID) -> str:
        with self._machine("xml_of", vm) as machine:
            return machine.xml

    def disk_errors(self, vm: UUID) -> list[DiskError]:
        with self._machine("disk_errors", vm) as machine:
            return list(machine.disk_errors) if machine.power in HAS_PROCESS else []

    def stats(self) -> list[MachineStats]:
        with self._call("stats") as node:
            return [_stats(machine) for machine in node.machines.values() if machine.power in HAS_PROCESS]

    def job_progress(self, vm: UUID) -> JobProgress | None:
        with self._machine("job_progress", vm) as machine:
            if machine.power not in HAS_PROCESS:
                return None
            return (
                machine.job
                or _on_its_way(machine)
                or _copied_aside(machine)
                or _sum_of(self._node.pulls_of(machine).values())
            )

    def agent_answers(self, vm: UUID, *, seconds: int) -> bool | None:
        with self._machine("agent_answers", vm) as machine:
            return machine.agent_answers if machine.power is Power.RUNNING else None

    def guest(self, vm: UUID, *, seconds: int) -> GuestInfo | None:
        with self._machine("guest", vm) as machine:
            return machine.guest if machine.power is Power.RUNNING and machine.agent_answers else None

    def leased_addresses(self, vm: UUID) -> tuple[GuestInterface, ...]:
        with self._machine("leased_addresses", vm) as machine:
            return machine.leases if machine.power in HAS_PROCESS else ()

    def define(self, xml: str) -> UUID:
        with self._call("define") as node:
            found = describe(xml)
            vm = found.uuid or uuid4()
            if any(other.name == found.name and other.uuid != vm for other in node.machines.values()):
                raise Refused(f"there is another machine named {found.name}")
            _define(node, vm, found.name, xml if found.uuid else xml.replace("</name>", f"</name><uuid>{vm}</uuid>", 1))
        self._node.happen(vm, Happening.DEFINITION_CHANGED)
        return vm

    def write_mark(self, vm: UUID, mark: PanelMark) -> None:
        with self._machine("write_mark", vm) as machine:
            machine.live = machine.live and with_panel_mark(machine.live, mark)
            machine.xml = with_panel_mark(machine.xml, mark)
        self._node.happen(vm, Happening.DEFINITION_CHANGED)

    def start(self, vm: UUID) -> None:
        self._move("start", vm, possible.START, Power.RUNNING)

    def start_paused(self, vm: UUID) -> None:
        self._move("start_paused", vm, possible.START, Power.PAUSED, PowerReason.BY_REQUEST)

    def resume(self, vm: UUID) -> None:
        self._move("resume", vm, possible.RESUME, Power.RUNNING)

    def pause(self, vm: UUID) -> None:
        self._move("pause", vm, possible.PAUSE, Power.PAUSED, PowerReason.BY_REQUEST)

    def ask_to_shut_down(self, vm: UUID) -> None:
        with self._machine("ask_to_shut_down", vm, possible.ASK_TO_SHUT_DOWN) as machine:
            if not machine.obeys:
                return
        self._node.become(vm, Power.OFF, PowerReason.SHUT_DOWN)

    def power_off(self, vm: UUID) -> None:
        self._move("power_off", vm, possible.POWER_OFF, Power.OFF, PowerReason.POWERED_OFF)

    def reset(self, vm: UUID) -> None:
        with self._machine("reset", vm, possible.RESET):
            self._node.happen(vm, Happening.REBOOTED)

    def undefine(self, vm: UUID, *, keep_files: bool = False) -> None:
        with self._machine("undefine", vm, possible.UNDEFINE) as machine:
            del self._node.machines[vm]
            if not keep_files:
                for path in needs_of(machine.xml).own_files:
                    self._node.images.pop(path, None)
        self._node.happen(vm, Happening.UNDEFINED)

    def networks(self) -> list[str]:
        with self._call("networks") as node:
            return list(node.networks)

    def offers_kvm(self) -> bool:
        with self._call("offers_kvm") as node:
            return node.offers_kvm

    def _move(
        self,
        call: str,
        vm: UUID,
        possible_in: frozenset[Power],
        power: Power,
        reason: PowerReason = PowerReason.NONE,
    ) -> None:
        with self._machine(call, vm, possible_in):
            self._node.become(vm, power, reason)


def _define(node: FakeNode, vm: UUID, name: str, xml: str) -> None:
    machine = node.machines.setdefault(vm, FakeMachine(vm, name, xml))
    machine.name = name
    machine.defined = True
    machine.define(xml)


def _on_its_way(machine: FakeMachine) -> JobProgress | None:
    migration = machine.migration
    return JobProgress(migration.done, migration.total, migration.limit) if migration else None


def _copied_aside(machine: FakeMachine) -> JobProgress | None:
    backup = machine.backups.backup
    return JobProgress(backup.done, backup.total) if backup else None


def _sum_of(pulls: Iterable[Pull]) -> JobProgress | None:
    found = list(pulls)
    if not found:
        return None
    return JobProgress(done=sum(pull.done for pull in found), total=sum(pull.total for pull in found))


def _stats(machine: FakeMachine) -> MachineStats:
    return MachineStats(
        uuid=machine.uuid,
        cpu_time=machine.cpu_time,
        memory_used=describe(machine.xml).memory_current,
        disk_bytes_read=0,
        disk_bytes_written=0,
        disks=dict(machine.disks),
    )
