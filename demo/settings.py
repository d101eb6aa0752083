"""What the person at the terminal may choose, by environment variables."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.account import make_directory
from demo.problems import DemoProblem

ROOT = Path(__file__).resolve().parent.parent
HIGHEST_PORT = 65535


@dataclass(frozen=True)
class Settings:
    """All of them, checked."""

    data: Path
    port: int = 8000
    bind: str = "127.0.0.1"
    given_password: str | None = None
    redis_url: str | None = None
    with_pools: bool = True

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read them; a wrong value is a `DemoProblem` that names itself."""
        return cls(
            data=Path(environment.get("PANEL_DATA") or ROOT / "var").resolve(),
            port=_port(environment.get("PANEL_PORT") or "8000"),
            bind=environment.get("PANEL_BIND") or "127.0.0.1",
            given_password=environment.get("DEMO_PASSWORD") or None,
            redis_url=environment.get("REDIS_URL") or None,
            with_pools=environment.get("DEMO_POOLS") != "no",
        )

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the panel."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.bind, self.bind)
        return f"http://{host}:{self.port}"

    def prepare(self) -> None:
        """Make the data directory; a `DemoProblem` when it belongs to somebody else."""
        try:
            make_directory(self.data)
        except OSError as error:
            raise DemoProblem(f"PANEL_DATA {self.data} cannot be made: {error.strerror}") from error
        if not os.access(self.data, os.W_OK | os.X_OK) or self.data.stat().st_uid != os.geteuid():
            raise DemoProblem(f"PANEL_DATA {self.data} belongs to another account: choose another, or run as that one.")

    def password(self) -> str:
        """The given one; else one that was made up once and is kept, readable by its owner only."""
        kept = self.data / "demo-password"
        if self.given_password:
            return self.given_password
        if not kept.exists():
            descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(9))
        return kept.read_text().strip()


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= HIGHEST_PORT):
        raise DemoProblem(f"PANEL_PORT must be a number from 1 to {HIGHEST_PORT}, not {text!r}.")
    return int(text)
