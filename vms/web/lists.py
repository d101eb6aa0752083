"""What every list has: search, sort and pages, all in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise

PER_PAGE = 50
LONGEST_SEARCH = 100

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Column:
    """A heading. url: where a click sorts by it, "" if it cannot be sorted. sorted: "ascending", "descending" or ""."""

    key: str
    label: str
    url: str
    sorted: str
    css: str


@dataclass(frozen=True, slots=True)
class ColumnKind:
    label: Promise
    order: str = ""
    css: str = ""


@dataclass(frozen=True, slots=True)
class PageLink:
    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Pager:
    first: int
    last: int
    total: int
    previous_url: str
    next_url: str
    pages: list[PageLink]


@dataclass(frozen=True, slots=True)
class ListKind:
    """columns in their order; search: the fields that are searched; default: how it is sorted at first."""

    columns: Mapping[str, ColumnKind]
    search: tuple[str, ...]
    default: str


class ListPage(Generic[M]):
    """One page of a list, as the address asks for it. A wrong sort or page falls back to the first."""

    def __init__(self, request: HttpRequest, kind: ListKind, rows: QuerySet[M]) -> None:
        self._request = request
        self._kind = kind
        self.query = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
        self._sort = self._asked_sort()
        found = _search(rows, kind.search, self.query).order_by(*self._order())
        self._page: Page[M] = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))

    @property
    def rows(self) -> QuerySet[M]:
        rows = self._page.object_list
        assert isinstance(rows, QuerySet)  # noqa: S101 -- a paginator slices what it was given
        return rows

    @property
    def first(self) -> int:
        return self._page.start_index()

    @property
    def total(self) -> int:
        return self._page.paginator.count

    def columns(self) -> list[Column]:
        return [self._column(key, column) for key, column in self._kind.columns.items()]

    def pager(self) -> Pager:
        page = self._page
        return Pager(
            first=page.start_index(),
            last=page.end_index(),
            total=self.total,
            previous_url=self.url(page=page.number - 1) if page.has_previous() else "",
            next_url=self.url(page=page.number + 1) if page.has_next() else "",
            pages=self._page_links(),
        )

    def url(self, **changes: object) -> str:
        """This address with some of its answers changed; None takes one out."""
        query = self._request.GET.copy()
        query.pop("page", None)
        for name, value in changes.items():
            query.pop(name, None)
            if value is not None:
                query[name] = str(value)
        return f"?{query.urlencode()}"

    def _page_links(self) -> list[PageLink]:
        numbers = self._page.paginator.get_elided_page_range(self._page.number, on_each_side=2, on_ends=1)
        return [
            PageLink(str(number), self.url(page=number) if isinstance(number, int) else "", number == self._page.number)
            for number in numbers
        ]

    def _asked_sort(self) -> str:
        asked = self._request.GET.get("sort", "")
        column = self._kind.columns.get(asked.removeprefix("-"))
        return asked if column and column.order else self._kind.default

    def _order(self) -> list[str]:
        key, minus = self._sort.removeprefix("-"), "-" * self._sort.startswith("-")
        return [f"{minus}{self._kind.columns[key].order}", f"{minus}pk"]

    def _column(self, key: str, column: ColumnKind) -> Column:
        is_sorted = self._sort.removeprefix("-") == key
        descending = self._sort.startswith("-")
        turned = f"-{key}" if is_sorted and not descending else key
        direction = "descending" if descending else "ascending"
        return Column(
            key=key,
            label=str(column.label),
            url=self.url(sort=turned) if column.order else "",
            sorted=direction if is_sorted else "",
            css=column.css,
        )


def _search(rows: QuerySet[M], fields: tuple[str, ...], text: str) -> QuerySet[M]:
    """Every word must be found in some field."""
    for word in text.split():
        anywhere = Q()
        for field in fields:
            anywhere |= Q(**{f"{field}__icontains": word})
        rows = rows.filter(anywhere)
    return rows
