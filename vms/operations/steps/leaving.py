"""Steps before a machine leaves for another node: whether that can take it, and what has to be there before."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db.models import Q

from vms.hypervisor.errors import DiskMissing
from vms.models import Operation
from vms.operations.steps.whereabouts import at_destination, destination_of, move_of
from vms.operations.steps.work import Again, Done, JsonValue, Result, StepFailed, Work
from vms.operations.surveying import judge_now
from vms.rules.actions import Action
from vms.rules.power import Power
from vms.rules.preflight import Judgement, Way
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress

TURN_LOOK_SECONDS = 5.0


def check_move(work: Work) -> Result:
    """Those asked for first go first. What was possible when a person looked may not be any more."""
    if not _has_a_turn(work):
        return Again(TURN_LOOK_SECONDS, Phase.WAITING_FOR_TURN)
    to = destination_of(work)
    judgement = judge_now(work.vm, to)
    if not judgement.is_possible:
        raise StepFailed(Problem.NODE_CANNOT_TAKE_IT, node=to.name, **_against(judgement))
    move = move_of(work)
    if judgement.way is not move.way or not set(judgement.copies) <= set(move.copies):
        raise StepFailed(Problem.NO_LONGER_POSSIBLE)
    return Done()


def _has_a_turn(work: Work) -> bool:
    move = move_of(work)
    return all(_is_among_the_first(node, work.operation) for node in (move.home, move.to))


def _is_among_the_first(node: int, operation: Operation) -> bool:
    """Of those that leave the node or go there."""
    moves = Operation.objects.filter(action=Action.MIGRATE, finished_at=None).exclude(progress=Progress.UNCLEAR)
    here = moves.filter(Q(arguments__home=node) | Q(arguments__to=node)).order_by("requested_at", "pk")
    return operation.pk in list(here.values_list("pk", flat=True)[: settings.MIGRATIONS_PER_NODE])


def _against(judgement: Judgement) -> dict[str, JsonValue]:
    """Each with the name of its kind; and what their sentences tell. Sizes in bytes."""
    kinds = {"obstacle": judgement.obstacles, "lack": judgement.lacks, "tie": judgement.ties}
    return {
        "against": [(kind, str(each)) for kind, found in kinds.items() for each in found],
        "free": str(judgement.node.memory_free),
        "size": str(judgement.to_copy),
        "networks": ", ".join(judgement.missing_networks),
    }


def make_copies(work: Work) -> Result:
    """Empty images on the other node, into which its disks are copied."""
    copies = move_of(work).copies
    if not copies:
        return Done()
    sizes = work.hypervisor.disk_sizes(work.vm.uuid)
    total = sum(sizes.get(target, 0) for target in copies)
    work.operation.measure({"made": True, "disk_bytes": total}, phase=Phase.MAKING_DISKS)
    with at_destination(work) as there:
        for target, path in copies.items():
            if there.image(path) is None:
                there.make_image(path, _size(sizes, target))
    return Done()


def _size(sizes: Mapping[str, int], target: str) -> int:
    if target not in sizes:
        raise DiskMissing(f"nobody can tell the size of {target}")
    return sizes[target]


def hold_guest(work: Work) -> Result:
    """One that is off, but has what only a process can take along, gets one. To people it stays off."""
    if move_of(work).way is not Way.HELD or work.hypervisor.machine(work.vm.uuid).power is not Power.OFF:
        return Done()
    work.operation.measure({"held": True})
    work.hypervisor.start_paused(work.vm.uuid)
    return Done()
