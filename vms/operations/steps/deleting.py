"""Steps that take a machine away, with the disks that the panel made for it."""

from django.utils import timezone

from vms.models import Event, Vm
from vms.models.disk import machines_with
from vms.operations.settling import settle
from vms.operations.steps.power import cut_power
from vms.operations.steps.work import Done, Result, StepFailed, Work
from vms.rules.kinds import Link
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.timeline import What


def clear_away(work: Work) -> Result:
    """End what is left of a process. One that somebody set going meanwhile is not taken from under the guest."""
    power = work.hypervisor.machine(work.vm.uuid).power
    if power in {Power.RUNNING, Power.SHUTTING_DOWN}:
        raise StepFailed(Problem.WRONG_STATE)
    return cut_power(work)


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
    """Of the disks that were chosen those that the panel made for this machine, whatever else was asked for."""
    chosen = work.operation.arguments.get("disks", [])
    return list(work.vm.disks.filter(made_by_panel=True, path__in=chosen).values_list("path", flat=True))


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
