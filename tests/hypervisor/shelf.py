"""A place whose machines are copied aside, into a folder of their own node: fake or real."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from uuid import UUID, uuid4

from demo.nodes import LocalNode
from tests.hypervisor.places import Place, wait_for
from tests.hypervisor.test_disks import DISK
from vms.hypervisor import fake, fake_backing_up
from vms.hypervisor.backing_up import Backup, BackupPlan, Began
from vms.hypervisor.contract import Hypervisor
from vms.hypervisor.migrating import CallState, Outcome
from vms.rules.power import Power, PowerReason
from vms.rules.problems import Problem

MIB = 1024 * 1024
SIZE = 192 * MIB
CONTENT = 144 * MIB
SLOWLY = 4 * MIB


@dataclass
class Shelf:
    """target: the folder for the copies."""

    place: Place
    target: str
    node: LocalNode | None = None

    @property
    def here(self) -> Hypervisor:
        return self.place.connect()

    @property
    def fake_node(self) -> fake.FakeNode | None:
        return fake._nodes.get(self.place.uri)

    def make(self, name: str, *disks: str) -> UUID:
        targets = zip(disks, "abc", strict=False)
        return self.place.make(name, devices="".join(DISK.format(path=path, target=f"vd{x}") for path, x in targets))

    def image(self, content: int = CONTENT, pattern: int = 7) -> str:
        path = f"{self.place.images}/{uuid4()}.qcow2"
        self.here.make_image(path, SIZE)
        self.write(path, content, pattern)
        return path

    def write(self, path: str, content: int, pattern: int, at: int = 0) -> None:
        """As a guest does. Into the image of a machine that is off."""
        if self.fake_node:
            self.fake_node.images[path].allocation += content
        elif self.node is not None:
            words = f"write -q -P {pattern} {at // MIB}M {content // MIB}M"
            self.node.account.run("qemu-io", "-t", "unsafe", "-f", "qcow2", "-c", words, path)

    def change(self, vm: UUID, path: str, content: int, at: int = 0) -> None:
        """The machine's disk, and its process notes it."""
        if self.fake_node:
            for checkpoint in self.fake_node.machines[vm].backups.checkpoints.values():
                checkpoint.changed = {target: changed + content for target, changed in checkpoint.changed.items()}
        self.here.power_off(vm)
        self.write(path, content, 9, at)
        self.here.start_paused(vm)

    def new(self, name: str = "qcow2") -> str:
        return f"{self.target}/{uuid4()}.{name}"

    def begin(
        self,
        vm: UUID,
        files: dict[str, str],
        *,
        below: dict[str, str] | None = None,
        since: str = "",
        checkpoint: str = "",
        limit: int = 0,
        freezes: bool = True,
    ) -> Began:
        return self.here.begin_backup(vm, BackupPlan(files, below or {}, since, checkpoint, limit, freezes))

    def half_way(self, vm: UUID, checkpoint: str = "") -> Backup:
        """A slow one of the first disk. A busy node may hear of the limit when all is copied: then once more."""
        for _attempt in range(8):
            self.begin(vm, {"vda": self.new()}, checkpoint=checkpoint, limit=SLOWLY)
            if found := self._be_half_way(vm):
                return found
            self.here.forget_checkpoint(vm, checkpoint)
        raise AssertionError("it was never slow")

    def _be_half_way(self, vm: UUID) -> Backup | None:
        if self.fake_node:
            fake_backing_up.copy_on(self.fake_node, vm, 64 * MIB)
        wait_for(lambda: (found := self.here.backup(vm)) is None or found.done, 20)
        found = self.here.backup(vm)
        return found if found and found.done < found.total and found.limit == SLOWLY else None

    def end(self, vm: UUID, seconds: float = 20) -> Outcome:
        if self.fake_node and self.here.backup(vm):
            fake_backing_up.end_backup(self.fake_node, vm)
        wait_for(lambda: self.here.backup(vm) is None, seconds)
        wait_for(lambda: self.here.backup_outcome(vm))
        outcome = self.here.backup_outcome(vm)
        assert outcome is not None
        return outcome

    def copy(self, vm: UUID, files: dict[str, str], **plan: object) -> None:
        self.begin(vm, files, **plan)  # type: ignore[arg-type]  # the names are those of begin()
        outcome = self.end(vm)
        assert outcome.state is CallState.SUCCEEDED, outcome

    def crash(self, vm: UUID) -> None:
        """Its process is killed."""
        if self.fake_node:
            self.fake_node.become(vm, Power.OFF, PowerReason.PROCESS_DIED)
        for process in self.place.processes():
            subprocess.run(["kill", "-9", str(process)], check=True)
        wait_for(lambda: self.here.machine(vm).power is Power.OFF)

    def saved(self, vm: UUID, path: str, overlays: dict[str, str]) -> Outcome:
        self.here.save_memory(vm, path, overlays)
        wait_for(lambda: (found := self.here.memory_outcome(vm)) and found.state is not CallState.UNDER_WAY)
        outcome = self.here.memory_outcome(vm)
        assert outcome is not None
        return outcome

    def go_on(self, vm: UUID) -> None:
        """Its guest, whose memory was saved, once the copy stands still, held by a limit; and then the copy."""
        found: list[Backup | None] = []

        def stands_still() -> bool:
            found.append(self.here.backup(vm))
            return len(found) > 1 and found[-1] == found[-2]

        wait_for(stands_still, seconds=20, pause=1)
        self.here.resume(vm)
        self.here.limit_backup(vm, limit=0)

    def merge(self, vm: UUID, target: str) -> None:
        self.here.merge(vm, target)
        if self.fake_node:
            fake_backing_up.end_merge(self.fake_node, vm, target)
        wait_for(lambda: self.here.merges(vm)[target].is_ready)
        self.here.finish_merge(vm, target)

    def are_the_same(self, one: str, other: str) -> bool:
        """With all that is below them."""
        if self.node is None:
            return True
        words = ["qemu-img", "compare", "-U", "-f", "qcow2", "-F", "qcow2", one, other]
        return subprocess.run(words, check=False, capture_output=True).returncode == 0

    def clear(self) -> None:
        self.place.clear()
        if self.node is not None:
            for folder in (self.place.images, self.target):
                self.node.account.run("find", folder, "-type", "f", "-delete")


def failed(outcome: Outcome | None, problem: Problem) -> bool:
    return outcome is not None and (outcome.state, outcome.problem) == (CallState.FAILED, problem)
