"""A fake machine's way to another fake node. It gets on when a test says so: see fake_migrating."""

from dataclasses import dataclass

from vms.hypervisor.migrating import How, Migration, Stage


@dataclass
class FakeMigration:
    """to: the other node's address; limit: bytes per second, 0 for none."""

    to: str
    how: How
    limit: int
    disks_total: int
    memory_total: int
    done: int = 0
    handed_over: bool = False

    @property
    def total(self) -> int:
        return self.disks_total + self.memory_total

    def as_migration(self) -> Migration:
        """Disks first."""
        disks_done = min(self.done, self.disks_total)
        return Migration(
            stage=self._stage(),
            disks_done=disks_done,
            disks_total=self.disks_total,
            memory_done=self.done - disks_done,
            memory_total=self.memory_total,
            bytes_per_second=self.limit,
            rounds=1,
        )

    def _stage(self) -> Stage:
        if self.handed_over:
            return Stage.HANDED_OVER
        return Stage.DISKS if self.done < self.disks_total else Stage.MEMORY
