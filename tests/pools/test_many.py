"""Many people at once, and more than one keeper."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest

from demo.children import end_all
from demo.panel import CELERY, panel_child
from demo.settings import Settings
from tests.pools.rooms import TOO_MANY, Room, open_pool
from tests.stack import Stack, wait_until

pytestmark = pytest.mark.live

PEOPLE, MOST = 100, 20


@contextmanager
def another_worker(stack: Stack) -> Iterator[None]:
    settings = Settings.from_environment({"PANEL_DATA": str(stack.data)})
    words = [*CELERY, "worker", "--pool", "threads", "--concurrency", "4", "--hostname", "second@%h"]
    child = panel_child(settings, "second-worker", [sys.executable, *words], shown=False)
    child.start()
    try:
        yield
    finally:
        end_all([child])


def test_a_hundred_open_it_at_once(stack: Stack, room: Room) -> None:
    """With room for twenty. The others are told why."""
    people = room.visitors(*(f"person-{number:03}" for number in range(PEOPLE)))
    room.change(most_vms=MOST, pre_started=2)
    room.comes_to(ready=2)
    with another_worker(stack), ThreadPoolExecutor(PEOPLE) as crowd:
        pages = list(crowd.map(partial(open_pool, room=room), people))
        taken = room.taken()
        refused = [page for page in pages if any(TOO_MANY in each for each in page.words("alert"))]
        let_in = {who.name for who, page in zip(people, pages, strict=True) if page not in refused}
        assert len(refused) == PEOPLE - MOST, [(page.status, page.url) for page in pages]
        assert taken.keys() == let_in
        assert len({*taken.values()}) == MOST
        room.comes_to(ready=0, taken=MOST, seconds=180)
    assert room.taken() == taken
    assert room.most_there_ever_were() == MOST
    first, vm = next(iter(taken.items()))
    (who,) = [each for each in people if each.name == first]
    (late,) = [each for each in people if each.name not in let_in][:1]
    assert who.act(room.machine(vm), "power-off").status == 202
    room.is_gone(vm)
    assert wait_until(lambda: not open_pool(late, room).words("alert"), seconds=20)
    assert room.most_there_ever_were() == MOST
