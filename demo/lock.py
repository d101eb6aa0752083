"""One demo for one data directory."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.problems import DemoProblem

NAME = "demo.lock"


class DemoRuns(DemoProblem):
    """Another process holds the lock: `pid`, or None when it has not yet said who it is."""

    def __init__(self, data: Path, pid: int | None) -> None:
        super().__init__(
            f"A demo with the data in {data} runs already (process {pid or '?'}).\n"
            "End it with Ctrl-C where it runs, or with: python -m demo down"
        )
        self.pid = pid


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the lock for the length of the block; `DemoRuns` when somebody else does."""
    with (data / NAME).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            written = lock.read().strip()
            raise DemoRuns(data, int(written) if written.isdigit() else None) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
        lock.truncate(0)
