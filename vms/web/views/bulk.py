"""The same asked of many machines: first what would happen, then one operation each, then what came of it."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from stoney_panel.lists import ColumnKind, ListKind, ListPage
from stoney_panel.lists.sizes import remember_size
from vms import labels
from vms.models import Bulk, BulkItem, Vm
from vms.operations.bulk import Planned, plan, request_bulk
from vms.operations.permission import may_somewhere, sees_every_vm, sees_nodes
from vms.rules.actions import PLAIN, Action
from vms.web.lists.for_people import list_for
from vms.web.lists.machine_columns import URL_OF
from vms.web.presenters.bulk import BulkQuestion, Chosen, bulk_question
from vms.web.presenters.bulk_result import OUTCOME_LABEL, BulkView, bulk_view, item_views, outcomes
from vms.web.presenters.facets import Facet
from vms.web.requests import PanelRequest, asked_keys
from vms.web.views.bulk_selection import Selection, may_see_bulk

ROWS_AT_ONCE = 100
CONFLICT, UNPROCESSABLE = 409, 422

LIST = ListKind(
    columns={
        "vm": ColumnKind(gettext_lazy("Machine"), "vm__display_name"),
        "result": ColumnKind(pgettext_lazy("column: what came of it", "Result")),
        "node": ColumnKind(gettext_lazy("Node"), "vm__node__name"),
    },
    search=("vm__display_name", "vm__node__name"),
    default="vm",
)


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: PanelRequest) -> HttpResponse:
    """GET shows what would happen; POST does it, if it still is what was shown.

    A second POST of the same page finds the bulk of the first."""
    selection, action = Selection.asked_by(request), _action(request)
    if request.method != "POST":
        return _show(request, _question(request, selection, action, _plan(request, selection, action), uuid4()))
    key = _key(request)
    bulk = Bulk.objects.filter(request_key=key, requested_by_id=request.user.pk).first()
    return _to(bulk, selection) if bulk else _confirm(request, selection, action, key)


def _confirm(request: PanelRequest, selection: Selection, action: Action, key: UUID) -> HttpResponse:
    planned = _plan(request, selection, action)
    question = _question(request, selection, action, planned, key)
    objection = _objection(request, question)
    if objection:
        return _show(request, question, *objection)
    return _to(request_bulk(action, planned, key=key, by=request.user), selection)


def _to(bulk: Bulk, selection: Selection) -> HttpResponse:
    back = "" if selection.bulk else f"?{urlencode({'page_of': selection.page, 'back': selection.query})}"
    return redirect(f"{reverse('bulk:page', args=[bulk.pk])}{back}")


def _objection(request: PanelRequest, question: BulkQuestion) -> tuple[str, int] | None:
    if request.POST.get("seen") != question.seen:
        return str(labels.BULK_CHANGED), CONFLICT
    if question.typed and request.POST.get("typed", "").strip() != str(question.number):
        return str(labels.BULK_TYPE_THE_NUMBER % {"count": question.number}), UNPROCESSABLE
    return None


def _plan(request: PanelRequest, selection: Selection, action: Action) -> list[Planned]:
    return plan(selection.machines(request.user), action, by=request.user)


def _question(
    request: PanelRequest, selection: Selection, action: Action, planned: list[Planned], key: UUID
) -> BulkQuestion:
    return bulk_question(action, planned, request.user, Chosen(selection.answers(), selection.back_url), key)


def _show(request: PanelRequest, question: BulkQuestion, objection: str = "", status: int = 200) -> HttpResponse:
    return render(request, "bulk/ask.html", {"question": question, "objection": objection}, status=status)


@require_safe
def show(request: PanelRequest, pk: int) -> HttpResponse:
    bulk = _bulk(request, pk)
    items = _items(request, bulk)
    view = bulk_view(bulk, items)
    conditions = outcomes(Action(bulk.action))
    shown = request.GET.get("show", "")
    page = ListPage(request, list_for(request.user, LIST), items.filter(conditions.get(shown, Q())))
    context = {
        "bulk": view,
        "list": page,
        "facets": _facets(view, page, shown),
        "rows": item_views(page.rows, request.user),
        "shows_nodes": sees_nodes(request.user),
        "rows_url": reverse("bulk:rows", args=[pk]),
        "back_url": _back(request),
    }
    return remember_size(request, render(request, "bulk/page.html", context))


@require_safe
def rows(request: PanelRequest, pk: int) -> HttpResponse:
    items = _items(request, _bulk(request, pk)).filter(pk__in=asked_keys(request))
    context = {"rows": item_views(items, request.user), "shows_nodes": sees_nodes(request.user)}
    return render(request, "bulk/rows.html", context)


def _facets(bulk: BulkView, page: ListPage[BulkItem], shown: str) -> list[Facet]:
    everything = Facet(str(ALL), bulk.total, page.url(show=None), shown == "")
    kinds = [key for key, count in bulk.counts.items() if count or key == shown]
    return [
        everything,
        *(
            Facet(str(OUTCOME_LABEL[key]), bulk.counts[key], page.url(show=key), key == shown, key == "failed")
            for key in kinds
        ),
    ]


ALL = pgettext_lazy("machines of a bulk action", "All")


def _back(request: PanelRequest) -> str:
    page, query = request.GET.get("page_of", ""), request.GET.get("back", "")
    return Selection(page, query, everything=False, ticked=(), bulk="").back_url if page in URL_OF else ""


def _bulk(request: PanelRequest, pk: int) -> Bulk:
    bulk = get_object_or_404(Bulk, pk=pk)
    if not may_see_bulk(request.user, bulk):
        raise Http404
    return bulk


def _items(request: PanelRequest, bulk: Bulk) -> QuerySet[BulkItem]:
    """Those that the person may see: of deleted machines, only for who sees every machine."""
    items = bulk.items.select_related("bulk", "vm__node", "operation__vm", "operation__node")
    if sees_every_vm(request.user):
        return items
    return items.filter(vm__in=Vm.objects.all().visible_to(request.user))


def _action(request: PanelRequest) -> Action:
    """The action asked for; 404 for those that do not exist or are not built."""
    name = request.GET.get("action", "")
    action = Action(name) if name in set(Action) else None
    if action is None or action not in PLAIN:
        raise Http404
    if not may_somewhere(request.user, action):
        raise PermissionDenied
    return action


def _key(request: PanelRequest) -> UUID:
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        raise BadRequest from None
