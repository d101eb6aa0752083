"""Keepers and workers that die, nodes that go, images that are missing: never too many, and nothing is left over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any, cast

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from tests.operations.keeping import (
    acted,
    add_golden_image,
    add_pool,
    assert_nothing_is_left_over,
    free,
    go_on,
    machines,
    work_on,
)
from tests.operations.streaming import look_at
from tests.operations.working import fresh, leave_to_a_dead_worker, step
from vms.hypervisor.errors import HypervisorError, NoSpace, Refused
from vms.hypervisor.fake import FakeNode
from vms.models import Node, Operation, VmPool
from vms.operations.keeper import keep
from vms.operations.recovering import recover
from vms.rules.power import Power, PowerReason
from vms.rules.problems import Problem
from vms.rules.progress import Progress

IMAGE = "/images/gold-a.qcow2"


class Killed(BaseException):
    """Nothing after it is done any more."""


@pytest.fixture
def pool(node: Node, alpha: FakeNode) -> VmPool:
    """ "class": one runs for nobody yet, at most ten."""
    return add_pool(node, alpha, pre_started=1)


# The keeper dies


def killed_at(number: int) -> Callable[..., Any]:
    queries = count(1)

    def execute(run: Callable[..., Any], *query: Any) -> Any:
        if next(queries) == number:
            raise Killed
        return run(*query)

    return execute


@pytest.mark.django_db(transaction=True)
def test_a_keeper_that_dies_anywhere_leaves_all_or_nothing(pool: VmPool):
    for number in count(1):
        try:
            with connection.execute_wrapper(killed_at(number)):
                promised = keep(pool.pk)
            break
        except Killed:
            pool.refresh_from_db()
            assert (machines(pool), pool.numbered, Operation.objects.count()) == ([], 0, 0)
    assert number > 20
    assert acted(promised) == ["provide"]


def test_a_keeper_that_dies_before_it_rings_is_made_up_for(pool: VmPool):
    keep(pool.pk)
    with time_machine.travel(timezone.now() + timedelta(seconds=10)):
        assert len(recover()) == 1
    go_on(pool)
    assert len(free(pool)) == len(machines(pool)) == 1


# The worker dies

CALLS = ("image", "make_image", "machine", "define", "start")


@pytest.mark.parametrize("call", CALLS)
def test_a_worker_that_dies_in_a_call_is_followed_by_one_that_goes_on(call: str, pool: VmPool, alpha: FakeNode):
    (promised,) = keep(pool.pk)
    operation = Operation.objects.get(pk=promised)
    alpha.fail_next(call, cast("HypervisorError", Killed()))
    with pytest.raises(Killed):
        step(operation)
    leave_to_a_dead_worker(operation)
    recover()
    go_on(pool)
    assert len(free(pool)) == len(machines(pool)) == 1
    assert_nothing_is_left_over(pool, alpha)


@pytest.mark.parametrize("done", [0, 1, 2, 3])
def test_every_step_may_be_taken_twice(done: int, pool: VmPool, alpha: FakeNode):
    (promised,) = keep(pool.pk)
    operation = Operation.objects.get(pk=promised)
    step(operation)
    leave_to_a_dead_worker(operation, steps_done=done, step_began_at=timezone.now())
    recover()
    go_on(pool)
    assert len(free(pool)) == len(machines(pool)) == 1
    assert_nothing_is_left_over(pool, alpha)


@pytest.mark.parametrize("call", ["undefine", "delete_disk"])
def test_a_worker_that_dies_on_the_way_back_leaves_nothing_either(call: str, pool: VmPool, alpha: FakeNode):
    (promised,) = keep(pool.pk)
    operation = Operation.objects.get(pk=promised)
    alpha.fail_next("start", Refused("no"))
    alpha.fail_next(call, cast("HypervisorError", Killed()))
    with pytest.raises(Killed):
        step(operation)
        step(operation)
    leave_to_a_dead_worker(operation)
    recover()
    work_on(pool)
    operation.refresh_from_db()
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.REFUSED)
    assert machines(pool) == []
    assert_nothing_is_left_over(pool, alpha)


# Making fails


@pytest.mark.parametrize(
    ("call", "error", "problem"),
    [
        ("make_image", NoSpace("disk full"), Problem.NO_SPACE),
        ("define", Refused("no"), Problem.REFUSED),
        ("start", NoSpace("disk full"), Problem.NO_SPACE),
    ],
)
def test_what_cannot_be_made_leaves_nothing_and_is_tried_again_later(
    call: str, error: HypervisorError, problem: Problem, pool: VmPool, alpha: FakeNode
):
    VmPool.objects.update(pre_started=3)
    for _ in range(3):
        alpha.fail_next(call, error)
    keep(pool.pk)
    work_on(pool)
    assert set(Operation.objects.values_list("progress", "problem")) == {(Progress.FAILED, problem)}
    assert_nothing_is_left_over(pool, alpha)
    assert keep(pool.pk) == []
    with time_machine.travel(timezone.now() + timedelta(seconds=11)):
        assert acted(keep(pool.pk)) == ["provide"]
        go_on(pool)
    assert len(free(pool)) == 3
    assert not Operation.objects.filter(progress=Progress.FAILED, acknowledged_at=None).exists()
    assert_nothing_is_left_over(pool, alpha)


def test_without_the_file_of_its_golden_image_it_waits_longer_and_longer(pool: VmPool, alpha: FakeNode):
    image = alpha.images.pop(IMAGE)
    now, pauses = timezone.now(), []
    with time_machine.travel(now, tick=False) as clock:
        for _ in range(4):
            since = timezone.now()
            while not keep(pool.pk):
                clock.shift(timedelta(seconds=1))
            pauses.append((timezone.now() - since).seconds)
            work_on(pool)
            assert machines(pool) == []
        unread = Operation.objects.get(acknowledged_at=None)
        assert (unread.progress, unread.problem) == (Progress.FAILED, Problem.ORIGIN_DISK_MISSING)
        alpha.images[IMAGE] = image
        VmPool.objects.update(changed_at=timezone.now() + timedelta(milliseconds=1))
        clock.shift(timedelta(seconds=1))
        go_on(pool)
    assert pauses == [0, 10, 20, 40]
    assert len(free(pool)) == 1


def test_another_golden_image_is_tried_at_once(pool: VmPool, node: Node, alpha: FakeNode):
    del alpha.images[IMAGE]
    keep(pool.pk)
    work_on(pool)
    assert keep(pool.pk) == []
    add_golden_image(pool, node, alpha, name="newer")
    assert acted(keep(pool.pk)) == ["provide"]


def test_what_cannot_be_ended_is_tried_again_later_too(pool: VmPool, alpha: FakeNode):
    go_on(pool)
    vm = free(pool)[0]
    alpha.become(vm.uuid, Power.OFF, PowerReason.SHUT_DOWN)
    look_at(vm.node)
    alpha.fail_next("delete_disk", Refused("no"))
    assert acted(keep(pool.pk))[0] == "delete"
    work_on(pool)
    assert fresh(vm).deleted_at is None
    assert keep(pool.pk) == []
    with time_machine.travel(timezone.now() + timedelta(seconds=11)):
        go_on(pool)
    assert fresh(vm).deleted_at
    assert not Operation.objects.filter(progress=Progress.FAILED, acknowledged_at=None).exists()
    assert_nothing_is_left_over(pool, alpha)
