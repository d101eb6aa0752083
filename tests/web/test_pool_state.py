"""The page of a dynamic pool: how many VMs are ready, taken, on their way; and why none is ready."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from vms.models import Node, Operation, StoragePool, Vm, VmPool
from vms.operations.settling import settle
from vms.rules.actions import Action, Slot
from vms.rules.duty import Duty
from vms.rules.kinds import Kind, Link, Mode
from vms.rules.pools import PoolKind, Role
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.status import Second
from vms.web.presenters.pool_counts import COUNTS_AS, DynamicCounts

GIB = 1024**3


@pytest.fixture
def page(administrator: Person) -> Client:
    return browser_of(administrator)


@pytest.fixture
def image(add_vm: AddVm, node: Node) -> Vm:
    Node.objects.filter(pk=node.pk).update(memory_total=8 * GIB, memory_free=4 * GIB)
    StoragePool.objects.create(node=node, name="images", folder="/images", capacity=9 * GIB, free=9 * GIB)
    return add_vm("desk 1", kind=Kind.GOLDEN_IMAGE, mode=Mode.READY_FOR_USE, link=Link.NONE, memory=GIB, vcpus=2)


@pytest.fixture
def pool(image: Vm) -> VmPool:
    an_hour_ago = timezone.now() - timedelta(hours=1)
    pool = VmPool.objects.create(
        name="Desks", kind=PoolKind.DYNAMIC, most_vms=8, pre_started=2, active=image, changed_at=an_hour_ago
    )
    Vm.objects.filter(pk=image.pk).update(pool=pool)
    return pool


def shown(page: Client, pool: VmPool) -> str:
    answer = page.get(f"/pools/{pool.pk}/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def counts(page: Client, pool: VmPool) -> DynamicCounts:
    return page.get(f"/pools/{pool.pk}/").context["page"].counts  # type: ignore[no-any-return]  # of a template


def add_dynamic(add_vm: AddVm, pool: VmPool, name: str, power: Power = Power.RUNNING, **more: Any) -> Vm:
    fields = {"kind": Kind.DYNAMIC, "pool": pool, "origin_id": pool.active_id, "link": Link.LINKED, **more}
    return add_vm(name, power, **fields)


def begin(vm: Vm, action: Action) -> Operation:
    slot = Slot.JOB if action is Action.PROVIDE else Slot.RUN
    second = Second.CREATING if action is Action.PROVIDE else ""
    operation = Operation.objects.create(vm=vm, node=vm.node, action=action, slot=slot, second=second)
    settle(vm.pk)
    return operation


def fail(operation: Operation, seconds_ago: float, problem: Problem = Problem.NO_SPACE) -> None:
    at = timezone.now() - timedelta(seconds=seconds_ago)
    origin = str(operation.vm.pool.active_id) if operation.vm.pool else ""
    Operation.objects.filter(pk=operation.pk).update(
        progress=Progress.FAILED, problem=problem, finished_at=at, requested_at=at, arguments={"origin": origin}
    )
    Vm.objects.filter(pk=operation.vm_id).update(deleted_at=at)


def test_every_role_is_counted_somewhere() -> None:
    assert set(COUNTS_AS) == set(Role)


def test_each_vm_counts_once(page: Client, pool: VmPool, add_vm: AddVm, administrator: Person) -> None:
    now = timezone.now()
    add_dynamic(add_vm, pool, "desk-1")
    add_dynamic(add_vm, pool, "desk-2", assigned_to=administrator, assigned_at=now)
    begin(add_dynamic(add_vm, pool, "desk-3", Power.OFF), Action.PROVIDE)
    begin(add_dynamic(add_vm, pool, "desk-4", assigned_at=now), Action.POWER_OFF)
    add_dynamic(add_vm, pool, "desk-5", Power.OFF, assigned_at=now)
    add_dynamic(add_vm, pool, "desk-6", origin_id=add_vm("old image", kind=Kind.GOLDEN_IMAGE).pk)
    add_dynamic(add_vm, pool, "desk-7", deleted_at=now)
    assert counts(page, pool) == DynamicCounts(ready=1, coming=1, taken=1, ending=2, others=1, most=8)
    text = shown(page, pool)
    for words in ("1 ready", "1 taken", "1 being made", "2 ending", "1 not usable", "6 of at most 8"):
        assert words in text
    assert "1 ready · 1 taken · 1 being made" in " ".join(page.get("/pools/").content.decode().split())


@pytest.mark.parametrize("change", [{"duty": Duty.MAINTENANCE}, {"reachable": False}])
def test_what_runs_on_a_node_that_is_out_is_not_ready(
    page: Client, pool: VmPool, node: Node, add_vm: AddVm, change: dict[str, Any]
) -> None:
    add_dynamic(add_vm, pool, "desk-1")
    Node.objects.filter(pk=node.pk).update(**change)
    assert (counts(page, pool).ready, counts(page, pool).others) == (0, 1)
    assert "None of the pool" in shown(page, pool) and "alpha: " in shown(page, pool)


def test_a_pool_that_is_off_says_so(page: Client, pool: VmPool) -> None:
    VmPool.objects.update(is_on=False)
    assert "The pool is off" in shown(page, pool)


def test_without_a_golden_image_it_says_what_to_do(page: Client, pool: VmPool) -> None:
    VmPool.objects.update(active=None)
    assert "The pool has no active golden image" in shown(page, pool)


@pytest.mark.parametrize("change", [{"mode": Mode.MAINTENANCE}, {"link": Link.STREAMING}])
def test_an_image_that_is_not_ready_is_named(page: Client, pool: VmPool, image: Vm, change: dict[str, Any]) -> None:
    Vm.objects.filter(pk=image.pk).update(**change)
    assert "Golden image desk 1 is not sealed" in shown(page, pool)


def test_the_last_failure_is_told_with_the_next_try(page: Client, pool: VmPool, add_vm: AddVm) -> None:
    first, last = (begin(add_dynamic(add_vm, pool, f"desk-{n}", Power.OFF), Action.PROVIDE) for n in (1, 2))
    fail(first, 60)
    fail(last, 1)
    text = shown(page, pool)
    assert "The last VM could not be made." in text and "The next try is at" in text
    assert f'href="/operations/{last.pk}/"' in text
    fail(last, 600)
    assert "It is tried again." in shown(page, pool)
    VmPool.objects.update(changed_at=timezone.now())
    assert "could not be made" not in shown(page, pool)


@pytest.mark.parametrize(
    ("change", "taken", "said"),
    [
        ({"most_vms": 1}, 1, "All VMs that the pool may have are taken."),
        ({"most_memory": 2 * GIB}, 2, "would need more memory"),
        ({"most_vcpus": 3}, 1, "would need more vCPUs"),
        ({"pre_started": 0}, 0, "No VM is kept ready"),
        ({"pre_started": 0, "minimum": 1}, 1, "No VM is kept ready"),
    ],
)
def test_when_none_is_ready_it_says_why(
    page: Client, pool: VmPool, add_vm: AddVm, change: dict[str, Any], taken: int, said: str
) -> None:
    VmPool.objects.update(**change)
    for number in range(taken):
        add_dynamic(add_vm, pool, f"desk-{number}", assigned_at=timezone.now(), memory=GIB, vcpus=2)
    assert said in shown(page, pool)


def test_nothing_is_said_while_all_is_well(page: Client, pool: VmPool, add_vm: AddVm) -> None:
    assert page.get(f"/pools/{pool.pk}/").context["page"].state is None
    add_dynamic(add_vm, pool, "desk-1")
    assert page.get(f"/pools/{pool.pk}/").context["page"].state is None


def test_the_number_of_queries_does_not_grow_with_the_vms(
    page: Client, pool: VmPool, add_vm: AddVm, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    add_dynamic(add_vm, pool, "desk-0")
    with django_assert_max_num_queries(25) as before:
        page.get(f"/pools/{pool.pk}/")
    for number in range(1, 8):
        begin(add_dynamic(add_vm, pool, f"desk-{number}"), Action.SHUTDOWN)
    with django_assert_max_num_queries(len(before)):
        page.get(f"/pools/{pool.pk}/")
