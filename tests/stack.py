"""The whole demo, as `make demo` starts it, in a directory of its own: nodes, broker, web, worker, watcher, clock."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from uuid import UUID, uuid4

import libvirt
import pytest

from demo import processes
from demo.account import nodes_account
from demo.guest import built_guest
from demo.landscape import Landscape
from demo.nodes import LocalNode
from demo.places import reachable, short_path
from demo.settings import ROOT
from tests.nodes import KEEP_NOTHING, define, tiny_machine_xml

PASSWORD = "a-password-for-tests"
SHUTDOWN_TIME_LIMIT = 8
GUEST_TIME_LIMIT = 20
NODE_PATIENCE = 60
STARTS_WITHIN = 150
# A word of the command line that only this process has.
MARK = {
    "web": ("serve",),
    "worker": ("worker",),
    "watcher": ("watch_nodes",),
    "clock": ("beat",),
    "redis": ("valkey-server", "redis-server"),
}
FOREIGN = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "PANEL_HTTPS", "PANEL_MODE")


def wait_until(happened: Callable[[], bool], *, seconds: float) -> bool:
    """Ask until the answer is yes, but no longer than `seconds` of the clock; the last answer."""
    deadline = time.monotonic() + seconds
    while not (answer := happened()) and time.monotonic() < deadline:
        processes.pause(0.05)
    return answer


@dataclass
class Stack:
    """A demo that runs. What a test kills, the demo starts again; what a test freezes, it must thaw."""

    data: Path
    port: int
    user: str = "admin"
    password: str = PASSWORD
    _demo: subprocess.Popen[bytes] | None = None
    _nodes: list[LocalNode] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def alpha(self) -> LocalNode:
        return self._nodes[0]

    @property
    def beta(self) -> LocalNode:
        return self._nodes[1]

    @property
    def database(self) -> Path:
        return self.data / "panel.sqlite3"

    def forget_the_gone(self) -> None:
        """Machines that earlier tests made would fill the first page of every list, and keep their names."""
        with closing(sqlite3.connect(self.database, timeout=20)) as database, database:
            database.execute(
                "UPDATE vms_vm SET deleted_at = CURRENT_TIMESTAMP, claimed_name = NULL, link = ''"
                " WHERE gone_at IS NOT NULL AND deleted_at IS NULL"
            )

    # --- its processes ----------------------------------------------------------------------------
    def start(self) -> None:
        """Returns when every part says that it is well."""
        guest = built_guest(reachable(ROOT / "var" / "guest", nodes_account()))
        shutil.copytree(guest.kernel.parent, self.data / "guest")
        with (self.data / "demo.log").open("wb") as log:
            # A killed test run takes the demo with it: SIGTERM lets it end in order.
            words = ["setpriv", "--pdeathsig", "TERM", "--", sys.executable, "-m", "demo", "up"]
            self._demo = subprocess.Popen(
                words, cwd=ROOT, env=self._environment(), stdout=log, stderr=log, start_new_session=True
            )
        assert wait_until(lambda: self.is_well() or self._has_died(), seconds=STARTS_WITHIN), self._last_words()
        assert not self._has_died(), self._last_words()
        self._nodes = Landscape(self.data).nodes

    def end(self) -> None:
        """Nothing of it is left, neither processes nor files. Harmless when it has ended."""
        if self._demo is None:
            return
        for node in self._nodes:
            node.thaw()
            node.power_guests_off() if node.running else None
        self._demo.terminate()
        self._demo.wait(180)
        self._demo = None
        done = subprocess.run(
            [sys.executable, "-m", "demo", "reset"],
            cwd=ROOT,
            env=self._environment(),
            check=False,
            capture_output=True,
            text=True,
        )
        left = [line for _pid, line in processes.all_command_lines() if any(str(self.data) in word for word in line)]
        shutil.rmtree(self.data, ignore_errors=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert not left
        assert not short_path(self.data).exists()

    def pid(self, name: str) -> int | None:
        """The process `name` of MARK, None while it is away."""
        assert self._demo is not None
        for pid, line in processes.all_command_lines():
            if _parent(pid) == self._demo.pid and any(word in MARK[name] for word in _words(line)):
                return pid
        return None

    def signal(self, name: str, number: signal.Signals) -> None:
        pid = self.pid(name)
        assert pid is not None, f"{name} does not run"
        processes.send(pid, number)

    def kill(self, name: str) -> None:
        """kill -9. The demo starts it again after a second, later if it was killed before."""
        pid = self.pid(name)
        self.signal(name, signal.SIGKILL)
        assert wait_until(lambda: self.pid(name) != pid, seconds=5)

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        self.signal(name, signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(name, signal.SIGCONT)

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """Killed, and killed again as often as the demo starts it."""
        over = threading.Event()

        def keep_dead() -> None:
            while not over.wait(0.02):
                if (pid := self.pid(name)) is not None:
                    processes.send(pid, signal.SIGKILL)

        self.kill(name)
        thread = threading.Thread(target=keep_dead, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def health(self) -> tuple[int, str]:
        """The status and the text of /healthz; (0, why) when nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def is_well(self) -> bool:
        return self.health()[0] == 200

    def wait_until_well(self, *, seconds: float = 60) -> None:
        assert wait_until(self.is_well, seconds=seconds), self.health()

    # --- its machines -----------------------------------------------------------------------------
    @contextmanager
    def machine(self, name: str, xml: str = "", *, on: str = "alpha", begins: str = "off") -> Iterator[Machine]:
        """A machine defined behind the panel's back; it is gone at the end, whatever became of it."""
        node = self.alpha if on == "alpha" else self.beta
        uuid = uuid4()
        text = (xml or tiny_machine_xml(name, uuid)).replace("UUID", str(uuid))
        with node.connected() as connection:
            domain = define(connection, text)
            machine = Machine(node, UUID(domain.UUIDString()), name)
            if begins != "off":
                domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED if begins == "paused" else 0)
        try:
            yield machine
        finally:
            node.thaw()
            assert wait_until(lambda: node.running, seconds=20)
            machine.remove()

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        return kept | {
            "PANEL_DATA": str(self.data),
            "PANEL_PORT": str(self.port),
            "DEMO_PASSWORD": self.password,
            "DEMO_POOLS": "no",
            "PANEL_SHUTDOWN_TIME_LIMIT": str(SHUTDOWN_TIME_LIMIT),
            "PANEL_GUEST_TIME_LIMIT": str(GUEST_TIME_LIMIT),
            "PANEL_NODE_PATIENCE": str(NODE_PATIENCE),
            "PANEL_AGENT_CHECK_SECONDS": "2",
        }

    def _has_died(self) -> bool:
        return self._demo is not None and self._demo.poll() is not None

    def _last_words(self) -> str:
        return (self.data / "demo.log").read_text(errors="replace")[-4000:]


