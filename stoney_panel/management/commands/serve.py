import socket
from argparse import ArgumentParser
from typing import Any

import uvicorn
from django.core.management.base import BaseCommand

from stoney_panel.asgi import application, event_stream
from stoney_panel.open_files import allow_many_open_files

LARGEST_MESSAGE = 1024 * 1024
"""Bytes that a browser may send to a machine at once."""


class PanelServer(uvicorn.Server):
    """Open streams and screens would keep the server waiting for ever: they are ended first."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        event_stream.listener.close()
        await super().shutdown(sockets)


class Command(BaseCommand):
    help = "Serve the pages, the event stream, and the screens of machines."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *_args: Any, **options: Any) -> None:
        allow_many_open_files()
        config = uvicorn.Config(
            application,
            host=options["host"],
            port=options["port"],
            log_level="warning",
            proxy_headers=False,  # stoney_panel.addresses says whom to believe
            timeout_graceful_shutdown=5,
            ws_max_size=LARGEST_MESSAGE,
        )
        PanelServer(config).run()
