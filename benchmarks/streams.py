"""What open event streams cost the server: memory of each, and the time until the last one has heard the news."""

from __future__ import annotations

import asyncio
import json
import time
from asyncio import StreamReader, StreamWriter
from pathlib import Path

from redis.asyncio import Redis

from benchmarks.figures import Figure, p50
from benchmarks.login_page import LoginPage
from benchmarks.small_panel import served, small_panel
from demo.broker import broker_socket
from demo.settings import Settings
from stoney_panel.open_files import allow_many_open_files
from vms.operations.announcing import STREAM

STREAMS, SESSIONS = 1_000, 20
ROUNDS = 10
SECONDS_TO_SIT_DOWN = 0.5
# As long as that of a browser: the server keeps it as long as the stream is open.
REQUEST = """\
GET /live/events HTTP/1.1
Host: localhost
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36
Accept: text/event-stream
Accept-Language: de-CH,de;q=0.9,en;q=0.8,fr;q=0.7
Accept-Encoding: gzip, deflate, br, zstd
Cache-Control: no-cache
Connection: keep-alive
Referer: http://localhost/vms/
Sec-Fetch-Dest: empty
Sec-Fetch-Mode: cors
Sec-Fetch-Site: same-origin
Cookie: {cookie}

""".replace("\n", "\r\n")

Open = tuple[StreamReader, StreamWriter]


def measure_streams() -> list[Figure]:
    allow_many_open_files()
    with small_panel() as settings, served(settings) as server:
        return asyncio.run(_measure(settings, server.pid))


async def _measure(settings: Settings, server: int) -> list[Figure]:
    cookies = [LoginPage(settings).log_in("admin", settings.password()) for _ in range(SESSIONS)]
    early = await _opened(settings, cookies)  # what is loaded only once, or grows only once, is there now
    await _seconds_until_heard(settings, early)
    before = _bytes(server)
    streams = [stream for _ in range(STREAMS // SESSIONS) for stream in await _opened(settings, cookies)]
    waits = [await _seconds_until_heard(settings, streams) for _ in range(ROUNDS)]
    each = (_bytes(server) - before) / len(streams)
    return [
        Figure("1,000 open event streams: memory of the server for each", each / 1000, "kB", limit=40),
        Figure("1,000 open event streams: from an announcement to the last", p50(waits) * 1000, "ms"),
    ]


async def _opened(settings: Settings, cookies: list[str]) -> list[Open]:
    """A stream for each cookie, all at once."""
    return list(await asyncio.gather(*(_open(settings, cookie) for cookie in cookies)))


async def _open(settings: Settings, cookie: str) -> Open:
    reader, writer = await asyncio.open_connection("127.0.0.1", settings.port)
    writer.write(REQUEST.format(cookie=cookie).encode())
    answer = await reader.readuntil(b"event: resync")
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"a stream was not opened: {answer!r}")
    return reader, writer


async def _seconds_until_heard(settings: Settings, streams: list[Open]) -> float:
    """From an announcement until the last of them has it, what this process needs to read them all included."""
    mark = f"bench-{time.monotonic_ns()}"
    broker = Redis(unix_socket_path=str(broker_socket(settings.data)))
    async with broker, asyncio.TaskGroup() as hearing:
        for reader, _writer in streams:
            hearing.create_task(reader.readuntil(mark.encode()))
        await asyncio.sleep(SECONDS_TO_SIT_DOWN)
        began = time.perf_counter()
        await broker.xadd(STREAM, {"message": json.dumps({"changed": [["vm", mark]]})})
    return time.perf_counter() - began


def _bytes(process: int) -> int:
    """What it has for itself and its share of what it has with others."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
