"""What a word finds all over the panel, group by group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import pgettext_lazy

from stoney_panel.lists.words import with_every_word
from vms.models import Node, Vm
from vms.models.viewer import Viewer
from vms.models.vm import VmQuerySet
from vms.operations.permission import sees_nodes
from vms.rules.kinds import Kind
from vms.web.lists.for_people import title_for
from vms.web.lists.machine_columns import PAGE_OF
from vms.web.lists.machine_words import with_words
from vms.web.presenters.empty_lists import ICON
from vms.web.presenters.nodes import node_view
from vms.web.presenters.statuses import LOOK, status_words
from vms.web.requests import list_of

MOST_RESULTS = 8
MOST_WITHOUT_A_LIST = 50

NODES = pgettext_lazy("navigation", "Nodes")


@dataclass(frozen=True, slots=True)
class Result:
    """look: of the dot before its state."""

    name: str
    url: str
    look: str
    state: str
    note: str


@dataclass(frozen=True, slots=True)
class ResultGroup:
    """total: how many there are; all_url: the list of all of them, "" if there is none."""

    key: str
    title: str
    icon: str
    results: list[Result]
    total: int
    all_url: str


def exact_hit(text: str, viewer: Viewer) -> str:
    """The address of the one thing that has just this name or id, "" if there is none or more than one."""
    machines = Vm.objects.all().visible_to(viewer).filter(_is_called(text)).values_list("pk", flat=True)[:2]
    hits = [reverse("vms:page", args=[pk]) for pk in machines]
    if sees_nodes(viewer):
        nodes = Node.objects.filter(name__iexact=text).values_list("pk", flat=True)
        hits += [reverse("nodes:page", args=[pk]) for pk in nodes]
    return hits[0] if len(hits) == 1 else ""


def search_groups(text: str, viewer: Viewer) -> list[ResultGroup]:
    """Those in which something was found."""
    return list(_groups(text, viewer)) if text else []


def _groups(text: str, viewer: Viewer) -> Iterator[ResultGroup]:
    found = with_words(Vm.objects.all().visible_to(viewer), text, sees_nodes=sees_nodes(viewer))
    totals = dict(found.order_by().values("kind").annotate(n=Count("pk")).values_list("kind", "n"))
    for kind in Kind:
        if totals.get(kind):
            yield _machines(found.of_kind(kind), kind, totals[kind], text, viewer)
    nodes = with_every_word(Node.objects.with_vm_counts(), ("name", "uri", "hostname"), text)
    results = [_node_result(node) for node in nodes] if sees_nodes(viewer) else []
    if results:
        yield ResultGroup("nodes", str(NODES), "node", results[:MOST_RESULTS], len(results), _all("nodes:list", text))


def _machines(found: VmQuerySet, kind: Kind, total: int, text: str, viewer: Viewer) -> ResultGroup:
    has_a_list = kind in PAGE_OF
    found = found.with_operations_under_way().select_related("node", "pool").order_by("display_name", "pk")
    results = [_machine_result(vm, viewer) for vm in found[: MOST_RESULTS if has_a_list else MOST_WITHOUT_A_LIST]]
    all_url = _all(list_of(kind), text) if has_a_list else ""
    return ResultGroup(kind, str(title_for(viewer, kind)), ICON[kind], results, total, all_url)


def _machine_result(vm: Vm, viewer: Viewer) -> Result:
    return Result(
        name=vm.display_name,
        url=reverse("vms:page", args=[vm.pk]),
        look=LOOK[vm.status.main],
        state=status_words(vm),
        note=" · ".join(str(place) for place in (vm.pool, vm.node) if place) if sees_nodes(viewer) else "",
    )


def _node_result(node: Node) -> Result:
    view = node_view(node)
    return Result(view.name, view.url, view.look, view.state, view.hostname)


def _all(name: str, text: str) -> str:
    return f"{reverse(name)}?{urlencode({'q': text})}"


def _is_called(text: str) -> Q:
    called = Q(display_name__iexact=text) | Q(name__iexact=text)
    try:
        return called | Q(pk=UUID(text))
    except ValueError:
        return called
