"""Where a machine can move, what for and what against, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.forms import BoundField
from django.urls import reverse
from django.utils.functional import Promise

from vms import labels
from vms.models import Node, Preflight, Vm
from vms.operations.preflights import NodeJudgement, judgements_of
from vms.rules.placing import Obstacle
from vms.rules.preflight import Lack, Tie
from vms.rules.problems import Problem
from vms.web import formats
from vms.web.forms.migrating import MoveForm, folder_field

AGAINST: Mapping[str, Promise] = {
    code: words for table in (labels.MOVE_OBSTACLE, labels.LACK, labels.TIE) for code, words in table.items()
}


@dataclass(frozen=True, slots=True)
class Known:
    """What a sentence against a node may tell. Sizes in bytes; missing_networks: their names."""

    memory_free: int = 0
    to_copy: int = 0
    missing_networks: str = ""


@dataclass(frozen=True, slots=True)
class MemoryThen:
    """For a gauge: what of a node's memory is in use once the machine is there. In bytes, and in words."""

    label: str
    used: int
    total: int
    warns: int
    alarms: int
    text: str


@dataclass(frozen=True, slots=True)
class NodeChoice:
    """reasons: what it is good for, the weightiest first. folder: the field for the pool of the copies, if any."""

    key: int
    name: str
    reasons: list[str]
    way: str
    memory: MemoryThen | None
    folder: BoundField | None
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class NodeOut:
    """A node that the machine cannot move to, with all that stands against it. is_home: it is there."""

    name: str
    url: str
    against: list[str]
    is_home: bool


@dataclass(frozen=True, slots=True)
class MoveView:
    """ties: why the machine cannot leave its node, wherever it is to go; asked: the nodes that are being asked."""

    title: str
    home: str
    url: str
    here: str
    is_over: bool
    nobody_came: bool
    problem: str
    evidence: str
    ties_title: str
    ties: list[str]
    choices: list[NodeChoice]
    out: list[NodeOut]
    nothing: str
    asked: list[str]
    checked_at: datetime | None
    checked_text: str


@dataclass(frozen=True, slots=True)
class NodeCheck:
    """A pre-flight, and what it says of the nodes that there still are, the best first. nodes: by key, with their
    pools."""

    preflight: Preflight
    nodes: Mapping[int, Node]
    judgements: list[NodeJudgement]

    @classmethod
    def of(cls, preflight: Preflight) -> NodeCheck:
        nodes = {node.pk: node for node in Node.objects.prefetch_related("storage_pools")}
        return cls(preflight, nodes, [each for each in judgements_of(preflight) if each.node in nodes])

    def form(self, data: Mapping[str, Any] | None = None) -> MoveForm:
        return MoveForm([each for each in self.judgements if each.is_possible], self.nodes, data)


def move_view(vm: Vm, check: NodeCheck, form: MoveForm) -> MoveView:
    """vm: with its interfaces fetched."""
    preflight, nodes, judgements = check.preflight, check.nodes, check.judgements
    ties = ties_of_all(judgements)
    names = {"vm": vm.display_name, "node": vm.node.name}
    choices = [_choice(vm, each, nodes[each.node], form) for each in judgements if each.is_possible]
    is_over = preflight.finished_at is not None
    return MoveView(
        title=str(labels.MOVE_TITLE) % names,
        home=vm.node.name,
        url=reverse("vms:page", args=[vm.pk]),
        here=reverse("vms:migrate", args=[vm.pk]),
        is_over=is_over,
        nobody_came=not is_over and _nobody_comes(preflight),
        problem=str(labels.PROBLEM[Problem(preflight.problem)]) % names if preflight.problem else "",
        evidence=preflight.evidence,
        ties_title=str(labels.MOVE_TIED) % names,
        ties=[str(labels.TIE[tie]) for tie in ties],
        choices=choices,
        out=[_out(vm, each, nodes[each.node], ties) for each in judgements if not each.is_possible],
        nothing=str(labels.MOVE_NO_NODE) % names if is_over and judgements and not (choices or ties) else "",
        asked=[node.name for node in nodes.values() if node.reachable and node.pk != vm.node_id],
        checked_at=preflight.finished_at,
        checked_text=formats.clock(preflight.finished_at) if preflight.finished_at else "",
    )


def _nobody_comes(preflight: Preflight) -> bool:
    """Nor did anybody for the one before."""
    before = Preflight.objects.filter(vm=preflight.vm_id, requested_at__lt=preflight.requested_at).first()
    return preflight.nobody_came or (before is not None and before.nobody_came)


