"""Real nodes for the tests: the same two as in the demo, one pair for each test process, started when first wanted."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import libvirt
import libvirt_qemu
import pytest

from demo.account import nodes_account
from demo.guest import Guest, built_guest
from demo.machines import guest_xml, tiny_machine_xml
from demo.nodes import LocalNode
from demo.places import reachable
from demo.processes import wait_until
from demo.settings import ROOT

__all__ = [
    "Nodes",
    "agent_answers",
    "define",
    "empty_nodes",
    "guest",
    "guest_xml",
    "is_off",
    "node_directory",
    "nodes",
    "reset_demo",
    "running_demo",
    "tiny_machine_xml",
    "wait_until",
]

OF_THE_TESTS = ("DJANGO_SETTINGS_MODULE", "PANEL_DATA", "REDIS_URL", "DATABASE_URL")
KEEP_NOTHING = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
)


@dataclass(frozen=True)
class Nodes:
    """Both of them run and answer."""

    alpha: LocalNode
    beta: LocalNode
    shared: Path

    def __iter__(self) -> Iterator[LocalNode]:
        return iter((self.alpha, self.beta))


@pytest.fixture(scope="session")
def node_directory() -> Iterator[Path]:
    """A directory that the nodes' account can enter, which pytest's own one is not when root runs the tests."""
    directory = Path(tempfile.mkdtemp(prefix="stoney-nodes-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def nodes(node_directory: Path) -> Iterator[Nodes]:
    """Two nodes for all tests of this process; their machines stay until somebody removes them."""
    shared = node_directory / "shared"
    alpha, beta = (LocalNode(name, node_directory / name, shared=shared) for name in ("alpha", "beta"))
    both = Nodes(alpha, beta, shared)
    try:
        for node in both:
            node.start()
        yield both
    finally:
        for node in both:
            node.remove()


@pytest.fixture
def empty_nodes(nodes: Nodes) -> Iterator[Nodes]:
    """The two nodes without any machine, whatever an earlier test did to them."""
    for node in nodes:
        make_empty(node)
    yield nodes
    for node in nodes:
        make_empty(node)


@pytest.fixture(scope="session")
def guest() -> Guest:
    """The tiny Linux, built once for all runs of the tests and for the demo."""
    return built_guest(reachable(ROOT / "var" / "guest", nodes_account()))


@dataclass(frozen=True)
class RunningDemo:
    """A demo of its own, in a process of its own."""

    data: Path
    port: int
    process: subprocess.Popen[str]
    output: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_ready(self) -> bool:
        return "Ctrl-C stops everything" in self.output.read_text()


@contextmanager
def running_demo(data: Path, guest: Guest, *, only_nodes: bool = False, patience: float = 120) -> Iterator[RunningDemo]:
    """`python -m demo up` with its data in `data`, on a free port, with the password "demo-password".

    Ready when the block begins, ended when it ends, but not reset: a second one goes on from there.
    """
    data.mkdir(exist_ok=True)
    shutil.copytree(guest.kernel.parent, data / "guest", dirs_exist_ok=True)
    output, port = data / "output.txt", free_port()
    choices = {"PANEL_DATA": str(data), "PANEL_PORT": str(port), "DEMO_PASSWORD": "demo-password", "DEMO_POOLS": "no"}
    words = [sys.executable, "-m", "demo", "up", *(["--only", "nodes"] if only_nodes else [])]
    # The settings of the tests are not those of the demo.
    environment = {name: value for name, value in os.environ.items() if name not in OF_THE_TESTS}
    with output.open("w") as file:
        process = subprocess.Popen(
            words, cwd=ROOT, env={**environment, **choices}, stdout=file, stderr=subprocess.STDOUT, text=True
        )
    demo = RunningDemo(data, port, process, output)
    try:
        wait_until(lambda: demo.is_ready or process.poll() is not None, seconds=patience)
        assert demo.is_ready, output.read_text()
        yield demo
    finally:
        process.terminate()
        process.wait(120)


def reset_demo(data: Path) -> None:
    """Nothing of the demo is left afterwards, no process and no file."""
    subprocess.run(
        [sys.executable, "-m", "demo", "reset"], cwd=ROOT, env={**os.environ, "PANEL_DATA": str(data)}, check=True
    )


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def make_empty(node: LocalNode) -> None:
    """Bring the node back if it is frozen or dead, and remove its machines and their disks."""
    node.thaw()
    node.start()
    node.power_guests_off()
    with node.connected() as connection:
        for domain in connection.listAllDomains():
            with suppress(libvirt.libvirtError):
                domain.undefineFlags(KEEP_NOTHING)
        for volume in connection.storagePoolLookupByName("images").listAllVolumes():
            volume.delete()


def define(connection: libvirt.virConnect, xml: str) -> libvirt.virDomain:
    """Define a machine, refusing what libvirt would silently drop."""
    return connection.defineXMLFlags(xml, libvirt.VIR_DOMAIN_DEFINE_VALIDATE)


def is_off(domain: libvirt.virDomain) -> bool:
    return not domain.isActive()


def agent_answers(domain: libvirt.virDomain) -> bool:
    """Does the guest agent answer a ping within two seconds?"""
    with suppress(libvirt.libvirtError):
        return bool(libvirt_qemu.qemuAgentCommand(domain, '{"execute": "guest-ping"}', 2, 0))
    return False
