"""A machine whose process hangs is asked once, and its node is asked on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic, sleep
from uuid import uuid4

import pytest

from tests.hypervisor.places import wait_for
from vms.hypervisor.errors import TimedOut, WrongState
from vms.hypervisor.libvirt_driver import patience
from vms.hypervisor.libvirt_driver.patience import Patience

VM = uuid4()


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """The machine answers no sooner than this is set."""
    monkeypatch.setattr(patience, "ANSWER_SECONDS", 0.2)
    event = Event()
    yield event
    event.set()


def test_an_answer_is_handed_on() -> None:
    assert Patience().ask(VM, lambda: 7) == 7


def test_a_refusal_is_handed_on() -> None:
    def refuse() -> None:
        raise WrongState("off")

    with pytest.raises(WrongState):
        Patience().ask(VM, refuse)


def test_the_asker_waits_no_longer_than_the_limit_and_the_next_not_at_all(answered: Event) -> None:
    asked = Patience()
    with pytest.raises(TimedOut):
        asked.ask(VM, answered.wait)
    start = monotonic()
    with pytest.raises(TimedOut):
        asked.ask(VM, lambda: 7)
    assert monotonic() - start < 0.1
    assert asked.ask(uuid4(), lambda: 8) == 8


def test_once_it_has_answered_it_is_asked_again(answered: Event) -> None:
    asked = Patience()
    with pytest.raises(TimedOut):
        asked.ask(VM, answered.wait)
    answered.set()
    wait_for(lambda: VM not in asked._overdue)
    assert asked.ask(VM, lambda: 7) == 7


def test_those_who_ask_at_the_same_time_take_turns() -> None:
    asked = Patience()
    with ThreadPoolExecutor(8) as askers:
        answers = askers.map(lambda number: asked.ask(VM, lambda: slowly(number)), range(8))
        assert list(answers) == list(range(8))


def slowly(number: int) -> int:
    sleep(0.01)
    return number
