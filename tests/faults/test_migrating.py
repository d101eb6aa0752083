"""Machines that move to another node while whatever can break breaks: each is somewhere afterwards, and once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from signal import SIGKILL, SIGSTOP

import pytest

from demo import processes
from tests.faults.links import Far, far_node
from tests.faults.moves import (
    MIB,
    MIGRATE,
    SLOWLY,
    Mover,
    ask_to_move,
    call_back,
    comes_half_way,
    free_of,
    is_only_on,
    key_of,
    kill_processes,
    looked_after,
    measures,
    mover,
    starts_with_its_node,
    until,
)
from tests.faults.streams import small_pool
from tests.stack import Stack, wait_until
from tests.visitor import Visitor

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def far(stack: Stack) -> Iterator[Far]:
    """A third node; the way to it from the others is the tests' own."""
    with far_node(stack, "gamma") as found, looked_after(stack, found):
        yield found


def known(anna: Visitor, *movers: Mover, status: str = "Running") -> None:
    for each in movers:
        anna.sees(each.machine, status)


def sent_half_way(anna: Visitor, *movers: Mover, to: str = "beta") -> None:
    """Slowly."""
    known(anna, *movers)
    ask_to_move(*movers, to=to, limit=SLOWLY)
    comes_half_way(anna, *movers)


def test_there_and_back_with_all_that_it_was(stack: Stack, anna: Visitor) -> None:
    """Its disk is seen by both nodes, and it starts with its node; another one is paused."""
    with mover(stack, "runs") as runs, mover(stack, "paused") as paused:
        runs.machine.call("setAutostart", 1)
        known(anna, runs, paused)
        paused.machine.call("suspend")
        known(anna, paused, status="Paused")
        ask_to_move(runs, paused, converges=True)
        for each in (runs, paused):
            anna.sees_operation(each.machine, MIGRATE, "Done")
        is_only_on(anna, runs, stack.beta)
        is_only_on(anna, paused, stack.beta, "Paused")
        assert starts_with_its_node(runs.on(stack.beta))
        assert not starts_with_its_node(paused.on(stack.beta))
        paused.on(stack.beta).call("resume")
        known(anna, runs, paused)
        ask_to_move(runs, paused, to="alpha")
        for each in (runs, paused):
            anna.sees_operation(each.machine, MIGRATE, "Done")
            is_only_on(anna, each, stack.alpha)
        assert starts_with_its_node(runs.machine)


def test_machines_that_are_off_arrive_off_with_what_is_in_their_disks(stack: Stack, anna: Visitor) -> None:
    """One as a definition alone, one with a disk that is copied: that one may be cancelled."""
    with mover(stack, "plain", begins="off") as plain, mover(stack, "laden", begins="off", copied=True) as laden:
        laden.machine.call("setAutostart", 1)
        known(anna, plain, laden, status="Stopped")
        ask_to_move(laden, limit=SLOWLY)
        anna.sees(laden.machine, "Stopped, migrating")
        ask_to_move(plain)
        comes_half_way(anna, laden)
        assert call_back(anna, laden) == 200
        anna.sees_operation(laden.machine, MIGRATE, "Cancelled")
        is_only_on(anna, laden, stack.alpha, "Stopped")
        is_only_on(anna, plain, stack.beta, "Stopped")
        ask_to_move(laden)
        anna.sees_operation(laden.machine, MIGRATE, "Done")
        is_only_on(anna, laden, stack.beta, "Stopped")
        assert starts_with_its_node(laden.on(stack.beta))


def test_cancelled_half_way_it_stays_and_may_be_sent_again(stack: Stack, anna: Visitor) -> None:
    with mover(stack, "recalled", copied=True) as recalled:
        sent_half_way(anna, recalled)
        anna.sees(recalled.machine, "Running, migrating")
        assert call_back(anna, recalled) == 200
        anna.sees_operation(recalled.machine, MIGRATE, "Cancelled")
        is_only_on(anna, recalled, stack.alpha)
        ask_to_move(recalled)
        anna.sees_operation(recalled.machine, MIGRATE, "Done")
        is_only_on(anna, recalled, stack.beta)


def test_two_people_ask_at_once(stack: Stack, anna: Visitor) -> None:
    with mover(stack, "popular") as popular:
        known(anna, popular)
        with stack.frozen("worker"), ThreadPoolExecutor(2) as crowd:
            list(crowd.map(lambda _who: ask_to_move(popular), range(2)))
        anna.sees_operation(popular.machine, MIGRATE, "Done")
        assert len(anna.operations(popular.machine)) == 1
        is_only_on(anna, popular, stack.beta)


def test_the_worker_is_killed_with_one_half_way_and_one_just_sent(stack: Stack, anna: Visitor) -> None:
    with mover(stack, "half-way", copied=True) as half_way, mover(stack, "just-sent") as just_sent:
        sent_half_way(anna, half_way)
        ask_to_move(just_sent, limit=SLOWLY)
        until(lambda: "sent_at" in measures(just_sent), seconds=15)
        stack.kill("worker")
        for each in (half_way, just_sent):
            anna.sees_operation(each.machine, MIGRATE, "Done", seconds=60)
            is_only_on(anna, each, stack.beta)


