"""A program that goes into the background by itself: virtlogd and libvirtd."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from demo import processes
from demo.account import Account
from demo.problems import DemoProblem

# Not everybody has the administrators' programs in the search path.
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])


def program_path(name: str) -> str:
    """Where the program is; a `DemoProblem` when it is not installed."""
    found = shutil.which(name, path=SEARCH_PATH)
    if found is None:
        raise DemoProblem(f"{name} is not installed: deploy/install-packages.sh demo")
    return found


@dataclass(frozen=True)
class Daemon:
    """One such program. Its pid file names it, and its command line names the pid file: a stranger never fits."""

    program: str
    arguments: tuple[str, ...]
    pid_file: Path
    environment: dict[str, str]
    account: Account

    @property
    def pid(self) -> int | None:
        """Its process, None when it does not run."""
        if not self.pid_file.exists():
            return None
        written = self.pid_file.read_text().strip()
        line = processes.command_line(int(written)) if written.isdigit() else []
        ours = processes.is_program(line, self.program) and str(self.pid_file) in line
        return int(written) if ours else None

    def start(self) -> None:
        """Run it unless it runs; returns when it answers."""
        if self.pid is not None:
            return
        words = (program_path(self.program), "-d", "-p", str(self.pid_file), *self.arguments)
        done = subprocess.run(
            self.account.command(*words),
            env=self.environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,  # Ctrl-C in the terminal is for the demo, not for its nodes
        )
        if not processes.wait_until(lambda: self.pid is not None, seconds=5):
            raise DemoProblem(f"{self.program} did not start: {done.stderr.strip() or done.returncode}")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it runs."""
        if (pid := self.pid) is not None:
            processes.send(pid, number)

    def stop(self) -> None:
        """End it, also when it is frozen. Returns when it is gone."""
        if (pid := self.pid) is not None:
            processes.send(pid, signal.SIGCONT)
            processes.end(pid)
