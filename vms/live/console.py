"""/live/console/<machine>/screen and .../serial: a machine's screen or serial port as a WebSocket.

The ticket travels as a second subprotocol, in a header, so that no address and no log ever holds it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import Error, close_old_connections

from vms.live import console_access
from vms.live.console_access import OF_A_MACHINE, Knock, TurnedAway, Visitor
from vms.live.console_opening import Doors
from vms.live.console_pipe import Left, first_to_end, to_browser, to_machine
from vms.live.listener import Listener, Message, subjects_of
from vms.live.logins import Receive, Scope, Send, comes_from_here, header, session_key
from vms.rules.consoles import Ending, Way

PROTOCOL = "stoney-console"
TICKET = "ticket."
LOOK_AGAIN_SECONDS = 10.0
LAST_WORDS_SECONDS = 3.0
NOTE_LOOK_SECONDS = 45.0
"""More often than once a minute, so that no screen that is open counts as closed."""
ENDED, FORBIDDEN = 4000, 1008
"""Close codes: of every visit, whose reason is the code of an Ending; of what is no visit at all."""

_PATH = re.compile(rf"{OF_A_MACHINE}/(screen|serial)\Z")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One of the panel's. sent_away: set when somebody else takes what this visitor has."""

    visitor: Visitor
    sent_away: asyncio.Future[Ending]


class Consoles:
    """An ASGI application for WebSockets. most: so many visits at once; address_behind: of the connection and of what
    a proxy in front says, the address of the browser."""

    def __init__(self, listener: Listener, doors: Doors, most: int, address_behind: Callable[[str, str], str]) -> None:
        self._listener = listener
        self._doors = doors
        self._most = most
        self._address_behind = address_behind
        self._places: set[Place] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whoever comes from a page of another site is not answered; whoever is turned away is told why."""
        await receive()
        knock = self._knock(scope)
        if knock is None or not comes_from_here(scope):
            await send({"type": "websocket.close", "code": FORBIDDEN})
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        ending = await self._receive_visitor(knock, receive, send)
        if ending is not None:
            with suppress(OSError):
                await send({"type": "websocket.close", "code": ENDED, "reason": ending})

    def _knock(self, scope: Scope) -> Knock | None:
        """None if there is nothing at this address."""
        found = _PATH.match(scope["path"])
        if found is None:
            return None
        offered = (each for each in scope.get("subprotocols", ()) if each.startswith(TICKET))
        connected = str((scope.get("client") or ("",))[0])
        return Knock(
            vm=UUID(found[1]),
            way=Way(found[2]),
            session=session_key(scope),
            address=self._address_behind(connected, header(scope, b"x-forwarded-for")),
            ticket=next(offered, "").removeprefix(TICKET),
        )

    async def _receive_visitor(self, knock: Knock, receive: Receive, send: Send) -> Ending | None:
        try:
            visitor = await _asked(lambda: console_access.admit(knock))
            place = self._place_for(visitor)
        except TurnedAway as turned:
            return turned.ending
        try:
            return await self._visit(visitor, place, receive, send)
        finally:
            self._places.discard(place)

    async def _visit(self, visitor: Visitor, place: Place, receive: Receive, send: Send) -> Ending | None:
        """None if it was the visitor who left."""
        try:
            reader, writer = await self._open(visitor)
        except TurnedAway as turned:
            ending = turned.ending
            await _asked(lambda: console_access.note_failure(visitor, ending))
            return ending
        began = monotonic()
        try:
            await _asked(lambda: console_access.note_begin(visitor))
            watching, sent_away = self._watch(visitor), _answer_of(place.sent_away)
            pipes = (to_machine(receive, writer), to_browser(reader, send), _note_looks(visitor))
            end = await first_to_end(sent_away, watching, *pipes)
        finally:
            writer.transport.abort()
        told = await _why_closed(place) if end is Left.MACHINE else end if isinstance(end, Ending) else None
        await _asked(lambda: console_access.note_end(visitor, told, monotonic() - began))
        return told

    async def _open(self, visitor: Visitor) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        opened = await self._doors.open(visitor)
        if visitor.way is Way.SERIAL and visitor.take_over:
            self._send_others_away(visitor)
        return opened

    def _place_for(self, visitor: Visitor) -> Place:
        if len(self._places) >= self._most:
            raise TurnedAway(Ending.TOO_MANY)
        place = Place(visitor, asyncio.get_running_loop().create_future())
        self._places.add(place)
        return place

    def _send_others_away(self, visitor: Visitor) -> None:
        """The node has ended their connection by now; so they learn why."""
        for place in self._places:
            other = place.visitor
            same_port = other.vm.pk == visitor.vm.pk and other.way is Way.SERIAL
            if same_port and other is not visitor and not place.sent_away.done():
                place.sent_away.set_result(Ending.TAKEN_OVER)

    async def _watch(self, visitor: Visitor) -> Ending:
        """Ask again whether the visit may go on: whenever something happens that could end it, and now and then."""
        async with self._listener.subscribed() as queue:
            while True:
                if await _hears_the_end(queue, visitor):
                    return Ending.RESTARTING
                ending = await _ending_of(visitor)
                if ending is not None:
                    return ending


async def _hears_the_end(queue: asyncio.Queue[Message | None], visitor: Visitor) -> bool:
    """Wait for news that could concern this visit, but not for ever. True if the server is going down."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_AGAIN_SECONDS):
            while (message := await queue.get()) is not None:
                if _could_concern(message, visitor):
                    return False
            return True
    return False


def _could_concern(message: Message, visitor: Visitor) -> bool:
    if message.resync:
        return True
    vm, pool, node = str(visitor.vm.pk), str(visitor.vm.pool_id), str(visitor.vm.node_id)
    concerned = {("vm", vm), ("rights", vm), ("rights", pool), ("node", node)}
    return any(each in concerned or each[0] == "people" for each in subjects_of(message.text))


async def _why_closed(place: Place) -> Ending:
    """The machine closes its screen when it goes off, a moment before the panel hears why; so does a serial port that
    somebody else takes over."""
    waited = 0.0
    while waited < LAST_WORDS_SECONDS:
        ending = place.sent_away.result() if place.sent_away.done() else await _ending_of(place.visitor)
        if ending is not None:
            return ending
        await asyncio.sleep(0.25)
        waited += 0.25
    return Ending.CLOSED


async def _ending_of(visitor: Visitor) -> Ending | None:
    try:
        return await _asked(lambda: console_access.ending_of(visitor))
    except TurnedAway as turned:
        return turned.ending


async def _note_looks(visitor: Visitor) -> Left:
    """Never ends by itself. A database that is away for a moment closes no screen: the next note says as much."""
    while True:
        await asyncio.sleep(NOTE_LOOK_SECONDS)
        if console_access.counts_looks(visitor.vm):
            with suppress(TurnedAway):
                await _asked(lambda: console_access.note_look(visitor.vm))


async def _asked(question: Callable[[], Answer]) -> Answer:
    """TurnedAway also if the database does not answer: nobody looks on unseen."""
    return await sync_to_async(_with_database)(question)


def _with_database(question: Callable[[], Answer]) -> Answer:
    try:
        return question()
    except Error:
        raise TurnedAway(Ending.CANNOT_CHECK) from None
    finally:
        close_old_connections()


async def _answer_of(future: asyncio.Future[Ending]) -> Ending:
    """Whoever no longer waits for it does not spoil it for those who ask later."""
    return await asyncio.shield(future)
