"""A worker that frees a node, driven by hand, and migrations that end as a test says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.places import tell_of
from vms.models import Emptying, Node, Operation, Vm
from vms.models.viewer import Viewer
from vms.operations.emptying import Manner, plan_emptying, take_turn
from vms.operations.freeing import PAUSE_BEFORE_ANOTHER, carry_on
from vms.operations.performing import finish
from vms.rules.emptying import Turn
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.progress import Progress


@pytest.fixture
def ada(db: None) -> Person:
    return Person.objects.create_user("ada", is_administrator=True)


@pytest.fixture(autouse=True)
def _known(node: Node, second_node: Node) -> None:
    tell_of(node, second_node)


@pytest.fixture
def three(add_vm: AddVm) -> list[Vm]:
    return [add_vm(f"web{number}", Power.RUNNING) for number in range(3)]


def plan_for(node: Node, by: Viewer, at_once: int = 2, **manner: Any) -> Emptying:
    emptying, _is_new = plan_emptying(node, Manner(at_once, **manner), by=by)
    carry_on(emptying.pk)
    return fresh(emptying)


def begun(node: Node, by: Viewer, at_once: int = 2, **manner: Any) -> Emptying:
    """With the first migrations asked for."""
    emptying = plan_for(node, by, at_once, **manner)
    assert take_turn(emptying, Turn.BEGIN, by=by)
    carry_on(emptying.pk)
    return fresh(emptying)


def fresh(emptying: Emptying) -> Emptying:
    return Emptying.objects.select_related("node").get(pk=emptying.pk)


def state_of(emptying: Emptying) -> str:
    return fresh(emptying).state


def refusals(emptying: Emptying) -> dict[str, str]:
    return {item.vm.name: item.refusal for item in emptying.items.select_related("vm")}


def names_under_way(emptying: Emptying) -> list[str]:
    items = emptying.items.filter(operation__finished_at=None).exclude(operation=None)
    return [item.vm.name for item in items.select_related("vm")]


def arrive(*machines: Vm) -> None:
    """Their migrations have succeeded."""
    for operation in under_way(machines):
        Vm.objects.filter(pk=operation.vm_id).update(node=operation.arguments["to"])
        _end(operation, Progress.SUCCEEDED)


def break_off(*machines: Vm, progress: Progress = Progress.FAILED) -> None:
    """Their migrations have not, and it is time for another try."""
    for operation in under_way(machines):
        _end(operation, progress, None if progress is Progress.CANCELLED else Problem.REFUSED)
        Operation.objects.filter(pk=operation.pk).update(finished_at=timezone.now() - 2 * PAUSE_BEFORE_ANOTHER)


def under_way(machines: Iterable[Vm]) -> Iterable[Operation]:
    return Operation.objects.filter(vm__in=list(machines), finished_at=None)


def _end(operation: Operation, progress: Progress, problem: Problem | None = None) -> None:
    operation.become(Progress.WORKING)
    assert finish(operation, progress, problem)
