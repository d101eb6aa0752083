"""What becomes of a machine's disks when it is deleted: which go with it, which stay and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from vms import labels
from vms.models import Disk, Vm
from vms.models.disk import machines_with
from vms.models.viewer import Viewer
from vms.operations.permission import sees_nodes
from vms.web.presenters.dependants import names_and_more
from vms.web.presenters.details import disk_size


@dataclass(frozen=True, slots=True)
class DiskFate:
    """stays: why it is kept whatever is chosen, "" if it goes with the machine. path: "" for whoever is told nothing
    of nodes."""

    target: str
    size: str
    path: str
    stays: str


@dataclass(frozen=True, slots=True)
class Fates:
    going: tuple[DiskFate, ...] = ()
    staying: tuple[DiskFate, ...] = ()


def fates_of_disks(vm: Vm, viewer: Viewer) -> Fates:
    """Of all its disks, and of what lies in its drives. The same few queries however many those are."""
    disks = [disk for disk in vm.disks.all() if disk.path]
    going = set(Disk.objects.all().to_delete().filter(vm=vm).values_list("pk", flat=True))
    others = machines_with([disk.path for disk in disks], other_than=vm)
    seen = _seen({machine.pk for machines in others.values() for machine in machines}, viewer)
    fates = [
        DiskFate(
            target=disk.target,
            size=disk_size(disk),
            path=disk.path if sees_nodes(viewer) else "",
            stays="" if disk.pk in going else _why_it_stays(disk, others.get(disk.path, ()), seen),
        )
        for disk in disks
    ]
    return Fates(tuple(it for it in fates if not it.stays), tuple(it for it in fates if it.stays))


def _seen(machines: set[UUID], viewer: Viewer) -> set[UUID]:
    """Those of whom the viewer may know."""
    return set(Vm.objects.all().visible_to(viewer).filter(pk__in=machines).values_list("pk", flat=True))


def _why_it_stays(disk: Disk, others: Sequence[Vm], seen: set[UUID]) -> str:
    reasons = []
    if disk.device in labels.DRIVE:
        reasons.append(str(labels.STAYS_MEDIUM))
    elif not disk.made_by_panel:
        reasons.append(str(labels.STAYS_NOT_OURS))
    if others:
        reasons.append(str(labels.STAYS_SHARED) % {"users": _names(others, seen)})
    return str(labels.STAYS) % {"why": ", ".join(reasons)}


def _names(machines: Sequence[Vm], seen: set[UUID]) -> str:
    names = [vm.display_name for vm in machines if vm.pk in seen]
    unnamed = len(machines) - len(names)
    return names_and_more([*names, str(labels.OTHER_MACHINES % {"count": unnamed})] if unnamed else names)
