"""Fake machines on their way from one fake node to another. They get on when a test says so: go_on() and arrive()."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from vms.hypervisor import possible
from vms.hypervisor.errors import DiskMissing, HypervisorError, NodeUnreachable, Refused, WrongState
from vms.hypervisor.fake_calls import FakeCalls
from vms.hypervisor.fake_migration import FakeMigration
from vms.hypervisor.fake_node import FakeMachine, FakeNode, nodes
from vms.hypervisor.machine_xml import describe, moved, needs_of
from vms.hypervisor.migrating import CallState, Destination, How, Migration, Outcome, Presence
from vms.rules.events import Happening
from vms.rules.power import HAS_PROCESS, Power, PowerReason
from vms.rules.preflight import Lack, Tie


class FakeMigrating(FakeCalls):
    def send(self, vm: UUID, to: Destination, how: How) -> None:
        with self._machine("send", vm, possible.MOVE_LIVE if how.live else possible.MOVE_OFFLINE) as machine:
            if machine.migration is not None:
                raise WrongState(f"{machine.name} is on its way already")
            moved(machine.xml, how.disks)
            try:
                _begin(self._node, machine, to.uri, how)
            except HypervisorError as error:
                self._node.outcomes[vm] = Outcome(CallState.FAILED, error.problem, str(error))

    def outcome(self, vm: UUID) -> Outcome | None:
        with self._call("outcome") as node:
            return node.outcomes.get(vm)

    def migration(self, vm: UUID) -> Migration | None:
        with self._call("migration") as node:
            machine = node.machines.get(vm)
            return machine.migration.as_migration() if machine and machine.migration else None

    def cancel_migration(self, vm: UUID) -> None:
        with self._call("cancel_migration") as node:
            machine = node.machines.get(vm)
            if machine and machine.migration and machine.migration.handed_over:
                raise WrongState(f"{machine.name} is handed over")
            if machine:
                node.break_migration(vm, Outcome(CallState.CANCELLED, None, "canceled by client"))

    def limit_migration(self, vm: UUID, *, limit: int) -> None:
        with self._call("limit_migration") as node:
            machine = node.machines.get(vm)
            if machine and machine.migration:
                machine.migration.limit = limit

    def switch_to_post_copy(self, vm: UUID) -> None:
        with self._machine("switch_to_post_copy", vm) as machine:
            migration = machine.migration
            if migration is None or not migration.how.post_copy:
                raise WrongState(f"{machine.name} was not sent so")
            migration.handed_over = True
        self._node.become(vm, Power.PAUSED, PowerReason.POSTCOPY)
        nodes[migration.to].become(vm, Power.RUNNING)

    def presence(self, vm: UUID) -> Presence | None:
        with self._call("presence") as node:
            machine = node.machines.get(vm)
            return Presence(machine.defined, machine.power, machine.reason) if machine else None

    def ties_of(self, vm: UUID) -> frozenset[Tie]:
        with self._machine("ties_of", vm) as machine:
            found = {
                Tie.JOB_RUNNING: bool(machine.job or machine.pulls or machine.migration or machine.backups.backup),
                Tie.SNAPSHOTS: machine.has_snapshots,
                Tie.MEMORY_SAVED: machine.reason is PowerReason.SAVED,
            }
            return frozenset(tie for tie, holds in found.items() if holds)

    def cpu(self) -> str:
        with self._call("cpu") as node:
            return node.cpu

    def lacks_for(self, definition: str, *, home_cpu: str) -> frozenset[Lack]:
        with self._call("lacks_for") as node:
            return node.lacks | frozenset(_lacks(node, definition, home_cpu))


def go_on(node: FakeNode, vm: UUID, count: int) -> None:
    """So many bytes more have gone. Even when all have, it has not arrived yet."""
    if migration := node.machines[vm].migration:
        migration.done = min(migration.done + count, migration.total)


def arrive(node: FakeNode, vm: UUID) -> None:
    """All has gone: it is on the other node, and here no more."""
    machine = node.machines[vm]
    if migration := machine.migration:
        machine.migration = None
        power = Power.RUNNING if migration.handed_over else machine.power
        _settle(nodes[migration.to], machine, migration.how.disks, power)
        _leave(node, machine)


def _begin(node: FakeNode, machine: FakeMachine, to: str, how: How) -> None:
    there = _reach(to)
    _require_room(node, there, machine, how)
    if not how.live:
        _settle(there, machine, how.disks, Power.OFF)
        _leave(node, machine)
        return
    disks = sum(node.image_of(machine.uuid, target).capacity for target in how.disks)
    machine.migration = FakeMigration(to, how, how.limit, disks, describe(machine.live_xml).memory)
    node.outcomes[machine.uuid] = Outcome(CallState.UNDER_WAY)
    half = FakeMachine(machine.uuid, machine.name, machine.live_xml, defined=False)
    there.machines[machine.uuid] = half
    there.become(machine.uuid, Power.PAUSED, PowerReason.MIGRATING)


def _reach(uri: str) -> FakeNode:
    there = nodes.get(uri)
    if there is None:
        raise NodeUnreachable(f"there is no node at {uri}")
    there.require_reachable()
    return there


def _require_room(node: FakeNode, there: FakeNode, machine: FakeMachine, how: How) -> None:
    if any(other.uuid == machine.uuid or other.name == machine.name for other in there.machines.values()):
        raise Refused(f"there is another machine named {machine.name}")
    seen = [disk for disk in needs_of(machine.live_xml).disks if disk.target not in how.disks]
    wanted = [*how.disks.values(), *(disk.path for disk in seen if disk.path in node.images)]
    if how.live and (missing := [path for path in wanted if path not in there.images]):
        raise DiskMissing(f"there is no image {missing[0]}")


def _settle(there: FakeNode, machine: FakeMachine, disks: Mapping[str, str], power: Power) -> None:
    """As its definition says; whether it starts with the node is of the node that it left."""
    live = moved(machine.live, disks) if machine.live else ""
    arrived = FakeMachine(machine.uuid, machine.name, moved(machine.xml, disks), live=live)
    arrived.agent_answers, arrived.guest = machine.agent_answers, machine.guest
    there.machines[machine.uuid] = arrived
    there.happen(machine.uuid, Happening.DEFINITION_CHANGED)
    there.become(machine.uuid, power, PowerReason.BY_REQUEST if power is Power.PAUSED else PowerReason.NONE)


def _leave(node: FakeNode, machine: FakeMachine) -> None:
    """That a definition has gone from here, libvirt does not tell: only that a process has."""
    node.outcomes[machine.uuid] = Outcome(CallState.SUCCEEDED)
    if machine.power in HAS_PROCESS:
        node.become(machine.uuid, Power.OFF, PowerReason.MOVED_AWAY)
    del node.machines[machine.uuid]


def _lacks(node: FakeNode, definition: str, home_cpu: str) -> Iterator[Lack]:
    found = describe(definition)
    if "host-passthrough" in definition and home_cpu not in {"", node.cpu}:
        yield Lack.CPU
    if not needs_of(definition).bridges <= node.bridges:
        yield Lack.NO_SUCH_BRIDGE
    for machine in node.machines.values():
        if machine.uuid == found.uuid:
            yield Lack.ALREADY_THERE
        elif machine.name == found.name:
            yield Lack.NAME_TAKEN
