"""Nobody has a dynamic VM longer than its pool allows: its person is warned, its guest asked to go, its power cut."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django.fixtures import Settings

from directory.models import Person
from tests.operations.keeping import acted, add_pool, assert_nothing_is_left_over, free, go_on, take, work_on
from tests.operations.streaming import look_at
from tests.operations.working import fresh
from vms.hypervisor.fake import FakeNode
from vms.models import Node, Operation, Vm, VmPool
from vms.operations.keeper import keep
from vms.rules.power import Power, PowerReason
from vms.rules.progress import Progress


@pytest.fixture
def pool(node: Node, alpha: FakeNode) -> VmPool:
    """ "class": one at least, at most ten."""
    return add_pool(node, alpha, minimum=1, longest_minutes=60)


@pytest.fixture
def taken(pool: VmPool, anna: Person) -> Vm:
    """Somebody has it for at most an hour; told five minutes before."""
    go_on(pool)
    return take(free(pool)[0], anna)


def later(vm: Vm, **passed: float) -> Any:
    assert vm.assigned_at
    return time_machine.travel(vm.assigned_at + timedelta(**passed), tick=False)


def test_its_person_is_warned_and_then_it_is_shut_down_and_thrown_away(pool: VmPool, taken: Vm, alpha: FakeNode):
    with later(taken, minutes=54):
        assert keep(pool.pk) == []
        assert fresh(taken).warned_at is None
    with later(taken, minutes=55):
        assert keep(pool.pk) == []
        assert fresh(taken).warned_at == timezone.now()
    with later(taken, minutes=59):
        assert keep(pool.pk) == []
    with later(taken, minutes=60):
        assert acted(keep(pool.pk)) == ["shutdown"]
        work_on(pool)
        go_on(pool)
    assert fresh(taken).deleted_at
    assert_nothing_is_left_over(pool, alpha)


def test_a_guest_that_does_not_follow_has_its_power_cut(pool: VmPool, taken: Vm, alpha: FakeNode, settings: Settings):
    alpha.machines[taken.uuid].obeys = False
    with later(taken, minutes=55):
        keep(pool.pk)
    with later(taken, minutes=60):
        assert acted(keep(pool.pk)) == ["shutdown"]
        work_on(pool)
        assert keep(pool.pk) == []
    with later(taken, minutes=60, seconds=settings.SHUTDOWN_TIME_LIMIT + 1):
        work_on(pool)
        assert fresh(taken).status.name == "Running"
        assert acted(keep(pool.pk)) == ["power_off"]
        go_on(pool)
    assert fresh(taken).deleted_at
    assert not Operation.objects.filter(progress=Progress.FAILED, acknowledged_at=None).exists()


def test_one_that_is_used_stays_and_its_warning_is_taken_back(pool: VmPool, taken: Vm):
    VmPool.objects.update(longest_minutes=0, idle_minutes=60)
    with later(taken, minutes=56):
        keep(pool.pk)
        assert fresh(taken).warned_at
        Vm.objects.filter(pk=taken.pk).update(used_at=timezone.now())
        keep(pool.pk)
        assert fresh(taken).warned_at is None
    with later(taken, minutes=61):
        assert keep(pool.pk) == []


def test_who_was_not_warned_in_time_is_warned_first(pool: VmPool, taken: Vm):
    with later(taken, minutes=300):
        assert keep(pool.pk) == []
    with later(taken, minutes=304):
        assert keep(pool.pk) == []
    with later(taken, minutes=305):
        assert acted(keep(pool.pk)) == ["shutdown"]


def test_one_that_is_paused_when_its_time_is_over_has_its_power_cut(pool: VmPool, taken: Vm, alpha: FakeNode):
    alpha.become(taken.uuid, Power.PAUSED, PowerReason.BY_REQUEST)
    look_at(taken.node)
    with later(taken, minutes=55):
        keep(pool.pk)
    with later(taken, minutes=60):
        assert acted(keep(pool.pk)) == ["power_off"]
