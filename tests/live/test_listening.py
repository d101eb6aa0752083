"""The one reader of announcements: it ends whenever it is told to, and hears of a broker that says nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.live.broker import broker_process
from vms.live import listener as listening
from vms.live.listener import Listener

__all__ = ["broker_process"]

STEPS = 200
"""More than it takes from the first listener to waiting for news."""


async def steps_of_the_loop(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def leaves_after(steps: int, url: str, end: Callable[[Listener], object]) -> bool:
    """Whether the reader ends soon after it was told to, that many steps after it began."""
    listener = Listener(url)
    async with listener.subscribed():
        await steps_of_the_loop(steps)
        end(listener)
        assert listener._reader is not None
        done, _late = await asyncio.wait({listener._reader}, timeout=1)
    return bool(done)


def test_it_ends_at_whatever_moment_it_is_told_to(broker_process: str) -> None:
    late = [steps for steps in range(STEPS) if not asyncio.run(leaves_after(steps, broker_process, Listener.close))]
    assert late == []


def test_a_broker_that_takes_calls_and_says_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "ANSWER_SECONDS", 0.1)

    async def listen(path: Path) -> float:
        server = await asyncio.start_unix_server(lambda _reader, _writer: asyncio.sleep(10), path)
        listener = Listener(f"unix://{path}")
        async with server, listener.subscribed():
            assert (await listener.since("1-1"))[0].resync
            async with asyncio.timeout(10):
                while not listener.deaf_for:
                    await asyncio.sleep(0.05)
            listener.close()
        return listener.deaf_for

    with TemporaryDirectory(prefix="sp-") as short:
        assert asyncio.run(listen(Path(short) / "redis.sock")) > 0
