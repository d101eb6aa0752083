"""How soon a person knows where a machine could go, with fifty nodes.

The panel has fifty addresses, each with a connection of its own to a real libvirtd; but there are only three of these,
for one computer carries no more: the machine's own, one that hangs when it is told to, and one that answers for all the
others. So the panel's part is that of fifty nodes, and the libvirtd in the middle has to do the work of forty-eight.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import django

from benchmarks.figures import Figure, p50, p95
from benchmarks.small_panel import python, small_panel
from demo.landscape import shared_folder
from demo.machines import Machine
from demo.nodes import LocalNode
from demo.panel import CELERY
from demo.processes import pause
from demo.settings import Settings

if TYPE_CHECKING:
    from directory.models import Person
    from vms.models import Vm

NODES = 50
ROUNDS, HANGING_ROUNDS = 40, 3
LIMIT = 2


def measure_preflights() -> list[Figure]:
    with small_panel() as settings, _nodes(settings) as (home, other, last), _worker(settings):
        vm = _running_on(home)
        _carry_out(settings, "prepare", str(vm), *_addresses(home, other, last))
        first = _carry_out(settings, "ask", str(vm), 1, NODES - 1)
        all_answer = _carry_out(settings, "ask", str(vm), ROUNDS, NODES - 1)
        last.freeze()
        one_hangs = _carry_out(settings, "ask", str(vm), HANGING_ROUNDS, NODES - 2)
    what = f"where could it go, {NODES} nodes"
    return [
        Figure(f"{what}: the first time, {NODES} connections to be opened", max(first), "s", LIMIT),
        Figure(f"{what}: p50", p50(all_answer), "s", LIMIT),
        Figure(f"{what}: p95", p95(all_answer), "s", LIMIT),
        Figure(f"{what}, one of which hangs: the longest", max(one_hangs), "s", LIMIT),
    ]


@contextmanager
def _nodes(settings: Settings) -> Iterator[list[LocalNode]]:
    shared = shared_folder(settings.data)
    nodes = [LocalNode(name, shared.parent / name, shared=shared) for name in ("home", "other", "last")]
    try:
        for node in nodes:
            node.start()
        yield nodes
    finally:
        for node in nodes:
            node.thaw()
            node.remove()


@contextmanager
def _worker(settings: Settings) -> Iterator[None]:
    with python(settings, *CELERY, "worker", "--pool", "threads", "--concurrency", "8", "--loglevel", "warning"):
        yield


def _running_on(node: LocalNode) -> UUID:
    vm = uuid4()
    with node.connected() as connection:
        connection.createXML(Machine("measured", vm).xml())
        connection.defineXML(Machine("measured", vm).xml())
    return vm


def _addresses(home: LocalNode, other: LocalNode, last: LocalNode) -> list[str]:
    """The server takes no notice of what is only there to tell them apart."""
    return [home.uri, *(f"{other.uri}&number={number}" for number in range(NODES - 2)), last.uri]


def _carry_out(settings: Settings, *words: object) -> list[float]:
    with python(settings, "-m", "benchmarks.preflights", *map(str, words)) as process:
        output, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{words[0]} ended with {process.returncode}")
    seconds: list[float] = json.loads(output.splitlines()[-1])
    return seconds


def _prepare(vm: str, *uris: str) -> list[float]:
    """What the watcher would have written down."""
    from tests.operations.places import tell_of  # noqa: PLC0415 -- what is imported here needs a Django that is set up
    from tests.operations.working import look  # noqa: PLC0415 -- likewise
    from vms.models import Node, Vm  # noqa: PLC0415 -- likewise

    nodes = [Node.objects.create(name=f"n{number}", uri=uri, reachable=True) for number, uri in enumerate(uris)]
    tell_of(*nodes)
    look(Vm(pk=UUID(vm), node=nodes[0]))
    return []


def _ask(vm: str, rounds: str, possible: str) -> list[float]:
    """From the question to the answer in the database: the broker, the worker, all nodes. possible: so many of them
    must have said that they would take it."""
    from directory.models import Person  # noqa: PLC0415 -- as above
    from vms.models import Vm  # noqa: PLC0415 -- as above

    asked = Vm.objects.select_related("node").get(pk=vm)
    admin = Person.objects.get(username="admin")
    return [_seconds(asked, admin, int(possible)) for _ in range(int(rounds))]


def _seconds(vm: Vm, by: Person, possible: int) -> float:
    from vms.models import Preflight  # noqa: PLC0415 -- as above
    from vms.operations.migrating import ask_for_preflight  # noqa: PLC0415 -- as above
    from vms.operations.preflights import judgements_of  # noqa: PLC0415 -- as above

    Preflight.objects.all().delete()
    began = time.perf_counter()
    preflight = ask_for_preflight(vm, by=by)
    while preflight.finished_at is None and not preflight.nobody_came:
        pause(0.005)
        preflight.refresh_from_db()
    seconds = time.perf_counter() - began
    if (found := len([each for each in judgements_of(preflight) if each.is_possible])) != possible:
        raise RuntimeError(f"{found} nodes would take it, not {possible}: {preflight.judgements or preflight.evidence}")
    return seconds


if __name__ == "__main__":
    django.setup()
    print(json.dumps(_prepare(*sys.argv[2:]) if sys.argv[1] == "prepare" else _ask(*sys.argv[2:])))
