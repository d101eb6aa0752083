"""A worker's hold on an operation lasts as long as the worker lives, and no longer."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic, sleep

import pytest
from django.utils import timezone

from directory.models import Person
from tests.operations.working import ask
from vms.models import Operation, Vm
from vms.operations import leasing
from vms.operations.leasing import kept_alive, my_name
from vms.operations.recovering import recover
from vms.rules.actions import Action

pytestmark = pytest.mark.django_db(transaction=True)

PACE, LEASE = 0.05, 0.5


@pytest.fixture
def _quick_heart(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A heart of its own, that beats often."""
    monkeypatch.setattr(leasing, "HEARTBEAT_SECONDS", PACE)
    monkeypatch.setattr(leasing, "LEASE_SECONDS", LEASE)
    leasing._heart.cache_clear()
    yield
    leasing._heart.cache_clear()
    sleep(2 * PACE)


def lease_of(operation: Operation) -> float:
    """Seconds that are left."""
    until = Operation.objects.get(pk=operation.pk).lease_until
    assert until is not None
    return (until - timezone.now()).total_seconds()


@pytest.mark.usefixtures("_quick_heart")
def test_a_step_that_takes_long_keeps_its_lease_and_a_dead_worker_loses_it(vm: Vm, anna: Person):
    operation = ask(vm, Action.START, anna)
    assert operation.claim(my_name(), seconds=LEASE)
    with kept_alive(operation):
        sleep(2 * LEASE)
        assert lease_of(operation) > 0
        assert recover() == []
    end = monotonic() + 5
    while lease_of(operation) > 0:
        assert monotonic() < end
        sleep(PACE)
    assert recover() == [operation.pk]


def test_a_lease_is_held_by_one_only(vm: Vm, anna: Person):
    operation = ask(vm, Action.START, anna)
    assert operation.claim("one", seconds=LEASE)
    assert not Operation.objects.get(pk=operation.pk).claim("two", seconds=LEASE)


def test_a_lease_that_ran_out_is_not_simply_taken(vm: Vm, anna: Person):
    """What its dead worker had done has to be judged first."""
    operation = ask(vm, Action.START, anna)
    operation.claim("one", seconds=-1)
    assert not Operation.objects.get(pk=operation.pk).claim("two", seconds=LEASE)


def test_who_lost_a_lease_cannot_renew_it(vm: Vm, anna: Person):
    operation = ask(vm, Action.START, anna)
    operation.claim("one", seconds=-1)
    recover()
    assert Operation.objects.get(pk=operation.pk).claim("two", seconds=LEASE)
    assert not operation.renew(seconds=LEASE)
