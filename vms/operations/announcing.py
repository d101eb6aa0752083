"""Tells whoever listens *what* changed, never how. Browsers then ask again, and are answered by permission."""

import json
import logging
from functools import cache, partial
from time import monotonic
from typing import Any

import redis
from django.conf import settings
from django.db import transaction

STREAM = "panel:announcements"
LONGEST_STREAM = 20_000
SECONDS_OF_SILENCE_AFTER_FAILURE = 2.0

logger = logging.getLogger(__name__)

Subject = tuple[str, str]
"""("vm" | "node" | "operation" | "bulk" | "contact" | "preflight" | "emptying" | "schedule" | "image" | "backup" |
"backup_target" | "pool" | "rights" | "people" | "person", and its id).

"rights" on the machine or the pool of that id, "people" in general: who may see what has changed; "person": what that
one may see, and nobody else. An operation, a bulk or a backup is told together with its machine, without which nobody
hears of it who does not see every machine."""

COUNTS: Subject = ("counts", "")
"""How many there are of something has changed."""


def announce(*subjects: Subject) -> None:
    """Once the transaction is committed. A broker that is down costs nothing but the announcement."""
    if subjects:
        transaction.on_commit(partial(_outlet().tell, subjects))


def newest_announcement() -> str:
    """The id of the last announcement, "0-0" if there was none, "" if the broker does not answer."""
    return _outlet().newest()


class _Outlet:
    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)
        self._silent_until = 0.0

    def tell(self, subjects: tuple[Subject, ...]) -> None:
        if monotonic() < self._silent_until:
            return
        message = json.dumps({"changed": sorted(set(subjects))})
        try:
            self._redis.xadd(STREAM, {"message": message}, maxlen=LONGEST_STREAM, approximate=True)
        except redis.RedisError as error:
            self._silent_until = monotonic() + SECONDS_OF_SILENCE_AFTER_FAILURE
            logger.warning("announcement lost, the broker does not answer: %s", error)

    def newest(self) -> str:
        if monotonic() < self._silent_until:
            return ""
        try:
            entries: Any = self._redis.xrevrange(STREAM, count=1)
        except redis.RedisError:
            self._silent_until = monotonic() + SECONDS_OF_SILENCE_AFTER_FAILURE
            return ""
        return entries[0][0].decode() if entries else "0-0"


@cache
def _outlet() -> _Outlet:
    return _Outlet(settings.REDIS_URL)
