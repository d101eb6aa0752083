"""The processes of the panel: started, listened to, started again when they die, and gone when the demo is."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from demo.account import make_directory
from demo.problems import DemoProblem
from demo.talking import say, show

LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
BIG_LOG = 5 * 1024 * 1024


@dataclass
class Child:
    """One process. The kernel ends it when the demo dies, whatever the demo died of.

    What it writes goes to `log`, and when it is `shown` to the terminal as well. It must be started from the main
    thread: the kernel looks at the thread, not at the process.
    """

    name: str
    words: list[str]
    environment: dict[str, str]
    log: Path
    cwd: Path
    shown: bool = True
    _process: subprocess.Popen[str] | None = field(default=None, init=False)
    _reader: threading.Thread | None = field(default=None, init=False)

    @property
    def alive(self) -> bool:
        """Does it run?"""
        return self._process is not None and self._process.poll() is None

    @property
    def last_words(self) -> str:
        """Why it does not run any more."""
        code = self._process.returncode if self._process else None
        return f"killed by {signal.Signals(-code).name}" if code and code < 0 else f"ended with {code}"

    def start(self) -> None:
        """Run it."""
        make_directory(self.log.parent)
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *self.words],
            env=self.environment,
            cwd=self.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C in the terminal is for the demo, which ends its children in order
        )
        self._reader = threading.Thread(target=self._listen, args=(self._process,), daemon=True)
        self._reader.start()

    def ask_to_end(self) -> None:
        """Let it finish what it does."""
        if self._process is not None:
            self._process.terminate()

    def wait(self, *, seconds: float) -> None:
        """Return when it is gone; it is killed after `seconds`."""
        if self._process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        self._process.kill()
        self._process.wait()
        if self._reader is not None:
            self._reader.join(1)

    def _listen(self, process: subprocess.Popen[str]) -> None:
        if self.log.exists() and self.log.stat().st_size > BIG_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("a") as log:
            for line in process.stdout or ():
                if self.shown:
                    show(f"{self.name:<9}| {line.rstrip()}\n")
                log.write(line)
                log.flush()


class Tended(Protocol):
    """What is to be kept alive."""

    @property
    def name(self) -> str: ...
    @property
    def alive(self) -> bool: ...
    @property
    def last_words(self) -> str: ...
    def start(self) -> None: ...


@dataclass
class Keeper:
    """Starts one thing again when it has died, after a pause that grows while it keeps dying."""

    tended: Tended
    clock: Callable[[], float] = time.monotonic
    _pause: float = 1.0
    _started: float = field(init=False)
    _due: float | None = None

    def __post_init__(self) -> None:
        self._started = self.clock()

    def look(self) -> None:
        """To be called a few times a second."""
        if self._due is None:
            self._notice()
        elif self.clock() >= self._due:
            self._start_again()

    def _notice(self) -> None:
        if self.tended.alive:
            return
        if self.clock() - self._started > STEADY_SECONDS:
            self._pause = 1.0
        say(f"{self.tended.name} {self.tended.last_words}; it is started again in {self._pause:.0f} s.")
        self._due = self.clock() + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _start_again(self) -> None:
        self._due = None
        self._started = self.clock()
        try:
            self.tended.start()
        except (DemoProblem, OSError) as error:
            say(f"{self.tended.name} does not start: {error}")


def end_all(children: list[Child], *, seconds: float = 15) -> None:
    """Ask all of them at once, and return when all are gone."""
    for child in children:
        child.ask_to_end()
    for child in children:
        child.wait(seconds=seconds)
