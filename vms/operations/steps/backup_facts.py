"""A backup that is being made, as its steps find it: what was asked for, what was decided, and how far it came.

What the operation has measured: plan (see Plan), held (a process that only holds the guest), crashed (that guest ran
when its own process ended), begun (the name of the moment that is being tried, set before anything is done to the
machine), memory (when saving it was asked for, and by which process), copying (set before the copy is asked for), began
(what was so in the moment of the backup, set when the node has said that it copies), paused (its guest, by this
backup), overlays (by target), stands_still (how much was copied, and since when no more).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from posixpath import join
from typing import Any

from vms.models import Backup
from vms.operations.steps.work import StepFailed, Work
from vms.rules.backing_up import Taking, file_of
from vms.rules.power import HAS_PROCESS
from vms.rules.problems import Problem


@dataclass(frozen=True, slots=True)
class Plan:
    """files, below: paths by target; below are only those of disks of which just the changes are copied. since: the
    moment from which on they count. notes: whether a later backup may count on this one's moment. size: of what is to
    be copied, in bytes."""

    files: Mapping[str, str]
    below: Mapping[str, str]
    since: str
    notes: bool
    size: int

    def to_measures(self) -> dict[str, Any]:
        return {"plan": asdict(self)}


def taking_of(work: Work) -> Taking:
    return Taking.from_arguments(work.operation.arguments)


def backup_of(work: Work) -> Backup:
    """StepFailed if somebody has deleted its row."""
    backup = Backup.objects.select_related("target", "below").filter(pk=taking_of(work).backup).first()
    if backup is None:
        raise StepFailed(Problem.BACKUP_BROKE)
    return backup


def plan_of(work: Work) -> Plan | None:
    """None before it was decided."""
    plan = work.operation.measures.get("plan")
    return Plan(**plan) if plan else None


def decided(work: Work) -> Plan:
    plan = plan_of(work)
    if plan is None:
        raise StepFailed(Problem.BACKUP_BROKE)
    return plan


def path_in_target(work: Work, part: str) -> str:
    """part: as in rules.backing_up.file_of()."""
    return join(taking_of(work).folder, file_of(backup_of(work).stem, part))


def has_process(work: Work) -> bool:
    return work.node_knows_it() and work.hypervisor.machine(work.vm.uuid).power in HAS_PROCESS


def xml_now(work: Work) -> str:
    """What the machine is at this moment, on or off."""
    definition = work.hypervisor.definition(work.vm.uuid)
    return definition.live or definition.xml
