"""A fake node and its machines: what a test builds, and what it may do to them."""

from dataclasses import dataclass, field
from socket import MSG_DONTWAIT, MSG_PEEK, socket
from threading import RLock
from uuid import UUID, uuid4

from vms.hypervisor.consoles import Screen
from vms.hypervisor.contract import (
    DiskError,
    GuestInfo,
    GuestInterface,
    Image,
    ImageSize,
    JobProgress,
    Machine,
    Pull,
    StoragePool,
)
from vms.hypervisor.errors import HypervisorError, NodeUnreachable
from vms.hypervisor.fake_backup import FakeBackups
from vms.hypervisor.fake_content import EMPTY_IMAGE
from vms.hypervisor.fake_migration import FakeMigration
from vms.hypervisor.followers import Followers
from vms.hypervisor.machine_xml import describe
from vms.hypervisor.migrating import CallState, Outcome
from vms.rules.consoles import ScreenKind
from vms.rules.events import Happening, MachineEvent
from vms.rules.power import HAS_PROCESS, Power, PowerReason
from vms.rules.preflight import Lack
from vms.rules.problems import Problem

_XML = "<domain type='qemu'><name>{name}</name><uuid>{uuid}</uuid><memory unit='MiB'>8</memory>{os}</domain>"
_OS = "<os><type arch='x86_64' machine='pc'>hvm</type></os>"

_GIB = 1024**3


def xml_for(name: str, vm: UUID) -> str:
    """The plainest definition."""
    return _XML.format(name=name, uuid=vm, os=_OS)


