"""The list of 5,000 machines on 50 nodes: questions, bytes, time, and what 50 rows cost beside one."""

from __future__ import annotations

import os
import statistics
import time
from typing import Any

import django
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment

from benchmarks.figures import Figure
from vms.rules.power import Power, Wanted
from vms.rules.status import Main

MACHINES, NODES = 5_000, 50
ROUNDS = 30
LIST = "/vms/"
SEARCH = "/vms/?q=machine-00"
FILTER = "/vms/?show=running"
ONE_ROW = "/vms/?q=machine-0007"


def measure_pages() -> list[Figure]:
    browser = _browser()
    with CaptureQueriesContext(connection) as questions:
        page = browser.get(LIST)
        asked = len(questions)
    fifty, one = _seconds(browser, LIST), _seconds(browser, ONE_ROW)
    middle = statistics.median
    return [
        Figure("50 of 5,000 machines: questions to the database", asked, ""),
        Figure("50 of 5,000 machines: HTML", len(page.content) / 1000, "kB"),
        Figure("50 of 5,000 machines: time, p50", middle(fifty) * 1000, "ms"),
        Figure("50 of 5,000 machines: time, p95", statistics.quantiles(fifty, n=20)[-1] * 1000, "ms"),
        Figure("searched by a part of the name: time, p50", middle(_seconds(browser, SEARCH)) * 1000, "ms"),
        Figure("filtered by status: time, p50", middle(_seconds(browser, FILTER)) * 1000, "ms"),
        Figure("time for 50 rows beside that for one", middle(fifty) / middle(one), "times"),
    ]


def _browser() -> Client:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    setup_test_environment()
    call_command("migrate", verbosity=0)
    browser = Client()
    browser.force_login(_fill())
    browser.get(LIST)
    return browser


def _fill() -> Any:
    """Somebody who may see everything. What is imported here needs a Django that is set up."""
    from directory.models import Person  # noqa: PLC0415
    from vms.models import Node, Vm  # noqa: PLC0415

    nodes = [Node.objects.create(name=f"n{n}", uri=f"fake://n{n}", reachable=True) for n in range(NODES)]
    Vm.objects.bulk_create(_machine(Vm, nodes[number % NODES], number) for number in range(MACHINES))
    return Person.objects.create_user("ada", is_administrator=True)


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


def _seconds(browser: Client, url: str) -> list[float]:
    return [_once(browser, url) for _ in range(ROUNDS)]


def _once(browser: Client, url: str) -> float:
    began = time.perf_counter()
    browser.get(url)
    return time.perf_counter() - began
