"""Who asked the panel for what, in vain or not, and what happened without it."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_safe

from stoney_panel.lists import ListPage
from stoney_panel.lists.page import asked_sort, order_of
from stoney_panel.lists.sizes import remember_size
from vms import labels
from vms.models import AuditLine
from vms.models.viewer import Viewer
from vms.operations.permission import may_read_audit
from vms.web import formats
from vms.web.lists.audit import LIST, MOST_COUNTED, AuditFilters
from vms.web.presenters.audit import audit_rows
from vms.web.presenters.audit_cells import headings, plain
from vms.web.presenters.audit_filters import audit_filter_bar
from vms.web.requests import PanelRequest
from vms.web.spreadsheet import BYTE_ORDER_MARK, as_csv, csv_answer

FEW = 500
ROWS_AT_ONCE = 500


@require_safe
def show_list(request: PanelRequest) -> HttpResponse:
    filters = _asked(request)
    found, counted = _counted(filters.found())
    page = ListPage(request, LIST, found, total=min(counted, MOST_COUNTED))
    names = filters.names()
    context = {
        "list": page,
        "total": formats.at_most(counted, MOST_COUNTED),
        "title": str(labels.AUDIT_OF) % {"name": names["about"]} if "about" in names else "",
        "rows": audit_rows(page.rows, request.user),
        "filters": audit_filter_bar(filters, page.address, names),
        "asked": filters,
        "kept": page.address.kept("since", "until"),
        "csv_url": f"{reverse('audit:csv')}?{page.address.lasting()}",
    }
    return remember_size(request, render(request, "audit/list.html", context))


def _counted(found: QuerySet[AuditLine]) -> tuple[QuerySet[AuditLine], int]:
    """How many there are, up to one more than are counted. The few that a search finds are not searched for again."""
    keys = list(found.order_by().values_list("pk", flat=True)[: MOST_COUNTED + 1])
    return AuditLine.objects.filter(pk__in=keys) if len(keys) <= FEW else found, len(keys)


@require_safe
def download(request: PanelRequest) -> HttpResponseBase:
    """All that is found, however much it is."""
    found = _asked(request).found().order_by(*order_of(LIST, asked_sort(request.GET, LIST)))
    return csv_answer(_portions(found, request.user), "audit")


def _portions(found: QuerySet[AuditLine], viewer: Viewer) -> Iterator[str]:
    """In the language of the request, which is over when most of this runs."""
    language = translation.get_language()
    yield BYTE_ORDER_MARK + as_csv([headings()])
    waiting: list[AuditLine] = []
    for line in found.iterator(chunk_size=ROWS_AT_ONCE):
        waiting.append(line)
        if len(waiting) == ROWS_AT_ONCE:
            yield _portion(waiting, viewer, language)
            waiting = []
    yield _portion(waiting, viewer, language)


def _portion(lines: list[AuditLine], viewer: Viewer, language: str | None) -> str:
    with translation.override(language):
        return as_csv(map(plain, lines, audit_rows(lines, viewer)))


def _asked(request: PanelRequest) -> AuditFilters:
    if not may_read_audit(request.user):
        raise PermissionDenied
    return AuditFilters.asked(request.GET)
