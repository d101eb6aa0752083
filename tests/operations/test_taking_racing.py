"""Many people open one pool at the same moment: nobody gets another's VM, and there are never more than may be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from directory.models import Person
from tests.conftest import AddVm
from tests.operations import keeping
from tests.operations.opening import add_dynamic, add_image, add_pool, give
from vms.hypervisor.fake import FakeNode
from vms.models import Node, Vm, VmPool
from vms.operations.auditing import Refusal
from vms.operations.keeper import keep
from vms.operations.settling import settle
from vms.operations.taking import AllTaken, open_pool
from vms.rules.kinds import Kind
from vms.rules.power import Power, PowerReason

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 25
"""So many threads: a database has connections for them all."""


def all_at_once(*tasks: Callable[[], Any]) -> list[Any]:
    """What each of them returned, or by what it was refused."""
    threads = min(AT_ONCE, len(tasks))
    barrier = Barrier(threads)

    def run(task: Callable[[], Any]) -> Any:
        try:
            return task()
        except Refusal as refused:
            return refused
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads, initializer=barrier.wait) as pool:
        return list(pool.map(run, tasks))


@pytest.fixture
def pool(db: None) -> VmPool:
    return add_pool(most_vms=20)


def add_people(pool: VmPool, count: int) -> list[Person]:
    people = [Person.objects.create_user(f"person{number}") for number in range(count)]
    for person in people:
        give(pool, person)
    return people


def opening(pool: VmPool, person: Person) -> Callable[[], Vm]:
    return lambda: open_pool(VmPool.objects.get(pk=pool.pk), by=Person.objects.get(pk=person.pk))


def present() -> list[Vm]:
    return list(Vm.objects.filter(kind=Kind.DYNAMIC, deleted_at=None))


def assert_everybody_has_their_own(people: list[Person], results: list[Any]) -> None:
    got = {person.pk: vm.pk for person, vm in zip(people, results, strict=True) if isinstance(vm, Vm)}
    assert len(set(got.values())) == len(got)
    assert {vm.assigned_to_id: vm.pk for vm in present() if vm.assigned_to_id} == got


def test_of_a_hundred_twenty_get_one_each_and_the_others_are_told_why(pool: VmPool, add_vm: AddVm):
    add_image(add_vm, pool)
    for number in range(20):
        add_dynamic(add_vm, pool, f"desks-{number}")
    people = add_people(pool, 100)
    results = all_at_once(*(opening(pool, person) for person in people))
    assert Counter(type(result) for result in results) == {Vm: 20, AllTaken: 80}
    assert {refused.count for refused in results if isinstance(refused, AllTaken)} == {20}
    assert_everybody_has_their_own(people, results)


def test_without_any_that_are_ready_twenty_are_made_and_no_more(node: Node, alpha: FakeNode):
    pool = keeping.add_pool(node, alpha, most_vms=20)
    people = add_people(pool, 100)
    results = all_at_once(*(opening(pool, person) for person in people))
    assert Counter(type(result) for result in results) == {Vm: 20, AllTaken: 80}
    assert_everybody_has_their_own(people, results)
    assert len(present()) == 20


def test_the_keeper_makes_none_beyond_the_maximum_while_people_open(node: Node, alpha: FakeNode):
    pool = keeping.add_pool(node, alpha, most_vms=20, pre_started=5)
    keeping.go_on(pool, rounds=2)
    people = add_people(pool, 40)
    opened = [opening(pool, person) for person in people]
    results = all_at_once(*(task for each in opened for task in (each, lambda: keep(pool.pk))))[::2]
    assert_everybody_has_their_own(people, results)
    assert len(present()) == 20
    assert sum(isinstance(result, Vm) for result in results) == 20


def test_a_double_click_in_several_tabs_and_sessions_takes_one(pool: VmPool, add_vm: AddVm):
    for number in range(5):
        add_dynamic(add_vm, pool, f"desks-{number}")
    (person,) = add_people(pool, 1)
    results = all_at_once(*[opening(pool, person)] * 10)
    assert len({vm.pk for vm in results}) == 1
    assert Vm.objects.filter(assigned_to=person).count() == 1


def test_what_goes_off_meanwhile_is_nobodys_or_was_somebodys_before(pool: VmPool, add_vm: AddVm):
    add_image(add_vm, pool)
    machines = [add_dynamic(add_vm, pool, f"desks-{number}") for number in range(20)]
    people = add_people(pool, 20)

    def goes_off(vm: Vm) -> Callable[[], None]:
        def task() -> None:
            vm.observe(Power.OFF, PowerReason.SHUT_DOWN)
            settle(vm.pk)

        return task

    ends = [goes_off(vm) for vm in machines[:10]]
    results = all_at_once(*ends, *(opening(pool, person) for person in people))[len(ends) :]
    assert_everybody_has_their_own(people, results)
    assert sum(isinstance(result, Vm) for result in results) >= 10
