"""A list's address: all that a person has chosen stands behind its "?"."""

from __future__ import annotations

from copy import copy
from functools import cached_property

from django.http import QueryDict

PAGE, OPENED = "page", "open"


class Address:
    """The answers in an address, and where other answers would lead. Only opening a row keeps the page number."""

    def __init__(self, query: QueryDict) -> None:
        self._query = query

    def changed(self, **changes: object) -> str:
        """With some answers given anew; None takes one out."""
        query = self._without_page()
        for name, value in changes.items():
            query.pop(name, None)
            if value is not None:
                query[name] = str(value)
        return _link(query)

    def toggled(self, name: str, value: str) -> str:
        """With one of several answers to the same question added, or taken out if it was given."""
        return _link(_toggled(self._without_page(), name, value))

    def opening(self, row: str) -> str:
        """The same page with one row opened, or closed if it was open."""
        if row in self._query.getlist(OPENED):
            return _link(_toggled(copy(self._query), OPENED, row))
        return f"{self._here}{OPENED}={row}"

    def without(self, *names: str) -> str:
        return _link(self._less(names))

    def kept(self, *but: str) -> list[tuple[str, str]]:
        """The answers as pairs, for the hidden fields of a form that asks for something else."""
        query = self._less(but)
        return [(name, value) for name in query for value in query.getlist(name)]

    def lasting(self) -> str:
        """What stands behind the "?" and is worth keeping: neither the page nor the opened rows."""
        return self._less([OPENED]).urlencode()

    @cached_property
    def _here(self) -> str:
        """This page, ready for one answer more."""
        return f"{_link(self._query)}&" if self._query else "?"

    def _less(self, names: tuple[str, ...] | list[str]) -> QueryDict:
        query = self._without_page()
        for name in names:
            query.pop(name, None)
        return query

    def _without_page(self) -> QueryDict:
        query = copy(self._query)
        query.pop(PAGE, None)
        return query


def _toggled(query: QueryDict, name: str, value: str) -> QueryDict:
    given = query.getlist(name)
    query.setlist(name, [one for one in given if one != value] if value in given else [*given, value])
    return query


def _link(query: QueryDict) -> str:
    return f"?{query.urlencode()}"
