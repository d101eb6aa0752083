"""Rows as CSV, in portions, for programs that may take a cell for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from django.http import StreamingHttpResponse
from django.utils import timezone

BYTE_ORDER_MARK = "\ufeff"
RUNS_AS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def csv_answer(portions: Iterable[str], name: str) -> StreamingHttpResponse:
    """name: of the file, which also says the day."""
    answer = StreamingHttpResponse(portions, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.csv"'
    return answer


def _harmless(cell: str) -> str:
    """What a spreadsheet would run as a formula is made a text."""
    return f"'{cell}" if cell.startswith(RUNS_AS_A_FORMULA) else cell
