"""Where things are kept: data below the given directory, sockets in a short one.

The path of a Unix socket may have 107 bytes, less than many a home directory needs.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from demo.account import Account, make_directory
from demo.problems import DemoProblem
from demo.talking import say

# Anybody may write there, so what is found below is looked at before it is used.
SHORT = Path("/tmp")
ELSEWHERE = Path("/var/lib/stoney-panel-demo")
NOTE = "kept-elsewhere"


def key_of(directory: Path) -> str:
    """Eight characters that stand for this directory."""
    return hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:8]


def short_path(directory: Path) -> Path:
    """Where the sockets of what lives in `directory` are; not made yet."""
    return SHORT / f"sp-{key_of(directory)}"


def make_short_directory(directory: Path, account: Account) -> Path:
    """A directory for sockets that only `account` and root can enter."""
    short = short_path(directory)
    if not short.exists():
        account.make_directory(short)
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o077:
        raise DemoProblem(f"{short} is in the way: it is not a directory of {account.name} alone.")
    return short


def reachable(directory: Path, account: Account) -> Path:
    """`directory`; or, when `account` cannot enter it, where its contents are kept instead."""
    note = directory / NOTE
    if not note.exists():
        make_directory(directory)
        if account.reaches(directory):
            return directory
        note.write_text(str(ELSEWHERE / key_of(directory) / directory.name))
        say(f"{account.name}, who runs the nodes, may not enter {directory}: kept in {note.read_text()}")
    return make_directory(Path(note.read_text().strip()))


def kept_elsewhere(directory: Path) -> Path | None:
    """Where the contents of `directory` are, when that is not here."""
    note = directory / NOTE
    return Path(note.read_text().strip()) if note.exists() else None


def own_account() -> Account:
    """Who runs this program, root or not: the panel's own sockets are his."""
    return Account(str(os.geteuid()), os.geteuid(), os.getegid())