@dataclass(frozen=True)
class Machine:
    """A machine as libvirt knows it, asked anew each time over a connection of its own."""

    node: LocalNode
    uuid: UUID
    name: str

    @property
    def state(self) -> int:
        """VIR_DOMAIN_RUNNING and so on; -1 when the node does not know it."""
        with self.node.connected() as connection:
            try:
                return int(connection.lookupByUUIDString(str(self.uuid)).state()[0])
            except libvirt.libvirtError:
                return -1

    @property
    def is_on(self) -> bool:
        return self.state in {libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_BLOCKED}

    @property
    def is_off(self) -> bool:
        return self.state == libvirt.VIR_DOMAIN_SHUTOFF

    def call(self, method: str, *arguments: object) -> None:
        """What virsh would do: create, destroy, suspend, resume, undefine ..."""
        with self.node.connected() as connection:
            getattr(connection.lookupByUUIDString(str(self.uuid)), method)(*arguments)

    def qemu(self) -> int:
        """The QEMU process."""
        found = [pid for pid in self.node.guest_processes() if str(self.uuid) in processes.command_line(pid)]
        assert len(found) == 1
        return found[0]

    def remove(self) -> None:
        with self.node.connected() as connection:
            try:
                domain = connection.lookupByUUIDString(str(self.uuid))
                if domain.isActive():
                    domain.destroy()
                domain.undefineFlags(KEEP_NOTHING)
            except libvirt.libvirtError:
                return


def _words(line: list[str]) -> list[str]:
    """Redis writes its command line anew, as one word with its socket behind it."""
    return [Path(word.split(" ")[0]).name for word in line]


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])
    except OSError:
        return None


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@cache
def _the_only_stack() -> Stack:
    data = Path(tempfile.mkdtemp(prefix="stoney-stack-"))
    data.chmod(0o755)
    return Stack(data, free_port())


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """One for all tests of this process, also when several conftests name this fixture."""
    the_only = _the_only_stack()
    try:
        if not the_only.is_well():
            the_only.start()
        yield the_only
    finally:
        the_only.end()
