"""A real guest with an agent: it answers, obeys, and does neither when its process hangs."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from uuid import UUID

import pytest

from demo.guest import Guest
from demo.machines import guest_xml
from demo.nodes import LocalNode
from tests.hypervisor.conftest import REAL
from tests.hypervisor.places import Place, wait_for
from tests.hypervisor.test_events import hears
from vms.hypervisor.errors import TimedOut
from vms.hypervisor.libvirt_driver import patience
from vms.rules.events import Happening
from vms.rules.power import Power

pytestmark = pytest.mark.parametrize("place", [REAL], indirect=True)


@pytest.fixture
def vm(place: Place, guest: Guest) -> UUID:
    """It runs, and its agent has not come up yet."""
    vm = place.connect().define(guest_xml("guest", guest))
    place.made.append(vm)
    place.connect().start(vm)
    return vm


@contextmanager
def frozen(node: LocalNode) -> Iterator[None]:
    """Its QEMU processes, which then answer nobody."""
    processes = node.guest_processes()
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def test_from_its_first_answer_to_its_shutdown(
    place: Place, vm: UUID, live_node: LocalNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "ANSWER_SECONDS", 0.5)
    hypervisor, events = place.connect(), place.driver.follow(place.uri)
    assert hypervisor.agent_answers(vm, seconds=1) is None
    wait_for(lambda: hypervisor.agent_answers(vm, seconds=2), 60)
    assert hears(events, vm, Happening.AGENT_CHANGED)
    hypervisor.pause(vm)
    assert hypervisor.agent_answers(vm, seconds=1) is None
    hypervisor.resume(vm)
    with frozen(live_node):
        assert hypervisor.agent_answers(vm, seconds=1) is False
        assert hypervisor.machine(vm).power is Power.RUNNING
        with pytest.raises(TimedOut):
            hypervisor.stats()
        wait_for(lambda: is_answered(hypervisor.stats))
        with pytest.raises(TimedOut, match=r"within"):
            hypervisor.job_progress(vm)
        with pytest.raises(TimedOut, match=r"earlier question"):
            hypervisor.disk_errors(vm)
        assert {machine.uuid for machine in hypervisor.machines()} >= {vm}
    wait_for(lambda: is_answered(partial(hypervisor.job_progress, vm)))
    hypervisor.ask_to_shut_down(vm)
    wait_for(lambda: hypervisor.machine(vm).power is Power.OFF, 30)


def is_answered(question: Callable[[], object]) -> bool:
    try:
        question()
    except TimedOut:
        return False
    return True
