"""Who tells the keeper to look, and who is told what it did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from tests.operations.keeping import add_pool, free, go_on, machines, take
from tests.operations.streaming import look_at
from vms.hypervisor.fake import FakeNode
from vms.models import Node, Operation, VmPool
from vms.operations import announcing, tasks
from vms.operations.settling import settle
from vms.rules.power import Power, PowerReason


@pytest.fixture
def pool(node: Node, alpha: FakeNode) -> VmPool:
    """ "class": one runs for nobody yet, at most ten."""
    return add_pool(node, alpha, pre_started=1)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, Any]]]:
    """Every task that is sent, with what it is told."""
    bells: list[tuple[str, Any]] = []
    monkeypatch.setattr(tasks, "_send", lambda task, key, after: bells.append((task.name.rpartition(".")[2], key)))
    yield bells


def test_the_clock_sends_one_for_every_dynamic_pool(pool: VmPool, sent: list[tuple[str, Any]]):
    tasks.sweep()
    assert sent == [("keep_pool", str(pool.pk))]


def test_whoever_keeps_rings_for_what_it_promised(pool: VmPool, sent: list[tuple[str, Any]]):
    tasks.keep_pool(str(pool.pk))
    assert sent == [("perform", Operation.objects.get().pk)]


def test_one_that_has_ended_is_told_to_the_keeper(pool: VmPool, node: Node, sent: list[tuple[str, Any]]):
    tasks.keep_pool(str(pool.pk))
    operation = Operation.objects.get()
    while not operation.finished_at:
        operation.hurry()
        sent.clear()
        tasks.perform(operation.pk)
        operation.refresh_from_db()
        look_at(node)
    assert sent == [("keep_pool", str(pool.pk))]


def test_a_guest_that_goes_by_itself_is_told_at_once(
    pool: VmPool,
    alpha: FakeNode,
    sent: list[tuple[str, Any]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
):
    go_on(pool)
    vm = take(free(pool)[0])
    alpha.become(vm.uuid, Power.OFF, PowerReason.SHUT_DOWN)
    with django_capture_on_commit_callbacks(execute=True):
        look_at(vm.node)
    assert ("keep_pool", str(pool.pk)) in sent


def test_whoever_looks_at_the_pool_hears_of_its_machines(
    pool: VmPool,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
):
    go_on(pool)
    heard: list[tuple[str, str]] = []
    monkeypatch.setattr(announcing._outlet(), "tell", heard.extend)
    with django_capture_on_commit_callbacks(execute=True):
        settle(*(vm.pk for vm in machines(pool)))
    assert ("pool", str(pool.pk)) in heard
