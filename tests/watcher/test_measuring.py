"""How fast a job is, and when a disk has grown so that it can be seen."""

from __future__ import annotations

from uuid import UUID

import pytest

from vms.hypervisor.contract import ImageSize, JobProgress, MachineStats
from vms.watcher.measuring import DiskMeter, SpeedMeter

MIB = 1024 * 1024
VM = UUID(int=1)


def speeds(*seen: tuple[float, JobProgress]) -> list[int | None]:
    meter = SpeedMeter()
    return [meter.bytes_per_second(VM, progress, now) for now, progress in seen]


def test_a_speed_needs_two_looks() -> None:
    assert speeds((0.0, JobProgress(0, 1000)), (1.0, JobProgress(100, 1000))) == [None, 100]


def test_jumps_are_smoothed() -> None:
    told = speeds((0, JobProgress(0, 10**6)), (1, JobProgress(100, 10**6)), (2, JobProgress(700, 10**6)))
    assert told == [None, 100, 200]


def test_a_job_that_stands_still_comes_to_a_stop() -> None:
    looks = [(float(second), JobProgress(min(second, 5) * 1000, 10**6)) for second in range(60)]
    assert speeds(*looks)[-1] == 0


def test_what_the_node_measures_itself_counts() -> None:
    assert speeds((0, JobProgress(0, 1000, 7)), (1, JobProgress(100, 1000, 7))) == [None, 7]


def test_a_job_that_is_less_far_is_another_one() -> None:
    looks = ((0, JobProgress(0, 1000)), (1, JobProgress(900, 1000)), (2, JobProgress(10, 1000)))
    assert speeds(*looks) == [None, 900, None]


def test_a_job_that_has_ended_is_forgotten() -> None:
    meter = SpeedMeter()
    meter.bytes_per_second(VM, JobProgress(0, 1000), 0.0)
    meter.keep_only([])
    assert meter.bytes_per_second(VM, JobProgress(100, 1000), 1.0) is None


@pytest.mark.parametrize(
    ("capacity", "grown", "told"),
    [(20_000, 63, False), (20_000, 65, True), (100, 1, False), (100, 2, True), (20_000, -65, True)],
)
def test_a_growth_is_told_when_it_can_be_seen(capacity: int, grown: int, told: bool) -> None:
    meter = DiskMeter()
    assert list(meter.news([stats(capacity, 50)]))
    assert bool(list(meter.news([stats(capacity, 50 + grown)]))) is told


def test_another_capacity_another_disk_and_a_forgotten_one_are_told() -> None:
    meter = DiskMeter()
    list(meter.news([stats(100, 50)]))
    assert list(meter.news([stats(200, 50)]))
    assert list(meter.news([stats(200, 50, "vdb")]))
    assert not list(meter.news([stats(200, 50, "vdb")]))
    meter.forget(VM)
    assert list(meter.news([stats(200, 50, "vdb")]))


def test_a_machine_without_sizes_is_no_news() -> None:
    assert not list(DiskMeter().news([MachineStats(VM, 0, 0, 0, 0)]))


def stats(capacity: int, allocation: int, target: str = "vda") -> MachineStats:
    """In MiB."""
    return MachineStats(VM, 0, 0, 0, 0, {target: ImageSize(capacity * MIB, allocation * MIB)})
