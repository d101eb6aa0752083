"""The list of machines in a database of 500: questions, bytes, and what 50 rows cost beside one."""

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
from vms.rules.status import Main

MACHINES = 500
ROUNDS = 30
LIST = "/vms/"
ONE_ROW = "/vms/?q=machine-007"


def measure_pages() -> list[Figure]:
    browser = _browser()
    with CaptureQueriesContext(connection) as questions:
        page = browser.get(LIST)
        asked = len(questions)
    fifty, one = _seconds(browser, LIST), _seconds(browser, ONE_ROW)
    return [
        Figure("list of 50 of 500 machines: questions to the database", asked, ""),
        Figure("list of 50 of 500 machines: HTML", len(page.content) / 1000, "kB"),
        Figure("list of 50 of 500 machines: time", fifty * 1000, "ms"),
        Figure("time for 50 rows beside that for one", fifty / one, "times"),
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

    node = Node.objects.create(name="alpha", uri="fake://alpha", reachable=True)
    names = [f"machine-{number:03}" for number in range(MACHINES)]
    Vm.objects.bulk_create(
        Vm(name=name, display_name=name, node=node, memory=2**30, main=Main.STOPPED) for name in names
    )
    return Person.objects.create_user("ada", is_administrator=True)


def _seconds(browser: Client, url: str) -> float:
    return statistics.median(_once(browser, url) for _ in range(ROUNDS))


def _once(browser: Client, url: str) -> float:
    began = time.perf_counter()
    browser.get(url)
    return time.perf_counter() - began
