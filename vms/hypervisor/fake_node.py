"""A fake node and its machines: what a test builds, and what it may do to them."""

from dataclasses import dataclass, field
from threading import RLock
from uuid import UUID, uuid4

from vms.hypervisor.contract import DiskError, GuestInfo, GuestInterface, ImageSize, JobProgress, Machine
from vms.hypervisor.errors import HypervisorError, NodeUnreachable
from vms.hypervisor.followers import Followers
from vms.hypervisor.machine_xml import describe
from vms.rules.events import Happening, MachineEvent
from vms.rules.power import Power, PowerReason

_XML = "<domain type='qemu'><name>{name}</name><uuid>{uuid}</uuid><memory unit='MiB'>8</memory>{os}</domain>"
_OS = "<os><type arch='x86_64' machine='pc'>hvm</type></os>"


def xml_for(name: str, vm: UUID) -> str:
    """The plainest definition."""
    return _XML.format(name=name, uuid=vm, os=_OS)


@dataclass
class FakeMachine:
    """A machine and its guest. obeys: whether it shuts down when asked. disks: sizes by target, while it is on."""

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
        self.image_sizes: dict[str, ImageSize] = {}
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
