from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clerks import Clerk, clerk_of
from tests.faults.conftest import _everything_is_well_before_and_after
from tests.pools.rooms import Room, room_on
from tests.stack import Stack, stack

__all__ = ["_everything_is_well_before_and_after", "stack"]


@pytest.fixture(scope="session")
def clerk(stack: Stack) -> Iterator[Clerk]:
    with clerk_of(stack.data, "tests.pools.ask_pool") as found:
        yield found


@pytest.fixture(scope="session")
def the_room(stack: Stack, clerk: Clerk) -> Iterator[Room]:
    """One for all tests: a golden image takes a while."""
    with room_on(stack, clerk, "room") as found:
        found.has_image(found.make_image("gold"))
        yield found


@pytest.fixture
def room(the_room: Room) -> Iterator[Room]:
    """Without a machine, with room for ten; nothing is kept ready yet."""
    the_room.is_emptied()
    the_room.change(most_vms=10, minimum=0, pre_started=0, idle_minutes=0, longest_minutes=0, warn_minutes=0)
    the_room.switch(on=True)
    yield the_room.anew
    the_room.is_emptied()
