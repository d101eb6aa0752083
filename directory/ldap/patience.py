"""Nobody waits for a directory longer than they want to, and a slow one never takes all threads of the panel."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from directory.ldap.problems import DirectoryFault, Problem

AT_ONCE = 8
"""Half of the threads that make pages."""

_Answer = TypeVar("_Answer")
_room = threading.BoundedSemaphore(AT_ONCE)
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="directory")


def in_time(ask: Callable[[], _Answer], seconds: float) -> _Answer:
    """The answer, or `NO_ANSWER` after so many seconds, even if a look-up of a name or a handshake hangs; `BUSY` at
    once while too many others wait already."""
    if not _room.acquire(blocking=False):
        raise DirectoryFault(Problem.BUSY)
    asked = _threads.submit(ask)
    asked.add_done_callback(lambda _asked: _room.release())
    try:
        return asked.result(seconds)
    except TimeoutError as error:
        raise DirectoryFault(Problem.NO_ANSWER) from error
