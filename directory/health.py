"""Whether the directory answered when it was asked last, so that the login page can say so to everybody alike."""

from __future__ import annotations

from django.core.cache import cache

KEY = "directory-fault"
REMEMBERED_SECONDS = 60


def note_fault() -> None:
    cache.set(KEY, True, REMEMBERED_SECONDS)  # noqa: FBT003 -- the value, not a switch


def note_answer() -> None:
    cache.delete(KEY)


def failed_lately() -> bool:
    return bool(cache.get(KEY))
