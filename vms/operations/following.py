"""The world moves without us: what people want follows it, and operations that wait for it are woken."""

from uuid import UUID

from vms.models import Event, Operation, Vm
from vms.operations.settling import settle
from vms.operations.tasks import keep_pool_after_commit, ring_after_commit
from vms.operations.telling import tell
from vms.rules.actions import Slot
from vms.rules.following import what_happened, wish_behind
from vms.rules.kinds import Kind
from vms.rules.power import Power, PowerReason, Wanted
from vms.rules.progress import Progress


def follow(vm: Vm, power: Power, reason: PowerReason) -> None:
    """The node reported a new power state, written down already. Take it as a wish unless it is our own doing.

    vm: as it was before.
    """
    under_way = list(vm.operations.filter(finished_at=None))
    ours = any(operation.slot == Slot.RUN for operation in under_way)
    has_job = any(operation.slot == Slot.JOB for operation in under_way)
    marks = [operation.measures for operation in under_way]
    job_pauses = any(mark.get("paused") or mark.get("held") for mark in marks)
    wanted = Wanted(vm.wanted)
    wish = wish_behind(Power(vm.power), power, reason, wanted, has_job=has_job, job_pauses=job_pauses)
    if not ours and wish is not None:
        Vm.objects.filter(pk=vm.pk).update(wanted=wish)
    held_for_a_job = has_job and _stays_stopped_to_people(vm, power)
    if not (held_for_a_job or _is_held_for_a_moment(vm, power, under_way)):
        _write_down(vm, power, reason, by_panel=ours)
    if under_way:
        wake(vm.uuid)
    elif vm.kind == Kind.DYNAMIC and vm.pool_id:
        keep_pool_after_commit(vm.pool_id)
    settle(vm.uuid)


def wake(vm: UUID) -> None:
    """The node told something about this machine: let operations that wait for it look again now."""
    waiting = Operation.objects.filter(vm=vm, finished_at=None, progress=Progress.WORKING, lease_until=None)
    for operation in waiting:
        operation.hurry()
        ring_after_commit(operation.pk)


def _stays_stopped_to_people(vm: Vm, power: Power) -> bool:
    """Its process comes and goes with a job, while its guest does nothing."""
    return vm.wanted == Wanted.OFF and {vm.power, power} <= {Power.OFF, Power.PAUSED}


def _is_held_for_a_moment(vm: Vm, power: Power, under_way: list[Operation]) -> bool:
    """By a job that lets it go on at once."""
    by_a_job = any("paused" in operation.measures for operation in under_way)
    return by_a_job and {vm.power, power} <= {Power.RUNNING, Power.PAUSED}


def _write_down(vm: Vm, power: Power, reason: PowerReason, *, by_panel: bool) -> None:
    what = what_happened(Power(vm.power), PowerReason(vm.power_reason), power, reason)
    if what is None:
        return
    values = {"reason": reason}
    if by_panel:
        Event.objects.create(what=what, vm=vm, node_id=vm.node_id, by_panel=True, values=values)
    else:
        tell(what, vm, values)
