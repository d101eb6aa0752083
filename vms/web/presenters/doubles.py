"""A machine that more than one node knows: what that means, and what can be done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Prefetch, Q, prefetch_related_objects
from django.urls import reverse
from django.utils.functional import Promise

from vms import labels
from vms.models import Double, Node, Vm
from vms.models.viewer import Viewer
from vms.operations.permission import may_somewhere, sees_nodes
from vms.rules.actions import Action
from vms.rules.doubles import Peril, peril_of, runs
from vms.rules.power import Power
from vms.web.presenters.hiding import node_name

LEVEL: Mapping[Peril, str] = {Peril.RUNS_TWICE: "danger", Peril.NONE: "warning", Peril.UNSEEN: "warning"}


MOST_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """url: of the question before it is done."""

    label: str
    url: str
    danger: bool


@dataclass(frozen=True, slots=True)
class DoubleView:
    """vm_url: for where there are several machines. level: danger or warning. choices: none for whoever may not
    decide."""

    vm_url: str
    level: str
    title: str
    text: str
    choices: list[Choice]


def fetch_doubles(machines: Iterable[Vm]) -> None:
    """What double_note() needs, for all of them at once: two queries if other nodes know any of them, none if not.
    machines: from with_operations_under_way()."""
    doubled = [vm for vm in machines if vm.is_doubled()]
    prefetch_related_objects(doubled, Prefetch("doubles", queryset=Double.objects.select_related("node")))


def double_note(vm: Vm, viewer: Viewer) -> str:
    """One or more sentences for a line under its status, "" if only its own node knows it."""
    return " ".join(_note(vm, double, viewer) for double in _doubles_of(vm))


def double_views(vm: Vm, viewer: Viewer) -> list[DoubleView]:
    """vm: with its node."""
    return [_view(vm, double, viewer) for double in _doubles_of(vm)]


@dataclass(frozen=True, slots=True)
class DoublesAt:
    """first: the worst of them; more: how many others there are, in words, "" for none."""

    first: list[DoubleView]
    more: str


def doubles_at(node: Node, viewer: Viewer) -> DoublesAt:
    """Of this node's machines those that others know too, and of others' machines those that it knows. One query."""
    seen = Q(vm__in=Vm.objects.all().visible_to(viewer)) & (Q(node=node) | Q(vm__node=node))
    found = Double.objects.filter(seen).select_related("node", "vm__node")
    views = [_view(double.vm, double, viewer) for double in found if double.node_id != double.vm.node_id]
    first, more = sorted(views, key=_is_worse)[:MOST_AT_ONCE], len(views) - MOST_AT_ONCE
    return DoublesAt(first, str(labels.DOUBLES_MORE % {"count": more}) if more > 0 else "")


def _is_worse(view: DoubleView) -> bool:
    """As a key: the worse ones come first."""
    return view.level != LEVEL[Peril.RUNS_TWICE]


def _doubles_of(vm: Vm) -> list[Double]:
    if not vm.is_doubled():
        return []
    return [double for double in vm.doubles.all() if double.node_id != vm.node_id]


def _peril(vm: Vm, double: Double) -> Peril:
    return peril_of(Power(vm.power), Power(double.power), both_answer=double.node.reachable and vm.node.reachable)


def _note(vm: Vm, double: Double, viewer: Viewer) -> str:
    values = {"node": node_name(double.node, viewer), "state": labels.POWER[Power(double.power)]}
    return str(labels.DOUBLE_NOTE[_peril(vm, double)]) % values


def _view(vm: Vm, double: Double, viewer: Viewer) -> DoubleView:
    peril, names = _peril(vm, double), _names(vm, double, viewer)
    return DoubleView(
        vm_url=reverse("vms:page", args=[vm.pk]),
        level=LEVEL[peril],
        title=str(labels.DOUBLE_TITLE[peril]) % names,
        text=str(_meaning(vm, double, peril)) % names,
        choices=list(_choices(vm, double, peril)) if _may_decide(viewer) else [],
    )


def _names(vm: Vm, double: Double, viewer: Viewer) -> dict[str, str]:
    return {
        "vm": vm.display_name,
        "kept": node_name(vm.node, viewer),
        "there": node_name(double.node, viewer),
        "state": str(labels.POWER[Power(double.power)]),
    }


def _may_decide(viewer: Viewer) -> bool:
    return may_somewhere(viewer, Action.FORGET_DOUBLE) and sees_nodes(viewer)


def _meaning(vm: Vm, double: Double, peril: Peril) -> Promise:
    if peril is not Peril.NONE:
        return labels.DOUBLE_MEANS[peril]
    return labels.DOUBLE_ONE_IS_ON if runs(Power(vm.power)) or runs(Power(double.power)) else labels.DOUBLE_BOTH_OFF


def _choices(vm: Vm, double: Double, peril: Peril) -> Iterator[Choice]:
    if peril is Peril.UNSEEN:
        if not double.node.reachable:
            yield _choice(labels.DOUBLE_DISREGARD, double.node, reverse("vms:disregard", args=[vm.pk, double.node_id]))
        return
    if peril is Peril.RUNS_TWICE:
        yield _choice(labels.DOUBLE_POWER_OFF, vm.node, reverse("vms:action", args=[vm.pk, "power-off"]))
        yield _choice(labels.DOUBLE_POWER_OFF, double.node, url_of_ending(vm, double.node, Action.END_DOUBLE))
        return
    for node, power in ((double.node, double.power), (vm.node, vm.power)):
        if not runs(Power(power)):
            yield _choice(labels.DOUBLE_FORGET, node, url_of_ending(vm, node, Action.FORGET_DOUBLE))


def _choice(words: Promise, node: Node, url: str) -> Choice:
    return Choice(str(words) % {"node": node.name}, url, danger=True)


def url_of_ending(vm: Vm, there: Node, action: Action) -> str:
    """Of the question before it."""
    return reverse("vms:double", args=[vm.pk, there.pk, action])
