"""The list of machines while a node hangs, beside the same list before and after."""

from __future__ import annotations

import time

from benchmarks.figures import Figure, p50
from tests.stack import Stack, wait_until
from tests.visitor import Visitor

ROUNDS = 60


def measure_list_while_a_node_hangs(stack: Stack, visitor: Visitor) -> Figure:
    """From the moment in which it freezes, and when the panel has noticed it."""
    free = _seconds(visitor)
    stack.alpha.freeze()
    try:
        hanging = _seconds(visitor)
        if not wait_until(lambda: visitor.node_state("alpha") == "Unreachable", seconds=45):
            raise RuntimeError("nobody noticed that the node hangs")
        hanging += _seconds(visitor)
    finally:
        stack.alpha.thaw()
    visitor.sees_node("alpha", "Reachable")
    free += _seconds(visitor)
    return Figure(
        "time for the list while a node hangs beside that without", p50(hanging) / p50(free), "times", limit=1.1
    )


def _seconds(visitor: Visitor) -> list[float]:
    return [_once(visitor) for _ in range(ROUNDS)]


def _once(visitor: Visitor) -> float:
    began = time.perf_counter()
    visitor.get("/vms/")
    return time.perf_counter() - began
