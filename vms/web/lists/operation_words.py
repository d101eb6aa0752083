"""Free text about operations: machine, node, person, and action, progress and problem in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.http import QueryDict
from django.utils.functional import Promise

from stoney_panel.lists.words import asked_text, in_some_field
from vms import labels
from vms.models.operation import OperationQuerySet

FIELDS = ("vm__display_name", "vm__name", "requested_by_name")
NODE = "node__name"
SHORTEST_CODE = 2


def with_words(operations: OperationQuerySet, query: QueryDict, *, sees_nodes: bool) -> OperationQuerySet:
    """Those where every word is found somewhere. sees_nodes: also in the names of nodes."""
    fields = (*FIELDS, NODE) if sees_nodes else FIELDS
    for word in asked_text(query).split():
        found = in_some_field(fields, word)
        if len(word) >= SHORTEST_CODE:
            found |= Q(action__in=_codes(word, labels.ACTION)) | Q(progress__in=_codes(word, labels.PROGRESS))
            found |= Q(problem__in=_codes(word, labels.PROBLEM))
        operations = operations.filter(found)
    return operations


def _codes(word: str, words: Mapping[Any, Promise]) -> list[str]:
    """What is called so by the reader, or in the code."""
    word = word.casefold()
    return [str(code) for code, label in words.items() if word in str(label).casefold() or word in str(code)]
