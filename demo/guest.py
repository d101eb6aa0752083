"""The tiny guest: a Linux kernel, busybox and the QEMU guest agent, in two files that QEMU boots directly.

It answers the agent, reacts to the ACPI power button within two seconds, shows its log on the serial port and has
a shell on the serial port and on the screen.
"""

from __future__ import annotations

import fcntl
import hashlib
import lzma
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.account import make_directory
from demo.archive import Archive
from demo.daemons import program_path
from demo.packages import PackageSource
from demo.problems import DemoProblem
from demo.talking import say

SOURCES = Path(__file__).parent / "guest_files"
# Where each source file goes in the guest.
PLACES = {
    "inittab": "etc/inittab",
    "rcS": "etc/rcS",
    "profile": "etc/profile",
    "power-off": "bin/power-off",
    "shutdown": "sbin/shutdown",
    "udhcpc": "etc/udhcpc/default.script",
}
# Loaded in this order, each after those it needs. What a kernel has built in is not missed.
MODULES = (
    *("virtio_pci", "virtio_blk", "virtio_console", "virtio_balloon", "virtio_net", "virtio_rng"),
    *("button", "evdev"),
)
EMPTY_DIRECTORIES = ("proc", "sys", "dev", "run", "tmp", "data", "var/run", "var/log", "root")


@dataclass(frozen=True)
class Guest:
    """What QEMU boots."""

    kernel: Path
    initrd: Path


def built_guest(directory: Path) -> Guest:
    """The guest in `directory`, built there when it is missing or its sources have changed since."""
    make_directory(directory.parent)
    with _one_builder_at_a_time(directory):
        if not _is_current(directory):
            _build(directory)
    return Guest(directory / "kernel", directory / "initrd")


@contextmanager
def _one_builder_at_a_time(directory: Path) -> Iterator[None]:
    with directory.with_name(f".{directory.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_current(directory: Path) -> bool:
    stamp = directory / "made-from"
    return stamp.exists() and stamp.read_text() == _fingerprint()


def _fingerprint() -> str:
    texts = [(SOURCES / name).read_text() for name in sorted(PLACES)]
    return hashlib.sha256(repr((texts, PLACES, MODULES, EMPTY_DIRECTORIES)).encode()).hexdigest()


def _build(directory: Path) -> None:
    say("Building the guest, once: fetching a kernel (27 MB) ...")
    with tempfile.TemporaryDirectory(prefix=".guest-", dir=directory.parent) as name:
        work = Path(name)
        unpacked = work / "unpacked"
        source = PackageSource(work)
        source.unpack_kernel(unpacked)
        source.unpack(["qemu-guest-agent"], unpacked)
        _put_in_place(_assembled(work / "finished", unpacked), directory)


def _assembled(finished: Path, unpacked: Path) -> Path:
    make_directory(finished)
    shutil.copyfile(_only(unpacked, "boot/vmlinuz-*"), finished / "kernel")
    _initrd(unpacked).write(finished / "initrd")
    (finished / "made-from").write_text(_fingerprint())
    for path in finished.iterdir():
        path.chmod(0o644)  # the nodes run as another account
    return finished


def _put_in_place(finished: Path, directory: Path) -> None:
    if directory.exists():
        directory.rename(finished.with_name("outdated"))
    finished.rename(directory)


def _initrd(unpacked: Path) -> Archive:
    archive = Archive()
    for directory in EMPTY_DIRECTORIES:
        archive.add_directory(directory)
    _add_busybox(archive)
    for name, place in PLACES.items():
        archive.add_file(place, (SOURCES / name).read_bytes(), executable=True)
    for number, module in enumerate(_modules(unpacked)):
        archive.add_file(f"lib/modules/{number:02}-{_module_name(module)}.ko", _plain(module))
    archive.add_link("etc/acpi/PWRF/00000080", "/bin/power-off")  # where busybox's acpid looks for the power button
    _add_with_libraries(archive, _only(unpacked, "usr/sbin/qemu-ga"))
    return archive


def _add_busybox(archive: Archive) -> None:
    busybox = Path(program_path("busybox"))
    archive.add_file("bin/busybox", busybox.read_bytes(), executable=True)
    archive.add_link("init", "bin/busybox")
    for applet in _lines([str(busybox), "--list"]):
        if applet not in ("busybox", "init", "shutdown"):
            archive.add_link(f"bin/{applet}", "busybox")
    archive.add_link("sbin/init", "../bin/busybox")


def _add_with_libraries(archive: Archive, program: Path) -> None:
    """Put a program into the archive with the shared libraries of this machine that it needs."""
    archive.add_file(f"bin/{program.name}", program.read_bytes(), executable=True)
    for line in _lines(["ldd", str(program)]):
        if "not found" in line:
            raise DemoProblem(f"{program.name} needs a library that is not installed: {line}")
        if found := re.search(r"(/\S+) \(0x", line):
            archive.add_file(found[1].lstrip("/"), Path(found[1]).read_bytes(), executable=True)


def _modules(unpacked: Path) -> list[Path]:
    known = {_module_name(path): path for path in sorted(unpacked.glob("**/*.ko*"))}
    ordered: dict[str, Path] = {}
    for name in MODULES:
        _collect(name, known, ordered)
    return list(ordered.values())


def _collect(name: str, known: dict[str, Path], ordered: dict[str, Path]) -> None:
    if name not in known or name in ordered:
        return
    for needed in _needed_by(known[name]):
        _collect(needed, known, ordered)
    ordered[name] = known[name]


def _needed_by(module: Path) -> list[str]:
    found = re.search(rb"\0depends=([^\0]+)\0", _plain(module))
    return found[1].decode().replace("-", "_").split(",") if found else []


def _module_name(path: Path) -> str:
    return path.name.partition(".ko")[0].replace("-", "_")


def _plain(module: Path) -> bytes:
    """The module as it is loaded; distributions pack them in different ways."""
    if module.suffix == ".xz":
        return lzma.decompress(module.read_bytes())
    if module.suffix == ".zst":
        return subprocess.run(["zstd", "-dc", str(module)], check=True, capture_output=True).stdout
    return module.read_bytes()


def _only(directory: Path, pattern: str) -> Path:
    found = sorted(directory.glob(pattern))
    if not found:
        raise DemoProblem(f"The guest's packages have no {pattern}")
    return found[0]


def _lines(words: list[str]) -> list[str]:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
