"""One search, taken entry by entry: what has come is not lost when the directory stops at a limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import ldap
from ldap.cidict import cidict

Values = Mapping[str, list[Any]]
Result = tuple[str, Values]
"""Distinguished name and values; names of attributes in any case, and values as text where they are text."""

AT_A_LIMIT = (ldap.SIZELIMIT_EXCEEDED, ldap.ADMINLIMIT_EXCEEDED)

_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True)
class Results(Generic[_Kind]):
    """more: the directory has others that were not asked for."""

    entries: tuple[_Kind, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """wanted: names of attributes; most: how many entries will do; without it all of them, or it is an error."""

    base: str
    condition: str
    wanted: list[str]
    scope: int = ldap.SCOPE_SUBTREE
    most: int = 0


def search(connection: Any, question: Question) -> Results[Result]:
    asked = connection.search_ext(
        question.base, question.scope, question.condition, question.wanted, sizelimit=question.most
    )
    entries: list[Result] = []
    try:
        entries.extend(_answers(connection, asked))
    except AT_A_LIMIT:
        if not question.most:
            raise
        return Results(tuple(entries), more=True)
    return Results(tuple(entries))


def _answers(connection: Any, asked: int) -> Iterator[Result]:
    """Without references to other servers, which nobody has named."""
    patience = connection.get_option(ldap.OPT_TIMEOUT)
    kind = None
    while kind != ldap.RES_SEARCH_RESULT:
        kind, data, *_ = connection.result3(asked, 0, patience)
        if kind == ldap.RES_SEARCH_ENTRY:
            yield from ((dn, _decoded(values)) for dn, values in data)


def _decoded(values: Mapping[str, list[bytes]]) -> Values:
    decoded: Values = cidict({name: [_text(value) for value in several] for name, several in values.items()})
    return decoded


def _text(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value