def test_the_worker_is_killed_at_the_hand_over_and_nobody_can_call_it_back(stack: Stack, anna: Visitor) -> None:
    with (
        mover(stack, "handed", copied=True) as handed,
        mover(stack, "laid-down", begins="off", copied=True) as laid_down,
    ):
        known(anna, handed)
        known(anna, laid_down, status="Stopped")
        ask_to_move(handed, laid_down, limit=SLOWLY)
        comes_half_way(anna, handed, laid_down)
        stack.signal("worker", SIGSTOP)
        for each in (handed, laid_down):
            assert wait_until(lambda: each.machine.state == -1, seconds=30)  # noqa: B023 -- called here only
        assert call_back(anna, handed) == 200
        stack.signal("worker", SIGKILL)
        for each in (handed, laid_down):
            anna.sees_operation(each.machine, MIGRATE, "Done", seconds=60)
        is_only_on(anna, handed, stack.beta)
        is_only_on(anna, laid_down, stack.beta, "Stopped")


def test_nobody_watches(stack: Stack, anna: Visitor) -> None:
    with mover(stack, "unseen", copied=True) as unseen:
        sent_half_way(anna, unseen)
        with stack.without("watcher"):
            anna.sees_operation(unseen.machine, MIGRATE, "Done", seconds=60)
            is_only_on(anna, unseen, stack.beta)
        stack.wait_until_well()
        is_only_on(anna, unseen, stack.beta)


def test_a_libvirtd_is_killed_that_sends_one_and_receives_one(stack: Stack, anna: Visitor) -> None:
    with mover(stack, "sent", copied=True) as sent, mover(stack, "awaited", copied=True, home="beta") as awaited:
        known(anna, sent, awaited)
        ask_to_move(sent, limit=SLOWLY)
        ask_to_move(awaited, to="alpha", limit=SLOWLY)
        comes_half_way(anna, sent, awaited)
        stack.alpha.kill_daemon()
        for each, home in ((sent, stack.alpha), (awaited, stack.beta)):
            anna.sees_operation(each.machine, MIGRATE, "Failed", seconds=60)
            is_only_on(anna, each, home)


def test_both_are_killed(stack: Stack, anna: Visitor) -> None:
    with mover(stack, "torn", copied=True) as torn:
        sent_half_way(anna, torn)
        for node in (stack.alpha, stack.beta):
            node.kill_daemon()
        anna.sees_operation(torn.machine, MIGRATE, "Failed", seconds=60)
        is_only_on(anna, torn, stack.alpha)


def test_its_process_is_killed_on_either_side(stack: Stack, anna: Visitor) -> None:
    with mover(stack, "crashed", copied=True) as crashed, mover(stack, "refused", copied=True) as refused:
        sent_half_way(anna, crashed, refused)
        kill_processes(crashed, stack.alpha)
        kill_processes(refused, stack.beta)
        for each in (crashed, refused):
            anna.sees_operation(each.machine, MIGRATE, "Failed")
        is_only_on(anna, crashed, stack.alpha, "Crashed")
        is_only_on(anna, refused, stack.alpha)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a storage that is soon full")
def test_a_storage_that_becomes_full_gets_nothing(stack: Stack, anna: Visitor) -> None:
    with small_pool(stack, "tight", mib=40, on="beta") as folder, mover(stack, "large", copied=True) as large:
        known(anna, large)
        page = f"/nodes/{key_of(stack, stack.beta)}/"
        assert wait_until(lambda: str(folder) in anna.get(page).text, seconds=20)
        ask_to_move(large, limit=SLOWLY, folder=str(folder))
        comes_half_way(anna, large)
        stack.beta.account.run("fallocate", "-l", f"{free_of(folder) - MIB}", folder / "in-the-way")
        note = anna.sees_operation(large.machine, MIGRATE, "Failed")
        assert "o space is left" in note
        is_only_on(anna, large, stack.alpha)
        assert [left.name for left in folder.iterdir()] == ["in-the-way"]


def test_the_way_is_cut(stack: Stack, anna: Visitor, far: Far) -> None:
    with mover(stack, "stranded", copied=True, far=far.node) as stranded:
        sent_half_way(anna, stranded, to="gamma")
        with far.link.cut():
            anna.sees_operation(stranded.machine, MIGRATE, "Failed", seconds=40)
            is_only_on(anna, stranded, stack.alpha)
        ask_to_move(stranded, to="gamma")
        anna.sees_operation(stranded.machine, MIGRATE, "Done")
        is_only_on(anna, stranded, far.node)


def test_the_way_is_silent(stack: Stack, anna: Visitor, far: Far) -> None:
    with mover(stack, "waiting", copied=True, far=far.node) as waiting:
        sent_half_way(anna, waiting, to="gamma")
        with far.link.silent():
            assert wait_until(lambda: not waiting.processes_on(far.node), seconds=60)
            assert waiting.on(stack.alpha).is_on
        anna.sees_operation(waiting.machine, MIGRATE, "Failed")
        is_only_on(anna, waiting, stack.alpha)


def test_the_way_is_silent_when_it_arrives(stack: Stack, anna: Visitor, far: Far) -> None:
    """Left alone, its own node would let its guest run on, too."""
    with mover(stack, "unheard-of", far=far.node) as unheard_of:
        sent_half_way(anna, unheard_of, to="gamma")
        with far.link.without_answers():
            anna.sees_operation(unheard_of.machine, MIGRATE, "Done", seconds=60)
            is_only_on(anna, unheard_of, far.node)
        processes.pause(2)
        is_only_on(anna, unheard_of, far.node)
