"""GET /live/events: Server-Sent Events that say what changed, to each person what they may hear of. What it changed to
is asked for, and permitted, apart."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import suppress
from urllib.parse import parse_qs

from vms.live.freshness import WatcherSeen
from vms.live.listener import Listener, Message
from vms.live.logins import Receive, Scope, Send, header, session_key
from vms.live.sight import Ear, LoggedOut, sight_of

SIGN_OF_LIFE_SECONDS = 15.0
LOOK_AT_LOGIN_SECONDS = 60.0
_STREAM_ID = re.compile(r"\d{1,20}-\d{1,20}\Z")

Queue = asyncio.Queue[Message | None]


class EventStream:
    """An ASGI application for one route."""

    def __init__(self, redis_url: str) -> None:
        self.listener = Listener(redis_url)
        self.watcher = WatcherSeen()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            await _answer(send, 405)
            return
        async with self.listener.subscribed() as queue:  # first, so that no change of what may be heard is missed
            sight = await sight_of(session_key(scope))
            if sight is None:
                await _answer(send, 403)
            else:
                await self._stream(scope, Ear(session_key(scope), sight), queue, receive, send)

    async def _stream(self, scope: Scope, ear: Ear, queue: Queue, receive: Receive, send: Send) -> None:
        await _begin(send)
        await self._tick(send)
        for missed in await self.listener.since(_last_seen(scope)):
            await _send(send, ear.missed(missed))
        sending = asyncio.create_task(self._send_all(queue, ear, send))
        leaving = asyncio.create_task(_browser_leaves(receive))
        _done, open_tasks = await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        for task in open_tasks:
            task.cancel()

    async def _send_all(self, queue: Queue, ear: Ear, send: Send) -> None:
        with suppress(LoggedOut):
            await self._send_while_logged_in(queue, ear, send)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_while_logged_in(self, queue: Queue, ear: Ear, send: Send) -> None:
        clock = asyncio.get_running_loop().time
        look_at_login, next_tick = clock() + LOOK_AT_LOGIN_SECONDS, clock() + SIGN_OF_LIFE_SECONDS
        while True:
            if clock() > look_at_login:
                look_at_login = clock() + LOOK_AT_LOGIN_SECONDS
                await _send(send, await ear.look_again())
            try:
                async with asyncio.timeout_at(next_tick):
                    message = await queue.get()
            except TimeoutError:
                next_tick = clock() + SIGN_OF_LIFE_SECONDS
                await self._tick(send)
                continue
            if message is None:
                return
            await _send(send, await ear.hear(message))

    async def _tick(self, send: Send) -> None:
        """A sign of life, and how many seconds ago there could last have been news; null if nobody can tell."""
        watcher = await self.watcher.seconds_ago()
        seen = None if watcher is None else round(max(watcher, self.listener.deaf_for), 1)
        await _write(send, f"event: tick\ndata: {json.dumps({'seen': seen})}\n\n")


async def _browser_leaves(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _begin(send: Send) -> None:
    headers = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await _write(send, "retry: 1000\n\n")


async def _send(send: Send, message: Message | None) -> None:
    """Nothing, if there is nothing that may be heard. A message without an id leaves the browser where it was."""
    if message is None:
        return
    where = f"id: {message.id}\n" if message.id else ""
    kind = "event: resync\n" if message.resync else ""
    await _write(send, f"{where}{kind}data: {message.text or '{}'}\n\n")


async def _write(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _answer(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def _last_seen(scope: Scope) -> str:
    """Where the browser was: its own Last-Event-ID after a reconnect, else what its page began with; "" if unknown."""
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("last", [""])[0]
    return next((value for value in (header(scope, b"last-event-id"), asked) if _STREAM_ID.match(value)), "")
