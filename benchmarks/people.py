"""People of a real LDAP directory, 5,000 of them in 500 groups, by StartTLS: how long a login and a search take."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.figures import Figure, p50, p95
from benchmarks.login_page import LoginPage
from benchmarks.small_panel import python, served, small_panel
from demo.settings import Settings
from tests.directory.running import (
    GROUPS,
    NAMED,
    PASSWORD,
    PEOPLE,
    SERVICE,
    SERVICE_PASSWORD,
    RunningSlapd,
    Values,
    dn_of,
    group,
    group_dn,
    make_certificates,
    person,
    running,
)

MANY, TEAMS = 5_000, 499
MEMBERS = 200
"""Of each group: everybody is in twenty."""
ROUNDS = 60
SEARCH = "import django; django.setup(); from benchmarks.people import print_searches; print_searches()"


def measure_people() -> list[Figure]:
    with _big_directory() as slapd, small_panel() as settings:
        environment = _environment(slapd)
        with served(settings, **environment):
            first, again = _logins(settings), _logins(settings)
        people, groups = _searches(settings, environment)
    what = "of 5,000 people in 500 groups"
    return [
        Figure(f"the first login of one {what}: p95", p95(first), "ms", limit=1_000),
        Figure(f"the next login of one {what}: p50", p50(again), "ms", limit=1_000),
        Figure(f"the next login of one {what}: p95", p95(again), "ms", limit=1_000),
        Figure(f"a search {what} by a part of the name: p50", p50(people), "ms", limit=300),
        Figure(f"a search {what} by a part of the name: p95", p95(people), "ms", limit=300),
        Figure("the same for groups: p95", p95(groups), "ms", limit=300),
    ]


@contextmanager
def _big_directory() -> Iterator[RunningSlapd]:
    folder = Path(tempfile.mkdtemp(prefix="stoney-bench-"))
    folder.chmod(0o755)
    try:
        make_certificates(folder)
        with running(folder, folder, dict(_entries())) as slapd:
            yield slapd
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _entries() -> Iterator[tuple[str, Values]]:
    """Everybody is in one big group and in some small ones."""
    names = [f"person{number}" for number in range(MANY)]
    for number, name in enumerate(names):
        yield dn_of(name), person(name, cn=f"Vreni Müller-{number} (Büro {number % 50})")
    yield group_dn("everybody"), group("everybody", *map(dn_of, names))
    for number in range(TEAMS):
        members = (names[(number + each * 25) % MANY] for each in range(MEMBERS))
        yield group_dn(f"team-{number}"), group(f"team-{number}", *map(dn_of, members))


def _environment(slapd: RunningSlapd) -> dict[str, str]:
    return {
        "PANEL_LDAP_URI": f"ldap://{NAMED}:{slapd.port}",
        "PANEL_LDAP_CA": str(slapd.ca),
        "PANEL_LDAP_BIND_DN": SERVICE,
        "PANEL_LDAP_BIND_PASSWORD": SERVICE_PASSWORD,
        "PANEL_LDAP_PEOPLE": PEOPLE,
        "PANEL_LDAP_GROUPS": GROUPS,
        "PANEL_LDAP_USERS": "everybody",
    }


def _logins(settings: Settings) -> list[float]:
    """Milliseconds, of different people."""
    pages = ((LoginPage(settings), f"person{number * 7}") for number in range(ROUNDS))
    return [_milliseconds(partial(page.log_in, name, PASSWORD)) for page, name in pages]


def _searches(settings: Settings, environment: dict[str, str]) -> tuple[list[float], list[float]]:
    """For people and for groups, milliseconds, in a process of the panel."""
    with python(settings, "-c", SEARCH, **environment) as searching:
        assert searching.stdout is not None
        people, groups = json.load(searching.stdout)
    return people, groups


def print_searches() -> None:
    from directory.finding import find_groups, find_people  # noqa: PLC0415 -- needs a Django that is set up

    for find, text in ((find_people, "müller-4711"), (find_groups, "team-11")):
        found = find(text)
        if not found.candidates or found.trouble:
            raise RuntimeError(f"{text} was not found: {found.trouble}")
    words = [f"{part} {number}" for number in range(ROUNDS // 4) for part in ("müller", "vreni", "büro", "person")]
    people = [_milliseconds(partial(find_people, word)) for word in words]
    groups = [_milliseconds(partial(find_groups, f"am-{number}")) for number in range(ROUNDS)]
    print(json.dumps([people, groups]))


def _milliseconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000
