"""The one seam between a stored node and a living hypervisor. settings.HYPERVISOR_DRIVER names the module."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from queue import SimpleQueue
from threading import BoundedSemaphore

from django.conf import settings

from vms.hypervisor.contract import Driver, Hypervisor
from vms.hypervisor.errors import NodeDoesNotAnswer
from vms.models import Node
from vms.rules.events import NodeEvent

CALLS_AT_ONCE = 3
"""So many threads of a process may be busy with one node: a node that hangs must not take them all."""

TURN_SECONDS = 0.5


def reach(node: Node) -> Hypervisor:
    return driver().connect(node.uri)


def listen_to(node: Node) -> SimpleQueue[NodeEvent]:
    return driver().follow(node.uri)


@contextmanager
def a_turn_at(node: Node) -> Iterator[Hypervisor]:
    """The node's hypervisor, or NodeDoesNotAnswer if enough others are waiting for it already, and go on waiting."""
    turns = _turns[node.pk]
    if not turns.acquire(timeout=TURN_SECONDS):
        raise NodeDoesNotAnswer(f"{CALLS_AT_ONCE} calls are waiting for {node.name} already")
    try:
        yield reach(node)
    finally:
        turns.release()


_turns: defaultdict[int, BoundedSemaphore] = defaultdict(lambda: BoundedSemaphore(CALLS_AT_ONCE))


@cache
def driver() -> Driver:
    module: Driver = import_module(settings.HYPERVISOR_DRIVER)
    return module
