"""/live/console/<machine>/viewer.vv: for virt-viewer, if the node lets people connect to the machine's screen.

Beside Django, because it asks the node, and no page waits for one.
"""

from __future__ import annotations

import re
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.urls import reverse

from vms.hypervisor.consoles import Screen
from vms.live.console_access import OF_A_MACHINE, TurnedAway, counts_looks, note_look, require_may_look
from vms.live.console_opening import Doors
from vms.live.logins import Receive, Scope, Send, person_of, session_key
from vms.models import Vm
from vms.rules.consoles import Ending, ScreenKind

_PATH = re.compile(rf"{OF_A_MACHINE}/viewer\.vv\Z")
_NOT_IN_A_LINE = re.compile(r"[^\w .()-]")


class ViewerFile:
    """An ASGI application for GET. What cannot be is explained on the machine's page."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        found = _PATH.match(scope["path"])
        if found is None or scope["method"] not in {"GET", "HEAD"}:
            await _answer(send, 404)
            return
        vm = UUID(found[1])
        try:
            text = await self._file_for(session_key(scope), vm)
        except TurnedAway as turned:
            await _answer(send, 303, [(b"location", _explained(vm, turned.ending).encode())])
            return
        await _answer(send, 200, _headers(vm), text.encode())

    async def _file_for(self, session: str, uuid: UUID) -> str:
        vm = await _machine_for(session, uuid)
        screen = await self._doors.screen(vm)
        if screen.kind is ScreenKind.NONE:
            raise TurnedAway(Ending.NO_SCREEN)
        if not screen.address or not (screen.port or screen.tls_port):
            raise TurnedAway(Ending.NO_OPEN_PORT)
        if counts_looks(vm):
            await _note_look(vm)
        return viewer_file(vm.display_name, screen, vm.node.hostname or vm.node.name)


def viewer_file(name: str, screen: Screen, node: str) -> str:
    """No password is in it: virt-viewer asks for it, if there is one. node: by which name others find it."""
    lines = {
        "type": screen.kind,
        "host": screen.address_from_outside(node),
        "port": screen.port or "",
        "tls-port": screen.tls_port or "",
        "title": _NOT_IN_A_LINE.sub("", name),
        "delete-this-file": 1,
    }
    said = "".join(f"{key}={value}\n" for key, value in lines.items() if value)
    return f"[virt-viewer]\n{said}"


@sync_to_async
def _machine_for(session: str, uuid: UUID) -> Vm:
    try:
        person = person_of(session)
        if person is None:
            raise TurnedAway(Ending.LOGGED_OUT)
        return require_may_look(person, uuid)
    finally:
        close_old_connections()


@sync_to_async
def _note_look(vm: Vm) -> None:
    """Once: what comes after it goes past the panel."""
    try:
        note_look(vm)
    finally:
        close_old_connections()


def _explained(vm: UUID, ending: Ending) -> str:
    return f"{reverse('vms:use', args=[vm])}?viewer={ending}"


def _headers(vm: UUID) -> list[tuple[bytes, bytes]]:
    return [
        (b"content-type", b"application/x-virt-viewer"),
        (b"content-disposition", f'attachment; filename="{vm}.vv"'.encode()),
        (b"x-content-type-options", b"nosniff"),
    ]


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]] | None = None, body: bytes = b"") -> None:
    lengths = [(b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": [*(headers or []), *lengths]})
    await send({"type": "http.response.body", "body": body})
