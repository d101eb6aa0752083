"""Writing an initial RAM disk: a gzip'd cpio archive, the same bytes for the same contents."""

from __future__ import annotations

import gzip
import stat
from dataclasses import dataclass, field
from pathlib import Path

HEADER = "070701" + "{:08X}" * 13
END = "TRAILER!!!"


@dataclass
class Archive:
    """Files, links and directories, all owned by root; nobody has to be root to write them."""

    _parts: list[bytes] = field(default_factory=list)
    _directories: set[str] = field(default_factory=set)

    def add_file(self, path: str, contents: bytes, *, executable: bool = False) -> None:
        """A regular file; the directories above it are added."""
        self._add(path, stat.S_IFREG | (0o755 if executable else 0o644), contents)

    def add_link(self, path: str, target: str) -> None:
        """A symbolic link."""
        self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def add_directory(self, path: str) -> None:
        """A directory and those above it, once."""
        if path and path not in self._directories:
            self._directories.add(path)
            self._add(path, stat.S_IFDIR | 0o755, b"")

    def write(self, target: Path) -> None:
        """The finished archive. Nothing can be added afterwards."""
        self._append(END, 0, b"")
        target.write_bytes(gzip.compress(b"".join(self._parts), compresslevel=6, mtime=0))

    def _add(self, path: str, mode: int, contents: bytes) -> None:
        self.add_directory(path.rpartition("/")[0])
        self._append(path, mode, contents)

    def _append(self, path: str, mode: int, contents: bytes) -> None:
        name = path.encode() + b"\0"
        serial, links = len(self._parts), 1
        numbers = (serial, mode, 0, 0, links, 0, len(contents), 0, 0, 0, 0, len(name), 0)
        self._parts.append(_padded(HEADER.format(*numbers).encode() + name) + _padded(contents))


def _padded(part: bytes) -> bytes:
    return part + b"\0" * (-len(part) % 4)
