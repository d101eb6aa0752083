"""Conditions for a search. Whatever people type is escaped here: it looks for itself and never asks something else."""

from __future__ import annotations

from collections.abc import Iterable

from ldap.filter import escape_filter_chars


def one_of(conditions: Iterable[str]) -> str:
    return f"(|{''.join(conditions)})"


def has_all_words(words: Iterable[str], attributes: Iterable[str]) -> str:
    """Each word is a part of one of the attributes. "" without words: whoever is there."""
    names = list(dict.fromkeys(attributes))
    return "".join(one_of(f"({name}=*{escape_filter_chars(word)}*)" for name in names) for word in words)


def is_of_class(classes: Iterable[str]) -> str:
    return one_of(f"(objectClass={name})" for name in classes)
