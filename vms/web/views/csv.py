"""A list as CSV: all that it finds, in the columns that are shown."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from django.http import Http404, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from vms.models import Vm
from vms.models.vm import VmQuerySet
from vms.web.lists.liking import liking_of
from vms.web.lists.machine_columns import ALWAYS, LIST, PAGE_OF, with_columns
from vms.web.lists.machine_filters import Filters
from vms.web.lists.page import asked_sort, order_of
from vms.web.presenters.cells import PLAIN_COLUMNS, plain, plain_heading
from vms.web.requests import PanelRequest

MOST_ROWS = 10_000
ROWS_AT_ONCE = 500
BYTE_ORDER_MARK = "\ufeff"
RUNS_AS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")

KIND_OF = {page: kind for kind, page in PAGE_OF.items()}


@require_safe
def download(request: PanelRequest, page: str) -> HttpResponseBase:
    if page not in KIND_OF:
        raise Http404
    kind = KIND_OF[page]
    visible = Vm.objects.all().visible_to(request.user)
    found = Filters.asked(request.GET, kind).found(visible).order_by(*order_of(LIST, asked_sort(request.GET, LIST)))
    columns = [key for key in (*ALWAYS, *liking_of(request.user, page).columns) if key in PLAIN_COLUMNS]
    machines = with_columns(found.with_operations_under_way(), columns)[:MOST_ROWS]
    answer = StreamingHttpResponse(_lines(machines, columns), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{page}-{timezone.localdate():%Y-%m-%d}.csv"'
    return answer


def _lines(machines: VmQuerySet, columns: list[str]) -> Iterator[str]:
    """In the language of the request, which is over when most of this runs."""
    language = translation.get_language()
    number = translation.pgettext("column: the number of a row", "No.")
    yield BYTE_ORDER_MARK + _written([[number, *map(plain_heading, columns)]])
    rows: list[list[str]] = []
    for count, vm in enumerate(machines.iterator(chunk_size=ROWS_AT_ONCE), start=1):
        with translation.override(language):
            rows.append([str(count), *plain(vm, columns)])
        if len(rows) == ROWS_AT_ONCE:
            yield _written(rows)
            rows = []
    yield _written(rows)


def _written(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def _harmless(cell: str) -> str:
    """What a spreadsheet would run as a formula is made a text."""
    return f"'{cell}" if cell.startswith(RUNS_AS_A_FORMULA) else cell
