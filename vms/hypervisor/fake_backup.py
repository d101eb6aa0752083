"""What a fake machine has of backups. It gets on when a test says so: see fake_backing_up."""

from dataclasses import dataclass, field
from datetime import datetime

from vms.hypervisor.backing_up import Backup, BackupPlan, Checkpoint
from vms.hypervisor.migrating import Outcome


@dataclass
class FakeBackup:
    plan: BackupPlan
    total: int
    limit: int
    done: int = 0

    def as_backup(self) -> Backup:
        return Backup(dict(self.plan.files), self.done, self.total, self.limit, left=self.total - self.done)


@dataclass
class FakeCheckpoint:
    """changed: bytes since then, by target; a disk whose notes were lost is not among them."""

    made_at: datetime
    disks: frozenset[str]
    changed: dict[str, int]

    def as_checkpoint(self, name: str, *, is_measured: bool) -> Checkpoint:
        return Checkpoint(name, self.made_at, self.disks, dict(self.changed) if is_measured else None)


@dataclass
class FakeBackups:
    """outcome: of the last one, as the node remembers it; merges: how much is merged, by target; memory: what the
    process knows that had the memory saved; is_frozen: the guest's file systems; thaws: whether its agent answers when
    it is asked to thaw them."""

    backup: FakeBackup | None = None
    outcome: Outcome | None = None
    checkpoints: dict[str, FakeCheckpoint] = field(default_factory=dict)
    merges: dict[str, int] = field(default_factory=dict)
    memory: Outcome | None = None
    is_frozen: bool = False
    thaws: bool = True

    def end(self, outcome: Outcome) -> None:
        """Without a backup nothing happens."""
        if self.backup is not None:
            self.backup, self.outcome = None, outcome

    def lose_notes(self) -> None:
        """As when the process is killed, which writes them down at its end only."""
        for checkpoint in self.checkpoints.values():
            checkpoint.changed.clear()
