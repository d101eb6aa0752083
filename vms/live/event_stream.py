"""GET /live/events: Server-Sent Events that say what changed. What it changed to is asked for, and permitted, apart."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.db import close_old_connections
from django.utils.crypto import constant_time_compare

from vms.live.freshness import WatcherSeen
from vms.live.listener import Listener, Message

SIGN_OF_LIFE_SECONDS = 15.0
LOOK_AT_LOGIN_SECONDS = 60.0
_STREAM_ID = re.compile(r"\d{1,20}-\d{1,20}\Z")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class EventStream:
    """An ASGI application for one route."""

    def __init__(self, redis_url: str) -> None:
        self.listener = Listener(redis_url)
        self.watcher = WatcherSeen()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            await _answer(send, 405)
            return
        session_key = _session_key(scope)
        if not await _is_logged_in(session_key):
            await _answer(send, 403)
            return
        await self._stream(scope, session_key, receive, send)

    async def _stream(self, scope: Scope, session_key: str, receive: Receive, send: Send) -> None:
        async with self.listener.subscribed() as queue:
            await _begin(send)
            await self._tick(send)
            for missed in await self.listener.since(_last_seen(scope)):
                await _send(send, missed)
            sending = asyncio.create_task(self._send_all(queue, session_key, send))
            leaving = asyncio.create_task(_browser_leaves(receive))
            _done, open_tasks = await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            for task in open_tasks:
                task.cancel()

    async def _send_all(self, queue: asyncio.Queue[Message | None], session_key: str, send: Send) -> None:
        clock = asyncio.get_running_loop().time
        look_at_login, next_tick = clock() + LOOK_AT_LOGIN_SECONDS, clock() + SIGN_OF_LIFE_SECONDS
        while True:
            if clock() > look_at_login:
                look_at_login = clock() + LOOK_AT_LOGIN_SECONDS
                if not await _is_logged_in(session_key):
                    break
            try:
                message = await asyncio.wait_for(queue.get(), next_tick - clock())
            except TimeoutError:
                next_tick = clock() + SIGN_OF_LIFE_SECONDS
                await self._tick(send)
                continue
            if message is None:
                break
            await _send(send, message)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

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


async def _send(send: Send, message: Message) -> None:
    kind = "event: resync\n" if message.resync else ""
    await _write(send, f"id: {message.id}\n{kind}data: {message.text or '{}'}\n\n")


async def _write(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _answer(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def _last_seen(scope: Scope) -> str:
    """Where the browser was: its own Last-Event-ID after a reconnect, else what its page began with; "" if unknown."""
    header = dict(scope["headers"]).get(b"last-event-id", b"").decode("latin-1")
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("last", [""])[0]
    return next((value for value in (header, asked) if _STREAM_ID.match(value)), "")


def _session_key(scope: Scope) -> str:
    cookies: SimpleCookie = SimpleCookie()
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                cookies.load(value.decode("latin-1"))
            except CookieError:
                return ""
    morsel = cookies.get(settings.SESSION_COOKIE_NAME)
    return morsel.value if morsel else ""


@sync_to_async
def _is_logged_in(session_key: str) -> bool:
    """The same checks as for a page: a session, of a person who may log in, made with today's password."""
    try:
        return bool(session_key) and _belongs_to_somebody(session_key)
    finally:
        close_old_connections()


def _belongs_to_somebody(session_key: str) -> bool:
    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    person = get_user_model()._default_manager.filter(pk=session.get(SESSION_KEY), is_active=True).first()  # noqa: SLF001 -- the custom user
    return person is not None and constant_time_compare(
        session.get(HASH_SESSION_KEY, ""), person.get_session_auth_hash()
    )
