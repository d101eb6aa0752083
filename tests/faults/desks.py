"""People who ask for backups while the panel runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.landscape import backup_folder
from demo.panel import panel_environment
from demo.settings import ROOT, Settings
from tests.stack import Stack, wait_until


class Refused(AssertionError):
    """The panel did not promise what was asked for."""


@dataclass(frozen=True)
class Desk:
    """Where an administrator sits. folder: in which her backups are."""

    stack: Stack
    folder: Path
    _clerk: subprocess.Popen[str]

    def ask(self, what: str, **wish: Any) -> int:
        """The key of what the panel has made of it. what, wish: see tests.faults.ask_backup. `Refused`."""
        assert self._clerk.stdin is not None and self._clerk.stdout is not None
        self._clerk.stdin.write(json.dumps({"asks": what, "folder": str(self.folder), **wish}) + "\n")
        self._clerk.stdin.flush()
        line = self._clerk.stdout.readline()
        assert line, f"{what} broke: its reason is above"
        answer = json.loads(line)
        if "refused" in answer:
            raise Refused(answer["refused"])
        return int(answer["made"])


@contextmanager
def desk_of(stack: Stack) -> Iterator[Desk]:
    """As soon as the demo has a place for backups."""
    assert wait_until((stack.data / "target-added").exists, seconds=20)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.ask_backup"],
        cwd=ROOT,
        env=panel_environment(Settings.from_environment({"PANEL_DATA": str(stack.data)})),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as clerk:
        yield Desk(stack, backup_folder(stack.data), clerk)
        assert clerk.stdin is not None
        clerk.stdin.close()
