"""How long a click takes to the node, and an event to the eye: on real nodes, with a real browser."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import libvirt
from playwright.sync_api import Page, sync_playwright

from benchmarks.figures import Figure
from tests.browser.conftest import ARGUMENTS, CHROMIUMS
from tests.browser.panel import log_in
from tests.stack import Machine, Stack, free_port
from tests.visitor import Visitor

ROUNDS = 10
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
            return [*_clicks(visitor, machine), *_events(stack, machine)]
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
    reaction = statistics.median(asked) - statistics.median(direct)
    return [Figure("from a click to the node's call, answer to the click included", reaction * 1000, "ms")]


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
    program = next(filter(None, map(shutil.which, CHROMIUMS)))
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=program, args=ARGUMENTS) as browser,
    ):
        page = browser.new_page(locale="en")
        log_in(page, stack)
        page.goto(f"{stack.url}/vms/")
        page.wait_for_timeout(1_000)  # the stream has opened
        waits = [_event(page, machine) for _ in range(ROUNDS)]
    return [Figure("from an event at the node to the row in the browser", statistics.median(waits), "ms")]


def _event(page: Page, machine: Machine) -> float:
    with machine.node.connected() as connection:
        domain = connection.lookupByUUIDString(str(machine.uuid))
        domain.suspend()
        happened = time.time() * 1000
        seen = page.evaluate(WHEN_IT_SAYS, [str(machine.uuid), "Paused"])
        domain.resume()
        page.evaluate(WHEN_IT_SAYS, [str(machine.uuid), "Running"])
    return float(seen) - happened
