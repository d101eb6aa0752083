"""Nodes made of dictionaries, for tests. They keep the same contract, and do on request what real ones do by mishap.

A test builds a node with add_node(uri); connect and follow reach it as the libvirt driver reaches a real one.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from posixpath import dirname
from threading import RLock
from uuid import UUID, uuid4

from vms.hypervisor import possible
from vms.hypervisor.contract import DiskError, Hypervisor, JobProgress, Machine, MachineStats, NodeInfo
from vms.hypervisor.errors import DiskMissing, HypervisorError, NodeUnreachable, Refused, VmNotFound, WrongState
from vms.hypervisor.followers import Events, Followers
from vms.hypervisor.machine_xml import describe
from vms.rules.events import Happening, MachineEvent
from vms.rules.power import HAS_PROCESS, Power, PowerReason

_GIB = 1024**3
_XML = "<domain type='qemu'><name>{name}</name><uuid>{uuid}</uuid><memory unit='MiB'>8</memory>{os}</domain>"
_OS = "<os><type arch='x86_64' machine='pc'>hvm</type></os>"


@dataclass
class FakeMachine:
    """A machine and its guest. obeys: whether it shuts down when asked."""

    uuid: UUID
    name: str
    xml: str
    power: Power = Power.OFF
    reason: PowerReason = PowerReason.NONE
    obeys: bool = True
    agent_answers: bool | None = None
    job: JobProgress | None = None
    disk_errors: list[DiskError] = field(default_factory=list)
    cpu_time: int = 0

    def as_machine(self) -> Machine:
        return Machine(self.uuid, self.name, self.power, self.reason)


class FakeNode:
    """One node, and what a test may do to it. calls: the names of the calls it was asked to carry out, in order."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.node_uuid = str(uuid4())
        self.lock = RLock()
        self.followers = Followers()
        self.machines: dict[UUID, FakeMachine] = {}
        self.images: dict[str, str] = {}
        self.pools: set[str] = {"/images"}
        self.calls: list[str] = []
        self._unreachable: HypervisorError | None = None
        self._failures: dict[str, list[HypervisorError]] = {}

    def add(self, name: str, power: Power = Power.OFF, *, uuid: UUID | None = None, xml: str = "") -> FakeMachine:
        """A machine that was there before anybody looked: nobody is told."""
        vm = uuid or (describe(xml).uuid if xml else None) or uuid4()
        self.machines[vm] = FakeMachine(vm, name, xml or xml_for(name, vm), power)
        return self.machines[vm]

    def add_image(self, path: str, *, on_top_of: str = "") -> None:
        self.images[path] = on_top_of

    def happen(self, vm: UUID, happening: Happening) -> None:
        self.followers.tell(MachineEvent(vm, happening))

    def become(self, vm: UUID, power: Power, reason: PowerReason = PowerReason.NONE) -> None:
        """As if the guest did it, or somebody with another tool."""
        with self.lock:
            machine = self.machines[vm]
            machine.power, machine.reason = power, reason
        self.happen(vm, Happening.POWER_CHANGED)

    def fail_next(self, call: str, error: HypervisorError) -> None:
        """The next call of that name, "start" or "machines", raises this and does nothing."""
        self._failures.setdefault(call, []).append(error)

    def be_unreachable(self, error: HypervisorError | None = None) -> None:
        """Its connection breaks, and no new one can be opened, until be_reachable()."""
        self._unreachable = error or NodeUnreachable(f"no connection to {self.uri}")
        self.break_connection()

    def be_reachable(self) -> None:
        self._unreachable = None

    def break_connection(self) -> None:
        """The one that is open; a new one can be opened."""
        broken, self.followers = self.followers, Followers()
        broken.end()

    def require_reachable(self) -> None:
        if self._unreachable is not None:
            raise self._unreachable

    def require_no_failure(self, call: str) -> None:
        self.calls.append(call)
        if errors := self._failures.get(call):
            raise errors.pop(0)


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


def xml_for(name: str, vm: UUID) -> str:
    """The plainest definition."""
    return _XML.format(name=name, uuid=vm, os=_OS)


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
    )
