"""An edit that does not come to its end: all is taken back, or what is left comes with the next start."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone
from pytest_django.fixtures import Settings

from directory.models import Person
from tests.images import iso
from tests.operations.edits import (
    DATA,
    ISO,
    MAC,
    NEW_MAC,
    ROOT,
    ask_for,
    by_hand,
    ended,
    everything,
    live,
    machine_of,
    new_card,
    nothing_was_changed,
    saved,
    sound_image,
    step_once,
    with_drive,
    without_drive,
)
from tests.operations.streaming import pool_of
from tests.operations.test_storing import bring
from tests.operations.working import fresh, look, status_of, step, work
from vms.hypervisor.errors import HypervisorError, InvalidXml, NodeUnreachable, NoSpace, Refused
from vms.hypervisor.fake import FakeNode
from vms.models import Operation, Vm
from vms.operations.editing import iso_path
from vms.operations.requesting import cancel, may_be_cancelled
from vms.rules.differences import Part
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress

pytestmark = pytest.mark.django_db


def test_changed_between_the_look_and_the_change_all_is_taken_back(
    off: Vm, alpha: FakeNode, anna: Person, uploads: Path
) -> None:
    file = bring(iso(), anna)
    wish = everything(off, alpha)
    path = iso_path(file, pool_of(off.node))
    wish["also"] |= {"file": file.pk, "cdrom": path}
    wish["drives"] = tuple(replace(one, source=path) if one.was == "sda" else one for one in wish["drives"])
    operation = ask_for(off, alpha, anna, **wish)
    while operation.steps_done < 4:
        step_once(operation, alpha)
    assert path in alpha.images
    by_hand(off, alpha, '<boot dev="hd"/>', '<boot dev="network"/>')
    before = machine_of(off, alpha).xml
    work(operation)
    assert ended(operation) == (Progress.FAILED, Problem.CHANGED_MEANWHILE)
    assert nothing_was_changed(off, alpha, before)


FAILURES: list[tuple[str, HypervisorError]] = [
    ("make_image", NoSpace("No space left on device")),
    ("change_now", NoSpace("No space left on device")),
    ("redefine", InvalidXml("XML error")),
]


@pytest.mark.parametrize(("call", "error"), FAILURES)
def test_what_fails_on_the_way_leaves_nothing_made_by_half(
    call: str, error: HypervisorError, off: Vm, alpha: FakeNode, anna: Person
) -> None:
    """A disk that has grown stays as large: it does not shrink."""
    before = machine_of(off, alpha).xml
    operation = ask_for(off, alpha, anna, **everything(off, alpha))
    alpha.fail_next(call, error)
    work(operation)
    assert ended(operation) == (Progress.FAILED, error.problem)
    assert nothing_was_changed(off, alpha, before)
    assert not machine_of(off, alpha).autostart


def test_cancelled_before_it_began_nothing_has_happened(off: Vm, alpha: FakeNode, anna: Person) -> None:
    before = machine_of(off, alpha).xml
    operation = ask_for(off, alpha, anna, **everything(off, alpha))
    assert cancel(operation, by=anna)
    assert ended(operation) == (Progress.CANCELLED, "")
    assert nothing_was_changed(off, alpha, before)


def test_cancelled_before_the_definition_is_replaced_all_is_taken_back(off: Vm, alpha: FakeNode, anna: Person) -> None:
    Vm.objects.filter(pk=off.pk).update(claimed_name="web1")
    before = machine_of(off, alpha).xml
    operation = ask_for(off, alpha, anna, **everything(off, alpha))
    while operation.steps_done < 3:
        step_once(operation, alpha)
    assert fresh(off).claimed_name == "büro"
    assert may_be_cancelled(operation)
    assert cancel(operation, by=anna)
    work(operation)
    assert ended(operation) == (Progress.CANCELLED, "")
    assert nothing_was_changed(off, alpha, before)
    assert fresh(off).claimed_name == "web1"


def test_from_then_on_it_cannot_be_cancelled(off: Vm, alpha: FakeNode, anna: Person) -> None:
    operation = ask_for(off, alpha, anna, **everything(off, alpha))
    stale = Operation.objects.get(pk=operation.pk)
    while operation.steps_done < 4:
        step_once(operation, alpha)
    assert not may_be_cancelled(operation)
    stale.progress = operation.progress
    assert not cancel(stale, by=anna)
    assert work(operation).progress == Progress.SUCCEEDED


def test_a_machine_that_is_gone_is_not_made_anew(off: Vm, alpha: FakeNode, anna: Person) -> None:
    operation = ask_for(off, alpha, anna, **everything(off, alpha))
    while operation.steps_done < 3:
        step_once(operation, alpha)
    del alpha.machines[off.pk]
    work(operation, watched=False)
    assert ended(operation) == (Progress.FAILED, Problem.VM_NOT_FOUND)
    assert set(alpha.images) == {ROOT, DATA, ISO}


def test_a_guest_that_keeps_a_disk_loses_it_at_the_next_start(
    on: Vm, alpha: FakeNode, anna: Person, settings: Settings
) -> None:
    settings.GUEST_TIME_LIMIT = 30
    machine_of(on, alpha).lets_go = False
    operation = ask_for(on, alpha, anna, drives=without_drive(saved(on, alpha), "vdb"), vcpus_current=2)
    for _ in range(3):
        step(operation)
    operation.refresh_from_db()
    assert (operation.progress, operation.phase) == (Progress.WORKING, Phase.WAITING_FOR_GUEST)
    assert not may_be_cancelled(operation)
    with time_machine.travel(timezone.now() + timedelta(seconds=31), tick=False):
        step(operation)
    assert ended(operation) == (Progress.FAILED, Problem.GUEST_DID_NOT_REACT)
    assert operation.problem_values == {"undone": [[Part.DRIVE_REMOVED, "vdb"]]}
    assert live(on, alpha).vcpus_current == 2
    assert saved(on, alpha).drive("vdb") is None
    assert fresh(on).changes_wait


def test_a_guest_that_lets_go_late_is_waited_for(on: Vm, alpha: FakeNode, anna: Person) -> None:
    machine_of(on, alpha).lets_go = False
    operation = ask_for(on, alpha, anna, drives=without_drive(saved(on, alpha), "vdb"))
    step(operation)
    machine_of(on, alpha).live = machine_of(on, alpha).xml
    assert work(operation).progress == Progress.SUCCEEDED
    assert not fresh(on).changes_wait


def test_nobody_waits_for_a_guest_that_is_held(on: Vm, alpha: FakeNode, anna: Person) -> None:
    machine_of(on, alpha).lets_go = False
    alpha.become(on.pk, Power.PAUSED)
    Vm.objects.filter(pk=on.pk).update(wanted="paused")
    look(on)
    assert status_of(on) == "Paused"
    operation = ask_for(on, alpha, anna, drives=without_drive(saved(on, alpha), "vdb"))
    step(operation)
    assert ended(operation) == (Progress.FAILED, Problem.GUEST_DID_NOT_REACT)


def test_a_node_that_cannot_plug_it_in_has_it_from_the_next_start(on: Vm, alpha: FakeNode, anna: Person) -> None:
    """All else is changed now."""
    before = saved(on, alpha)
    cards = (*before.interfaces, new_card())
    operation = ask_for(on, alpha, anna, interfaces=cards, drives=with_drive(before, "sda", source=sound_image(alpha)))
    alpha.fail_next("change_now", Refused("The tray is locked"))
    work(operation)
    assert ended(operation) == (Progress.FAILED, Problem.NOT_NOW)
    assert operation.evidence == "The tray is locked"
    assert operation.problem_values == {"undone": [[Part.MEDIUM, "sda"]]}
    assert [card.mac for card in saved(on, alpha).interfaces] == [MAC, NEW_MAC]
    assert [card.mac for card in live(on, alpha).interfaces] == [MAC, NEW_MAC]
    assert fresh(on).changes_wait


def test_a_node_that_is_away_is_waited_for(on: Vm, alpha: FakeNode, anna: Person) -> None:
    operation = ask_for(on, alpha, anna, vcpus_current=2)
    alpha.fail_next("redefine", NodeUnreachable("gone"))
    alpha.fail_next("change_now", NodeUnreachable("gone"))
    step(operation)
    operation.refresh_from_db()
    assert operation.phase == Phase.WAITING_FOR_NODE
    assert work(operation).progress == Progress.SUCCEEDED
    assert live(on, alpha).vcpus_current == 2
