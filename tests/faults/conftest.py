from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.desks import Desk, desk_of
from tests.stack import Stack, stack
from tests.visitor import Visitor

__all__ = ["stack"]


@pytest.fixture(autouse=True)
def _everything_is_well_before_and_after(stack: Stack) -> Iterator[None]:
    """A fault that stays would be the next test's."""
    stack.wait_until_well()
    yield
    for node in (stack.alpha, stack.beta):
        node.thaw()
    stack.wait_until_well()


@pytest.fixture
def anna(stack: Stack) -> Visitor:
    """An administrator."""
    return Visitor(stack)


@pytest.fixture(scope="session")
def desk(stack: Stack) -> Iterator[Desk]:
    with desk_of(stack) as found:
        yield found
