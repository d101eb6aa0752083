"""A third node, to which the others come by a way of its own: that way can be cut, and can be silent."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from demo.landscape import shared_folder
from demo.node_files import PORTS_PER_NODE, NodeFiles
from demo.nodes import LocalNode
from tests.stack import Stack

LISTENS_ON = "127.0.0.2"
"""libvirt takes any address of this machine for migrations but the first."""
IS_REACHED_BY = "127.0.0.3"
PIECE = 64 * 1024

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Opens = Callable[[], Awaitable[Ends]]
Before = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class _State:
    is_cut: bool = False
    carries: bool = True
    answers: bool = True


_WELL, _CUT, _SILENT, _WITHOUT_ANSWERS = _State(), _State(is_cut=True), _State(carries=False), _State(answers=False)


class Link:
    """What other nodes and a node say to each other: libvirtd to libvirtd, and QEMU to QEMU."""

    def __init__(self, door: Path, socket: Path, ports: range) -> None:
        """door: what others take for the socket of the node's libvirtd. ports: of the node, for migrations."""
        self.door = door
        self._socket = socket
        self._ports = ports
        self._open_ports: set[int] = set()
        self._loop = asyncio.new_event_loop()
        self._carries, self._answers = asyncio.Event(), asyncio.Event()
        self._is_cut = False
        self._ends: set[asyncio.StreamWriter] = set()

    @contextmanager
    def opened(self) -> Iterator[None]:
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        self._do(self._open())
        try:
            yield
        finally:
            self._do(self._become(_CUT))
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()

    def cut(self) -> AbstractContextManager[None]:
        """Both ends are told at once, and nobody gets through."""
        return self._while(_CUT)

    def silent(self) -> AbstractContextManager[None]:
        """As when a cable is pulled: nothing gets through, and nobody is told."""
        return self._while(_SILENT)

    def without_answers(self) -> AbstractContextManager[None]:
        """The node's libvirtd hears what it is asked, and nobody hears what it says."""
        return self._while(_WITHOUT_ANSWERS)

    @contextmanager
    def _while(self, state: _State) -> Iterator[None]:
        self._do(self._become(state))
        yield
        self._do(self._become(_WELL))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _become(self, state: _State) -> None:
        self._is_cut = state.is_cut
        for event, is_so in ((self._carries, state.carries), (self._answers, state.answers)):
            (event.set if is_so else event.clear)()
        for end in list(self._ends) if state.is_cut else ():
            end.transport.abort()

    async def _open(self) -> None:
        await self._become(_WELL)
        opens = partial(asyncio.open_unix_connection, self._socket)
        await asyncio.start_unix_server(partial(self._answer, opens, self._before_an_answer), self.door)
        self.door.chmod(0o666)

    async def _before_an_answer(self) -> None:
        """Others are told of its ports now. Not earlier: what is taken at any address, the node does not use."""
        await self._answers.wait()
        listening = Path("/proc/net/tcp").read_text()
        for port in self._ports:
            if port not in self._open_ports and f" {_as_the_kernel_writes(LISTENS_ON, port)} " in listening:
                self._open_ports.add(port)
                opens = partial(asyncio.open_connection, LISTENS_ON, port)
                await asyncio.start_server(partial(self._answer, opens, None), IS_REACHED_BY, port)

    async def _answer(self, opens: Opens, before: Before | None, *ends: Any) -> None:
        reader, writer = ends
        async with self._known(writer):
            await self._carries.wait()
            with suppress(OSError):
                far_reader, far_writer = await opens()
                async with self._known(far_writer):
                    await asyncio.gather(
                        self._pass_on(reader, far_writer), self._pass_on(far_reader, writer, before=before)
                    )

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, before: Before | None = None
    ) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                await self._carries.wait()
                if before is not None:
                    await before()
                writer.write(piece)
                await writer.drain()
        await self._carries.wait()
        writer.close()

    @asynccontextmanager
    async def _known(self, end: asyncio.StreamWriter) -> AsyncIterator[None]:
        self._ends.add(end)
        if self._is_cut:
            end.transport.abort()
        try:
            yield
        finally:
            self._ends.discard(end)
            end.close()


def _as_the_kernel_writes(address: str, port: int) -> str:
    return f"{int.from_bytes(ip_address(address).packed, sys.byteorder):08X}:{port:04X}"


class _Files(NodeFiles):
    def _qemu_settings(self) -> str:
        return f'{super()._qemu_settings()}migration_address = "{LISTENS_ON}"\n'

    @property
    def migration_ports(self) -> range:
        settings = self._qemu_settings()
        first = int(settings.partition("migration_port_min = ")[2].split()[0])
        return range(first, first + PORTS_PER_NODE)


@dataclass(frozen=True)
class Far:
    """The third node, and the way to it from the others; the panel's own way is another one."""

    node: LocalNode
    link: Link

    @property
    def peer_uri(self) -> str:
        return f"qemu+unix:///session?socket={self.link.door}"


@contextmanager
def far_node(stack: Stack, name: str) -> Iterator[Far]:
    """It runs. At the end it is gone, with what ran there."""
    node = LocalNode(name, stack.alpha.directory.with_name(name), shared=shared_folder(stack.data))
    files = _Files(node.directory, node.account)
    node.files = files
    try:
        node.start()
        link = Link(files.short / "door", node.socket, files.migration_ports)
        with link.opened():
            yield Far(node, link)
    finally:
        node.remove()
