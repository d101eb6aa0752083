"""One server for all: Django's pages as WSGI in threads, the event stream beside them on a raw route."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stoney_panel.settings")

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.wsgi import get_wsgi_application

_pages = WSGIMiddleware(get_wsgi_application(), workers=16)  # type: ignore[arg-type]  # Django is WSGI all the same

from vms.live.event_stream import EventStream, Receive, Scope, Send  # noqa: E402 -- after Django is set up

event_stream = EventStream(settings.REDIS_URL)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] != "http":
        await send({"type": "websocket.close", "code": 1008})
    elif scope["path"] == "/live/events":
        await event_stream(scope, receive, send)
    else:
        await _pages(scope, receive, send)  # type: ignore[arg-type]  # a2wsgi spells ASGI's types more narrowly


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
