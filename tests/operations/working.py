"""A worker and a watcher driven by hand: nothing happens in these tests unless it is said so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from vms.models import Operation, Vm
from vms.models.viewer import Viewer
from vms.operations.performing import advance
from vms.operations.reaching import reach
from vms.operations.requesting import Order, request_action
from vms.rules.actions import Action
from vms.rules.power import Power, Wanted
from vms.rules.progress import Progress
from vms.watcher.looking import Lookout
from vms.watcher.recording import record

ENOUGH = 20

BEFORE = {
    Action.START: Power.OFF,
    Action.SHUTDOWN: Power.RUNNING,
    Action.POWER_OFF: Power.RUNNING,
    Action.RESET: Power.RUNNING,
    Action.PAUSE: Power.RUNNING,
    Action.DELETE: Power.OFF,
}
AFTER = {
    Action.START: (Power.RUNNING, Wanted.RUNNING, "Running"),
    Action.SHUTDOWN: (Power.OFF, Wanted.OFF, "Stopped"),
    Action.POWER_OFF: (Power.OFF, Wanted.OFF, "Stopped"),
    Action.RESET: (Power.RUNNING, Wanted.RUNNING, "Running"),
    Action.PAUSE: (Power.PAUSED, Wanted.PAUSED, "Paused"),
}
"""All but delete, after which nothing is left."""


def ask(vm: Vm, action: Action, by: Viewer, *, key: UUID | None = None, **arguments: Any) -> Operation:
    return request_action(vm, Order(action, arguments, key), by=by)


def look(vm: Vm) -> None:
    """The watcher looks at everything on the machine's node."""
    for news in Lookout(vm.node, reach(vm.node)).everything():
        record(news)


def step(operation: Operation) -> float | None:
    """The worker hears the bell, and the time for the next look has come."""
    operation.hurry()
    return advance(operation.pk)


def work(operation: Operation, *, watched: bool = True) -> Operation:
    """The worker goes on until the end, with the watcher looking between its looks."""
    for _ in range(ENOUGH):
        step(operation)
        operation.refresh_from_db()
        if operation.finished_at or operation.progress == Progress.UNCLEAR:
            return operation
        if watched:
            look(operation.vm)
    raise AssertionError(f"it never ended: {operation.progress}, {operation.phase}")


def status_of(vm: Vm) -> str:
    return fresh(vm).status.name


def fresh(vm: Vm) -> Vm:
    return Vm.objects.select_related("node").get(pk=vm.pk)


def leave_to_a_dead_worker(operation: Operation, **state: Any) -> None:
    """As if its worker had been killed: the lease ran out and nobody gave it back."""
    now = timezone.now()
    Operation.objects.filter(pk=operation.pk).update(
        progress=Progress.WORKING,
        started_at=now,
        lease_owner="gone:1:1",
        lease_until=now - timedelta(seconds=1),
        **state,
    )
