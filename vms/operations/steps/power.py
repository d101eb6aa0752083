"""Steps that change a machine's power, and wait until the node says that it has."""

from datetime import timedelta

from django.conf import settings

from vms.hypervisor.errors import NodeUnreachable, WrongState
from vms.models import Operation
from vms.operations.settling import settle
from vms.operations.steps.mending import mend
from vms.operations.steps.work import Again, Done, Result, StepFailed, StepUnclear, Work
from vms.rules.actions import Action, Slot
from vms.rules.power import HAS_PROCESS, PAUSED_BY_FAULT, Power
from vms.rules.problems import Problem
from vms.rules.progress import Phase

LISTENER_IS_LATE_AFTER = timedelta(seconds=3)
SETTLES_WITHIN = timedelta(seconds=2)
A_BACKUP_ENDS_WITHIN = timedelta(seconds=30)


def switch_on(work: Work) -> Result:
    if _a_job_ends_its_process(work):
        return Again(0.2, Phase.WAITING_FOR_PREVIOUS)
    try:
        _switch_on(work)
    except WrongState:  # a job has just started or ended its process: look again
        if work.lasts_longer_than(SETTLES_WITHIN):
            raise
        return Again(0.2)
    return Done()


def _a_job_ends_its_process(work: Work) -> bool:
    jobs = Operation.objects.filter(vm=work.vm, slot=Slot.JOB, finished_at=None)
    return jobs.filter(phase=Phase.ENDING).exists()


def _switch_on(work: Work) -> None:
    power = work.hypervisor.machine(work.vm.uuid).power
    if power is Power.PAUSED:
        work.hypervisor.resume(work.vm.uuid)
    if power is Power.CRASHED:
        work.hypervisor.power_off(work.vm.uuid)  # what is left of a guest that panicked stands in the way
    if power in {Power.CRASHED, Power.OFF}:
        mend(work.hypervisor, work.vm)
        work.hypervisor.start(work.vm.uuid)


def _a_backup_ends(work: Work) -> bool:
    """One that was called off for this. What is left of its way back after so long may go on afterwards."""
    called_off = Operation.objects.filter(vm=work.vm, action=Action.BACK_UP, finished_at=None).exclude(ends_as="")
    return called_off.exists() and not work.lasts_longer_than(A_BACKUP_ENDS_WITHIN)


def ask_to_shut_down(work: Work) -> Result:
    if _a_backup_ends(work):
        return Again(0.2, Phase.WAITING_FOR_PREVIOUS)
    if work.hypervisor.machine(work.vm.uuid).power is Power.RUNNING:
        work.hypervisor.ask_to_shut_down(work.vm.uuid)
    return Done()


def cut_power(work: Work) -> Result:
    if _a_backup_ends(work):
        return Again(0.2, Phase.WAITING_FOR_PREVIOUS)
    if work.hypervisor.machine(work.vm.uuid).power in HAS_PROCESS:
        work.hypervisor.power_off(work.vm.uuid)
    return Done()


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