@dataclass
class FakeMachine:
    """A machine and its guest. obeys: whether it shuts down when asked. disks: sizes by target, while it is on;
    pulls: the limits of those under way, by target; viewers, serial: the machine's ends of what people have opened.
    live: what it is while it is on, "" for as its definition says; lets_go: whether its guest gives back what it is
    asked for, devices and memory. defined: whether anything is left of it without its process; migration: its way to
    another node."""

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
    disks: dict[str, ImageSize] = field(default_factory=dict)
    guest: GuestInfo | None = None
    leases: tuple[GuestInterface, ...] = ()
    pulls: dict[str, int] = field(default_factory=dict)
    live: str = ""
    autostart: bool = False
    lets_go: bool = True
    defined: bool = True
    has_snapshots: bool = False
    migration: FakeMigration | None = None
    backups: FakeBackups = field(default_factory=FakeBackups)
    screen: Screen = field(default_factory=lambda: Screen(ScreenKind.VNC))
    has_serial_port: bool = True
    viewers: list[socket] = field(default_factory=list)
    serial: socket | None = None

    def as_machine(self) -> Machine:
        return Machine(self.uuid, self.name, self.power, self.reason)

    @property
    def live_xml(self) -> str:
        return self.live or self.xml

    def define(self, xml: str) -> None:
        """For its next start: while it is on it stays what it is."""
        if self.power in HAS_PROCESS:
            self.live = self.live_xml
        self.xml = xml

    def end_backups(self, *, died: bool) -> None:
        self.backups.end(Outcome(CallState.FAILED, Problem.WRONG_STATE))
        self.backups.merges.clear()
        self.backups.is_frozen = False
        if died:
            self.backups.lose_notes()

    def serial_is_taken(self) -> bool:
        """Unless whoever had it has gone."""
        try:
            return self.serial is not None and self.serial.recv(1, MSG_PEEK | MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True

    def close_serial(self) -> None:
        if self.serial is not None:
            self.serial.close()
            self.serial = None

    def close_viewers(self) -> None:
        for viewer in self.viewers:
            viewer.close()
        self.viewers.clear()


@dataclass
class FakeImage:
    """An image file. pulled: how much of what is below it was copied into it; kept: how much of that would survive a
    sudden death of the process."""

    format: str = "qcow2"
    capacity: int = _GIB
    allocation: int = 0
    below: str = ""
    content: bytes = EMPTY_IMAGE
    pulled: int = 0
    kept: int = 0

    def as_image(self, path: str) -> Image:
        return Image(path, self.format, self.capacity, self.allocation, self.below)


@dataclass
class FakePool:
    name: str
    capacity: int = 1024 * _GIB
    free: int = 1024 * _GIB
    over_network: bool = False

    def as_pool(self, folder: str) -> StoragePool:
        return StoragePool(self.name, folder, self.capacity, self.free, self.over_network)


class FakeNode:
    """One node, and what a test may do to it. calls: the names of the calls it was asked to carry out, in order;
    pools: by their folders; images: by their paths; outcomes: of calls that sent machines away, as the process knows
    them that made them; lacks: what it says that it lacks for any machine."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.node_uuid = str(uuid4())
        self.lock = RLock()
        self.followers = Followers()
        self.machines: dict[UUID, FakeMachine] = {}
        self.images: dict[str, FakeImage] = {}
        self.pools = {"/images": FakePool("images")}
        self.networks = ["default"]
        self.offers_kvm = False
        self.bridges = frozenset({"br0"})
        self.cpu = "<cpu><model>fake</model></cpu>"
        self.lacks: frozenset[Lack] = frozenset()
        self.outcomes: dict[UUID, Outcome] = {}
        self.calls: list[str] = []
        self._unreachable: HypervisorError | None = None
        self._failures: dict[str, list[HypervisorError]] = {}

    def add(self, name: str, power: Power = Power.OFF, *, uuid: UUID | None = None, xml: str = "") -> FakeMachine:
        """A machine that was there before anybody looked: nobody is told."""
        vm = uuid or (describe(xml).uuid if xml else None) or uuid4()
        self.machines[vm] = FakeMachine(vm, name, xml or xml_for(name, vm), power)
        return self.machines[vm]

    def add_image(
        self, path: str, *, on_top_of: str = "", image_format: str = "qcow2", capacity: int = _GIB, allocation: int = 0
    ) -> FakeImage:
        self.images[path] = FakeImage(image_format, capacity, allocation, on_top_of)
        return self.images[path]

    def image_of(self, vm: UUID, target: str) -> FakeImage:
        """That of a machine's disk."""
        disks = {disk.target: disk.source for disk in describe(self.machines[vm].xml).disks}
        return self.images[disks[target]]

    def pulls_of(self, machine: FakeMachine) -> dict[str, Pull]:
        found = {target: self.image_of(machine.uuid, target) for target in machine.pulls}
        return {target: Pull(image.pulled, image.capacity, machine.pulls[target]) for target, image in found.items()}

    def pull_on(self, vm: UUID, target: str, count: int) -> None:
        """So many bytes more are copied. Nobody is told of that, and even a whole one has not ended yet."""
        image = self.image_of(vm, target)
        image.pulled = min(image.pulled + count, image.capacity)

    def end_pull(self, vm: UUID, target: str) -> None:
        """All is copied: the disk stands alone."""
        image = self.image_of(vm, target)
        image.pulled, image.below = image.capacity, ""
        self.break_pull(vm, target)

    def break_pull(self, vm: UUID, target: str) -> None:
        """It is over, however far it came."""
        del self.machines[vm].pulls[target]
        self.happen(vm, Happening.JOB_CHANGED)

    def happen(self, vm: UUID, happening: Happening) -> None:
        self.followers.tell(MachineEvent(vm, happening))

    def become(self, vm: UUID, power: Power, reason: PowerReason = PowerReason.NONE) -> None:
        """As if the guest did it, or somebody with another tool."""
        with self.lock:
            machine = self.machines[vm]
            machine.power, machine.reason = power, reason
            if power not in HAS_PROCESS:
                machine.live = ""
                self._end_pulls(machine, died=reason is PowerReason.PROCESS_DIED)
                machine.end_backups(died=reason is PowerReason.PROCESS_DIED)
                machine.close_serial()
                machine.close_viewers()
                self.break_migration(vm, Outcome(CallState.FAILED, Problem.REFUSED, "the process ended"))
                if not machine.defined:
                    self._drop_half(machine)
        self.happen(vm, Happening.POWER_CHANGED)

    def break_migration(self, vm: UUID, outcome: Outcome) -> None:
        """It is over, however far it came: the machine stays here, and the other node forgets it. Nobody is told."""
        machine = self.machines[vm]
        migration, machine.migration = machine.migration, None
        if migration is not None:
            self.outcomes[vm] = outcome
            nodes[migration.to].machines.pop(vm, None)

    def _drop_half(self, machine: FakeMachine) -> None:
        del self.machines[machine.uuid]
        for node in nodes.values():
            there = node.machines.get(machine.uuid)
            if there is not None and there.migration is not None and there.migration.to == self.uri:
                node.break_migration(machine.uuid, Outcome(CallState.FAILED, Problem.REFUSED, "the other end is gone"))

    def _end_pulls(self, machine: FakeMachine, *, died: bool) -> None:
        for target in machine.pulls if died else ():
            image = self.image_of(machine.uuid, target)
            image.pulled = image.kept
        machine.pulls.clear()

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


nodes: dict[str, FakeNode] = {}
"""All that a test has built, by their addresses."""