def ties_of_all(judgements: Sequence[NodeJudgement]) -> list[Tie]:
    """What keeps it from leaving for any node is said once."""
    return [tie for tie in Tie if judgements and all(tie in each.ties for each in judgements)]


def _choice(vm: Vm, judgement: NodeJudgement, node: Node, form: MoveForm) -> NodeChoice:
    field = folder_field(node.pk)
    return NodeChoice(
        key=node.pk,
        name=node.name,
        reasons=[copies_text(judgement), str(labels.MOVE_MEMORY_FREE) % {"size": formats.size(judgement.memory_free)}],
        way=str(labels.WAY[judgement.way]),
        memory=memory_then(node, judgement.memory_free, vm.memory) if vm.guest_is_on else None,
        folder=form[field] if field in form.fields else None,
        is_chosen=str(form["to"].value()) == str(node.pk),
    )


def copies_text(judgement: NodeJudgement) -> str:
    """ "nothing to copy", "2 disks to copy, 40 GiB"."""
    if not judgement.copies:
        return str(labels.MOVE_COPIES_NOTHING)
    words = {"count": len(judgement.copies), "size": formats.size(judgement.to_copy)}
    return str(labels.MOVE_COPIES % words)


def memory_then(node: Node, free: int, more: int) -> MemoryThen | None:
    """free: what it has left now, in bytes; more: what is to come."""
    total = node.memory_total
    if not total:
        return None
    used = min(total, max(0, total - free) + more)
    text = str(labels.MOVE_MEMORY_THEN_OF) % {"used": formats.size(used), "total": formats.size(total)}
    return MemoryThen(str(labels.MOVE_MEMORY_THEN), used, total, total * 80 // 100, total * 95 // 100, text)


def _out(vm: Vm, judgement: NodeJudgement, node: Node, said: Sequence[Tie]) -> NodeOut:
    is_home = Lack.IS_HOME in judgement.lacks
    return NodeOut(
        name=node.name,
        url=reverse("nodes:page", args=[node.pk]),
        against=[str(labels.LACK[Lack.IS_HOME]) % {"vm": vm.display_name}]
        if is_home
        else against(vm, judgement, said=said),
        is_home=is_home,
    )


def against(vm: Vm, judgement: NodeJudgement, *, said: Sequence[Tie] = ()) -> list[str]:
    """All that stands against this node, in sentences. vm: with its interfaces fetched; said: ties to leave out."""
    ties = [tie for tie in judgement.ties if tie not in said]
    codes = _without_echoes([*judgement.obstacles, *judgement.lacks], judgement)
    known = Known(judgement.memory_free, judgement.to_copy, ", ".join(judgement.missing_networks))
    return sentences_against(vm, [*codes, *ties], known)


def _without_echoes(codes: list[Obstacle | Lack], judgement: NodeJudgement) -> list[Obstacle | Lack]:
    """Of a node that cannot be reached it is no news that it did not answer; and of one that never was, nothing else
    is known."""
    if Obstacle.UNREACHABLE not in codes:
        return codes
    never_was = not judgement.memory_free
    return [Obstacle.UNREACHABLE] if never_was else [code for code in codes if code is not Lack.NOT_ASKED]


def sentences_against(vm: Vm, codes: Iterable[str], known: Known) -> list[str]:
    """codes: of obstacles, lacks and ties."""
    words = {
        "vm": vm.display_name,
        "name": vm.name,
        "free": formats.size(known.memory_free),
        "needed": formats.size(vm.memory),
        "size": formats.size(known.to_copy),
        "networks": known.missing_networks,
        "bridges": ", ".join(_bridges_of(vm)),
        "vm_pool": vm.pool.name if vm.pool else "",
        "folder": vm.pool.folder if vm.pool else "",
    }
    return [str(AGAINST[code]) % words for code in codes]


def node_is_out(vm: Vm, node: Node, against: Iterable[Obstacle | Lack]) -> str:
    """A sentence on what the panel itself knows."""
    why = " ".join(sentences_against(vm, against, Known()))
    return str(labels.MOVE_NODE_IS_OUT) % {"vm": vm.display_name, "node": node.name, "why": why}


def _bridges_of(vm: Vm) -> list[str]:
    plugged = (each.source for each in vm.interfaces.all() if each.source_type in {"bridge", "direct"})
    return list(dict.fromkeys(plugged))
