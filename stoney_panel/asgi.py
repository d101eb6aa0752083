"""One server for all: Django's pages as WSGI in threads, what stays open beside them on raw routes."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stoney_panel.settings")

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.wsgi import get_wsgi_application

_pages = WSGIMiddleware(get_wsgi_application(), workers=16)  # type: ignore[arg-type]  # Django is WSGI all the same

from stoney_panel.addresses import address_behind  # noqa: E402 -- after Django is set up
from vms.live.console import Consoles  # noqa: E402 -- after Django is set up
from vms.live.console_opening import Doors  # noqa: E402 -- the same
from vms.live.event_stream import EventStream  # noqa: E402 -- the same
from vms.live.logins import Receive, Scope, Send  # noqa: E402 -- the same
from vms.live.viewer_file import ViewerFile  # noqa: E402 -- the same

event_stream = EventStream(settings.REDIS_URL)
_doors = Doors()
_consoles = Consoles(event_stream.listener, _doors, settings.CONSOLES_AT_ONCE, address_behind)
_viewer_file = ViewerFile(_doors)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "websocket":
        await _consoles(scope, receive, send)
    elif scope["path"] == "/live/events":
        await event_stream(scope, receive, send)
    elif scope["path"].startswith("/live/console/"):
        await _viewer_file(scope, receive, send)
    else:
        await _pages(scope, receive, send)  # type: ignore[arg-type]  # a2wsgi spells ASGI's types more narrowly


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
