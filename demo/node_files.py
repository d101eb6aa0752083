"""The directories and configuration files of one node."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5

from demo.account import Account
from demo.places import key_of, make_short_directory, short_path

# Each node has its own ports, so that two of them do not race for the same one.
PORTS_PER_NODE = 64
FIRST_DISPLAY_PORT = 5900
FIRST_MIGRATION_PORT = 49152
BLOCKS = 240


@dataclass(frozen=True)
class NodeFiles:
    """What a node has on disk: everything below `directory`, only sockets and pid files below `short`."""

    directory: Path
    account: Account

    @property
    def short(self) -> Path:
        return short_path(self.directory)

    @property
    def runtime(self) -> Path:
        return self.short / "r"

    @property
    def images(self) -> Path:
        return self.directory / "images"

    @property
    def guest_logs(self) -> Path:
        return self.directory / "cache" / "libvirt" / "qemu" / "log"

    @property
    def libvirtd_conf(self) -> Path:
        return self.directory / "config" / "libvirt" / "libvirtd.conf"

    @property
    def are_new(self) -> bool:
        """Has there never been a node with this data?"""
        return not self.libvirtd_conf.exists()

    @property
    def host_uuid(self) -> UUID:
        """Two nodes of one machine must not look like the same one."""
        return uuid5(NAMESPACE_URL, str(self.directory.resolve()))

    @property
    def environment(self) -> dict[str, str]:
        """What virtlogd and libvirtd are told. QEMU's sockets are below the first: that is why it is short."""
        return {
            "XDG_CONFIG_HOME": str(self.short / "c"),
            "XDG_CACHE_HOME": str(self.short / "k"),
            "XDG_DATA_HOME": str(self.short / "d"),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "HOME": str(self.short),
            "LC_ALL": "C.UTF-8",  # names of VMs may be in any script
            "PATH": os.pathsep.join(["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]),
        }

    def prepare(self) -> None:
        """Everything a node needs before its first process starts; harmless when it is there."""
        make_short_directory(self.directory, self.account)
        self.account.make_directory(self.directory)
        self.account.run("chmod", "u=rwx,go=", self.directory)
        kept = [self.directory / name for name in ("config", "cache", "share")]
        self.account.run("mkdir", "-p", self.runtime, self.images, *(place / "libvirt" for place in kept))
        for letter, place in zip("ckd", kept, strict=True):
            self.account.run("ln", "-sfn", place.resolve(), self.short / letter)
        self._write(self.libvirtd_conf, self._libvirtd_settings())
        self._write(self.libvirtd_conf.with_name("qemu.conf"), self._qemu_settings())

    def _write(self, path: Path, text: str) -> None:
        self.account.run("tee", path, given=text)

    def _libvirtd_settings(self) -> str:
        return "\n".join(
            [
                f'host_uuid = "{self.host_uuid}"',
                'auth_unix_rw = "none"',
                "max_client_requests = 32",
                "min_workers = 4",
                "max_workers = 32",
                f'log_outputs = "3:file:{self.directory}/cache/libvirt/libvirtd.log"',
                "",
            ]
        )

    def _qemu_settings(self) -> str:
        block = int(key_of(self.directory), 16) % BLOCKS * PORTS_PER_NODE
        display, migration = FIRST_DISPLAY_PORT + block, FIRST_MIGRATION_PORT + block
        return "\n".join(
            [
                'security_driver = "none"',
                'vnc_listen = "127.0.0.1"',
                f"remote_display_port_min = {display}",
                f"remote_display_port_max = {display + PORTS_PER_NODE - 1}",
                f"migration_port_min = {migration}",
                f"migration_port_max = {migration + PORTS_PER_NODE - 1}",
                "",
            ]
        )
