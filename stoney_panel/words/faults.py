"""What can be wrong with one translation. Each check answers with sentences, none if all is well."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from polib import POEntry

from stoney_panel.words.limits import limit_for

PLACEHOLDER = re.compile(r"%\(\w+\)[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]|%%|\{\w*\}")
_ENDS = ".!?:…,;"
_CLOSING = "\"'»”’)]"


class Pair(NamedTuple):
    """An English text and what it became; of a plural there are several."""

    english: str
    translated: str


def faults_of(entry: POEntry, *, plural_forms: int) -> list[str]:
    """All that is wrong with this entry of a language with so many plural forms."""
    if entry.obsolete:
        return ["is not used any more: `make messages` takes it away."]
    if entry.fuzzy:
        return ["is a guess (fuzzy): correct it and take the mark away."]
    if _is_missing(entry):
        return ["has no translation."]
    return [*_wrong_plural_forms(entry, plural_forms), *_faults_of_pairs(entry)]


def _is_missing(entry: POEntry) -> bool:
    return not all(entry.msgstr_plural.values() or [""]) if entry.msgid_plural else not entry.msgstr


def _wrong_plural_forms(entry: POEntry, wanted: int) -> Iterator[str]:
    if entry.msgid_plural and sorted(entry.msgstr_plural) != list(range(wanted)):
        yield f"has {len(entry.msgstr_plural)} plural forms, the language has {wanted}."


def _faults_of_pairs(entry: POEntry) -> Iterator[str]:
    for pair in _pairs(entry):
        yield from _other_placeholders(pair, singular=entry.msgid if entry.msgid_plural else None)
        yield from _other_blanks(pair)
        yield from _other_end(pair)
        yield from _too_long(pair, entry.msgctxt)


def _pairs(entry: POEntry) -> list[Pair]:
    if not entry.msgid_plural:
        return [Pair(entry.msgid, entry.msgstr)]
    return [Pair(entry.msgid_plural, text) for _, text in sorted(entry.msgstr_plural.items())]


def _other_placeholders(pair: Pair, *, singular: str | None) -> Iterator[str]:
    """The form for one may leave the number out if English does so too."""
    wanted, found = Counter(PLACEHOLDER.findall(pair.english)), Counter(PLACEHOLDER.findall(pair.translated))
    if singular is not None and found == Counter(PLACEHOLDER.findall(singular)):
        return
    if missing := wanted - found:
        yield f"has lost {_listed(missing)}."
    if added := found - wanted:
        yield f"has {_listed(added)}, which English does not have."
    if "%" in PLACEHOLDER.sub("", pair.translated) and "%" not in PLACEHOLDER.sub("", pair.english):
        yield "has a % that stands alone: a percent sign is written %%."


def _listed(placeholders: Counter[str]) -> str:
    return ", ".join(sorted(placeholders.elements()))


def _other_blanks(pair: Pair) -> Iterator[str]:
    sides: tuple[tuple[str, Callable[[str], str]], ...] = (("begins", _blanks_before), ("ends", _blanks_after))
    for side, blanks in sides:
        if blanks(pair.english) != blanks(pair.translated):
            yield f"{side} with other blanks or line breaks than English."


def _blanks_before(text: str) -> str:
    return text[: len(text) - len(text.lstrip())]


def _blanks_after(text: str) -> str:
    return text[len(text.rstrip()) :]


def _other_end(pair: Pair) -> Iterator[str]:
    """For sentences; a word by itself may be abbreviated in one language only."""
    wanted, found = _end_of(pair.english), _end_of(pair.translated)
    if wanted != found and " " in pair.english.strip():
        yield f"ends with {_named(found)}, English with {_named(wanted)}."


def _end_of(text: str) -> str:
    last = text.replace("...", "…").rstrip().rstrip(_CLOSING)[-1:]
    return last if last in _ENDS else ""


def _named(end: str) -> str:
    return f"“{end}”" if end else "no full stop"


def _too_long(pair: Pair, context: str | None) -> Iterator[str]:
    limit = limit_for(context)
    if limit is None:
        return
    length, allowed = _length(pair.translated), limit.allowed(_length(pair.english))
    if length > allowed:
        yield f"is {length} characters long; there is room for {allowed}."


def _length(text: str) -> int:
    return len(PLACEHOLDER.sub("", text).strip())
