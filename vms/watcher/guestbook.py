"""Which guest is to be asked when, and what each has told, so that only news are told on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from vms.watcher.news import GuestSeen

FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 60.0


@dataclass(slots=True)
class _Page:
    due: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS
    answered: bool = False
    told: GuestSeen | None = None


class GuestBook:
    """A guest that has just come up is asked at once and soon again, for its addresses come after its agent."""

    def __init__(self) -> None:
        self._pages: dict[UUID, _Page] = {}

    def keep_only(self, running: Collection[UUID]) -> None:
        self._pages = {uuid: page for uuid, page in self._pages.items() if uuid in running}

    def forget(self, uuid: UUID) -> None:
        """It may be another guest now: ask it at once."""
        self._pages.pop(uuid, None)

    def is_due(self, uuid: UUID, now: float) -> bool:
        """Whether to ask what it knows of itself. now in seconds."""
        return self._page(uuid).due <= now

    def note_asked(self, uuid: UUID, now: float) -> None:
        page = self._page(uuid)
        page.due, page.pause = now + page.pause, min(page.pause * 2, LONGEST_PAUSE_SECONDS)

    def is_news(self, seen: GuestSeen) -> bool:
        page = self._page(seen.uuid)
        told, page.told = page.told, seen
        return told != seen

    def is_news_that_it_answers(self, uuid: UUID, *, answered: bool) -> bool:
        """Silence always is: whoever hears of it counts."""
        page = self._page(uuid)
        before, page.answered = page.answered, answered
        return not (before and answered)

    def _page(self, uuid: UUID) -> _Page:
        return self._pages.setdefault(uuid, _Page())
