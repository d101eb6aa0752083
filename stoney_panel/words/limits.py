"""How long a translation may be where the page has no room to give.

The length is counted without placeholders. `most` is what fits on a telephone, 360 CSS pixels wide; `times` keeps short
words short where many stand side by side; `least` lets a very short English word be a normal word elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` as long as the English text, yet `least` characters are always allowed and never over `most`."""

    least: int
    times: float
    most: int

    def allowed(self, length: int) -> int:
        """How many characters a translation of a text of this length may have."""
        return min(self.most, max(self.least, round(self.times * length)))


_BUTTON = Limit(least=20, times=2, most=48)
_COLUMN = Limit(least=12, times=2, most=24)
_STATUS = Limit(least=26, times=1.6, most=32)
_LABEL = Limit(least=24, times=2, most=40)

# The first words of a context, as far as "," or ":". Where none of these fits there is room for a sentence.
_LIMITS = {
    "button": _BUTTON,
    "link": Limit(least=24, times=2, most=48),
    "checkbox": Limit(least=24, times=2, most=48),
    "column": _COLUMN,
    "navigation": Limit(least=22, times=1.6, most=30),
    "menu": Limit(least=22, times=1.6, most=30),
    "theme": _BUTTON,
    "filter": Limit(least=22, times=1.6, most=30),
    "heading": _LABEL,
    "page title": _LABEL,
    "search field": _LABEL,
    "form field": _LABEL,
    "fact about": _LABEL,
    "status of": _STATUS,
    "second state": _STATUS,
    "state of": _STATUS,
    "mode of": _STATUS,
    "progress of": _STATUS,
    "what the node reports": _STATUS,
    "action in a state": _COLUMN,
}


def limit_for(context: str | None) -> Limit | None:
    """None where the length does not matter."""
    found = (limit for start, limit in _LIMITS.items() if _begins_with(context or "", start))
    return next(found, None)


def _begins_with(context: str, start: str) -> bool:
    return context.startswith(start) and not context[len(start) :][:1].isalpha()
