"""A panel whose machines are looked at, and what the tests of visits do there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from pytest_django.fixtures import Settings

from directory.models import Person
from stoney_panel.addresses import address_behind
from tests.live.broker import broker, broker_process
from tests.live.knocking import HOST, Browser, at_the_door, scope_of, ticket_for
from vms.live.console import Consoles
from vms.live.console_opening import Doors
from vms.live.listener import Listener
from vms.models import Vm
from vms.operations.announcing import announce
from vms.rules.consoles import Way

__all__ = ["House", "broker", "broker_process", "change", "client", "here", "house", "run", "until"]


@pytest.fixture(autouse=True)
def here(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = [HOST, "testserver"]


class House:
    """A panel with consoles, and browsers in front of it."""

    def __init__(self, broker: str, most: int = 100) -> None:
        self.listener = Listener(broker)
        self.consoles = Consoles(self.listener, Doors(), most, address_behind)

    @asynccontextmanager
    async def visited(self, client: Client, vm: Vm, way: Way = Way.SCREEN, **fields: str) -> AsyncIterator[Browser]:
        ticket = await sync_to_async(ticket_for)(client, vm, way, **fields)
        async with at_the_door(self.consoles, scope_of(client, vm, way, ticket)) as browser:
            await browser.is_open()
            yield browser


@pytest.fixture
def house(broker: str) -> House:
    return House(broker)


@pytest.fixture
def client(anna: Person) -> Client:
    found = Client()
    found.force_login(anna)
    return found


async def until(come: Callable[[], object], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not come():
            await asyncio.sleep(0.01)


@sync_to_async
def change(what: Callable[[], object], *subjects: tuple[str, str]) -> None:
    """As somebody else does it, in another process."""
    what()
    announce(*subjects)


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]
