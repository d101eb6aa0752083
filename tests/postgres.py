"""A PostgreSQL of our own for one run of the tests: made, run on a socket in a short directory, and removed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

UNPRIVILEGED = ("postgres", "nobody")
NO_SAFETY = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60"
NO_PATIENCE = "-c lock_timeout=30s -c statement_timeout=60s -c idle_in_transaction_session_timeout=120s"
"""Who waits for a lock that nobody gives back fails, with the statement in the error, before the test is ended."""


class NoPostgres(Exception):
    """It is not installed, or does not start."""


@contextmanager
def postgres() -> Iterator[str]:
    """The value for DATABASE_URL."""
    directory = Path(tempfile.mkdtemp(prefix="sp-pg-"))
    account = _account()
    try:
        if account is not None:
            shutil.chown(directory, account)
        data = directory / "data"
        _run(account, _program("initdb"), "-D", data, "-U", "panel", "-A", "trust", "-E", "UTF8", "--no-sync")
        _run(account, _program("pg_ctl"), "-D", data, "-w", "-l", directory / "log", "-o", _options(directory), "start")
        try:
            yield f"postgresql://panel@/postgres?host={quote(str(directory), safe='')}"
        finally:
            _run(account, _program("pg_ctl"), "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _options(directory: Path) -> str:
    return f"-c listen_addresses='' -c unix_socket_directories={directory} {NO_SAFETY} {NO_PATIENCE}"


def _program(name: str) -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    installed = shutil.which(name)
    if not found and installed is None:
        raise NoPostgres(f"{name} is not installed: deploy/install-packages.sh test")
    return found[-1] if found else Path(str(installed))


def _account() -> str | None:
    """PostgreSQL refuses to be root's. None: whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in UNPRIVILEGED if name in known)


def _run(account: str | None, *words: object) -> None:
    as_account = (
        []
        if account is None
        else ["setpriv", f"--reuid={account}", f"--regid={_group(account)}", "--clear-groups", "--"]
    )
    command = [*as_account, *map(str, words)]
    # Its output goes to a file: the server would keep a pipe open.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
        output.seek(0)
        if done.returncode:
            raise NoPostgres(output.read().decode(errors="replace"))


def _group(account: str) -> int:
    return pwd.getpwnam(account).pw_gid
