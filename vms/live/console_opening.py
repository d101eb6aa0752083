"""From a machine to its bytes. Nodes may hang: they are asked aside, a few times at once each."""

from __future__ import annotations

import asyncio
import socket
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from vms.hypervisor.consoles import Screen
from vms.hypervisor.errors import (
    HypervisorError,
    NodeUnreachable,
    NoScreen,
    NoSerialPort,
    ScreenNotForBrowsers,
    ScreenTooFar,
    SerialTaken,
    VmNotFound,
    WrongState,
)
from vms.live.console_access import TurnedAway, Visitor
from vms.models import Vm
from vms.operations.reaching import CALLS_AT_ONCE, reach
from vms.rules.consoles import Ending, Way

OPEN_SECONDS = 15.0
THREADS = 24

Answer = TypeVar("Answer")

_ENDING: Mapping[type[HypervisorError], Ending] = {
    SerialTaken: Ending.TAKEN,
    NoScreen: Ending.NO_SCREEN,
    ScreenNotForBrowsers: Ending.NOT_FOR_BROWSERS,
    ScreenTooFar: Ending.TOO_FAR,
    NoSerialPort: Ending.NO_SERIAL_PORT,
    WrongState: Ending.IS_OFF,
    VmNotFound: Ending.CLOSED,
    NodeUnreachable: Ending.NODE_LOST,
}
"""The first that fits."""


class Doors:
    """The ways to all nodes, for one event loop."""

    def __init__(self) -> None:
        self._turns: defaultdict[int, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(CALLS_AT_ONCE))
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="console-opening")

    async def open(self, visitor: Visitor) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """TurnedAway, also if the node takes longer than OPEN_SECONDS."""
        channel = await self._ask(visitor.vm, lambda: _open(visitor))
        channel.setblocking(False)  # noqa: FBT003 -- as the standard library has it
        if channel.family == socket.AF_UNIX:
            return await asyncio.open_unix_connection(sock=channel)
        return await asyncio.open_connection(sock=channel)

    async def screen(self, vm: Vm) -> Screen:
        """TurnedAway in the same way."""
        return await self._ask(vm, lambda: reach(vm.node).screen(vm.pk))

    async def _ask(self, vm: Vm, question: Callable[[], Answer]) -> Answer:
        try:
            async with asyncio.timeout(OPEN_SECONDS), self._turns[vm.node_id]:
                return await asyncio.get_running_loop().run_in_executor(self._threads, question)
        except TimeoutError:
            raise TurnedAway(Ending.NODE_LOST) from None
        except HypervisorError as error:
            raise TurnedAway(_ending_of(error)) from error


def _open(visitor: Visitor) -> socket.socket:
    there, vm = reach(visitor.vm.node), visitor.vm.pk
    if visitor.way is Way.SCREEN:
        return there.open_screen(vm)
    return there.open_serial(vm, take_over=visitor.take_over)


def _ending_of(error: HypervisorError) -> Ending:
    return next((ending for kind, ending in _ENDING.items() if isinstance(error, kind)), Ending.FAILED)
