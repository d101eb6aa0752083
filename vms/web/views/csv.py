"""A list as CSV: all that it finds, in the columns that are shown."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import Http404, HttpResponseBase
from django.utils import translation
from django.views.decorators.http import require_safe

from stoney_panel.lists.page import asked_sort, order_of
from vms.models import Vm
from vms.models.vm import VmQuerySet
from vms.operations.permission import sees_nodes
from vms.web.lists.liking import liking_of
from vms.web.lists.machine_columns import ALWAYS, KIND_OF, machine_list, with_columns
from vms.web.lists.machine_filters import Filters
from vms.web.presenters.cells import PLAIN_COLUMNS, plain, plain_heading
from vms.web.requests import PanelRequest
from vms.web.spreadsheet import BYTE_ORDER_MARK, as_csv, csv_answer

MOST_ROWS = 10_000
ROWS_AT_ONCE = 500


@require_safe
def download(request: PanelRequest, page: str) -> HttpResponseBase:
    if page not in KIND_OF:
        raise Http404
    kind = KIND_OF[page]
    visible, seen = Vm.objects.all().visible_to(request.user), machine_list(kind, request.user)
    filters = Filters.asked(request.GET, kind, sees_nodes=sees_nodes(request.user))
    found = filters.found(visible).order_by(*order_of(seen, asked_sort(request.GET, seen)))
    columns = [key for key in (*ALWAYS, *liking_of(request.user, kind).columns) if key in PLAIN_COLUMNS]
    machines = with_columns(found.with_operations_under_way(), columns)[:MOST_ROWS]
    return csv_answer(_lines(machines, columns), page)


def _lines(machines: VmQuerySet, columns: list[str]) -> Iterator[str]:
    """In the language of the request, which is over when most of this runs."""
    language = translation.get_language()
    number = translation.pgettext("column: the number of a row", "No.")
    yield BYTE_ORDER_MARK + as_csv([[number, *map(plain_heading, columns)]])
    rows: list[list[str]] = []
    for count, vm in enumerate(machines.iterator(chunk_size=ROWS_AT_ONCE), start=1):
        with translation.override(language):
            rows.append([str(count), *plain(vm, columns)])
        if len(rows) == ROWS_AT_ONCE:
            yield as_csv(rows)
            rows = []
    yield as_csv(rows)
