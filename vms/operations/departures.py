"""Where the machines of a node could go: the nodes are asked about one after the other, then the plan is written down.

What was answered is kept with each machine, so that another worker goes on where this one ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from posixpath import normpath
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from vms.hypervisor.errors import HypervisorError, NodeUnreachable
from vms.models import Emptying, EmptyingItem, Node, Vm
from vms.models.facts import facts_of, facts_of_node, pools_with_folders
from vms.models.vm import VmQuerySet
from vms.operations.announcing import announce
from vms.operations.preflights import read, written_down
from vms.operations.surveying import judge_everywhere
from vms.rules.actions import Action
from vms.rules.asking import possible
from vms.rules.emptying import Leaver, Place, Placement, State, Verdict, planned
from vms.rules.kinds import Kind
from vms.rules.placing import NodeFacts
from vms.rules.preflight import Judgement

LEASE_SECONDS = 30.0

FILLED = "filled"
"""Beside a judgement that is kept: what of the node other machines of the plan would take."""


def machines_of(node: Node) -> VmQuerySet:
    """Those that leave it when it is freed: whatever is there, on or off, but what its pool ends by itself."""
    return _there(node).exclude(_FREE)


def ended_by_their_pools(node: Node) -> VmQuerySet:
    """The dynamic VMs that nobody has: they go as soon as the node is in maintenance."""
    return _there(node).filter(_FREE)


def _there(node: Node) -> VmQuerySet:
    return Vm.objects.all().present().filter(node=node, gone_at=None)


_FREE = Q(kind=Kind.DYNAMIC, assigned_at=None)


def tell(emptying: Emptying) -> None:
    """That something about it has changed, and so about its node."""
    announce(("emptying", str(emptying.pk)), ("node", str(emptying.node_id)))


def plan(emptying: Emptying) -> None:
    """Ask the nodes about each machine, and write down what is to be done. Somebody may end it in the middle."""
    asked = emptying.items.values("vm")
    for vm in machines_of(emptying.node).exclude(pk__in=asked).with_operations_under_way():
        if not emptying.keep(seconds=LEASE_SECONDS):
            return
        try:
            answer = _ask(vm)
        except NodeUnreachable as error:
            _fail(emptying, error)
            return
        EmptyingItem.objects.bulk_create([_item(emptying, vm, **answer)], ignore_conflicts=True)
        tell(emptying)
    _write_down(emptying)


def place_anew(item: EmptyingItem) -> None:
    """Where it could go, now that it did not get to where it was to go. Nothing changes if that is nowhere. item:
    with its vm, and that one's node. HypervisorError."""
    judgements = tuple(judge_everywhere(item.vm))
    (placement,) = planned([_leaver(item.vm, judgements)], _free(Node.objects.prefetch_related("storage_pools")), 1)
    if placement.goes is not None:
        EmptyingItem.objects.filter(pk=item.pk).update(**_going(placement, placement.goes))
        item.refresh_from_db()


def _ask(vm: Vm) -> dict[str, Any]:
    """NodeUnreachable; another error of its node concerns this machine alone."""
    reason = possible(facts_of(vm, vm.under_way), Action.MIGRATE).reason
    if reason is not None:
        return {"refusal": reason}
    try:
        return {"stands_against": [written_down(each) for each in judge_everywhere(vm)]}
    except NodeUnreachable:
        raise
    except HypervisorError as error:
        return {"refusal": error.problem}


def _item(emptying: Emptying, vm: Vm, **answer: Any) -> EmptyingItem:
    return EmptyingItem(emptying=emptying, vm=vm, place=0, verdict=Verdict.CANNOT, **answer)


def _fail(emptying: Emptying, error: HypervisorError) -> None:
    emptying.become(State.FAILED, problem=error.problem, evidence=str(error))
    tell(emptying)


def _write_down(emptying: Emptying) -> None:
    nodes = Node.objects.prefetch_related("storage_pools", "networks")
    facts = {node.pk: facts_of_node(node) for node in nodes}
    items = {str(item.vm_id): item for item in emptying.items.select_related("vm").filter(refusal="")}
    leavers = [_leaver(item.vm, _judgements(item, facts)) for item in items.values()]
    with transaction.atomic():
        if not emptying.become(State.PLANNED, planned_at=timezone.now()):
            return
        for place, placement in enumerate(planned(leavers, _free(nodes), emptying.at_once), start=1):
            _write_placement(items[placement.leaver.key], placement, place)
        tell(emptying)


def _leaver(vm: Vm, judgements: tuple[Judgement, ...]) -> Leaver:
    return Leaver(str(vm.pk), vm.display_name, vm.memory, judgements)


def _judgements(item: EmptyingItem, facts: Mapping[int, NodeFacts]) -> tuple[Judgement, ...]:
    """As they were kept, of nodes as they are now."""
    kept = [read(each) for each in item.stands_against]
    return tuple(
        Judgement(
            node=facts[each.node],
            way=each.way,
            copies=each.copies,
            folders=each.folders,
            obstacles=each.obstacles,
            lacks=each.lacks,
            ties=each.ties,
            to_copy=each.to_copy,
        )
        for each in kept
        if each.node in facts
    )


def _free(nodes: Iterable[Node]) -> dict[Place, int]:
    return {(node.pk, normpath(pool.folder)): pool.free for node in nodes for pool in pools_with_folders(node)}


def _write_placement(item: EmptyingItem, placement: Placement, place: int) -> None:
    if placement.goes is not None:
        changes = {**_going(placement, placement.goes), "verdict": Verdict.GOES, "place": place}
    else:
        changes = {"stands_against": [_with_filled(each, placement) for each in item.stands_against]}
    EmptyingItem.objects.filter(pk=item.pk).update(**changes)


def _going(placement: Placement, to: Judgement) -> dict[str, Any]:
    return {
        "to_id": to.node.key,
        "way": to.way,
        "copies": list(to.copies),
        "folder": placement.folder,
        "stands_against": [written_down(to)],
    }


def _with_filled(kept: dict[str, Any], placement: Placement) -> dict[str, Any]:
    return {**kept, FILLED: sorted(placement.filled.get(kept["node"], ()))}
