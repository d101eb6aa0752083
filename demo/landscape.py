"""The nodes of the demo with their guests: brought up, put to sleep, taken down."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import libvirt

from demo.account import nodes_account
from demo.examples import make_examples
from demo.guest import built_guest
from demo.nodes import LocalNode
from demo.places import reachable
from demo.problems import DemoProblem
from demo.sleeping import put_to_sleep, wake
from demo.talking import say

NODE_NAMES = ("alpha", "beta")


def shared_folder(data: Path) -> Path:
    """In which both nodes see the same files."""
    return reachable(data / "nodes", nodes_account()) / "shared"


def backup_folder(data: Path) -> Path:
    """Another such, for backups."""
    return shared_folder(data).with_name("backups")


class Landscape:
    """Two nodes, what they share, the guest they boot, the example VMs."""

    def __init__(self, data: Path) -> None:
        """Nothing is started."""
        account = nodes_account()
        self.data = data
        self.base = reachable(data / "nodes", account)
        folders = {"shared": shared_folder(data), "backups": backup_folder(data)}
        self.nodes = [LocalNode(name, self.base / name, **folders, account=account) for name in NODE_NAMES]
        self._guest = reachable(data / "guest", account)

    def bring_up(self) -> None:
        """Everything runs afterwards that ran before, and what belongs to a new demo is made."""
        guest = built_guest(self._guest)
        try:
            with ThreadPoolExecutor(len(self.nodes)) as workers:
                list(workers.map(self._start, self.nodes))
            make_examples(self.nodes, guest, self.data / "examples-made.json")
        except libvirt.libvirtError as error:
            raise DemoProblem(f"The nodes do not work: {error}. Their logs: {self.base}/*/cache/libvirt") from error

    def take_down(self) -> None:
        """Put the guests to sleep and end the nodes; what does not answer is ended all the same."""
        with ThreadPoolExecutor(len(self.nodes)) as workers:
            list(workers.map(self._take_down, self.nodes))

    def _start(self, node: LocalNode) -> None:
        node.start()
        say(f"Node {node.name} runs (libvirtd, process {node.daemon_pid}).")
        wake(node, self._asleep_note(node))

    def _take_down(self, node: LocalNode) -> None:
        try:
            if node.guest_processes() and not node.running:
                node.start()
            node.thaw()
            if node.running:
                put_to_sleep(node, self._asleep_note(node))
        except (libvirt.libvirtError, DemoProblem) as error:
            say(f"The guests of {node.name} could not be put to sleep: {error}")
        node.stop()

    def _asleep_note(self, node: LocalNode) -> Path:
        return self.data / f"asleep-{node.name}.json"
