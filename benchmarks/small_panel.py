"""A panel without nodes, for measurements that need only some of its processes: a database, a broker, and one more."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from demo.broker import broker_command, wait_for_broker
from demo.panel import panel_environment, prepare_panel
from demo.places import short_path
from demo.processes import wait_until
from demo.settings import ROOT, Settings
from tests.stack import PASSWORD, free_port


@contextmanager
def small_panel() -> Iterator[Settings]:
    """Tables, the account admin and a broker that answers; nothing of it is left afterwards."""
    data = Path(tempfile.mkdtemp(prefix="stoney-bench-"))
    data.chmod(0o755)
    settings = Settings(data, port=free_port(), given_password=PASSWORD)
    try:
        with _process(settings, broker_command(settings.data)):
            wait_for_broker(settings.data)
            prepare_panel(settings, [])
            yield settings
    finally:
        shutil.rmtree(data, ignore_errors=True)
        shutil.rmtree(short_path(data), ignore_errors=True)


@contextmanager
def python(settings: Settings, *words: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A process of this panel: `python *words`, whose output can be read. It is ended at the end."""
    with _process(settings, [sys.executable, *words], **environment) as process:
        yield process


@contextmanager
def served(settings: Settings, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The panel's web server, which answers."""
    with python(settings, "manage.py", "serve", "--port", str(settings.port), **environment) as server:
        if not wait_until(lambda: _is_there(settings), seconds=30):
            raise RuntimeError("the server does not answer")
        yield server


def _is_there(settings: Settings) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", settings.port)):
        return True
    return False


@contextmanager
def _process(settings: Settings, words: list[str], **environment: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "--", *words],
        cwd=ROOT,
        env=panel_environment(settings) | environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
