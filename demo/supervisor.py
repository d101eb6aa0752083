"""`up`: everything in its order, kept running, and taken down again in order."""

from __future__ import annotations

import errno
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

import libvirt

from demo import people
from demo.broker import broker_command, wait_for_broker
from demo.children import Child, Keeper, Tended, end_all
from demo.landscape import Landscape
from demo.nodes import LocalNode
from demo.panel import begin_pools, give_examples, panel_child, panel_children, prepare_panel, unwell
from demo.problems import DemoProblem
from demo.processes import pause
from demo.settings import Settings
from demo.talking import say, show

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 30.0
BETWEEN_QUESTIONS = 1.0


@dataclass(frozen=True)
class TendedNode:
    """A node whose libvirtd is started again when it dies. A frozen one is left alone: it is not dead."""

    node: LocalNode

    @property
    def name(self) -> str:
        return f"node {self.node.name}"

    @property
    def alive(self) -> bool:
        return self.node.running

    @property
    def last_words(self) -> str:
        return "has died"

    def start(self) -> None:
        try:
            self.node.start()
        except libvirt.libvirtError as error:
            raise DemoProblem(str(error)) from error


@dataclass
class Supervisor:
    """One demo that is up."""

    settings: Settings
    only_nodes: bool = False
    landscape: Landscape = field(init=False)
    _broker: list[Child] = field(default_factory=list)
    _directory: list[Child] = field(default_factory=list)
    _panel: list[Child] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.landscape = Landscape(self.settings.data)

    def run(self) -> None:
        """Return when somebody ends it: Ctrl-C, or SIGTERM."""
        if not self.only_nodes:
            refuse_busy_port(self.settings)
        with _interrupted_by_signals():
            try:
                self._bring_up()
                self._tend()
            except KeyboardInterrupt:
                say("Stopping ...")
            finally:
                _do_not_interrupt()
                self._take_down()

    def _bring_up(self) -> None:
        self.landscape.bring_up()
        if not self.only_nodes:
            self._start_panel()

    def _start_panel(self) -> None:
        if self.settings.redis_url is None:
            self._start_broker()
        if people.is_wanted():
            self._start_directory()
        say("Preparing the panel ...")
        prepare_panel(self.settings, self.landscape.nodes)
        for child in panel_children(self.settings):
            self._start(self._panel, child)

    def _start_broker(self) -> None:
        # It warns of settings of the machine that do not matter to a demo: only its log tells.
        words = broker_command(self.settings.data)
        self._start(self._broker, panel_child(self.settings, "redis", words, shown=False))
        wait_for_broker(self.settings.data)

    def _start_directory(self) -> None:
        directory = people.Directory(self.settings)
        directory.prepare()
        self._start(self._directory, panel_child(self.settings, "directory", directory.command(), shown=False))
        directory.slapd.wait()

    def _start(self, among: list[Child], child: Child) -> None:
        among.append(child)
        child.start()

    def _tend(self) -> None:
        tended: list[Tended] = [*self._broker, *self._directory, *self._panel, *map(TendedNode, self.landscape.nodes)]
        keepers = [Keeper(each) for each in tended]
        welcome = Welcome(self.settings, self.landscape.nodes, only_nodes=self.only_nodes)
        while True:
            for keeper in keepers:
                keeper.look()
            welcome.look()
            pause(0.25)

    def _take_down(self) -> None:
        """The panel first, then what it stands on, then the nodes: nobody sees the other one go."""
        end_all(self._panel)
        end_all([*self._broker, *self._directory])
        self.landscape.take_down()
        say("Stopped. The next start goes on from here.")


@dataclass
class Welcome:
    """Says once how to get in, as soon as the panel is well; and why it is not, when that takes long."""

    settings: Settings
    nodes: list[LocalNode]
    only_nodes: bool
    _said: bool = False
    _next_question: float = field(default_factory=lambda: time.monotonic() + BETWEEN_QUESTIONS)
    _complain_after: float = field(default_factory=lambda: time.monotonic() + PATIENCE)

    def look(self) -> None:
        """To be called a few times a second."""
        if self._said or time.monotonic() < self._next_question:
            return
        self._next_question = time.monotonic() + BETWEEN_QUESTIONS
        problem = None if self.only_nodes else unwell(self.settings)
        if problem is None:
            self._said = True
            if not self.only_nodes:
                give_examples(self.settings)
            show(box(self._lines()))
            if not self.only_nodes:
                begin_pools(self.settings)
        elif time.monotonic() > self._complain_after:
            self._complain_after = time.monotonic() + PATIENCE
            say(f"The panel is not well yet: {problem}")

    def _lines(self) -> list[str]:
        panel = [
            "Stoney Panel is ready",
            "",
            f"  address    {self.settings.url}/",
            "  user       admin",
            f"  password   {self.settings.password()}",
            *(people.introduced() if people.is_wanted() else []),
            "",
        ]
        nodes = [f"  virsh -c '{node.uri}' list --all" for node in self.nodes]
        behind = ["The nodes, behind the panel's back:", *nodes, "", "Ctrl-C stops everything; the next start goes on."]
        return [*([] if self.only_nodes else panel), *behind]


def box(lines: list[str]) -> str:
    """The lines with a frame around them."""
    width = max(map(len, lines))
    middle = "".join(f"│ {line:<{width}} │\n" for line in lines)
    return f"╭{'─' * (width + 2)}╮\n{middle}╰{'─' * (width + 2)}╯\n"


def refuse_busy_port(settings: Settings) -> None:
    """A `DemoProblem` when the panel could not listen; asked before anything is started."""
    family = socket.AF_INET6 if ":" in settings.bind else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.bind, settings.port))
        except OSError as error:
            busy = error.errno == errno.EADDRINUSE
            reason = "another program listens there" if busy else error.strerror
            raise DemoProblem(
                f"Port {settings.port} of {settings.bind} cannot be used: {reason}. Choose another: PANEL_PORT=8001"
            ) from error


@contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """Every signal that means "end" raises KeyboardInterrupt; the ways they were handled come back afterwards."""
    before = {number: signal.signal(number, _interrupt) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _do_not_interrupt() -> None:
    for number in ENDING:
        signal.signal(number, lambda _number, _frame: say("Still stopping: the guests are put to sleep ..."))
