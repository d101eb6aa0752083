"""Bytes between a browser and a machine. Neither side is read faster than the other one takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from enum import Enum
from typing import Any

from vms.live.logins import Receive, Send
from vms.rules.consoles import Ending

MOST_AT_ONCE = 64 * 1024
STUCK_SECONDS = 30.0
"""A machine that takes nothing for so long keeps nobody's place: whether its visitor is still there cannot be seen."""


class Left(Enum):
    """Who ended it, where nobody gave a reason."""

    BROWSER = 1
    MACHINE = 2


async def to_machine(receive: Receive, writer: asyncio.StreamWriter) -> Left:
    """Until the browser leaves. A browser is asked for more only once the machine has taken what there was."""
    with suppress(ConnectionError, TimeoutError):
        while (message := await receive())["type"] == "websocket.receive":
            writer.write(message.get("bytes") or (message.get("text") or "").encode())
            async with asyncio.timeout(STUCK_SECONDS):
                await writer.drain()
        return Left.BROWSER
    return Left.MACHINE


async def to_browser(reader: asyncio.StreamReader, send: Send) -> Left:
    """Until the machine closes it. The server waits in `send` while the browser is behind."""
    while data := await _read(reader):
        try:
            await send({"type": "websocket.send", "bytes": data})
        except OSError:
            return Left.BROWSER
    return Left.MACHINE


async def first_to_end(*parts: Coroutine[Any, Any, Left | Ending]) -> Left | Ending:
    """What the first of them answers; the others are ended."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(task for task in tasks if task in done).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(MOST_AT_ONCE)
    except ConnectionError:
        return b""
