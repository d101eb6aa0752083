"""A real LDAP directory on this machine, without root: one slapd with its entries in files below a directory."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from demo import processes
from demo.account import Account
from demo.daemons import program_path
from demo.problems import DemoProblem

SCHEMAS = Path("/etc/ldap/schema")
USUAL = ("core", "cosine", "inetorgperson", "nis")
# Debian builds the database in a module, others build it in.
MODULE = Path("/usr/lib/ldap/back_mdb.so")
BIGGEST = 256 * 1024 * 1024
# What is asked for: by a login, and by somebody who types a part of a name.
INDEXES = ("objectClass,entryUUID,member,memberUid eq", "uid,cn,mail eq,sub")


@dataclass(frozen=True)
class Slapd:
    """One directory. settings: more lines of slapd.conf, before and inside its database; url: where else it listens."""

    directory: Path
    socket: Path
    account: Account
    suffix: str
    url: str = ""
    before: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    schemas: tuple[Path, ...] = field(default_factory=lambda: tuple(SCHEMAS / f"{name}.schema" for name in USUAL))

    @property
    def uri(self) -> str:
        """How clients on this machine reach it."""
        return f"ldapi://{quote(str(self.socket), safe='')}"

    @property
    def administrator(self) -> str:
        """Who may change everything, once `inside` gives a rootpw."""
        return f"cn=root,{self.suffix}"

    def command(self) -> list[str]:
        """What runs it in the foreground."""
        urls = f"{self.uri} {self.url}".strip()
        return [str(self._program), "-d", "0", "-h", urls, "-f", str(self._configuration)]

    def load(self, ldif: str) -> None:
        """These entries and no others. It must not run."""
        self._prepare()
        self.account.run("find", self._entries, "-mindepth", "1", "-delete")
        self.account.run(self._program, "-T", "add", "-q", "-f", self._configuration, given=ldif)

    def wait(self) -> None:
        """Return when it answers."""
        if not processes.wait_until(self._listens, seconds=20):
            raise DemoProblem("slapd does not answer; see log/directory.log in PANEL_DATA.")

    @property
    def _program(self) -> Path:
        return self.directory / "slapd"

    @property
    def _configuration(self) -> Path:
        return self.directory / "slapd.conf"

    @property
    def _entries(self) -> Path:
        return self.directory / "entries"

    def _prepare(self) -> None:
        """A copy of the program is run: on Ubuntu AppArmor lets the installed one read its own directories only."""
        for directory in (self.directory, self._entries):
            self.account.make_directory(directory)
        if not self._program.exists():
            self.account.run("cp", program_path("slapd"), self._program)
        self.account.run("tee", self._configuration, given="\n".join(self._lines()) + "\n")

    def _lines(self) -> list[str]:
        return [
            *(f"include {schema}" for schema in self.schemas),
            *([f"moduleload {MODULE}"] if MODULE.exists() else []),
            *self.before,
            "database mdb",
            f"maxsize {BIGGEST}",
            f'suffix "{self.suffix}"',
            f"directory {self._entries}",
            "dbnosync",
            f'rootdn "{self.administrator}"',
            *(f"index {attributes}" for attributes in INDEXES),
            *self.inside,
        ]

    def _listens(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.socket))
            return True
        return False
