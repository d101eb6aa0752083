"""One reader of the announcements for all browsers of this process."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from vms.operations.announcing import STREAM, Subject

WAITING_MESSAGES_OF_ONE_BROWSER = 500
BLOCK_MILLISECONDS = 5_000
ANSWER_SECONDS = BLOCK_MILLISECONDS / 1000 + 5
PAUSE_AFTER_FAILURE_SECONDS = 1.0
NOTHING_SEEN_YET = "0-0"
MOST_TO_REPLAY = 500

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """One announcement: its id in the stream and its JSON text. resync: something may have been missed."""

    id: str
    text: str = ""
    resync: bool = False


@lru_cache(128)
def subjects_of(text: str) -> tuple[Subject, ...]:
    """What an announcement says has changed. Read once for all browsers of this process."""
    return tuple((kind, key) for kind, key in json.loads(text)["changed"]) if text else ()


class Listener:
    """Reads the stream while somebody listens, and hands every message to every subscriber."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._subscribers: set[asyncio.Queue[Message | None]] = set()
        self._reader: asyncio.Task[None] | None = None
        self._closed = False
        self._deaf_since: float | None = None

    @property
    def deaf_for(self) -> float:
        """Seconds since the broker was lost; 0.0 while it answers."""
        return 0.0 if self._deaf_since is None else monotonic() - self._deaf_since

    @asynccontextmanager
    async def subscribed(self) -> AsyncIterator[asyncio.Queue[Message | None]]:
        """A queue of messages from now on. None in it means the end."""
        queue: asyncio.Queue[Message | None] = asyncio.Queue(WAITING_MESSAGES_OF_ONE_BROWSER)
        self._subscribers.add(queue)
        if self._closed:
            queue.put_nowait(None)
        elif self._reader is None:
            self._reader = asyncio.create_task(self._read_for_ever())
        try:
            yield queue
        finally:
            self._subscribers.discard(queue)

    async def since(self, last: str) -> list[Message]:
        """What was announced after `last`; a single resync if that is no longer known, too much, or nobody can tell."""
        if not last:
            return [Message(NOTHING_SEEN_YET, resync=True)]
        client = self._client()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await _replay(client, last)
        except (RedisError, OSError):
            return [Message(last, resync=True)]
        finally:
            await client.aclose()

    def close(self) -> None:
        """End all streams; the server is going down."""
        self._closed = True
        if self._reader is not None:
            self._reader.cancel()
        for queue in self._subscribers:
            _put(queue, None)

    async def _read_for_ever(self) -> None:
        last = "$"
        while True:
            client = self._client()
            try:
                last = await self._read(client, last)
            except (RedisError, OSError) as error:
                logger.warning("the broker does not answer, trying again: %s", error)
                self._deaf_since = self._deaf_since or monotonic()
                await asyncio.sleep(PAUSE_AFTER_FAILURE_SECONDS)
                await self._say_resync_when_back()
                last = "$"
            finally:
                await client.aclose()

    async def _read(self, client: Any, last: str) -> str:
        while True:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await client.xread({STREAM: last}, block=BLOCK_MILLISECONDS)
            self._deaf_since = None
            for _stream, entries in answer or []:
                for entry_id, fields in entries:
                    last = entry_id
                    self._hand_out(Message(entry_id, fields["message"]))

    async def _say_resync_when_back(self) -> None:
        client = self._client()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                newest = await newest_id(client)
        except (RedisError, OSError):
            return
        finally:
            await client.aclose()
        self._hand_out(Message(newest, resync=True))

    def _hand_out(self, message: Message) -> None:
        for queue in self._subscribers:
            _put(queue, message)

    def _client(self) -> Any:  # redis-py types its answers for every protocol at once
        """Whoever asks it something sets the limit: with a limit of its own it sends by asyncio.wait_for, which before
        Python 3.12 may lose a cancellation, and the reader would never end."""
        return Redis.from_url(self._url, decode_responses=True, socket_connect_timeout=2, socket_timeout=None)


def _put(queue: asyncio.Queue[Message | None], message: Message | None) -> None:
    """A browser that does not keep up is told to look at everything instead."""
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        message = Message(message.id, resync=True) if message else None
    queue.put_nowait(message)


async def _replay(client: Any, last: str) -> list[Message]:
    oldest = await client.xrange(STREAM, count=1)
    if _is_forgotten(last, oldest[0][0] if oldest else None):
        return [Message(await newest_id(client), resync=True)]
    missed = await client.xrange(STREAM, min=f"({last}", count=MOST_TO_REPLAY + 1)
    if len(missed) > MOST_TO_REPLAY:
        return [Message(await newest_id(client), resync=True)]
    return [Message(entry_id, fields["message"]) for entry_id, fields in missed]


def _is_forgotten(last: str, oldest: str | None) -> bool:
    """Whether announcements after `last` may have left the stream already."""
    if last == NOTHING_SEEN_YET:
        return False
    return oldest is None or _as_numbers(last) < _as_numbers(oldest)


async def newest_id(client: Any) -> str:
    newest = await client.xrevrange(STREAM, count=1)
    return str(newest[0][0]) if newest else NOTHING_SEEN_YET


def _as_numbers(entry_id: str) -> tuple[int, int]:
    milliseconds, _, serial = entry_id.partition("-")
    return int(milliseconds), int(serial or 0)
