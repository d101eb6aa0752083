"""Every number that libvirt has for a machine's state has a word here."""

from __future__ import annotations

import libvirt
import pytest

from vms.hypervisor.libvirt_driver import jobs, numbers
from vms.hypervisor.libvirt_driver.vocabulary import power_of, reason_of, version_of
from vms.rules.power import Power, PowerReason


def names(beginning: str) -> list[str]:
    return [name for name in dir(libvirt) if name.startswith(beginning) and not name.endswith(("_UNKNOWN", "_LAST"))]


@pytest.mark.parametrize("name", ["RUNNING", "BLOCKED", "PAUSED", "SHUTDOWN", "SHUTOFF", "CRASHED", "PMSUSPENDED"])
def test_every_state_has_a_word(name: str) -> None:
    assert power_of(getattr(libvirt, f"VIR_DOMAIN_{name}")) is not Power.UNKNOWN


def test_a_state_of_a_libvirt_to_come_is_unknown() -> None:
    assert power_of(99) is Power.UNKNOWN
    assert reason_of(99, 1) is reason_of(libvirt.VIR_DOMAIN_PAUSED, 99) is PowerReason.NONE


@pytest.mark.parametrize("name", names("VIR_DOMAIN_PAUSED_"))
def test_every_reason_for_a_pause_has_a_word(name: str) -> None:
    assert reason_of(libvirt.VIR_DOMAIN_PAUSED, getattr(libvirt, name)) is not PowerReason.NONE


@pytest.mark.parametrize("name", names("VIR_DOMAIN_SHUTOFF_"))
def test_every_reason_for_being_off_has_a_word(name: str) -> None:
    assert reason_of(libvirt.VIR_DOMAIN_SHUTOFF, getattr(libvirt, name)) is not PowerReason.NONE


def test_a_running_machine_needs_no_reason() -> None:
    assert reason_of(libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_BOOTED) is PowerReason.NONE


def test_versions_are_read() -> None:
    assert version_of(9_000_000) == "9.0.0"
    assert version_of(7_002_022) == "7.2.22"


def test_memory_in_use_is_the_guests_own_word_if_it_gives_one() -> None:
    told = {"balloon.available": 1000, "balloon.usable": 400, "balloon.unused": 300, "balloon.rss": 5000}
    assert numbers._memory_used(told) == 600
    assert numbers._memory_used({"balloon.rss": 5000}) == 5000
    assert numbers._memory_used({}) == 0


def test_a_migration_counts_memory_and_disks() -> None:
    job = {
        "type": 2,
        "memory_total": 100,
        "memory_processed": 40,
        "disk_total": 50,
        "disk_processed": 10,
        "disk_bps": 7,
    }
    found = jobs._of_machine(job)
    assert found is not None
    assert (found.done, found.total, found.bytes_per_second) == (50, 150, 7)


def test_a_job_that_does_not_know_its_size_yet_has_no_progress() -> None:
    assert jobs._of_machine({"type": 2}) is None
    assert jobs._of_machine({"type": 0, "memory_total": 5}) is None
