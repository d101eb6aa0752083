"""Debian packages fetched and unpacked into a directory: nothing is installed, nobody has to be root."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from demo.problems import DemoProblem

# A kernel made for virtual machines: the first name that the distribution knows.
KERNELS = ("linux-image-cloud-amd64", "linux-image-virtual", "linux-image-amd64")


class PackageSource:
    """The package archive of this machine's distribution, as apt knows it."""

    def __init__(self, work: Path) -> None:
        """`work` is a directory for what is fetched; the caller removes it."""
        self.work = work
        self._options = ["-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=true"]

    def unpack_kernel(self, into: Path) -> None:
        """The files of a kernel and its modules."""
        release = self._kernel_release() or self._kernel_release_after_update()
        self.unpack([f"linux-image-{release}"], into)
        if not list(into.glob("**/*.ko*")):
            self.unpack([f"linux-modules-{release}"], into)

    def unpack(self, names: list[str], into: Path) -> None:
        """The files of these packages, below `into`."""
        if not self._download(names):
            self._update()
            if not self._download(names):
                raise DemoProblem(f"These packages could not be fetched: {' '.join(names)}")
        for package in sorted(self.work.glob("*.deb")):
            _run(["dpkg", "-x", str(package), str(into)], self.work)
            package.unlink()

    def _kernel_release_after_update(self) -> str:
        self._update()
        release = self._kernel_release()
        if release is None:
            raise DemoProblem(f"apt knows none of these kernels: {', '.join(KERNELS)}")
        return release

    def _kernel_release(self) -> str | None:
        for name in KERNELS:
            depends = _run(["apt-cache", *self._options, "depends", "--important", name], self.work).stdout
            found = re.search(r"Depends: linux-image-(\d\S+)", depends)
            if found:
                return found[1]
        return None

    def _download(self, names: list[str]) -> bool:
        return _run(["apt-get", *self._options, "-q", "download", *names], self.work).returncode == 0

    def _update(self) -> None:
        """Fetch the lists of packages into a place of our own: the machine's may be missing, old, or root's."""
        for place in ("state/lists/partial", "cache/archives/partial"):
            (self.work / place).mkdir(parents=True, exist_ok=True)
        own = {"Dir::State": "state", "Dir::Cache": "cache"}
        self._options += [word for key, name in own.items() for word in ("-o", f"{key}={self.work / name}")]
        self._options += ["-o", "Dir::State::status=/var/lib/dpkg/status"]
        done = _run(["apt-get", *self._options, "-q", "update"], self.work)
        if done.returncode:
            raise DemoProblem(f"The lists of packages could not be fetched: {done.stderr.strip()[-300:]}")


def _run(words: list[str], directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=directory, capture_output=True, text=True, check=False)
