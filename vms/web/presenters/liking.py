"""Saved views and chosen columns as the page shows them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from django.urls import reverse

from vms.web.lists.liking import View
from vms.web.lists.machine_columns import LIST, URL_OF


@dataclass(frozen=True, slots=True)
class SavedViewLink:
    """current: the page shows just this."""

    pk: int
    name: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class SavedViews:
    """query: what would be saved now. current: the name of the view that is shown, if it is one."""

    links: list[SavedViewLink]
    query: str
    current: str


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    key: str
    label: str
    chosen: bool


def saved_views(views: Iterable[View], page: str, query: str) -> SavedViews:
    here, start = _answers(query), reverse(URL_OF[page])
    links = [SavedViewLink(view.pk, view.name, f"{start}?{view.query}", _answers(view.query) == here) for view in views]
    return SavedViews(links, query, next((link.name for link in links if link.current), ""))


def column_choice(chosen: Collection[str], offered: Iterable[str]) -> list[ColumnChoice]:
    return [ColumnChoice(key, str(LIST.columns[key].label), key in chosen) for key in offered]


def _answers(query: str) -> list[tuple[str, str]]:
    return sorted(parse_qsl(query))
