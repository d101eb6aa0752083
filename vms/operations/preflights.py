"""Where a machine could be moved: carried out by a worker, and kept for those who asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from vms.hypervisor.errors import HypervisorError
from vms.models import Event, Preflight, Vm
from vms.operations.announcing import announce
from vms.operations.surveying import judge_everywhere
from vms.rules.placing import Obstacle
from vms.rules.preflight import Judgement, Lack, Tie, Way

GOOD_FOR = timedelta(seconds=5)
KEPT_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class NodeJudgement:
    """As rules.preflight.Judgement. node: its key; to_copy, memory_free: in bytes."""

    node: int
    way: Way
    copies: tuple[str, ...]
    folders: tuple[str, ...]
    obstacles: tuple[Obstacle, ...]
    lacks: tuple[Lack, ...]
    ties: tuple[Tie, ...]
    to_copy: int
    missing_networks: tuple[str, ...]
    memory_free: int

    @property
    def is_possible(self) -> bool:
        return not (self.obstacles or self.lacks or self.ties)


def carry_out(preflight: Preflight) -> None:
    if not preflight.begin():
        return
    vm = Vm.objects.select_related("node").get(pk=preflight.vm_id)
    try:
        preflight.end([written_down(each) for each in judge_everywhere(vm)])
    except HypervisorError as error:
        preflight.end([], error.problem, str(error))
    announce(("preflight", str(preflight.pk)))


def judgements_of(preflight: Preflight) -> list[NodeJudgement]:
    """The best first; of the nodes that there were when it was carried out."""
    return [read(each) for each in preflight.judgements]


def written_down(judgement: Judgement) -> dict[str, Any]:
    return {
        "node": judgement.node.key,
        "way": judgement.way,
        "copies": judgement.copies,
        "folders": judgement.folders,
        "obstacles": judgement.obstacles,
        "lacks": judgement.lacks,
        "ties": judgement.ties,
        "to_copy": judgement.to_copy,
        "missing_networks": judgement.missing_networks,
        "memory_free": judgement.node.memory_free,
    }


def read(values: dict[str, Any]) -> NodeJudgement:
    return NodeJudgement(
        node=values["node"],
        way=Way(values["way"]),
        copies=tuple(values["copies"]),
        folders=tuple(values["folders"]),
        obstacles=tuple(map(Obstacle, values["obstacles"])),
        lacks=tuple(map(Lack, values["lacks"])),
        ties=tuple(map(Tie, values["ties"])),
        to_copy=values["to_copy"],
        missing_networks=tuple(values["missing_networks"]),
        memory_free=values["memory_free"],
    )


def prepared(vm: Vm) -> tuple[Preflight, bool]:
    """One that is under way or has just ended, else a new one; and whether it is new. Old ones go."""
    now = timezone.now()
    Preflight.objects.filter(requested_at__lt=now - KEPT_FOR).delete()
    latest = Preflight.objects.filter(vm=vm).first()
    if latest is not None and _will_do(latest) and not _something_happened_since(latest):
        return latest, False
    return Preflight.objects.create(vm=vm), True


def _will_do(preflight: Preflight) -> bool:
    """Whoever looks again at the same page a moment later is shown the same."""
    if preflight.finished_at is None:
        return not preflight.nobody_came
    return timezone.now() - preflight.finished_at < GOOD_FOR


def _something_happened_since(preflight: Preflight) -> bool:
    """To the machine: it may have moved, or be off by now."""
    return Event.objects.filter(vm=preflight.vm_id, at__gte=preflight.requested_at).exists()
