"""The list of 5,000 machines on 50 nodes: questions, bytes, time, and what 50 rows cost beside one."""

from __future__ import annotations

import gzip
import os
import time
from typing import Any

import django
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.figures import Figure, p50, p95
from vms.rules.power import Power, Wanted
from vms.rules.status import Main

MACHINES, NODES = 5_000, 50
ROUNDS = 100
LIST = "/vms/"
SEARCH = "/vms/?q=machine-00"
FILTER = "/vms/?show=running"
ONE_ROW = "/vms/?q=machine-0007"


def measure_pages() -> list[Figure]:
    browser = _browser()
    with CaptureQueriesContext(connection) as questions:
        page = browser.get(LIST)
        asked = len(questions)
    fifty, one = _milliseconds(browser, LIST), _milliseconds(browser, ONE_ROW)
    return [
        Figure("50 of 5,000 machines: questions to the database", asked, "", limit=12),
        Figure("50 of 5,000 machines: HTML", len(gzip.decompress(page.content)) / 1000, "kB", limit=100),
        Figure("50 of 5,000 machines: time, p50", p50(fifty), "ms", limit=40),
        Figure("50 of 5,000 machines: time, p95", p95(fifty), "ms", limit=80),
        Figure("searched by a part of the name: time, p50", p50(_milliseconds(browser, SEARCH)), "ms", limit=60),
        Figure("filtered by status: time, p50", p50(_milliseconds(browser, FILTER)), "ms", limit=60),
        Figure("time for 50 rows beside that for one", p50(fifty) / p50(one), "times", limit=2),
    ]


def _browser() -> Client:
    """One that takes compressed pages. Django knows of no test, or it would keep a copy of all that is rendered."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    call_command("migrate", verbosity=0)
    browser = Client(headers={"accept-encoding": "gzip"}, SERVER_NAME="localhost")
    browser.force_login(_ada())
    browser.get(LIST)
    return browser


def _ada() -> Any:
    """Somebody who may see the machines, which there are now."""
    from directory.models import Person  # noqa: PLC0415 -- needs a Django that is set up

    fill()
    return Person.objects.create_user("ada", is_administrator=True)


def fill() -> None:
    """Make the machines and their nodes."""
    from vms.models import Node, Vm  # noqa: PLC0415 -- needs a Django that is set up

    nodes = [Node.objects.create(name=f"n{n}", uri=f"fake://n{n}", reachable=True) for n in range(NODES)]
    Vm.objects.bulk_create(_machine(Vm, nodes[number % NODES], number) for number in range(MACHINES))


def _machine(model: Any, node: Any, number: int) -> Any:
    """Two of three are on."""
    is_on = bool(number % 3)
    return model(
        name=f"machine-{number:04}",
        display_name=f"machine-{number:04}",
        node=node,
        memory=2**30,
        power=Power.RUNNING if is_on else Power.OFF,
        wanted=Wanted.RUNNING if is_on else Wanted.OFF,
        main=Main.RUNNING if is_on else Main.STOPPED,
    )


def _milliseconds(browser: Client, url: str) -> list[float]:
    return [_once(browser, url) for _ in range(ROUNDS)]


def _once(browser: Client, url: str) -> float:
    began = time.perf_counter()
    browser.get(url)
    return (time.perf_counter() - began) * 1000
