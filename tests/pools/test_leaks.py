"""People, administrators and faults do as they like, for hundreds of events; afterwards nothing is left over."""

from __future__ import annotations

from contextlib import suppress
from time import sleep
from uuid import UUID

import libvirt
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from demo import processes
from demo.nodes import LocalNode
from tests.clerks import Refused
from tests.faults.streams import kill_qemu
from tests.pools.rooms import Desktop, Room, open_pool
from tests.stack import wait_until
from tests.visitor import Visitor

pytestmark = pytest.mark.live

RUNS, EVENTS = 7, 50
"""Of each run. The first one is the plainest that there is, so 300 at random."""
PEOPLE = 6
MOST = 8
WORKERS_KILLED, DAEMONS_RESTARTED, CHANGES_OVER = 1, 2, 4
"""So often in each run: they make everybody wait."""
SETTLES_WITHIN = 120
LIKE_REAL_LIFE = settings(
    max_examples=RUNS,
    stateful_step_count=EVENTS,
    phases=[Phase.generate],
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def restart(node: LocalNode) -> None:
    """The demo, too, starts a libvirtd that has ended: two that begin together may take each other's door away."""
    for _attempt in range(3):
        with suppress(libvirt.libvirtError):
            node.restart_daemon()
        if wait_until(lambda: answers(node), seconds=20):
            return
    raise AssertionError(f"{node.name} does not come back")


def answers(node: LocalNode) -> bool:
    with suppress(libvirt.libvirtError), node.connected():
        return True
    return False


class Bustle(RuleBasedStateMachine):
    """One pool. images: two that it can stand on."""

    room: Room
    people: list[Visitor]
    images: tuple[UUID, UUID]

    def __init__(self) -> None:
        super().__init__()
        self.workers_killed = self.daemons_restarted = self.changes_over = 0

    # --- people ---------------------------------------------------------------------------------------
    @rule(who=st.integers(0, PEOPLE - 1))
    def somebody_opens_it(self, who: int) -> None:
        open_pool(self.people[who], self.room)

    @rule(who=st.integers(0, PEOPLE - 1))
    def somebody_opens_it_too(self, who: int) -> None:
        self.somebody_opens_it(who)

    @rule(who=st.integers(0, PEOPLE - 1), action=st.sampled_from(["power-off", "shutdown"]))
    def somebody_has_done(self, who: int, action: str) -> None:
        hers = self.room.taken().get(self.people[who].name)
        if hers:
            self.people[who].post(f"/vms/{hers}/{action}/", part=True)

    @rule(seconds=st.sampled_from([0.1, 0.3, 1.0]))
    def nothing_happens(self, seconds: float) -> None:
        sleep(seconds)

    # --- administrators -------------------------------------------------------------------------------
    @rule(most=st.integers(2, MOST), minimum=st.integers(0, 4), pre_started=st.integers(0, 3))
    def the_numbers_are_changed(self, most: int, minimum: int, pre_started: int) -> None:
        self.room.change(most_vms=most, minimum=min(minimum, most), pre_started=min(pre_started, most))

    @rule(on=st.booleans())
    def it_is_switched(self, on: bool) -> None:
        self.room.switch(on=on)

    @precondition(lambda self: self.changes_over < CHANGES_OVER)
    @rule(which=st.integers(0, 1))
    def another_image_is_activated(self, which: int) -> None:
        self.changes_over += 1
        with suppress(Refused):  # it is the active one
            self.room.clerk.ask("activate_image", vm=str(self.images[which]))

    # --- faults ---------------------------------------------------------------------------------------
    @rule(which=st.integers(0, MOST - 1), dies=st.booleans())
    def one_goes_off_by_itself(self, which: int, dies: bool) -> None:
        if found := self._running(which):
            with suppress(AssertionError):  # it is just being thrown away
                machine = self.room.machine(found.uuid)
                kill_qemu(machine) if dies else machine.remove()

    @precondition(lambda self: self.workers_killed < WORKERS_KILLED)
    @rule()
    def the_worker_is_killed(self) -> None:
        if self.room.stack.pid("worker") is not None:
            self.workers_killed += 1
            self.room.stack.kill("worker")

    @precondition(lambda self: self.daemons_restarted < DAEMONS_RESTARTED)
    @rule(node=st.integers(0, 1))
    def libvirtd_is_restarted(self, node: int) -> None:
        self.daemons_restarted += 1
        restart((self.room.stack.alpha, self.room.stack.beta)[node])

    # --- what is so whatever happens --------------------------------------------------------------------
    @invariant()
    def nobody_has_two(self) -> None:
        self.room.taken()
        assert len(self.room.desktops()) <= MOST

    def _running(self, which: int) -> Desktop | None:
        running = [each for each in self.room.desktops() if each.main == "Running" and not each.is_busy]
        return running[which % len(running)] if running else None

    def teardown(self) -> None:
        """Everything comes to rest, as it should be."""
        self.room.change(most_vms=MOST, minimum=3, pre_started=2)
        self.room.switch(on=True)
        assert wait_until(self._has_settled, seconds=SETTLES_WITHIN), (self.room.desktops(), self.room.left())
        assert {each.image for each in self.room.desktops() if each.is_free} <= {self.room.active_image}
        assert self.room.most_there_ever_were() <= MOST
        self.room.is_emptied()

    def _has_settled(self) -> bool:
        there = self.room.desktops()
        taken = sum(not each.is_free for each in there)
        ready = sum(each.is_ready and each.image == self.room.active_image for each in there)
        wanted = min(max(2, 3 - taken), MOST - taken)
        return ready == wanted and len(there) == taken + ready and self.room.left().is_tidy


@pytest.mark.timeout(900)
def test_after_hundreds_of_events_nothing_is_left_over(room: Room) -> None:
    first = room.active_image
    assert first is not None
    Bustle.room, Bustle.people = room, room.visitors(*(f"bustle-{number}" for number in range(PEOPLE)))
    Bustle.images = (first, second := room.make_image("gold bustle"))
    room.has_image(second)
    before = _processes(room)
    try:
        run_state_machine_as_test(Bustle, settings=LIKE_REAL_LIFE)
        assert _processes(room) == before
    finally:
        room.is_emptied()
        with suppress(Refused):  # it is the active one
            room.clerk.ask("activate_image", vm=str(first))
        room.delete_image(second)


def _processes(room: Room) -> set[str]:
    """The guests that run: of other machines alone."""
    lines = (
        processes.command_line(pid) for node in (room.stack.alpha, room.stack.beta) for pid in node.guest_processes()
    )
    return {word for line in lines for word in line if word.startswith("guest=")}
