"""What Django has loaded of the catalogues: read anew for all threads, without a moment when there is nothing."""

from __future__ import annotations

import gettext
from typing import Any

from django.conf import settings
from django.utils.translation import trans_real

_real: Any = trans_real  # what it has loaded is in private names; Django's own reloader reaches for them too


def load_all() -> None:
    """Load every language now, so that no thread is in the middle of loading one when the catalogues change."""
    for code, _ in settings.LANGUAGES:
        trans_real.translation(code)


def load_again() -> None:
    """Read what is compiled now. Requests under way keep the words that they began with.

    Each language is replaced under its name. Emptying Django's dictionary instead, as its own reloader does for the
    single thread of the development server, would let another thread fall into the gap between asking and fetching.
    """
    gettext._translations.clear()  # type: ignore[attr-defined]  # noqa: SLF001  # it has no public way to forget a file
    loaded = _real._translations  # noqa: SLF001  # nor has Django
    for code in sorted(loaded, key=_default_first):
        loaded[code] = _real.DjangoTranslation(code)
    _real._default = loaded.get(settings.LANGUAGE_CODE)  # noqa: SLF001  # as above
    _real.reset_cache(setting="LANGUAGES")


def _default_first(code: str) -> tuple[bool, str]:
    """The others fall back on the default language: it must be fresh before they ask for it."""
    return code != settings.LANGUAGE_CODE, code
