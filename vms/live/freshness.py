"""How fresh what pages show can be: when the watcher last showed a sign of life."""

from __future__ import annotations

import datetime
from time import monotonic

from asgiref.sync import sync_to_async
from django.db import Error, close_old_connections
from django.utils import timezone

from vms.models import Heartbeat

ASK_AGAIN_AFTER_SECONDS = 2.0


class WatcherSeen:
    """For all streams of this process together, so that a thousand of them are one question to the database."""

    def __init__(self) -> None:
        self._at: datetime.datetime | None = None
        self._asked = float("-inf")

    async def seconds_ago(self) -> float | None:
        """None if it was never seen, or nobody can tell."""
        if monotonic() - self._asked > ASK_AGAIN_AFTER_SECONDS:
            self._asked = monotonic()
            self._at = await _last_beat()
        return (timezone.now() - self._at).total_seconds() if self._at else None


@sync_to_async
def _last_beat() -> datetime.datetime | None:
    try:
        return Heartbeat.last("watcher")
    except Error:
        return None
    finally:
        close_old_connections()
