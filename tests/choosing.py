"""Which tests run when: `make check` takes a sample of those that ask the database, PostgreSQL gets all of them.

The rule is explained in docs/decisions/tests.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

import pytest

ROWS_OF_A_TABLE = 3
TESTS_OF_A_FILE = 3
LEAST_APART = 5
"""Rows are a prime apart, this or a greater one: so they lie in every column of a table that has several."""


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what -m does not name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    asking = [item for item in items if _asks_the_database(item)]
    for item in asking:
        item.add_marker("database")
    for rows in _together(asking, _function):
        _leave_out(rows, _rows_apart(len(rows)))
    for tests in _together((item for item in asking if not item.get_closest_marker("broad")), _file):
        _leave_out(tests, -(-len(tests) // TESTS_OF_A_FILE))


def _leave_out(items: Sequence[pytest.Item], apart: int) -> None:
    """All but a sample."""
    for number, item in enumerate(items):
        if number % apart:
            item.add_marker("broad")


def _asks_the_database(item: pytest.Item) -> bool:
    return "db" in getattr(item, "fixturenames", ()) or item.get_closest_marker("django_db") is not None


def _together(items: Iterable[pytest.Item], what: Callable[[pytest.Item], str]) -> Iterator[list[pytest.Item]]:
    groups: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        groups[what(item)].append(item)
    yield from groups.values()


def _function(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _rows_apart(count: int) -> int:
    return 1 if count <= ROWS_OF_A_TABLE else _prime_from(max(LEAST_APART, count // ROWS_OF_A_TABLE))


def _prime_from(least: int) -> int:
    return next(number for number in range(least, 2 * least + 1) if all(number % by for by in range(2, number)))
