"""People who ask for backups while the panel runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.landscape import backup_folder
from tests.clerks import Clerk, clerk_of
from tests.stack import Stack, wait_until


@dataclass(frozen=True)
class Desk:
    """Where an administrator sits. folder: in which her backups are."""

    stack: Stack
    folder: Path
    clerk: Clerk

    def ask(self, what: str, **wish: Any) -> int:
        """The key of what the panel has made of it. what, wish: see tests.faults.ask_backup. `Refused`."""
        return int(self.clerk.ask(what, **{"folder": str(self.folder), **wish}))


@contextmanager
def desk_of(stack: Stack) -> Iterator[Desk]:
    """As soon as the demo has a place for backups."""
    assert wait_until((stack.data / "target-added").exists, seconds=20)
    with clerk_of(stack.data, "tests.faults.ask_backup") as clerk:
        yield Desk(stack, backup_folder(stack.data), clerk)
