"""Steps that take a machine away, with the disks that the panel made for it."""

from django.utils import timezone

from vms.models import Event, Operation, Vm
from vms.models.disk import machines_with
from vms.operations.settling import settle
from vms.operations.steps import power
from vms.operations.steps.work import Done, Result, StepFailed, Work
from vms.rules.actions import Action
from vms.rules.kinds import Kind, Link
from vms.rules.making import Plan
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.timeline import What


def clear_away(work: Work) -> Result:
    """End what is left of a process. One that somebody set going meanwhile is not taken from under the guest."""
    if _is_left_over(work):
        return Done()
    if work.hypervisor.machine(work.vm.uuid).power in {Power.RUNNING, Power.SHUTTING_DOWN}:
        raise StepFailed(Problem.WRONG_STATE)
    return power.cut_power(work)


def see_it_off(work: Work) -> Result:
    return Done() if _is_left_over(work) else power.see_it_off(work)


def _is_left_over(work: Work) -> bool:
    """Of a dynamic VM its node may know nothing any more. Of others somebody should look where they have gone."""
    return work.vm.kind == Kind.DYNAMIC and not work.node_knows_it()


def check_disks_are_free(work: Work) -> Result:
    """Refuse to delete an image that another machine or another image still needs."""
    paths = _disks_to_delete(work)
    machines = machines_with(paths, other_than=work.vm)
    for path in paths:
        names = [vm.display_name for vm in machines.get(path, [])]
        users = [*names, *work.hypervisor.disks_on_top_of(path)]
        if users:
            raise StepFailed(Problem.DISK_IN_USE, users=", ".join(sorted(users)))
    return Done()


def _disks_to_delete(work: Work) -> list[str]:
    """Of the disks that were chosen those that the panel made for this machine, whatever else was asked for. A dynamic
    VM goes with all that were made for it, also if nobody has seen them at its node."""
    if work.vm.kind == Kind.DYNAMIC:
        return _overlays_of(work.vm)
    chosen = work.operation.arguments.get("disks", [])
    return list(work.vm.disks.filter(made_by_panel=True, path__in=chosen).values_list("path", flat=True))


def _overlays_of(vm: Vm) -> list[str]:
    makings = Operation.objects.filter(vm=vm, action=Action.PROVIDE).values_list("arguments", flat=True)
    planned = {disk.path for arguments in makings for disk in Plan.from_arguments(arguments).disks}
    return sorted(planned.union(vm.disks.filter(made_by_panel=True).values_list("path", flat=True)))


def delete_disks(work: Work) -> Result:
    for path in _disks_to_delete(work):
        work.hypervisor.delete_disk(path)
    return Done()


def undefine(work: Work) -> Result:
    if work.node_knows_it():
        work.hypervisor.undefine(work.vm.uuid)
    return Done()


def mark_deleted(work: Work) -> Result:
    changes = {"deleted_at": timezone.now(), "claimed_name": None, "link": Link.NONE}
    if Vm.objects.filter(pk=work.vm.pk, deleted_at=None).update(**changes):
        Event.objects.create(what=What.DELETED, vm=work.vm, node_id=work.vm.node_id, by_panel=True)
    if work.vm.origin_id:
        settle(work.vm.origin_id)
    return Done()
