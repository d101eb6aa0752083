"""Free text: every word must be found somewhere."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

LONGEST_SEARCH = 100

M = TypeVar("M", bound=Model)


def asked_text(query: QueryDict) -> str:
    return query.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]


def with_every_word(rows: QuerySet[M], fields: tuple[str, ...], text: str) -> QuerySet[M]:
    for word in text.split():
        rows = rows.filter(in_some_field(fields, word))
    return rows


def in_some_field(fields: tuple[str, ...], word: str) -> Q:
    """Not every database knows that Ü and ü are the same letter, so such words are looked for in all spellings."""
    spellings = {word} if word.isascii() else {word, word.lower(), word.upper(), word.capitalize()}
    anywhere = Q()
    for field in fields:
        for spelling in spellings:
            anywhere |= Q(**{f"{field}__icontains": spelling})
    return anywhere
