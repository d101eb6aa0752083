"""The machines of a plan to empty a node: where each goes, and what has come of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.labels import dynamic as words
from vms.models import EmptyingItem, Node, Operation, Vm
from vms.models.viewer import Viewer
from vms.operations.departures import FILLED
from vms.operations.freeing import TRIES
from vms.operations.moving import NodeIsOut
from vms.operations.preflights import NodeJudgement, read
from vms.rules.emptying import Filled, Verdict
from vms.rules.preflight import Lack, Tie, Way
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.reasons import Reason
from vms.web.presenters.assigned import held_since, holder_of
from vms.web.presenters.migrating import against, copies_text, ties_of_all
from vms.web.presenters.operations import OperationView, operation_view

OUTCOME_LABEL: Mapping[str, Promise] = {
    "cannot": pgettext_lazy("machines of an emptying", "Cannot go"),
    "waiting": pgettext_lazy("machines of an emptying", "Waiting"),
    "running": pgettext_lazy("machines of an emptying", "On their way"),
    "done": pgettext_lazy("machines of an emptying", "Gone"),
    "failed": pgettext_lazy("machines of an emptying", "Failed"),
    "refused": pgettext_lazy("machines of an emptying", "Refused"),
    "cancelled": pgettext_lazy("machines of an emptying", "Cancelled"),
    "left": pgettext_lazy("machines of an emptying", "Not begun"),
}
BAD = frozenset({"cannot", "failed", "refused"})
LOOK: Mapping[str, str] = {
    **dict.fromkeys(BAD, "bad"),
    **dict.fromkeys(("waiting", "left", "cancelled"), "off"),
    "running": "now",
    "done": "good",
}
NOT_ENDED = frozenset({"waiting", "running"})
"""Of those that can go."""

_GOES = Q(verdict=Verdict.GOES)
_OPEN = _GOES & Q(finished_at=None)
_NOT_ON_THE_WAY = Q(operation=None) | Q(operation__progress=Progress.FAILED)

OUTCOMES: Mapping[str, Q] = {
    "cannot": Q(verdict=Verdict.CANNOT),
    "waiting": _OPEN & _NOT_ON_THE_WAY & Q(emptying__finished_at=None),
    "running": _GOES & Q(operation__progress__in=[Progress.QUEUED, Progress.WORKING]),
    "done": _GOES
    & (Q(operation__progress=Progress.SUCCEEDED) | Q(finished_at__isnull=False, operation=None, refusal="")),
    "failed": _GOES
    & (
        Q(operation__progress=Progress.UNCLEAR)
        | (Q(operation__progress=Progress.FAILED) & ~Q(finished_at=None, emptying__finished_at=None))
    ),
    "refused": _GOES & Q(finished_at__isnull=False, operation=None) & ~Q(refusal=""),
    "cancelled": _GOES & Q(operation__progress=Progress.CANCELLED),
    "left": _OPEN & Q(operation=None, emptying__finished_at__isnull=False),
}
"""Conditions on EmptyingItem; each item meets exactly one."""


def count_outcomes(items: QuerySet[EmptyingItem]) -> dict[str, int]:
    wanted = {key: Count("pk", filter=condition) for key, condition in OUTCOMES.items()}
    return {key: int(count) for key, count in items.order_by().aggregate(**wanted).items()}


@dataclass(frozen=True, slots=True)
class Against:
    """node: its name, "" for what stands against every node."""

    node: str
    sentences: list[str]


@dataclass(frozen=True, slots=True)
class ItemView:
    """One machine of the plan. live: what its row depends on; place: "" if it cannot go; against: then why; operation:
    None if there is none to be shown, then `text` says how things are. note: what else is to be known."""

    pk: str
    live: str
    place: str
    vm_name: str
    vm_url: str
    to_name: str
    to_url: str
    how: list[str]
    against: list[Against]
    operation: OperationView | None
    text: str
    note: str
    look: str


def item_views(items: Iterable[EmptyingItem], viewer: Viewer) -> list[ItemView]:
    """items: with their emptying, the vm with its node and interfaces, and the node they go to."""
    items = list(items)
    names = dict(Node.objects.values_list("pk", "name"))
    keys = [item.operation_id for item in items if item.operation_id]
    operations = Operation.objects.all().with_destination().select_related("vm", "node").in_bulk(keys)
    return [_item(item, operations.get(item.operation_id or 0), viewer, names) for item in items]


def _item(item: EmptyingItem, operation: Operation | None, viewer: Viewer, names: Mapping[int, str]) -> ItemView:
    goes = item.verdict == Verdict.GOES
    outcome = _outcome(item)
    return ItemView(
        pk=str(item.pk),
        live=f"emptying-item:{item.pk} emptying:{item.emptying_id} operation:{item.operation_id or ''}",
        place=str(item.place) if goes else "",
        vm_name=item.vm.display_name,
        vm_url="" if item.vm.deleted_at else reverse("vms:page", args=[item.vm_id]),
        to_name=item.to.name if item.to else "",
        to_url=reverse("nodes:page", args=[item.to_id]) if item.to_id else "",
        how=_how(item) if goes else [],
        against=[] if goes else _against(item, names),
        operation=operation_view(operation, viewer) if operation else None,
        text=str(OUTCOME_LABEL[outcome]),
        note=_note(item, operation) if goes else "",
        look=LOOK[outcome],
    )


def _outcome(item: EmptyingItem) -> str:
    """Of one without an operation that says it."""
    if item.verdict == Verdict.CANNOT:
        return "cannot"
    if item.finished_at is None:
        return "left" if item.emptying.finished_at else "waiting"
    return "refused" if item.refusal else "done"


def _how(item: EmptyingItem) -> list[str]:
    return [*(copies_text(read(each)) for each in item.stands_against), str(labels.WAY[Way(item.way)])]


def _note(item: EmptyingItem, operation: Operation | None) -> str:
    """Why it does not go now, and how often it was tried."""
    is_open = item.finished_at is None and item.emptying.finished_at is None
    has_failed = operation is not None and operation.progress == Progress.FAILED
    tries = str(labels.EMPTYING_TRY) % {"number": item.tries, "most": TRIES} if item.tries > 1 or has_failed else ""
    again = str(labels.EMPTYING_TRIED_AGAIN) if is_open and has_failed and not item.refusal else ""
    return " · ".join(part for part in (_refusal(item), tries, again) if part)


def _refusal(item: EmptyingItem) -> str:
    """A sentence, "" if it was not refused."""
    names = {"vm": item.vm.display_name, "node": item.vm.node.name, "name": item.vm.name}
    if item.refusal == NodeIsOut.reason:
        out = labels.EMPTYING_NODE_OUT if item.to else labels.EMPTYING_NO_NODE
        return str(out) % {"node": item.to.name if item.to else ""}
    if item.refusal == Reason.IS_DYNAMIC:
        return _who_has_it(item.vm)
    if item.refusal in set(Reason):
        return str(labels.REASON[Reason(item.refusal)])
    return str(labels.PROBLEM[Problem(item.refusal)]) % names if item.refusal else ""


def _who_has_it(vm: Vm) -> str:
    """Of a dynamic VM that stands in the way."""
    if vm.assigned_at is None:
        return str(labels.REASON[Reason.IS_DYNAMIC])
    return str(words.STANDS_IN_THE_WAY) % {"person": holder_of(vm), "since": held_since(vm)}


def _against(item: EmptyingItem, names: Mapping[int, str]) -> list[Against]:
    """What stands against every node first."""
    kept = [(read(each), each.get(FILLED, [])) for each in item.stands_against]
    elsewhere = [(judgement, filled) for judgement, filled in kept if Lack.IS_HOME not in judgement.lacks]
    ties = ties_of_all([judgement for judgement, _filled in elsewhere])
    everywhere = [*filter(None, [_refusal(item)]), *(str(labels.TIE[tie]) for tie in ties)]
    if not (everywhere or elsewhere):
        everywhere = [str(labels.EMPTYING_NO_OTHER_NODE)]
    each_node = (
        Against(names.get(judgement.node, ""), _sentences(item, judgement, filled, ties))
        for judgement, filled in elsewhere
    )
    return [each for each in (Against("", everywhere), *each_node) if each.sentences]


def _sentences(item: EmptyingItem, judgement: NodeJudgement, filled: Iterable[str], said: Sequence[Tie]) -> list[str]:
    by_others = (str(labels.EMPTYING_FILLED[Filled(each)]) % {"vm": item.vm.display_name} for each in filled)
    return [*against(item.vm, judgement, said=said), *by_others]
