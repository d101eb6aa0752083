"""Several at once, each in a thread with a connection of its own: one wins, and nothing is done or shown wrongly."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Event, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections, transaction

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.working import ask, fresh, status_of
from vms.hypervisor.fake import FakeNode
from vms.models import Operation, Vm
from vms.operations.following import follow
from vms.operations.performing import advance, finish
from vms.operations.requesting import ActionRefused
from vms.rules.actions import Action
from vms.rules.power import Power, PowerReason
from vms.rules.progress import Progress

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 4


def all_at_once(*tasks: Callable[[], Any]) -> list[Any]:
    """What each of them returned or raised."""
    results: list[Any] = [None] * len(tasks)
    barrier = Barrier(len(tasks))

    def run(number: int, task: Callable[[], Any]) -> None:
        barrier.wait(5)
        try:
            results[number] = task()
        except ActionRefused as refused:
            results[number] = refused
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(number, task)) for number, task in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def test_of_several_people_one_gets_the_machine_and_the_others_are_told_who(
    vm: Vm, anna: Person, berta: Person, otto: Person
):
    people = [anna, berta, otto]
    results = all_at_once(*(lambda by=by: ask(vm, Action.START, by) for by in people))
    refused = [result for result in results if isinstance(result, ActionRefused)]
    operation = Operation.objects.get()
    assert len(refused) == len(people) - 1
    assert {result.holder for result in refused} == {operation}


def test_one_person_clicking_in_several_tabs_gets_one_operation(vm: Vm, anna: Person):
    results = all_at_once(*[lambda: ask(vm, Action.START, anna)] * AT_ONCE)
    assert {result.pk for result in results} == {Operation.objects.get().pk}


def test_one_page_submitted_several_times_at_once_gives_one_operation(running_vm: Vm, anna: Person):
    key = uuid4()
    results = all_at_once(*[lambda: ask(running_vm, Action.RESET, anna, key=key)] * AT_ONCE)
    assert {result.pk for result in results} == {Operation.objects.get().pk}


def test_several_power_offs_supersede_a_start_once(vm: Vm, anna: Person, berta: Person):
    start = ask(vm, Action.START, anna)
    results = all_at_once(lambda: ask(vm, Action.POWER_OFF, anna), lambda: ask(vm, Action.POWER_OFF, berta))
    start.refresh_from_db()
    assert start.progress == Progress.CANCELLED
    assert [isinstance(result, ActionRefused) for result in results].count(True) == 1
    assert Operation.objects.filter(finished_at=None).count() == 1


def test_the_same_bell_heard_by_several_workers_is_answered_by_one(vm: Vm, alpha: FakeNode, anna: Person):
    operation = ask(vm, Action.START, anna)
    all_at_once(*[lambda: advance(operation.pk)] * AT_ONCE)
    assert alpha.calls.count("start") == 1


def test_an_operation_that_is_ended_by_two_at_once_ends_one_way(vm: Vm, anna: Person):
    operation = ask(vm, Action.START, anna)
    ends = [Progress.CANCELLED, Progress.FAILED]
    results = all_at_once(*(lambda end=end: finish(Operation.objects.get(pk=operation.pk), end) for end in ends))
    operation.refresh_from_db()
    assert sorted(map(bool, results)) == [False, True]
    assert operation.progress == ends[results.index(True)]
    assert operation.events.filter(what="operation_ended").count() == 1


def test_a_status_takes_in_what_watcher_and_worker_write_at_the_same_time(add_vm: AddVm, anna: Person):
    """Each changes one fact and computes the status. Whoever comes second must see what the first one wrote."""
    vm = add_vm(power=Power.RUNNING)
    operation = ask(vm, Action.SHUTDOWN, anna)
    Operation.objects.filter(pk=operation.pk).update(progress=Progress.WORKING)
    written, other_waits = Event(), Event()

    def watcher() -> None:
        with transaction.atomic():
            seen = fresh(vm)
            seen.observe(Power.OFF, PowerReason.SHUT_DOWN)
            written.set()
            other_waits.wait(0.5)
            follow(seen, Power.OFF, PowerReason.SHUT_DOWN)

    def worker() -> None:
        written.wait(5)
        finish(Operation.objects.get(pk=operation.pk), Progress.SUCCEEDED)
        other_waits.set()

    all_at_once(watcher, worker)
    assert status_of(vm) == "Stopped"
