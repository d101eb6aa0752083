"""Looking at the processes of this machine, and ending exactly those that are ours."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

_never = threading.Event()


def wait_until(happened: Callable[[], bool], *, seconds: float) -> bool:
    """Ask until the answer is yes, but no longer than `seconds`; the last answer."""
    tries = max(1, int(seconds / 0.05))
    return any(happened() or _never.wait(0.05) for _ in range(tries)) or happened()


def pause(seconds: float) -> None:
    """Let some time pass; Ctrl-C ends it."""
    _never.wait(seconds)


def command_line(pid: int) -> list[str]:
    """The program and its arguments; empty when there is no such process any more."""
    with suppress(OSError):
        # A zombie has an empty command line, so that it counts as gone.
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    return []


def is_stopped(pid: int) -> bool:
    """Has SIGSTOP reached it? True as well when it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("T")
    return True


def all_command_lines() -> Iterator[tuple[int, list[str]]]:
    """Every process that is running now."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (line := command_line(int(entry.name))):
            yield int(entry.name), line


def is_program(line: list[str], name: str) -> bool:
    """Does the command line belong to the program `name`?"""
    return bool(line) and Path(line[0]).name == name


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal; a process that has just gone is no error."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def end(pid: int, *, seconds: float = 10) -> None:
    """Ask the process to end, and kill it when it has not after `seconds`. Returns when it is gone."""
    line = command_line(pid)
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not line or command_line(pid) != line:
            return
        send(pid, number)
        wait_until(lambda: command_line(pid) != line, seconds=seconds)
