"""A translator's edit is seen on the next page: for the demo and for development, by PANEL_WATCH_WORDS=yes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from stoney_panel.words.catalogues import BrokenCatalogue, catalogues, compile_changed
from stoney_panel.words.loading import load_again, load_all
from vms.web.requests import wants_a_part

Handler = Callable[[HttpRequest], HttpResponse]
Signature = tuple[tuple[str, int, int, int], ...]

logger = logging.getLogger(__name__)


class Watch:
    """Knows how the catalogues looked last."""

    def __init__(self) -> None:
        load_all()
        self._lock = Lock()
        self._seen: Signature = ()  # so that the first look compiles: something may have changed since the start

    def look(self) -> None:
        """Compile and load what has changed. Who asks meanwhile waits, and then has the new words too."""
        with self._lock:
            now = _signature()
            if now != self._seen:
                self._seen = now
                _refresh()


def _refresh() -> None:
    try:
        changed = compile_changed()
    except (BrokenCatalogue, OSError) as error:
        logger.warning("The words stay as they were: %s", error)
        return
    load_again()
    logger.info("New words: %s", ", ".join(changed) or "none")


def _signature() -> Signature:
    """Cheap: one stat for each language."""
    return tuple(_look_of(catalogue.source) for catalogue in catalogues())


def _look_of(path: Path) -> tuple[str, int, int, int]:
    """All noughts in the moment in which an editor has put the old file away and the new one not yet there."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return str(path), 0, 0, 0
    return str(path), stat.st_ino, stat.st_size, stat.st_mtime_ns


def fresh_words(get_response: Handler) -> Handler:
    """Whole pages look; the parts that a page fetches again by itself do not: there may be many a second."""
    if not settings.WATCH_WORDS:
        raise MiddlewareNotUsed
    watch = Watch()

    def middleware(request: HttpRequest) -> HttpResponse:
        if not wants_a_part(request):
            watch.look()
        return get_response(request)

    return middleware
