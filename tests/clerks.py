"""Clerks ask the running panel for something as its pages do, each in a process of its own that belongs to it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.panel import panel_environment
from demo.settings import ROOT, Settings


class Refused(AssertionError):
    """The panel did not promise what was asked for."""


@dataclass(frozen=True)
class Clerk:
    _process: subprocess.Popen[str]

    def ask(self, what: str, **wish: Any) -> Any:
        """What the panel has made of it. what, wish: see the clerk's module. `Refused`."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"asks": what, **wish}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"{what} broke: its reason is above"
        answer = json.loads(line)
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer["made"]


@contextmanager
def clerk_of(data: Path, module: str) -> Iterator[Clerk]:
    """data: where the panel's data is. module: what the clerk knows, see tests.serving."""
    with subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env=panel_environment(Settings.from_environment({"PANEL_DATA": str(data)})),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Clerk(process)
        assert process.stdin is not None
        process.stdin.close()
