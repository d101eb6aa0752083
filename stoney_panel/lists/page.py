"""What every list has: search, sort and pages, all in the address."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.db.models.expressions import BaseExpression, F, OrderBy
from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise

from stoney_panel.lists.address import Address
from stoney_panel.lists.sizes import SIZES, rows_per_page
from stoney_panel.lists.words import asked_text, with_every_word

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
    """order: what it is sorted by. An expression puts what has no value last, both ways. flipped: what grows in the
    column falls in the database, as an uptime does with its beginning."""

    label: Promise
    order: str | BaseExpression | F = ""
    css: str = ""
    flipped: bool = False


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
    sizes: list[PageLink]


@dataclass(frozen=True, slots=True)
class ListKind:
    """columns in their order; search: the fields that are searched; default: how it is sorted at first."""

    columns: Mapping[str, ColumnKind]
    search: tuple[str, ...]
    default: str


class ListPage(Generic[M]):
    """One page of a list, as the address asks for it. A wrong sort or page falls back to the first.

    total: how many rows there are, if that has been counted already.
    """

    def __init__(self, request: HttpRequest, kind: ListKind, rows: QuerySet[M], total: int | None = None) -> None:
        self.address = Address(request.GET)
        self.query = asked_text(request.GET)
        self.per_page = rows_per_page(request)
        self._kind = kind
        self._sort = asked_sort(request.GET, kind)
        found = with_every_word(rows, kind.search, self.query).order_by(*order_of(kind, self._sort))
        pages = Paginator(found, self.per_page)
        if total is not None:
            vars(pages)["count"] = total  # as its cached property does after counting
        self._page: Page[M] = pages.get_page(request.GET.get("page"))

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

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What a new search keeps of this address."""
        return self.address.kept("q")

    @property
    def without_search(self) -> str:
        return self.address.without("q")

    def columns(self, shown: Collection[str] | None = None) -> list[Column]:
        """shown: the keys of those that are shown, None for all."""
        kinds = self._kind.columns.items()
        return [self._column(key, kind) for key, kind in kinds if shown is None or key in shown]

    def pager(self) -> Pager:
        page = self._page
        return Pager(
            first=page.start_index(),
            last=page.end_index(),
            total=self.total,
            previous_url=self.url(page=page.number - 1) if page.has_previous() else "",
            next_url=self.url(page=page.number + 1) if page.has_next() else "",
            pages=self._page_links(),
            sizes=[PageLink(str(size), self.url(per=size), size == self.per_page) for size in SIZES],
        )

    def url(self, **changes: object) -> str:
        """This address with some of its answers changed; None takes one out."""
        return self.address.changed(**changes)

    def _page_links(self) -> list[PageLink]:
        numbers = self._page.paginator.get_elided_page_range(self._page.number, on_each_side=2, on_ends=1)
        return [
            PageLink(str(number), self.url(page=number) if isinstance(number, int) else "", number == self._page.number)
            for number in numbers
        ]

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


def asked_sort(query: QueryDict, kind: ListKind) -> str:
    asked = query.get("sort", "")
    column = kind.columns.get(asked.removeprefix("-"))
    return asked if column and column.order else kind.default


def order_of(kind: ListKind, sort: str) -> list[str | OrderBy]:
    """sort: the key of a column, with a "-" before it for descending. Equal rows keep one order."""
    column = kind.columns[sort.removeprefix("-")]
    down = sort.startswith("-") != column.flipped
    last = "-pk" if sort.startswith("-") else "pk"
    if isinstance(column.order, str):
        return [f"-{column.order}" if down else column.order, last]
    return [column.order.desc(nulls_last=True) if down else column.order.asc(nulls_last=True), last]
