"""A schedule backs up the machines of the pools that name it, beside those that it covers itself."""

from __future__ import annotations

import pytest

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.pooling import add_vm_pool, put
from tests.operations.schedules import SetClock, ada, add_schedule, clock, look, nightly, taken, target
from vms.models import BackupSchedule, BackupTarget, Vm, VmPool
from vms.operations.schedules import remove
from vms.operations.turns import machines_of
from vms.rules.backups import Covers
from vms.rules.kinds import Kind
from vms.rules.pools import PoolKind

__all__ = ["ada", "clock", "nightly", "target"]

pytestmark = pytest.mark.django_db


def covered(schedule: BackupSchedule) -> list[str]:
    return sorted(vm.display_name for vm in machines_of(schedule))


@pytest.fixture
def three(add_vm: AddVm) -> list[Vm]:
    return [add_vm(f"web{number}") for number in range(3)]


def test_a_pool_adds_its_machines_to_those_that_were_chosen(three: list[Vm], target: BackupTarget, ada: Person):
    schedule = add_schedule(target, ada, covers=Covers.CHOSEN, machines=(three[0],))
    put(three[1], add_vm_pool(schedule=schedule))
    put(three[2], add_vm_pool(name="other"))
    assert covered(schedule) == ["web0", "web1"]


def test_it_adds_templates_to_a_schedule_for_vms(three: list[Vm], nightly: BackupSchedule):
    pool = add_vm_pool(kind=PoolKind.TEMPLATE, schedule=nightly)
    put(three[0], pool, kind=Kind.TEMPLATE)
    put(three[1], None, kind=Kind.TEMPLATE)
    assert covered(nightly) == ["web0", "web2"]


def test_what_is_left_out_stays_out(three: list[Vm], target: BackupTarget, ada: Person):
    schedule = add_schedule(target, ada, covers=Covers.CHOSEN, excluded=(three[0],))
    pool = add_vm_pool(schedule=schedule)
    for vm in three[:2]:
        put(vm, pool)
    assert covered(schedule) == ["web1"]


@pytest.mark.parametrize("covers", [Covers.ALL, Covers.VMS])
def test_what_is_thrown_away_or_made_again_is_never_backed_up(
    three: list[Vm], target: BackupTarget, ada: Person, covers: Covers
):
    schedule = add_schedule(target, ada, covers=covers)
    pool = add_vm_pool(kind=PoolKind.DYNAMIC, schedule=schedule)
    put(three[0], pool, kind=Kind.DYNAMIC)
    put(three[1], pool, kind=Kind.GOLDEN_IMAGE)
    assert covered(schedule) == ["web2"]


def test_its_machines_have_their_turns(three: list[Vm], target: BackupTarget, ada: Person, clock: SetClock):
    schedule = add_schedule(target, ada, covers=Covers.CHOSEN)
    put(three[1], add_vm_pool(schedule=schedule))
    clock("2026-03-11T02:00")
    look()
    assert taken() == ["web1"]


def test_a_schedule_that_is_removed_is_named_by_no_pool(nightly: BackupSchedule, ada: Person):
    pool = add_vm_pool(schedule=nightly)
    remove(nightly, by=ada)
    assert VmPool.objects.get(pk=pool.pk).schedule is None
