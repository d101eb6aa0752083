"""A node is freed of its machines: how, then what would happen, then what does."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from stoney_panel.lists import ColumnKind, ListKind, ListPage
from stoney_panel.lists.sizes import remember_size
from vms import labels
from vms.models import Emptying, EmptyingItem, Node
from vms.operations.emptying import plan_emptying, take_turn, unfinished_emptying
from vms.operations.permission import may_manage_nodes, require_may_manage_nodes, sees_nodes
from vms.rules.emptying import Turn
from vms.web.forms.emptying import EmptyingForm
from vms.web.presenters.emptying import EmptyingView, cancel_question, emptying_view
from vms.web.presenters.emptying_items import BAD, OUTCOME_LABEL, OUTCOMES, item_views
from vms.web.presenters.facets import Facet
from vms.web.requests import PanelRequest, asked_keys

INVALID = 422

LIST = ListKind(
    columns={
        "place": ColumnKind(pgettext_lazy("column: which machine goes first", "Order"), "place"),
        "vm": ColumnKind(gettext_lazy("Machine"), "vm__display_name"),
        "to": ColumnKind(pgettext_lazy("column: where a machine goes", "To"), "to__name"),
        "how": ColumnKind(pgettext_lazy("column: how a machine moves", "How")),
        "result": ColumnKind(pgettext_lazy("column: what came of it", "Result")),
    },
    search=("vm__display_name", "to__name"),
    default="place",
)
ALL = pgettext_lazy("machines of an emptying", "All")


@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: PanelRequest, pk: int) -> HttpResponse:
    """How its machines are to leave. A node that is being emptied leads to that plan."""
    require_may_manage_nodes(request.user)
    node = get_object_or_404(Node, pk=pk)
    if existing := unfinished_emptying(node):
        return _to_the_first(request, existing)
    form = EmptyingForm(request.POST if request.method == "POST" else None)
    if not (form.is_bound and form.is_valid()):
        context = {"form": form, "node": node, "title": str(labels.EMPTYING_TITLE) % {"node": node.name}}
        return render(request, "nodes/empty.html", context, status=INVALID if form.is_bound else 200)
    emptying, is_new = plan_emptying(node, form.manner, by=request.user)
    return _to(emptying) if is_new else _to_the_first(request, emptying)


def _to_the_first(request: PanelRequest, emptying: Emptying) -> HttpResponse:
    messages.info(request, str(labels.EMPTYING_IS_THERE) % {"node": emptying.node.name})
    return _to(emptying)


def _to(emptying: Emptying) -> HttpResponse:
    return redirect("nodes:emptying", emptying.node_id, emptying.pk)


@require_safe
def show(request: PanelRequest, pk: int, number: int) -> HttpResponse:
    emptying = _emptying(request, pk, number)
    items = _items(emptying)
    view = emptying_view(emptying, emptying.items.all(), may_manage=may_manage_nodes(request.user))
    shown = request.GET.get("show", "")
    page = ListPage(request, LIST, items.filter(OUTCOMES.get(shown, Q())))
    context = {
        "emptying": view,
        "list": page,
        "facets": _facets(view, page, shown),
        "rows": item_views(page.rows, request.user) if view.has_plan else [],
    }
    return remember_size(request, render(request, "nodes/emptying.html", context))


@require_safe
def rows(request: PanelRequest, pk: int, number: int) -> HttpResponse:
    items = _items(_emptying(request, pk, number)).filter(pk__in=asked_keys(request))
    return render(request, "nodes/emptying/rows.html", {"rows": item_views(items, request.user)})


@require_http_methods(["GET", "HEAD", "POST"])
def turn(request: PanelRequest, pk: int, number: int, turn: str) -> HttpResponse:
    """Lets it begin, go on, pause, be planned again, or cancels it. GET asks, where there is something to ask."""
    if turn not in set(Turn):
        raise Http404
    if request.method != "POST" and turn != Turn.CANCEL:
        return HttpResponseNotAllowed(["POST"])
    require_may_manage_nodes(request.user)
    emptying = _emptying(request, pk, number)
    if request.method != "POST":
        return render(request, "nodes/duty.html", {"confirm": cancel_question(emptying), "node": emptying.node})
    if take_turn(emptying, Turn(turn), by=request.user):
        messages.success(request, str(labels.TURN_DONE[Turn(turn)]) % {"node": emptying.node.name})
    else:
        messages.info(request, str(labels.TURN_TOO_LATE))
    return _to(emptying)


def _facets(emptying: EmptyingView, page: ListPage[EmptyingItem], shown: str) -> list[Facet]:
    total = sum(emptying.counts.values())
    return [
        Facet(str(ALL), total, page.url(show=None), shown == ""),
        *(
            Facet(str(OUTCOME_LABEL[key]), count, page.url(show=key), key == shown, key in BAD)
            for key, count in emptying.counts.items()
            if count or key == shown
        ),
    ]


def _emptying(request: PanelRequest, node: int, number: int) -> Emptying:
    if not sees_nodes(request.user):
        raise PermissionDenied
    return get_object_or_404(Emptying.objects.select_related("node"), pk=number, node=node)


def _items(emptying: Emptying) -> QuerySet[EmptyingItem]:
    items = emptying.items.select_related("emptying", "vm__node", "vm__assigned_to", "to")
    return items.prefetch_related("vm__interfaces")
