"""Makes something of numbers that only mean something when they are compared with those before."""

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from vms.hypervisor.contract import ImageSize, JobProgress, MachineStats

MIB = 1024 * 1024
VISIBLE_GROWTH = 64 * MIB
VISIBLE_SHARE = 100
SMOOTHING_SECONDS = 5.0


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


class DiskMeter:
    """Remembers what was told of each machine's disks: a growth that nobody would see is not told."""

    def __init__(self) -> None:
        self._told: dict[UUID, Mapping[str, ImageSize]] = {}

    def news(self, stats: Iterable[MachineStats]) -> Iterator[tuple[UUID, Mapping[str, ImageSize]]]:
        for machine in stats:
            if machine.disks and _looks_different(self._told.get(machine.uuid, {}), machine.disks):
                self._told[machine.uuid] = machine.disks
                yield machine.uuid, machine.disks

    def forget(self, uuid: UUID) -> None:
        """Its disks may be others now."""
        self._told.pop(uuid, None)


def _looks_different(told: Mapping[str, ImageSize], now: Mapping[str, ImageSize]) -> bool:
    return told.keys() != now.keys() or any(_has_grown(told[target], size) for target, size in now.items())


def _has_grown(told: ImageSize, now: ImageSize) -> bool:
    visible = min(VISIBLE_GROWTH, now.capacity // VISIBLE_SHARE)
    return told.capacity != now.capacity or abs(told.allocation - now.allocation) > visible


class SpeedMeter:
    """How fast a job is, without its jumps from second to second."""

    def __init__(self) -> None:
        self._seen: dict[UUID, tuple[float, int, float | None]] = {}

    def bytes_per_second(self, uuid: UUID, progress: JobProgress, now: float) -> int | None:
        """None at the first call. A job that is less far than before is another job. now in seconds."""
        then, done, speed = self._seen.get(uuid, (now, progress.done, None))
        if progress.done < done:
            then, done, speed = now, progress.done, None
        if now > then:
            fresh = progress.bytes_per_second or (progress.done - done) / (now - then)
            share = 1.0 if speed is None else min(1.0, (now - then) / SMOOTHING_SECONDS)
            speed = fresh * share + (speed or 0.0) * (1 - share)
        self._seen[uuid] = (now, progress.done, speed)
        return None if speed is None else round(speed)

    def keep_only(self, uuids: Iterable[UUID]) -> None:
        """The others have no job any more."""
        kept = set(uuids)
        self._seen = {uuid: seen for uuid, seen in self._seen.items() if uuid in kept}
