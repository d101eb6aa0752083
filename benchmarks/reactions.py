"""How long a click takes to the node, and an event to the eye: on real nodes, with a real browser."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import libvirt
from playwright.sync_api import Page

from benchmarks.chromium import chromium
from benchmarks.figures import Figure, p50, p95
from benchmarks.hanging import measure_list_while_a_node_hangs
from tests.browser.panel import log_in
from tests.stack import Machine, Stack, free_port
from tests.visitor import Visitor

ROUNDS = 60
# Resolves with the time at which the row said the word.
WHEN_IT_SAYS = """([row, word]) => new Promise((done) => {
  const look = () => document.querySelector(`#vm-${row} .status__text`)?.textContent === word && done(Date.now());
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
  look();
})"""


def measure_reactions() -> list[Figure]:
    data = Path(tempfile.mkdtemp(prefix="stoney-bench-"))
    data.chmod(0o755)
    stack = Stack(data, free_port())
    try:
        stack.start()
        with stack.machine("measured", begins="running") as machine:
            visitor = Visitor(stack)
            visitor.sees(machine, "Running")
            reactions = [*_clicks(visitor, machine), *_events(stack, machine)]
        return [*reactions, measure_list_while_a_node_hangs(stack, visitor)]
    finally:
        stack.end()


def _clicks(visitor: Visitor, machine: Machine) -> list[Figure]:
    """Until the machine is paused, less what the node itself takes to pause it."""
    asked, direct = [], []
    with machine.node.connected() as connection:
        domain = connection.lookupByUUIDString(str(machine.uuid))
        for _ in range(ROUNDS):
            asked.append(_until_paused(domain, lambda: visitor.act(machine, "pause")))
            visitor.sees_operation(machine, "Pause", "Done")
            _go_on(visitor, machine, domain)
            direct.append(_until_paused(domain, domain.suspend))
            _go_on(visitor, machine, domain)
    reactions = [(each - p50(direct)) * 1000 for each in asked]
    what = "from a click to the node's call, answer to the click included"
    return [
        Figure(f"{what}: p50", p50(reactions), "ms", limit=150),
        Figure(f"{what}: p95", p95(reactions), "ms", limit=150),
    ]


def _until_paused(domain: libvirt.virDomain, pause: Callable[[], object]) -> float:
    began = time.perf_counter()
    pause()
    while int(domain.state()[0]) != libvirt.VIR_DOMAIN_PAUSED:
        pass
    return time.perf_counter() - began


def _go_on(visitor: Visitor, machine: Machine, domain: libvirt.virDomain) -> None:
    visitor.sees(machine, "Paused")
    domain.resume()
    visitor.sees(machine, "Running")


def _events(stack: Stack, machine: Machine) -> list[Figure]:
    with chromium() as browser:
        page = browser.new_page(locale="en")
        log_in(page, stack)
        page.goto(f"{stack.url}/vms/")
        page.wait_for_timeout(1_000)  # the stream has opened
        waits = [_event(page, machine) for _ in range(ROUNDS)]
    what = "from an event at the node to the row in the browser"
    return [Figure(f"{what}: p50", p50(waits), "ms", limit=300), Figure(f"{what}: p95", p95(waits), "ms", limit=300)]


def _event(page: Page, machine: Machine) -> float:
    with machine.node.connected() as connection:
        domain = connection.lookupByUUIDString(str(machine.uuid))
        domain.suspend()
        happened = time.time() * 1000
        seen = page.evaluate(WHEN_IT_SAYS, [str(machine.uuid), "Paused"])
        domain.resume()
        page.evaluate(WHEN_IT_SAYS, [str(machine.uuid), "Running"])
    return float(seen) - happened
