from __future__ import annotations

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from vms.models import Operation
from vms.models.operation import OperationQuerySet
from vms.operations.requesting import acknowledge, cancel, close_unclear
from vms.rules.progress import Progress
from vms.web.lists import ColumnKind, ListKind, ListPage
from vms.web.presenters.facets import Facet
from vms.web.presenters.operations import operation_view
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
    search=("action", "vm__display_name", "node__name", "requested_by_name", "progress", "problem"),
    default="-at",
)

OPEN_FAILURE = Q(progress__in=[Progress.FAILED, Progress.UNCLEAR], acknowledged_at=None)
SHOWN: Mapping[str, Q] = {
    "": Q(),
    "running": Q(finished_at=None),
    "attention": OPEN_FAILURE,
    "done": Q(finished_at__isnull=False),
}
SHOWN_LABEL = {
    "": pgettext_lazy("filter of operations", "All"),
    "running": pgettext_lazy("filter of operations", "Under way"),
    "attention": pgettext_lazy("filter of operations", "Needs attention"),
    "done": pgettext_lazy("filter of operations", "Ended"),
}


@require_safe
def show_list(request: PanelRequest) -> HttpResponse:
    visible = _visible(request)
    shown = request.GET.get("show", "")
    page = ListPage(request, LIST, visible.filter(SHOWN.get(shown, Q())))
    context = {
        "list": page,
        "facets": _facets(visible, page, shown),
        "rows": [operation_view(operation, request.user) for operation in page.rows],
    }
    return render(request, "operations/list.html", context)


def _facets(visible: OperationQuerySet, page: ListPage[Operation], shown: str) -> list[Facet]:
    counts = visible.counted(SHOWN)
    return [
        Facet(str(label), counts[key], page.url(show=key or None), key == shown, key == "attention")
        for key, label in SHOWN_LABEL.items()
    ]


@require_safe
def rows(request: PanelRequest) -> HttpResponse:
    asked = asked_keys(request)
    found = [operation_view(operation, request.user) for operation in _visible(request).filter(pk__in=asked)]
    return render(request, "operations/rows.html", {"rows": found})


@require_safe
def show(request: PanelRequest, pk: int) -> HttpResponse:
    operation = get_object_or_404(_visible(request), pk=pk)
    return render(request, "operations/page.html", {"operation": operation_view(operation, request.user)})


@require_POST
def change(request: PanelRequest, pk: int, what: str) -> HttpResponse:
    """Cancel it, close it after a look, or acknowledge its failure."""
    if what not in _CHANGES:
        raise Http404
    operation = get_object_or_404(_visible(request), pk=pk)
    _CHANGES[what](request, operation)
    return back_to(request, reverse("operations:page", args=[pk]))


def _cancel(request: PanelRequest, operation: Operation) -> None:
    if cancel(operation, by=request.user):
        messages.success(request, _("The operation was cancelled."))
    else:
        messages.error(request, _("It is too late to cancel this operation: it has ended or come too far."))


def _close(request: PanelRequest, operation: Operation) -> None:
    if close_unclear(operation, by=request.user):
        messages.success(request, _("The operation was closed. The machine is free again."))


def _acknowledge(_request: PanelRequest, operation: Operation) -> None:
    acknowledge(operation)


_CHANGES: Mapping[str, Callable[[PanelRequest, Operation], None]] = {
    "cancel": _cancel,
    "close": _close,
    "acknowledge": _acknowledge,
}


def _visible(request: PanelRequest) -> OperationQuerySet:
    return Operation.objects.all().visible_to(request.user).select_related("vm", "node")
