"""Nodes made of dictionaries, for tests. They keep the same contract, and do on request what real ones do by mishap.

A test builds a node with add_node(uri); connect and follow reach it as the libvirt driver reaches a real one.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from posixpath import dirname
from uuid import UUID, uuid4

from vms.hypervisor import possible
from vms.hypervisor.contract import (
    DiskError,
    GuestInfo,
    GuestInterface,
    Hypervisor,
    ImageSize,
    JobProgress,
    Machine,
    MachineStats,
    NodeInfo,
)
from vms.hypervisor.errors import DiskMissing, NodeUnreachable, Refused, VmNotFound, WrongState
from vms.hypervisor.fake_node import FakeMachine, FakeNode, xml_for
from vms.hypervisor.followers import Events
from vms.hypervisor.machine_xml import describe
from vms.rules.events import Happening
from vms.rules.power import HAS_PROCESS, Power, PowerReason

__all__ = ["FakeHypervisor", "FakeMachine", "FakeNode", "add_node", "connect", "follow", "forget_nodes", "xml_for"]

_GIB = 1024**3
_nodes: dict[str, FakeNode] = {}


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


class FakeHypervisor:
    """A connection to a fake node. It stays with the followers it began with, so that it breaks together with them."""

    def __init__(self, node: FakeNode) -> None:
        self._node = node
        self._followers = node.followers

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

    def is_alive(self) -> bool:
        return self._followers is self._node.followers

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
            return machine.job if machine.power in HAS_PROCESS else None

    def agent_answers(self, vm: UUID, *, seconds: int) -> bool | None:
        with self._machine("agent_answers", vm) as machine:
            return machine.agent_answers if machine.power is Power.RUNNING else None

    def guest(self, vm: UUID, *, seconds: int) -> GuestInfo | None:
        with self._machine("guest", vm) as machine:
            return machine.guest if machine.power is Power.RUNNING and machine.agent_answers else None

    def leased_addresses(self, vm: UUID) -> tuple[GuestInterface, ...]:
        with self._machine("leased_addresses", vm) as machine:
            return machine.leases if machine.power in HAS_PROCESS else ()

    def image_sizes(self, paths: Collection[str]) -> Mapping[str, ImageSize]:
        with self._call("image_sizes") as node:
            return {path: node.image_sizes[path] for path in paths if path in node.image_sizes}

    def define(self, xml: str) -> UUID:
        with self._call("define") as node:
            found = describe(xml)
            vm = found.uuid or uuid4()
            if any(other.name == found.name and other.uuid != vm for other in node.machines.values()):
                raise Refused(f"there is another machine named {found.name}")
            _define(node, vm, found.name, xml if found.uuid else xml.replace("</name>", f"</name><uuid>{vm}</uuid>", 1))
        self._node.happen(vm, Happening.DEFINITION_CHANGED)
        return vm

    def start(self, vm: UUID) -> None:
        self._move("start", vm, possible.START, Power.RUNNING)

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

    def undefine(self, vm: UUID) -> None:
        with self._machine("undefine", vm, possible.UNDEFINE):
            del self._node.machines[vm]
        self._node.happen(vm, Happening.UNDEFINED)

    def disks_on_top_of(self, path: str) -> Sequence[str]:
        with self._call("disks_on_top_of") as node:
            return sorted(image for image in node.images if path in _below(image, node.images))

    def delete_disk(self, path: str) -> None:
        with self._call("delete_disk") as node:
            if dirname(path) not in node.pools:
                raise DiskMissing(f"no storage pool has the folder {dirname(path)}")
            node.images.pop(path, None)

    def close(self) -> None:
        if self.is_alive():
            self._node.break_connection()

    @contextmanager
    def _call(self, name: str) -> Iterator[FakeNode]:
        with self._node.lock:
            if not self.is_alive():
                raise NodeUnreachable(f"the connection to {self._node.uri} was lost")
            self._node.require_no_failure(name)
            yield self._node

    @contextmanager
    def _machine(self, call: str, vm: UUID, possible_in: frozenset[Power] | None = None) -> Iterator[FakeMachine]:
        with self._call(call) as node:
            machine = node.machines.get(vm)
            if machine is None:
                raise VmNotFound(str(vm))
            if possible_in is not None and machine.power not in possible_in:
                raise WrongState(f"{machine.name} is {machine.power}")
            yield machine

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
    machine.name, machine.xml = name, xml


def _below(image: str, images: dict[str, str]) -> list[str]:
    """All that this image needs, down to the last."""
    chain: list[str] = []
    while (image := images.get(image, "")) and image not in chain:
        chain.append(image)
    return chain


def _stats(machine: FakeMachine) -> MachineStats:
    return MachineStats(
        uuid=machine.uuid,
        cpu_time=machine.cpu_time,
        memory_used=describe(machine.xml).memory_current,
        disk_bytes_read=0,
        disk_bytes_written=0,
        disks=dict(machine.disks),
    )
