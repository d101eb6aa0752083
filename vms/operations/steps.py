"""The smallest things a worker does. Each looks first, may be run twice without harm, and never waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from vms.hypervisor.contract import Hypervisor
from vms.hypervisor.errors import NodeUnreachable
from vms.models import Disk, Event, Operation, Vm
from vms.operations.settling import settle
from vms.rules.power import HAS_PROCESS, PAUSED_BY_FAULT, Power
from vms.rules.problems import Problem
from vms.rules.progress import Phase
from vms.rules.timeline import What

LISTENER_IS_LATE_AFTER = timedelta(seconds=3)
SETTLES_WITHIN = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Done:
    pass


@dataclass(frozen=True, slots=True)
class Again:
    """Not yet: look again after so many seconds, or sooner if the node tells something."""

    seconds: float
    phase: Phase = Phase.TALKING_TO_NODE


class StepFailed(Exception):
    """It cannot be done, and here is why."""

    def __init__(self, problem: Problem, **values: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.values = values


class StepUnclear(Exception):
    """The contact broke in the middle of a call that must not be made twice: a person has to look."""


Result = Done | Again


@dataclass(frozen=True, slots=True)
class Work:
    """What a step works on. The machine and the operation are as the database had them when the step began."""

    hypervisor: Hypervisor
    vm: Vm
    operation: Operation

    def lasts_longer_than(self, limit: timedelta) -> bool:
        began = self.operation.step_began_at
        return began is not None and timezone.now() - began > limit


Step = Callable[[Work], Result]


def switch_on(work: Work) -> Result:
    power = work.hypervisor.machine(work.vm.uuid).power
    if power is Power.PAUSED:
        work.hypervisor.resume(work.vm.uuid)
        return Done()
    if power is Power.CRASHED:
        work.hypervisor.power_off(work.vm.uuid)  # what is left of a guest that panicked stands in the way
    if power in {Power.CRASHED, Power.OFF}:
        work.hypervisor.start(work.vm.uuid)
    return Done()


def ask_to_shut_down(work: Work) -> Result:
    if work.hypervisor.machine(work.vm.uuid).power is Power.RUNNING:
        work.hypervisor.ask_to_shut_down(work.vm.uuid)
    return Done()


def cut_power(work: Work) -> Result:
    if work.hypervisor.machine(work.vm.uuid).power in HAS_PROCESS:
        work.hypervisor.power_off(work.vm.uuid)
    return Done()


def clear_away(work: Work) -> Result:
    """End what is left of a process. One that somebody set going meanwhile is not taken from under the guest."""
    power = work.hypervisor.machine(work.vm.uuid).power
    if power in {Power.RUNNING, Power.SHUTTING_DOWN}:
        raise StepFailed(Problem.WRONG_STATE)
    return cut_power(work)


def reset(work: Work) -> Result:
    try:
        work.hypervisor.reset(work.vm.uuid)
    except NodeUnreachable as error:
        raise StepUnclear(str(error)) from error
    return Done()


def hold(work: Work) -> Result:
    if work.hypervisor.machine(work.vm.uuid).power is Power.RUNNING:
        work.hypervisor.pause(work.vm.uuid)
    return Done()


def see_it_stay_on(work: Work) -> Result:
    """A machine that goes off, or is paused by a fault, right after its start was not started."""
    machine = work.hypervisor.machine(work.vm.uuid)
    fell_back = machine.power not in HAS_PROCESS or machine.reason in PAUSED_BY_FAULT
    if fell_back and work.lasts_longer_than(SETTLES_WITHIN):
        raise StepFailed(Problem.DID_NOT_STAY_ON)
    return _see(work, Power.RUNNING)


def see_it_paused(work: Work) -> Result:
    """Somebody may let it go on at once: then it was paused, and is not to be waited for."""
    goes_on = work.hypervisor.machine(work.vm.uuid).power is not Power.PAUSED
    if goes_on and work.lasts_longer_than(SETTLES_WITHIN):
        raise StepFailed(Problem.WRONG_STATE)
    return _see(work, Power.PAUSED)


def see_it_off(work: Work) -> Result:
    return _see(work, Power.OFF)


def see_the_guest_go(work: Work) -> Result:
    """Wait until the guest has shut down; it may ignore the request."""
    if work.hypervisor.machine(work.vm.uuid).power in HAS_PROCESS:
        if work.lasts_longer_than(timedelta(seconds=settings.SHUTDOWN_TIME_LIMIT)):
            raise StepFailed(Problem.GUEST_DID_NOT_REACT)
        return Again(1, Phase.WAITING_FOR_GUEST)
    return _see(work, Power.OFF)


def _see(work: Work, wanted: Power) -> Result:
    """Done when the node says so and the watcher has written it down; without a watcher we write it ourselves."""
    machine = work.hypervisor.machine(work.vm.uuid)
    if machine.power is not wanted:
        if work.lasts_longer_than(timedelta(seconds=settings.NODE_PATIENCE)):
            raise StepFailed(Problem.TIMED_OUT)
        return Again(1)
    if work.vm.power == wanted:
        return Done()
    if not work.lasts_longer_than(LISTENER_IS_LATE_AFTER):
        return Again(0.2)
    work.vm.observe(machine.power, machine.reason)
    settle(work.vm.uuid)
    return Done()


def check_disks_are_free(work: Work) -> Result:
    """Refuse to delete an image that another machine or another image still needs."""
    for path in _disks_to_delete(work):
        machines = _machines_with(path, other_than=work.vm)
        users = [*machines, *work.hypervisor.disks_on_top_of(path)]
        if users:
            raise StepFailed(Problem.DISK_IN_USE, users=", ".join(sorted(users)))
    return Done()


def _machines_with(path: str, *, other_than: Vm) -> list[str]:
    """On any node: the same path may be the same storage."""
    others = Disk.objects.filter(path=path, vm__deleted_at=None).exclude(vm=other_than)
    return list(others.values_list("vm__display_name", flat=True))


def _disks_to_delete(work: Work) -> list[str]:
    """Of the disks that were chosen those that the panel made for this machine, whatever else was asked for."""
    chosen = work.operation.arguments.get("disks", [])
    return list(work.vm.disks.filter(made_by_panel=True, path__in=chosen).values_list("path", flat=True))


def delete_disks(work: Work) -> Result:
    for path in _disks_to_delete(work):
        work.hypervisor.delete_disk(path)
    return Done()


def undefine(work: Work) -> Result:
    known = {machine.uuid for machine in work.hypervisor.machines()}
    if work.vm.uuid in known:
        work.hypervisor.undefine(work.vm.uuid)
    return Done()


def mark_deleted(work: Work) -> Result:
    if Vm.objects.filter(pk=work.vm.pk, deleted_at=None).update(deleted_at=timezone.now()):
        Event.objects.create(what=What.DELETED, vm=work.vm, node_id=work.vm.node_id, by_panel=True)
    return Done()
