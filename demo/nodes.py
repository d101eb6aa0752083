"""A real libvirt node on this machine, without root: one unprivileged libvirtd with its virtlogd."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import libvirt

from demo import processes
from demo.account import Account, nodes_account
from demo.daemons import Daemon
from demo.node_files import NodeFiles
from demo.places import reachable
from demo.pools import ensure_pool

# libvirt's Python module writes every error to the terminal, besides raising it.
libvirt.registerErrorHandler(lambda _context, _error: None, None)


class LocalNode:
    """One node. Its guests live on while libvirtd is killed or frozen, as they do on a real one."""

    def __init__(
        self,
        name: str,
        directory: Path,
        *,
        shared: Path | None = None,
        backups: Path | None = None,
        account: Account | None = None,
    ) -> None:
        """Nothing is started. All data of the node is below `directory`, or where its account can get to. shared,
        backups: folders that other nodes have, too."""
        self.name = name
        self.account = account or nodes_account()
        self.directory = reachable(directory, self.account)
        self.shared = shared
        self.backups = backups
        self.files = NodeFiles(self.directory, self.account)
        self._virtlogd = self._daemon("virtlogd")
        self._libvirtd = self._daemon("libvirtd", "-f", str(self.files.libvirtd_conf))

    @property
    def socket(self) -> Path:
        """Where libvirtd listens."""
        return self.files.runtime / "libvirt" / "libvirt-sock"

    @property
    def uri(self) -> str:
        """How libvirt's clients reach it."""
        return f"qemu+unix:///session?socket={self.socket}"

    @property
    def images(self) -> Path:
        """The directory of its own pool `images`, writable for its guests."""
        return self.files.images

    @property
    def log_directory(self) -> Path:
        """Where QEMU's log files are, one for each guest: `<name>.log`."""
        return self.files.guest_logs

    @property
    def running(self) -> bool:
        """Is libvirtd there? Also true for a frozen one."""
        return self._libvirtd.pid is not None

    @property
    def daemon_pid(self) -> int | None:
        """libvirtd's process."""
        return self._libvirtd.pid

    def start(self) -> None:
        """Start it, or take over the one that runs; it answers afterwards, with its pools."""
        if self.files.are_new:
            self._forget_an_earlier_one()
        self.files.prepare()
        self._virtlogd.start()
        self.thaw()
        self._libvirtd.start()
        with self.connected() as connection:
            ensure_pool(connection, "images", self.images)
            for name, folder in (("shared", self.shared), ("backups", self.backups)):
                if folder is not None:
                    ensure_pool(connection, name, self.account.make_directory(folder))

    def stop(self) -> None:
        """Power every guest off, then end the node. No process of it is left."""
        self.thaw()
        if self.running:
            with suppress(libvirt.libvirtError):
                self.power_guests_off()
        for pid in self.guest_processes():
            processes.end(pid)
        self._libvirtd.stop()
        self._virtlogd.stop()

    def remove(self) -> None:
        """Stop it, and remove all that it has on this machine but the shared directories."""
        self.stop()
        for directory in (self.files.short, self.directory):
            shutil.rmtree(directory, ignore_errors=True)

    def kill_daemon(self) -> None:
        """Let libvirtd die at once, as the kernel would. Its guests run on."""
        pid = self._libvirtd.pid
        self._libvirtd.signal(signal.SIGKILL)
        processes.wait_until(lambda: pid is None or not processes.command_line(pid), seconds=5)

    def restart_daemon(self) -> None:
        """libvirtd ends and starts again, with the same guests. Starts it, too, if it was dead."""
        self._libvirtd.stop()
        self.start()

    def freeze(self) -> None:
        """libvirtd accepts connections from now on and never answers."""
        pid = self._libvirtd.pid
        self._libvirtd.signal(signal.SIGSTOP)
        processes.wait_until(lambda: pid is None or processes.is_stopped(pid), seconds=5)

    def thaw(self) -> None:
        """The end of `freeze`."""
        self._libvirtd.signal(signal.SIGCONT)

    @contextmanager
    def connected(self) -> Iterator[libvirt.virConnect]:
        """A connection of its own for the length of the block. Waits as long as the node is frozen."""
        connection = libvirt.open(self.uri)
        try:
            yield connection
        finally:
            connection.close()

    def processes(self) -> list[int]:
        """All processes of this node: guests, libvirtd, virtlogd."""
        daemons = [pid for pid in (self._libvirtd.pid, self._virtlogd.pid) if pid is not None]
        return [*self.guest_processes(), *daemons]

    def guest_processes(self) -> list[int]:
        """The QEMU processes of its guests, known by the node's own directory in their command line."""
        mark = f"{self.files.short}/"
        return [
            pid
            for pid, line in processes.all_command_lines()
            if Path(line[0]).name.startswith("qemu-system") and any(mark in word for word in line)
        ]

    def power_guests_off(self) -> None:
        """End all its guests at once, as if somebody pulled their plugs."""
        with self.connected() as connection, ThreadPoolExecutor(8) as workers:
            active = connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)
            list(workers.map(_power_off, active))

    def _forget_an_earlier_one(self) -> None:
        """Somebody removed the data, but not what ran on it and what libvirt remembers below /tmp."""
        self.stop()
        shutil.rmtree(self.files.short, ignore_errors=True)

    def _daemon(self, program: str, *arguments: str) -> Daemon:
        pid_file = self.files.runtime / f"{program}.pid"
        return Daemon(program, arguments, pid_file, self.files.environment, self.account)


def _power_off(guest: libvirt.virDomain) -> None:
    with suppress(libvirt.libvirtError):  # it may have ended by itself meanwhile
        guest.destroy()
