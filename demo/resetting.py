"""`down` and `reset`: ending what is left of a demo, and starting over."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

from demo import processes
from demo.landscape import Landscape
from demo.lock import NAME, DemoRuns, only_one
from demo.people import Directory
from demo.places import kept_elsewhere, short_path
from demo.problems import DemoProblem
from demo.settings import Settings
from demo.talking import say

LONGEST_STOP = 180
# Everything that the demo and the panel in it write below PANEL_DATA; what else is there stays.
MADE = (
    *("nodes", "guest", ".guest.lock", ".guest-*", "redis", "log", "static", "words"),
    *("examples-made.json", "asleep-*.json", "directory", "people.ldif", "rights-given", "target-added", "uploads"),
    *("panel.sqlite3*", "secret-key", "demo-password", "clock-schedule*", NAME),
)


def down(settings: Settings) -> None:
    """End a demo that runs, or what one that was killed has left; its guests are put to sleep."""
    try:
        with only_one(settings.data):
            Landscape(settings.data).take_down()
    except DemoRuns as running:
        _end(settings, running.pid)
    say("Stopped. The next start goes on from here.")


def reset(settings: Settings) -> None:
    """Remove everything that the demo made. `DemoRuns` while it is up."""
    with only_one(settings.data):
        for node in Landscape(settings.data).nodes:
            node.remove()
        for sockets in (settings.data, Directory(settings).slapd.directory):
            shutil.rmtree(short_path(sockets), ignore_errors=True)
        for made in _made(settings.data):
            _remove(made)
    say(f"Removed everything that the demo made in {settings.data}.")


def _end(settings: Settings, pid: int | None) -> None:
    if pid is None:
        raise DemoProblem("The demo is just starting; try again in a moment.")
    os.kill(pid, signal.SIGTERM)
    if not processes.wait_until(lambda: _is_free(settings.data), seconds=LONGEST_STOP):
        raise DemoProblem(f"The demo (process {pid}) does not end.")


def _is_free(data: Path) -> bool:
    try:
        with only_one(data):
            return True
    except DemoRuns:
        return False


def _made(data: Path) -> Iterator[Path]:
    for pattern in MADE:
        for path in data.glob(pattern):
            if path.is_dir() and (elsewhere := kept_elsewhere(path)) is not None:
                yield elsewhere.parent
            yield path


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
