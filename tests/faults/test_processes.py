"""The panel's own processes die, hang and come back: worker, watcher, broker, database."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from demo import processes
from demo.machines import Machine as Drawing
from demo.machines import PanelNote
from demo.pools import ensure_disk
from tests.stack import Machine, Stack, wait_until
from tests.visitor import Visitor

pytestmark = pytest.mark.live

MIB = 1024 * 1024


def die_in_the_middle(stack: Stack, ask: Callable[[], object], is_working: Callable[[], bool]) -> None:
    """The worker dies while its call hangs at a frozen node, which then goes on."""
    stack.alpha.freeze()
    ask()
    assert wait_until(is_working, seconds=15)
    stack.kill("worker")
    stack.alpha.thaw()


def under_way(anna: Visitor, machine: Machine, action: str) -> bool:
    return [each[:2] for each in anna.operations(machine)][:1] == [(action, "Under way")]


def test_the_worker_dies_in_the_middle_of_a_start(stack: Stack, anna: Visitor) -> None:
    with stack.machine("orphan-start") as machine:
        anna.sees(machine, "Stopped")

        die_in_the_middle(stack, lambda: anna.act(machine, "start"), lambda: under_way(anna, machine, "Start"))

        anna.sees_operation(machine, "Start", "Done", seconds=60)
        anna.sees(machine, "Running")
        assert machine.is_on


def test_the_worker_dies_in_the_middle_of_a_shutdown(stack: Stack, anna: Visitor) -> None:
    """The guest ignores it, so that it ends by its time limit and the machine runs on."""
    with stack.machine("orphan-shutdown", begins="running") as machine:
        anna.sees(machine, "Running")

        assert anna.act(machine, "shutdown").status == 202
        assert wait_until(lambda: anna.note(machine) == "waits for the guest", seconds=15)
        stack.kill("worker")

        note = anna.sees_operation(machine, "Shutdown", "Failed", seconds=60)
        assert "did not react" in note
        anna.sees(machine, "Running")
        assert machine.is_on


def test_the_worker_dies_in_the_middle_of_a_delete(stack: Stack, anna: Visitor) -> None:
    disk = _disk(stack, "orphan-delete")
    with stack.machine("orphan-delete", _with_made_disk("orphan-delete", disk), begins="running") as machine:
        anna.sees(machine, "Running")
        anna.act(machine, "power-off")
        anna.sees(machine, "Stopped")

        die_in_the_middle(stack, lambda: anna.act(machine, "delete"), lambda: under_way(anna, machine, "Delete"))

        anna.sees_operation(machine, "Delete", "Done", seconds=60)
        assert machine.state == -1
        assert not disk.exists()
        assert anna.get(f"/vms/{machine.uuid}/").url.endswith("/removed/")


def test_the_worker_dies_in_the_middle_of_a_reset_and_a_person_decides(stack: Stack, anna: Visitor) -> None:
    with stack.machine("orphan-reset", begins="running") as machine:
        anna.sees(machine, "Running")

        die_in_the_middle(stack, lambda: anna.act(machine, "reset"), lambda: under_way(anna, machine, "Reset"))

        note = anna.sees_operation(machine, "Reset", "Needs a look", seconds=60)
        assert "cannot be told" in note
        assert anna.act(machine, "pause").status == 409
        page = anna.get("/operations/?show=attention")
        close = page.html.xpath("//button[contains(@formaction, '/close/')]/@formaction")[0]
        assert anna.post(close).status == 200
        anna.sees_operation(machine, "Reset", "Failed")
        assert anna.act(machine, "pause").status == 202
        anna.sees(machine, "Paused")


def test_a_guest_that_ignores_shutdown_runs_on_and_can_be_powered_off_meanwhile(stack: Stack, anna: Visitor) -> None:
    with stack.machine("deaf", begins="running") as machine:
        anna.sees(machine, "Running")

        anna.act(machine, "shutdown")
        anna.sees(machine, "Shutting down")
        note = anna.sees_operation(machine, "Shutdown", "Failed")
        assert "did not react" in note
        anna.sees(machine, "Running")

        anna.act(machine, "shutdown")
        anna.sees(machine, "Shutting down")
        assert anna.act(machine, "power-off").status == 202
        anna.sees(machine, "Stopped")
        assert machine.is_off
        assert [each[:2] for each in anna.operations(machine)][:2] == [("Power off", "Done"), ("Shutdown", "Cancelled")]


def test_the_watcher_is_killed_and_catches_up(stack: Stack, anna: Visitor) -> None:
    with stack.machine("unwatched") as machine:
        anna.sees(machine, "Stopped")

        with stack.without("watcher"):
            machine.call("create")
            assert anna.act(machine, "start").status in {202, 409}
            assert wait_until(lambda: stack.health()[0] == 503, seconds=30)
            assert '"watcher": "not well"' in stack.health()[1]
            assert '"worker": "well"' in stack.health()[1]

        stack.wait_until_well()
        anna.sees(machine, "Running")


def test_an_action_ends_in_the_true_state_without_a_watcher(stack: Stack, anna: Visitor) -> None:
    with stack.machine("alone") as machine:
        anna.sees(machine, "Stopped")

        with stack.without("watcher"):
            assert anna.act(machine, "start").status == 202
            anna.sees(machine, "Running", seconds=20)
            assert machine.is_on


def test_the_broker_is_away_and_what_was_asked_for_is_done_when_it_is_back(stack: Stack, anna: Visitor) -> None:
    with stack.machine("unheard") as machine:
        anna.sees(machine, "Stopped")

        with stack.without("redis"):
            assert anna.get("/vms/").status == 200
            assert anna.act(machine, "start").status == 202
            assert anna.status(machine) == "Starting"
            assert wait_until(lambda: stack.health()[0] == 503, seconds=10)
            assert '"broker": "not well"' in stack.health()[1]
            assert '"database": "well"' in stack.health()[1]
            assert machine.is_off

        anna.sees_operation(machine, "Start", "Done", seconds=60)
        anna.sees(machine, "Running")
        assert machine.is_on


def test_a_broker_that_hangs_costs_a_page_little_time(stack: Stack, anna: Visitor) -> None:
    with stack.machine("waiting-for-it") as machine:
        anna.sees(machine, "Stopped")

        with stack.frozen("redis"):
            assert anna.get("/vms/").status == 200
            assert anna.act(machine, "start").status == 202
            assert '"broker": "not well"' in stack.health()[1]

        anna.sees_operation(machine, "Start", "Done", seconds=60)
        assert machine.is_on


def test_healthz_names_the_worker_that_is_gone(stack: Stack) -> None:
    with stack.frozen("worker"):
        assert wait_until(lambda: stack.health()[0] == 503, seconds=40)
        assert '"worker": "not well"' in stack.health()[1]
        assert '"watcher": "well"' in stack.health()[1]


def test_the_database_is_locked_for_ten_seconds(stack: Stack, anna: Visitor) -> None:
    with stack.machine("locked-out") as machine:
        anna.sees(machine, "Stopped")
        with closing(sqlite3.connect(stack.database, isolation_level=None)) as holder:
            holder.execute("PRAGMA busy_timeout = 10000")
            holder.execute("BEGIN EXCLUSIVE")
            asked: list[int] = []
            asking = threading.Thread(target=lambda: asked.append(anna.act(machine, "start").status))
            asking.start()
            machine.call("create")
            processes.pause(10)  # the fault itself lasts this long
            assert Visitor.get(anna, "/healthz").status in {200, 503}
            holder.execute("ROLLBACK")
        asking.join(40)

        assert asked and asked[0] in {202, 409}
        anna.sees(machine, "Running", seconds=30)
        machine.call("destroy")
        anna.sees(machine, "Stopped", seconds=10)


def test_two_people_press_the_same_button_at_once(stack: Stack, anna: Visitor) -> None:
    """One operation; whoever comes second is told who holds the machine, or finds that it is done."""
    berta = Visitor(stack)
    with stack.machine("sought-after", begins="running") as machine:
        anna.sees(machine, "Running")

        with ThreadPoolExecutor(8) as crowd:
            answers = list(crowd.map(lambda who: who.act(machine, "shutdown").status, [anna, berta] * 4))

        assert set(answers) <= {202, 409}
        assert 202 in answers
        assert len(anna.operations(machine)) == 1
        anna.sees_operation(machine, "Shutdown", "Failed")


def test_a_second_submission_of_the_same_question_does_nothing(stack: Stack, anna: Visitor) -> None:
    with stack.machine("twice", begins="running") as machine:
        anna.sees(machine, "Running")
        question = anna.get(f"/vms/{machine.uuid}/reset/")
        key = question.html.xpath("//input[@name='key']/@value")[0]

        assert [anna.act(machine, "reset", key=key).status for _ in range(3)] == [202, 202, 202]

        anna.sees_operation(machine, "Reset", "Done")
        assert len(anna.operations(machine)) == 1


def test_the_web_process_is_killed_and_people_stay_logged_in(stack: Stack, anna: Visitor) -> None:
    stack.kill("web")
    stack.wait_until_well()
    page = anna.get("/vms/")
    assert page.status == 200
    assert "/login/" not in page.url


def _disk(stack: Stack, name: str) -> Path:
    with stack.alpha.connected() as connection:
        return ensure_disk(connection, f"{name}.qcow2", size=MIB)


def _with_made_disk(name: str, disk: Path) -> str:
    return Drawing(name, disks=(disk,), note=PanelNote(name, made_disks=(disk,))).xml()
