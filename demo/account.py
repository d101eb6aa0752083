"""Whom the nodes run as.

A libvirtd of root is the machine's own, privileged one. So a caller who is root has the nodes run as "nobody";
any other caller has them run as himself.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from demo.problems import DemoProblem

UNPRIVILEGED = "nobody"


@dataclass(frozen=True)
class Account:
    """An account of this machine that is not root."""

    name: str
    uid: int
    gid: int

    @property
    def is_caller(self) -> bool:
        """Is it the account that runs this program?"""
        return self.uid == os.geteuid()

    def command(self, *words: str | Path) -> list[str]:
        """The command that runs `words` as this account."""
        plain = [str(word) for word in words]
        if self.is_caller:
            return plain
        return ["setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups", "--", *plain]

    def run(self, *words: str | Path, given: str = "") -> None:
        """Run `words` as this account, with `given` as its input. Its directories are written in no other way:
        root would follow any link that the account puts there."""
        done = subprocess.run(self.command(*words), input=given, text=True, check=False, capture_output=True)
        if done.returncode:
            raise DemoProblem(f"{done.stderr.strip()} (as {self.name})")

    def reaches(self, directory: Path) -> bool:
        """May the account go into the directory, through all that is above it?"""
        asked = self.command("test", "-x", directory)
        return subprocess.run(asked, check=False).returncode == 0

    def make_directory(self, directory: Path, *, mode: int = 0o700) -> Path:
        """The directory, made when missing, owned by this account whatever the umask is."""
        make_directory(directory, mode=mode)
        if not self.is_caller:
            os.chown(directory, self.uid, self.gid)
        return directory


def make_directory(directory: Path, *, mode: int = 0o755) -> Path:
    """The directory and all above it, with `mode` where they are made, whatever the umask is."""
    if not directory.is_dir():
        make_directory(directory.parent)
        directory.mkdir(exist_ok=True)
        directory.chmod(mode)
    return directory


def nodes_account() -> Account:
    """Whom the nodes of this caller run as."""
    entry = pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
