"""Pseudo-English: every sentence of ours accented, about 35 % longer and between brackets.

Plain text on a page is then text that no catalogue knows; a missing bracket is text that was cut off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

import polib
from django.conf.locale import LANG_INFO

CODE = "en-xa"
LONGER_BY = 0.35
OPENING, CLOSING = "⟦", "⟧"

_PLAIN = "ABCDEGHIJKLMNOPRSTUVWYZabcdeghijklmnoprstuvwyz"
_ACCENTED = str.maketrans(_PLAIN, "ÅƁÇĐÉĞĤÎĴĶĻṀÑÖÞŔŠŢÛṼŴÝŽåƀçđéğĥîĵķļɱñöþŕšţûṽŵýž")
_VOWELS = frozenset("aeiouyAEIOUY")
# What a program fills in or reads: placeholders, tags, entities, addresses.
_UNTOUCHED = re.compile(r"(%\(\w+\)[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]|%[sd%]|\{\w*\}|<[^<>]+>|&#?\w+;|\w+://\S+)")


def pseudo(text: str) -> str:
    """The sentence in pseudo-English; blanks around it stay outside of the brackets."""
    words = text.strip()
    if not words:
        return text
    before, after = text[: text.index(words)], text[text.index(words) + len(words) :]
    return f"{before}{OPENING}{_stretched(words)}{CLOSING}{after}"


def _stretched(words: str) -> str:
    parts = _UNTOUCHED.split(words)
    missing = round(LONGER_BY * sum(len(part) for part in parts[::2])) - len(OPENING + CLOSING)
    written = []
    for index, part in enumerate(parts):
        is_untouched = index % 2 == 1
        longer = part if is_untouched else _with_double_vowels(part, at_most=missing)
        missing -= len(longer) - len(part)
        written.append(longer if is_untouched else longer.translate(_ACCENTED))
    return "".join(written) + "~" * missing


def _with_double_vowels(text: str, *, at_most: int) -> str:
    vowels = (place for place, letter in enumerate(text) if letter in _VOWELS)
    doubled = set(islice(vowels, max(at_most, 0)))
    return "".join(letter * 2 if place in doubled else letter for place, letter in enumerate(text))


def catalogue(sources: Iterable[polib.POFile]) -> polib.POFile:
    """A catalogue for every sentence that any of these knows."""
    made = polib.POFile()
    made.metadata = {"Content-Type": "text/plain; charset=UTF-8", "Plural-Forms": "nplurals=2; plural=(n != 1);"}
    entries = {(entry.msgctxt, entry.msgid): entry for po in sources for entry in po if not entry.obsolete}
    made.extend(_entry(entry) for entry in entries.values())
    return made


def _entry(source: polib.POEntry) -> polib.POEntry:
    made = polib.POEntry(msgctxt=source.msgctxt, msgid=source.msgid, msgid_plural=source.msgid_plural)
    if source.msgid_plural:
        made.msgstr_plural = {0: pseudo(source.msgid), 1: pseudo(source.msgid_plural)}
    else:
        made.msgstr = pseudo(source.msgid)
    return made


def introduce() -> None:
    """Tell Django what this language is called: a menu asks for it."""
    name = "English (pseudo)"
    LANG_INFO[CODE] = {"bidi": False, "code": CODE, "name": name, "name_local": pseudo("English")}
