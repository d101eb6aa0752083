from collections.abc import Iterable
from uuid import UUID

from vms.hypervisor.contract import MachineStats


class CpuMeter:
    """Turns running totals of processor time into a share."""

    def __init__(self) -> None:
        self._totals: dict[UUID, int] = {}
        self._at: float | None = None

    def permille(self, stats: Iterable[MachineStats], cpus: int, now: float) -> int | None:
        """Share of `cpus` processors used since the last call, 0 to 1000. None at the first call. now in seconds."""
        totals = {machine.uuid: machine.cpu_time for machine in stats}
        used = sum(max(0, time - self._totals.get(uuid, time)) for uuid, time in totals.items())
        passed = None if self._at is None else now - self._at
        self._totals, self._at = totals, now
        if not passed or not cpus:
            return None
        return min(1000, round(1000 * used / (passed * 1e9 * cpus)))
