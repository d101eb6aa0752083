"""A browser at the door of a machine's screen, as the server shows it to the application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.test import Client

from vms.live.console import PROTOCOL, TICKET, Consoles
from vms.models import Vm
from vms.rules.consoles import Way

HOST = "panel.example"


@dataclass
class Browser:
    """sent: what the application said, in order. reads: cleared for one that takes nothing more."""

    incoming: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    sent: list[dict[str, Any]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    reads: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.incoming.put_nowait({"type": "websocket.connect"})
        self.reads.set()

    async def send(self, message: MutableMapping[str, Any]) -> None:
        await self.reads.wait()
        self.sent.append(dict(message))
        self.news.set()

    def type(self, text: bytes) -> None:
        self.incoming.put_nowait({"type": "websocket.receive", "bytes": text})

    def leave(self) -> None:
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": 1001})

    @property
    def shown(self) -> bytes:
        return b"".join(message["bytes"] for message in self.sent if message["type"] == "websocket.send")

    @property
    def closed(self) -> dict[str, Any] | None:
        return next((message for message in self.sent if message["type"] == "websocket.close"), None)

    async def sees(self, text: bytes) -> None:
        await self._until(lambda: text in self.shown)

    async def is_open(self) -> None:
        await self._until(lambda: bool(self.sent))
        assert self.sent[0] == {"type": "websocket.accept", "subprotocol": PROTOCOL}

    async def told(self, *, within: float = 10) -> str:
        """Why it was closed."""
        await self._until(lambda: self.closed is not None, within)
        assert self.closed is not None
        return str(self.closed.get("reason", ""))

    async def _until(self, come: Any, within: float = 10) -> None:
        async with asyncio.timeout(within):
            while not come():
                self.news.clear()
                await self.news.wait()


def scope_of(client: Client, vm: Vm, way: Way, ticket: str, **headers: str) -> dict[str, Any]:
    """As of a page of the panel, for whoever is logged in with this client."""
    cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
    said = {"host": HOST, "origin": f"https://{HOST}", **headers}
    said["cookie"] = f"{settings.SESSION_COOKIE_NAME}={cookie.value}" if cookie else ""
    return {
        "type": "websocket",
        "path": f"/live/console/{vm.pk}/{way}",
        "headers": [(name.encode(), value.encode()) for name, value in said.items() if value],
        "subprotocols": [PROTOCOL, f"{TICKET}{ticket}"],
        "client": ("192.0.2.9", 50_000),
    }


@asynccontextmanager
async def at_the_door(consoles: Consoles, scope: dict[str, Any]) -> AsyncIterator[Browser]:
    browser = Browser()
    visit = asyncio.create_task(consoles(scope, browser.incoming.get, browser.send))
    try:
        yield browser
    finally:
        browser.reads.set()
        browser.leave()
        await asyncio.wait_for(visit, 10)


def ticket_for(client: Client, vm: Vm, way: Way = Way.SCREEN, **fields: str) -> str:
    answer = client.post(f"/vms/{vm.pk}/use/ticket/", {"way": way, **fields})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["ticket"])
