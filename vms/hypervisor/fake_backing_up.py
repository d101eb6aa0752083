"""Fake machines that are copied aside. A backup gets on when a test says so: copy_on() and end_backup()."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from vms.hypervisor import possible
from vms.hypervisor.backing_up import Backup, BackupPlan, Began, Checkpoint, Merge
from vms.hypervisor.errors import ChainBroken, DiskMissing, InvalidXml, Refused, WrongState
from vms.hypervisor.fake_backup import FakeBackup, FakeCheckpoint
from vms.hypervisor.fake_calls import FakeCalls
from vms.hypervisor.fake_images import chain_at, require_room
from vms.hypervisor.fake_node import FakeImage, FakeMachine, FakeNode
from vms.hypervisor.machine_xml import describe, moved
from vms.hypervisor.migrating import CallState, Outcome
from vms.rules.events import Happening
from vms.rules.power import HAS_PROCESS, Power, PowerReason
from vms.rules.problems import Problem

_CANCELLED = Outcome(CallState.CANCELLED, None, "Operation canceled")
_MERGED = 1024 * 1024


class FakeBackingUp(FakeCalls):
    def begin_backup(self, vm: UUID, plan: BackupPlan) -> Began:
        with self._machine("begin_backup", vm, possible.BACK_UP) as machine:
            _require_disks(machine, {*plan.files, *plan.below})
            _require_no_job(machine)
            if plan.below:
                _require_whole(machine, plan)
            _make_images(self._node, machine, plan)
            frozen = _frozen(machine) if plan.freezes else None
            _begin(self._node, machine, plan)
            return Began(frozen, still_frozen=machine.backups.is_frozen and not _thaw(machine))

    def backup(self, vm: UUID) -> Backup | None:
        with self._machine("backup", vm) as machine:
            found = machine.backups.backup
            return None if found is None else found.as_backup()

    def backup_outcome(self, vm: UUID) -> Outcome | None:
        with self._machine("backup_outcome", vm) as machine:
            return None if machine.backups.backup else machine.backups.outcome

    def cancel_backup(self, vm: UUID) -> None:
        with self._machine("cancel_backup", vm) as machine:
            machine.backups.end(_CANCELLED)

    def limit_backup(self, vm: UUID, *, limit: int) -> None:
        with self._machine("limit_backup", vm) as machine:
            if machine.backups.backup:
                machine.backups.backup.limit = limit

    def thaw(self, vm: UUID) -> bool:
        with self._machine("thaw", vm) as machine:
            return machine.power is not Power.RUNNING or machine.agent_answers is None or _thaw(machine)

    def checkpoints(self, vm: UUID) -> Sequence[Checkpoint]:
        with self._machine("checkpoints", vm) as machine:
            is_on = machine.power in HAS_PROCESS
            found = machine.backups.checkpoints.items()
            return [checkpoint.as_checkpoint(name, is_measured=is_on) for name, checkpoint in found]

    def forget_checkpoint(self, vm: UUID, name: str) -> None:
        with self._machine("forget_checkpoint", vm, possible.FORGET_CHECKPOINT) as machine:
            machine.backups.checkpoints.pop(name, None)

    def save_memory(self, vm: UUID, path: str, overlays: Mapping[str, str]) -> None:
        with self._machine("save_memory", vm, possible.SAVE_MEMORY) as machine:
            disks = _written(machine)
            if wrong := disks ^ overlays.keys():
                raise InvalidXml(f"an overlay is missing or has no disk: {', '.join(sorted(wrong))}")
            machine.backups.memory = _save(self._node, machine, path, overlays)

    def memory_outcome(self, vm: UUID) -> Outcome | None:
        with self._machine("memory_outcome", vm) as machine:
            return machine.backups.memory

    def merge(self, vm: UUID, target: str) -> None:
        with self._machine("merge", vm, possible.MERGE) as machine:
            _require_no_job(machine)
            if not self._node.image_of(vm, target).below:
                raise Refused(f"nothing is below {target}")
            machine.backups.merges[target] = 0

    def merges(self, vm: UUID) -> Mapping[str, Merge]:
        with self._machine("merges", vm) as machine:
            return {
                target: Merge(done, _MERGED, is_ready=done == _MERGED)
                for target, done in machine.backups.merges.items()
            }

    def finish_merge(self, vm: UUID, target: str) -> None:
        with self._machine("finish_merge", vm) as machine:
            if machine.backups.merges.get(target) != _MERGED:
                raise WrongState(f"{target} is not merged yet")
            del machine.backups.merges[target]
            _use(machine, {target: self._node.image_of(vm, target).below})

    def start_with_memory(self, vm: UUID, path: str, disks: Mapping[str, str]) -> None:
        with self._machine("start_with_memory", vm, possible.START) as machine:
            if path not in self._node.images:
                raise DiskMissing(f"there is no file {path}")
            machine.live = moved(machine.xml, disks)
            self._node.become(vm, Power.PAUSED, PowerReason.BY_REQUEST)

    def bytes_to_copy(self, path: str) -> int:
        with self._call("bytes_to_copy") as node:
            chain = chain_at(path, node)
            return min(chain[0].capacity, sum(image.allocation for image in chain))

    def checksum(self, path: str, told: Callable[[int], None]) -> str:
        with self._call("checksum") as node:
            content = chain_at(path, node)[0].content
        told(len(content))
        return sha256(content).hexdigest()


def copy_on(node: FakeNode, vm: UUID, count: int) -> None:
    """So many bytes more are copied."""
    backup = _backup_of(node, vm)
    backup.done = min(backup.done + count, backup.total)


def end_backup(node: FakeNode, vm: UUID, outcome: Outcome | None = None) -> None:
    """All is copied, or it ends as it is said here."""
    copy_on(node, vm, _backup_of(node, vm).total)
    node.machines[vm].backups.end(outcome or Outcome(CallState.SUCCEEDED))


def end_merge(node: FakeNode, vm: UUID, target: str) -> None:
    """All is in the image below: it can be finished."""
    node.machines[vm].backups.merges[target] = _MERGED


def _backup_of(node: FakeNode, vm: UUID) -> FakeBackup:
    found = node.machines[vm].backups.backup
    if found is None:
        raise WrongState(f"{vm} has no backup under way")
    return found


def _written(machine: FakeMachine) -> set[str]:
    disks = describe(machine.live_xml).disks
    return {disk.target for disk in disks if disk.device in {"disk", "lun"} and disk.source and not disk.read_only}


def _require_disks(machine: FakeMachine, targets: set[str]) -> None:
    if unknown := targets - _written(machine):
        raise InvalidXml(f"the machine has no disk {', '.join(sorted(unknown))}")


def _require_no_job(machine: FakeMachine) -> None:
    backups = machine.backups
    if machine.job or machine.pulls or machine.migration or backups.backup or backups.merges:
        raise WrongState(f"{machine.name} has a job under way")


def _require_whole(machine: FakeMachine, plan: BackupPlan) -> None:
    found = machine.backups.checkpoints.get(plan.since)
    if found is None or not plan.below.keys() <= found.changed.keys():
        raise ChainBroken(f"there is no whole checkpoint {plan.since}")


def _make_images(node: FakeNode, machine: FakeMachine, plan: BackupPlan) -> None:
    if missing := [path for path in plan.below.values() if path not in node.images]:
        raise DiskMissing(f"there is no image {missing[0]}")
    for path in plan.files.values():
        require_room(path, 1, node)
    for target, path in plan.files.items():
        capacity = node.image_of(machine.uuid, target).capacity
        node.images[path] = FakeImage(capacity=capacity, below=plan.below.get(target, ""))


def _frozen(machine: FakeMachine) -> bool | None:
    if machine.power is not Power.RUNNING or machine.agent_answers is None:
        return None
    machine.backups.is_frozen = machine.agent_answers
    return machine.agent_answers


def _thaw(machine: FakeMachine) -> bool:
    if machine.backups.thaws and machine.agent_answers:
        machine.backups.is_frozen = False
    return not machine.backups.is_frozen


def _begin(node: FakeNode, machine: FakeMachine, plan: BackupPlan) -> None:
    since = machine.backups.checkpoints[plan.since].changed if plan.below else {}
    total = sum(
        since[target] if target in plan.below else node.image_of(machine.uuid, target).capacity for target in plan.files
    )
    machine.backups.backup = FakeBackup(plan, total, plan.limit)
    machine.backups.outcome = None
    if plan.checkpoint:
        noted = {disk.target for disk in describe(machine.live_xml).disks if disk.format == "qcow2"} & plan.files.keys()
        changed = dict.fromkeys(noted, 0)
        machine.backups.checkpoints[plan.checkpoint] = FakeCheckpoint(datetime.now(UTC), frozenset(noted), changed)


def _save(node: FakeNode, machine: FakeMachine, path: str, overlays: Mapping[str, str]) -> Outcome:
    if taken := [each for each in (path, *overlays.values()) if each in node.images]:
        return Outcome(CallState.FAILED, Problem.UNSUPPORTED, f"{taken[0]} exists")
    disks = {disk.target: disk.source for disk in describe(machine.live_xml).disks}
    node.images[path] = FakeImage("raw", describe(machine.live_xml).memory, content=b"memory")
    for target, overlay in overlays.items():
        below = node.images[disks[target]]
        node.images[overlay] = FakeImage(capacity=below.capacity, below=disks[target])
    _use(machine, overlays)
    node.happen(machine.uuid, Happening.DEFINITION_CHANGED)
    return Outcome(CallState.SUCCEEDED)


def _use(machine: FakeMachine, disks: Mapping[str, str]) -> None:
    """In both definitions."""
    machine.live = machine.live and moved(machine.live, disks)
    machine.xml = moved(machine.xml, disks)
