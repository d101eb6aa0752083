"""A slapd of our own, with a certificate of our own authority: run, changed, frozen, ended."""

from __future__ import annotations

import base64
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ldap
import ldap.modlist

from demo import processes
from demo.account import nodes_account
from demo.places import make_short_directory
from demo.slapd import SCHEMAS, USUAL, Slapd

SUFFIX = "dc=example,dc=org"
PEOPLE, GROUPS = f"ou=people,{SUFFIX}", f"ou=groups,{SUFFIX}"
SERVICE, SERVICE_PASSWORD = f"cn=panel,{SUFFIX}", "service password"
PASSWORD = "correct horse"
ROOT_PASSWORD = "root password"
NAMED, NOT_NAMED = "127.0.0.1", "localhost"
"""What is in the certificate, and what leads to the same machine and is not."""

ACTIVE_DIRECTORY = Path(__file__).with_name("active_directory.schema")

Values = dict[str, list[str]]


@dataclass
class RunningSlapd:
    """One that runs."""

    slapd: Slapd
    ca: Path
    port: int
    tls_port: int
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        self._process = subprocess.Popen(
            self.slapd.account.command("setpriv", "--pdeathsig", "KILL", "--", *self.slapd.command()),
            stdin=subprocess.DEVNULL,
        )
        self.slapd.wait()

    def stop(self) -> None:
        if self._process is not None:
            self.thaw()
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def freeze(self) -> None:
        assert self._process is not None
        pid = self._process.pid
        self._process.send_signal(signal.SIGSTOP)
        assert processes.wait_until(lambda: processes.is_stopped(pid), seconds=5)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    # --- what is in it ----------------------------------------------------------------------------
    def add(self, dn: str, values: Values, **in_bytes: bytes) -> None:
        self._as_root("add_s", dn, ldap.modlist.addModlist(_encoded(values) | {k: [v] for k, v in in_bytes.items()}))

    def delete(self, dn: str) -> None:
        self._as_root("delete_s", dn)

    def rename(self, dn: str, first_part: str) -> None:
        self._as_root("rename_s", dn, first_part)

    def change(self, dn: str, attribute: str, *values: str) -> None:
        """To these values and no others."""
        self._as_root("modify_s", dn, [(ldap.MOD_REPLACE, attribute, [value.encode() for value in values] or None)])

    def _as_root(self, what: str, *words: Any) -> None:
        connection = ldap.initialize(self.slapd.uri)
        connection.simple_bind_s(self.slapd.administrator, ROOT_PASSWORD)
        getattr(connection, what)(*words)
        connection.unbind_s()


def person(name: str, **more: str | list[str]) -> Values:
    """The values of somebody with the password PASSWORD; an empty list takes one away."""
    usual: dict[str, str | list[str]] = {
        "objectClass": ["inetOrgPerson"],
        "uid": name,
        "cn": name.title(),
        "sn": name.title(),
        "mail": f"{name}@example.org",
        "userPassword": PASSWORD,
    }
    given = {key: [value] if isinstance(value, str) else value for key, value in (usual | more).items()}
    return {key: values for key, values in given.items() if values}


def group(name: str, *members: str, kind: str = "groupOfNames", by: str = "member", **more: str) -> Values:
    return {"objectClass": [kind], "cn": [name], by: list(members), **{key: [value] for key, value in more.items()}}


def dn_of(name: str) -> str:
    return f"uid={name},{PEOPLE}"


def group_dn(name: str) -> str:
    return f"cn={name},{GROUPS}"


@contextmanager
def running(folder: Path, certificates: Path, entries: dict[str, Values]) -> Iterator[RunningSlapd]:
    """Nothing is left of it afterwards but the folder. Binding without TLS is refused."""
    account = nodes_account()
    home = make_short_directory(folder, account)
    for file in (*(certificates / name for name in CERTIFICATES.values()), ACTIVE_DIRECTORY):
        account.run("tee", home / file.name, given=file.read_text())
    port, tls_port = free_port(), free_port()
    slapd = _slapd(home, f"ldap://127.0.0.1:{port} ldaps://127.0.0.1:{tls_port}")
    slapd.load(as_ldif(FIRST | entries))
    one = RunningSlapd(slapd, certificates / "ca.pem", port, tls_port)
    try:
        one.start()
        yield one
    finally:
        one.stop()
        shutil.rmtree(home)


def _slapd(home: Path, url: str) -> Slapd:
    tls = (f"TLS{what} {home}/{file}" for what, file in CERTIFICATES.items())
    return Slapd(
        home,
        home / "ldap.sock",
        nodes_account(),
        SUFFIX,
        url=url,
        before=(*tls, "localSSF 256", "security simple_bind=128"),
        inside=(
            f'rootpw "{ROOT_PASSWORD}"',
            "access to attrs=userPassword by anonymous auth by * none",
            "access to * by users read by * none",
        ),
        schemas=(*(SCHEMAS / f"{name}.schema" for name in USUAL), home / ACTIVE_DIRECTORY.name),
    )


CERTIFICATES = {
    "CACertificateFile": "ca.pem",
    "CertificateFile": "server.pem",
    "CertificateKeyFile": "server.key",
}
FIRST: dict[str, Values] = {
    SUFFIX: {"objectClass": ["top", "dcObject", "organization"], "dc": ["example"], "o": ["Example"]},
    PEOPLE: {"objectClass": ["organizationalUnit"], "ou": ["people"]},
    GROUPS: {"objectClass": ["organizationalUnit"], "ou": ["groups"]},
    SERVICE: {
        "objectClass": ["organizationalRole", "simpleSecurityObject"],
        "cn": ["panel"],
        "userPassword": [SERVICE_PASSWORD],
    },
}


def as_ldif(entries: dict[str, Values]) -> str:
    def lines(dn: str, values: Values) -> Iterator[str]:
        yield from _lines("dn", dn)
        for name, several in values.items():
            for value in several:
                yield from _lines(name, value)
        yield ""

    return "\n".join(line for dn, values in entries.items() for line in lines(dn, values))


def _lines(name: str, value: str) -> Iterator[str]:
    yield f"{name}:: {base64.b64encode(value.encode()).decode()}"


def _encoded(values: Values) -> dict[str, list[bytes]]:
    return {name: [value.encode() for value in several] for name, several in values.items()}


NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def make_authority(folder: Path, name: str) -> Path:
    """A file with the certificate of a new authority."""
    _openssl(
        folder,
        *("req", "-x509", *NEW_KEY, "-days", "2", "-subj", f"/CN={name}"),
        *("-keyout", f"{name}.key", "-out", f"{name}.pem"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )
    return folder / f"{name}.pem"


def make_certificates(folder: Path) -> None:
    """Of a new authority, and signed by it the server's, for NAMED only."""
    make_authority(folder, "ca")
    _openssl(
        folder,
        *("req", *NEW_KEY, "-subj", f"/CN={NAMED}"),
        *("-keyout", "server.key", "-out", "server.csr"),
    )
    (folder / "names").write_text(f"subjectAltName=IP:{NAMED}\nbasicConstraints=CA:FALSE\n")
    _openssl(
        folder,
        *("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"),
        *("-days", "2", "-extfile", "names", "-out", "server.pem"),
    )


def _openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])
