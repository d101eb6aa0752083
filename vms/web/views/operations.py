from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from stoney_panel.lists import ColumnKind, ListKind, ListPage
from stoney_panel.lists.sizes import remember_size
from vms import labels
from vms.models import Operation
from vms.models.operation import OperationQuerySet
from vms.operations.permission import sees_nodes, to_look_after
from vms.operations.requesting import acknowledge, acknowledge_failures, cancel, close_unclear
from vms.rules.progress import Progress
from vms.web.lists.for_people import list_for
from vms.web.lists.operation_nodes import narrowed
from vms.web.lists.operation_words import with_words
from vms.web.presenters.bell import bell
from vms.web.presenters.facets import Facet
from vms.web.presenters.operation_filters import operation_filters
from vms.web.presenters.operation_page import operation_page
from vms.web.presenters.operations import operation_rows
from vms.web.requests import PanelRequest, asked_keys, back_to

LIST = ListKind(
    columns={
        "operation": ColumnKind(gettext_lazy("Operation"), "action"),
        "vm": ColumnKind(gettext_lazy("Machine"), "vm__display_name"),
        "progress": ColumnKind(gettext_lazy("Progress"), "progress"),
        "node": ColumnKind(gettext_lazy("Node"), "node__name"),
        "person": ColumnKind(gettext_lazy("Asked for by"), "requested_by_name"),
        "at": ColumnKind(gettext_lazy("Asked for"), "requested_at"),
    },
    search=(),
    default="-at",
)

SHOWN: Mapping[str, Q] = {
    "": Q(),
    "running": Q(finished_at=None),
    "attention": Q(progress__in=[Progress.FAILED, Progress.UNCLEAR], acknowledged_at=None),
    "failed": Q(progress__in=[Progress.FAILED, Progress.UNCLEAR]),
    "done": Q(progress=Progress.SUCCEEDED),
}
SHOWN_LABEL = {
    "": pgettext_lazy("filter of operations", "All"),
    "running": pgettext_lazy("filter of operations", "Under way"),
    "attention": pgettext_lazy("filter of operations", "Needs attention"),
    "failed": pgettext_lazy("filter of operations", "Failed"),
    "done": pgettext_lazy("filter of operations", "Done"),
}
WHOSE_LABEL = {
    "": pgettext_lazy("filter of operations: whose", "Everybody's"),
    "mine": pgettext_lazy("filter of operations: whose", "Mine"),
}


@require_safe
def show_list(request: PanelRequest) -> HttpResponse:
    shown, whose = request.GET.get("show", ""), request.GET.get("who", "")
    nodes = narrowed(request.GET, request.user)
    operations = visible_operations(request).filter(nodes.condition())
    found = with_words(operations, request.GET, sees_nodes=sees_nodes(request.user))
    page = ListPage(request, list_for(request.user, LIST), found.filter(SHOWN.get(shown, Q()), _whose(request, whose)))
    shown_rows = operation_rows(page.rows, request.user)
    context = {
        "list": page,
        **_facets(request, found, page, shown, whose),
        "filters": operation_filters(nodes, page.address),
        "rows": shown_rows,
        "shows_nodes": sees_nodes(request.user),
        "failures": [row.pk for row in shown_rows if row.may_be_acknowledged],
    }
    return remember_size(request, render(request, "operations/list.html", context))


def _whose(request: PanelRequest, whose: str) -> Q:
    return Q(requested_by=request.user.pk) if whose == "mine" else Q()


def _facets(
    request: PanelRequest, found: OperationQuerySet, page: ListPage[Operation], shown: str, whose: str
) -> dict[str, list[Facet]]:
    """How many each answer would show if the other question stayed as it is answered; one query."""
    by_show = {f"show {key}": condition & _whose(request, whose) for key, condition in SHOWN.items()}
    by_who = {f"who {key}": SHOWN.get(shown, Q()) & _whose(request, key) for key in WHOSE_LABEL}
    counts = found.counted(by_show | by_who)
    return {
        "facets": [
            Facet(str(label), counts[f"show {key}"], page.url(show=key or None), key == shown, key == "attention")
            for key, label in SHOWN_LABEL.items()
        ],
        "whose": [
            Facet(str(label), counts[f"who {key}"], page.url(who=key or None), key == whose)
            for key, label in WHOSE_LABEL.items()
        ],
    }


@require_safe
def rows(request: PanelRequest) -> HttpResponse:
    found = visible_operations(request).filter(pk__in=asked_keys(request))
    context = {"rows": operation_rows(found, request.user), "shows_nodes": sees_nodes(request.user)}
    return render(request, "operations/rows.html", context)


@require_safe
def show(request: PanelRequest, pk: int) -> HttpResponse:
    operation = get_object_or_404(visible_operations(request), pk=pk)
    page = operation_page(operation, request.user)
    return render(request, "operations/page.html", {"page": page, "operation": page.operation})


@require_safe
def show_bell(request: PanelRequest) -> HttpResponse:
    """A part of every page: the person's last operations, and what has ended since the moment named in the address."""
    return render(request, "operations/bell.html", {"bell": bell(request.user, _moment(request.GET.get("since", "")))})


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


@require_POST
def acknowledge_shown(request: PanelRequest) -> HttpResponse:
    """All failures that the person was shown, and no other that came meanwhile."""
    shown = visible_operations(request).filter(pk__in=asked_keys(request))
    acknowledge_failures(to_look_after(shown, request.user), by=request.user)
    return back_to(request, reverse("operations:list"))


@require_POST
def change(request: PanelRequest, pk: int, what: str) -> HttpResponse:
    """Cancel it, close it after a look, or acknowledge its failure."""
    if what not in _CHANGES:
        raise Http404
    operation = get_object_or_404(visible_operations(request), pk=pk)
    _CHANGES[what](request, operation)
    return back_to(request, reverse("operations:page", args=[pk]))


def _cancel(request: PanelRequest, operation: Operation) -> None:
    if cancel(operation, by=request.user):
        messages.success(request, _("The operation was cancelled."))
    else:
        messages.error(request, str(labels.TOO_LATE_TO_CANCEL))


def _close(request: PanelRequest, operation: Operation) -> None:
    if close_unclear(operation, by=request.user):
        messages.success(request, _("The operation was closed. The machine is free again."))


def _acknowledge(request: PanelRequest, operation: Operation) -> None:
    acknowledge(operation, by=request.user)


_CHANGES: Mapping[str, Callable[[PanelRequest, Operation], None]] = {
    "cancel": _cancel,
    "close": _close,
    "acknowledge": _acknowledge,
}


def visible_operations(request: PanelRequest) -> OperationQuerySet:
    return Operation.objects.with_destination().visible_to(request.user).select_related("vm", "node")
