"""A machine is changed where it stands: now as far as it can be, and the rest from its next start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.images import iso
from tests.operations.edits import (
    GIB,
    MIB,
    ROOT,
    ask_for,
    by_hand,
    ended,
    everything,
    is_done,
    live,
    machine_of,
    order_for,
    saved,
    with_drive,
    with_hardware,
)
from tests.operations.streaming import pool_of
from tests.operations.test_storing import bring
from tests.operations.working import fresh, look, status_of, step, work
from vms.hypervisor.editing import digest_of
from vms.hypervisor.fake import FakeHypervisor, FakeNode
from vms.hypervisor.machine_xml import PanelMark, describe
from vms.models import AuditLine, Definition, Event, Operation, Vm
from vms.operations.editing import iso_path, request_edit
from vms.operations.storing import StillNeeded, remove
from vms.rules.actions import Action, Slot
from vms.rules.audit import Outcome
from vms.rules.kinds import Kind, Mode
from vms.rules.power import Power
from vms.rules.progress import Progress
from vms.rules.timeline import What

pytestmark = pytest.mark.django_db


def test_a_machine_that_is_off_becomes_what_was_asked_for(off: Vm, alpha: FakeNode, anna: Person) -> None:
    operation = work(ask_for(off, alpha, anna, **everything(off, alpha)))
    assert ended(operation) == (Progress.SUCCEEDED, "")
    assert is_done(operation, alpha)
    assert machine_of(off, alpha).autostart
    assert "<!-- by hand -->" in machine_of(off, alpha).xml
    assert alpha.images[ROOT].capacity == 3 * GIB
    mark = describe(machine_of(off, alpha).xml).panel
    made = operation.arguments["disks"][0]["path"]
    assert (mark.display_name, mark.made_disks) == ("Büro", frozenset({ROOT, made}))
    assert alpha.images[made].capacity == 2 * GIB
    vm = fresh(off)
    assert (vm.display_name, vm.memory, vm.changes_wait) == ("Büro", GIB, False)


def test_a_running_machine_is_changed_now_as_far_as_it_can_be(on: Vm, alpha: FakeNode, anna: Person) -> None:
    operation = work(ask_for(on, alpha, anna, **everything(on, alpha)))
    assert ended(operation) == (Progress.SUCCEEDED, "")
    assert is_done(operation, alpha)
    now = live(on, alpha)
    assert (now.memory_current, now.vcpus_current) == (256 * MIB, 2)
    assert [drive.target for drive in now.drives] == ["vda", "sda", "vdc"]
    assert now.watchdog == ""
    assert fresh(on).changes_wait
    alpha.become(on.pk, Power.OFF)
    look(on)
    assert not fresh(on).changes_wait


def test_the_page_is_right_before_the_watcher_looks(on: Vm, alpha: FakeNode, anna: Person) -> None:
    operation = work(ask_for(on, alpha, anna, watchdog="reset", memory_current=256 * MIB), watched=False)
    assert operation.progress == Progress.SUCCEEDED
    known = Definition.objects.get(vm=on)
    assert known.digest == digest_of(machine_of(on, alpha).xml)
    assert (known.live_hardware or {})["memory_current"] == 256 * MIB
    assert fresh(on).changes_wait


@pytest.mark.parametrize("power", [Power.OFF, Power.RUNNING])
def test_every_step_may_be_taken_twice(power: Power, add_vm: AddVm, alpha: FakeNode, anna: Person) -> None:
    vm = with_hardware(add_vm("web1", power), alpha)
    operation = work(ask_for(vm, alpha, anna, **everything(vm, alpha)))
    before = machine_of(vm, alpha).xml, machine_of(vm, alpha).live_xml
    Operation.objects.filter(pk=operation.pk).update(progress=Progress.WORKING, finished_at=None, steps_done=0)
    work(operation)
    assert ended(operation) == (Progress.SUCCEEDED, "")
    assert (machine_of(vm, alpha).xml, machine_of(vm, alpha).live_xml) == before
    assert Event.objects.filter(vm=vm, what=What.RENAMED).count() == 1


CALLS = ("definition", "make_image", "disk_sizes", "redefine", "change_now")


@pytest.mark.parametrize("power", [Power.OFF, Power.RUNNING])
@pytest.mark.parametrize("number", range(1, 24))
def test_a_worker_may_die_at_any_call(
    number: int, power: Power, add_vm: AddVm, alpha: FakeNode, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the node carried it out, and before anybody wrote that down."""
    vm = with_hardware(add_vm("web1", power), alpha)
    operation = ask_for(vm, alpha, anna, **everything(vm, alpha))
    with monkeypatch.context() as patch:
        die_after(patch, number)
        while not operation.finished_at:
            try:
                step(operation)
            except Killed:
                break
            operation.refresh_from_db()
    left_by_the_dead(operation)
    work(operation)
    assert ended(operation) == (Progress.SUCCEEDED, "")
    assert is_done(operation, alpha)


class Killed(BaseException):
    """As SIGKILL: nobody catches it."""


def die_after(patch: pytest.MonkeyPatch, number: int) -> None:
    """The so-manieth of the calls that an edit makes is the last one."""
    made = iter(range(1, 1000))

    def deadly(call: Callable[..., Any]) -> Callable[..., Any]:
        def made_once(*args: Any, **kwargs: Any) -> Any:
            answer = call(*args, **kwargs)
            if next(made) == number:
                raise Killed
            return answer

        return made_once

    for name in CALLS:
        patch.setattr(FakeHypervisor, name, deadly(getattr(FakeHypervisor, name)))


def left_by_the_dead(operation: Operation) -> None:
    now = timezone.now()
    alive = Operation.objects.filter(pk=operation.pk, finished_at=None)
    alive.update(lease_owner="", lease_until=None, next_step_at=now)
    operation.refresh_from_db()


def test_started_in_between_it_is_planned_again(off: Vm, alpha: FakeNode, anna: Person) -> None:
    operation = ask_for(off, alpha, anna, watchdog="reset", vcpus_current=2)
    alpha.become(off.pk, Power.RUNNING)
    look(off)
    assert work(operation).progress == Progress.SUCCEEDED
    assert (live(off, alpha).vcpus_current, live(off, alpha).watchdog) == (2, "")
    assert saved(off, alpha).watchdog == "reset"
    assert fresh(off).changes_wait


def test_stopped_in_between_it_is_planned_again(on: Vm, alpha: FakeNode, anna: Person) -> None:
    operation = ask_for(on, alpha, anna, vcpus_current=2)
    alpha.become(on.pk, Power.OFF)
    assert work(operation).progress == Progress.SUCCEEDED
    assert "change_now" not in alpha.calls
    assert saved(on, alpha).vcpus_current == 2


def test_an_uploaded_iso_is_brought_and_put_in(on: Vm, alpha: FakeNode, anna: Person, uploads: Path) -> None:
    file = bring(iso(), anna)
    path = iso_path(file, pool_of(on.node))
    also = {"file": file.pk, "cdrom": path}
    operation = ask_for(on, alpha, anna, also=also, drives=with_drive(saved(on, alpha), "sda", source=path))
    with pytest.raises(StillNeeded):
        remove(file, by=anna)
    assert work(operation).progress == Progress.SUCCEEDED
    assert alpha.images[path].content == iso()
    assert live(on, alpha).drive("sda").source == path  # type: ignore[union-attr]
    remove(file, by=anna)


def test_a_name_is_changed_once_and_told_once(off: Vm, alpha: FakeNode, anna: Person) -> None:
    Vm.objects.filter(pk=off.pk).update(claimed_name="web1")
    operation = work(ask_for(off, alpha, anna, also={"display_name": ("web1", "Büro")}))
    assert operation.progress == Progress.SUCCEEDED
    assert (fresh(off).display_name, fresh(off).claimed_name, fresh(off).name) == ("Büro", "büro", "web1")
    (told,) = Event.objects.filter(vm=off, what=What.RENAMED)
    assert (told.values, told.by_panel) == ({"old": "web1", "new": "Büro"}, True)


def test_a_templates_mode_is_changed_together_with_its_hardware(add_vm: AddVm, alpha: FakeNode, anna: Person) -> None:
    mark = PanelMark(Kind.TEMPLATE, mode=Mode.READY_FOR_USE)
    template = with_hardware(add_vm("debian", kind=Kind.TEMPLATE, mode=Mode.READY_FOR_USE), alpha, mark)
    mode = (Mode.READY_FOR_USE.value, Mode.MAINTENANCE.value)
    assert work(ask_for(template, alpha, anna, also={"mode": mode}, vcpus_current=2)).progress == Progress.SUCCEEDED
    vm = fresh(template)
    assert (vm.mode, vm.mode_set_by_name) == (Mode.MAINTENANCE, "anna")
    assert describe(machine_of(template, alpha).xml).panel.mode is Mode.MAINTENANCE
    assert saved(template, alpha).vcpus_current == 2


def test_a_guest_that_is_held_for_a_job_counts_as_off(off: Vm, alpha: FakeNode, anna: Person) -> None:
    alpha.become(off.pk, Power.PAUSED)
    Operation.objects.create(vm=off, node=off.node, action=Action.STREAM, slot=Slot.JOB, second="streaming")
    look(off)
    assert status_of(off).startswith("Stopped")
    assert work(ask_for(off, alpha, anna, vcpus_current=2), watched=False).progress == Progress.SUCCEEDED
    assert "change_now" not in alpha.calls


def test_a_second_submission_changes_nothing(off: Vm, alpha: FakeNode, anna: Person) -> None:
    order = order_for(off, alpha, vcpus_current=2, also={"display_name": ("web1", "Büro")})
    first = request_edit(off, order, by=anna)
    assert request_edit(off, order, by=anna) == first
    work(first)
    assert request_edit(fresh(off), order, by=anna) == first


def test_the_audit_trail_names_what_was_asked_for(on: Vm, alpha: FakeNode, anna: Person) -> None:
    work(ask_for(on, alpha, anna, vcpus_current=2, description="x" * 1000, also={"display_name": ("web1", "Büro")}))
    asked, done = AuditLine.objects.filter(request=Action.EDIT).order_by("pk")
    assert (asked.outcome, done.outcome) == (Outcome.ACCEPTED, Outcome.SUCCEEDED)
    assert asked.values["changes"] == [
        {"part": "description", "device": "", "before": "", "after": "x" * 200},
        {"part": "vcpus", "device": "", "before": 1, "after": 2},
    ]
    assert asked.values["name"] == ["web1", "Büro"]


def test_the_panels_own_change_is_nobody_elses(off: Vm, alpha: FakeNode, anna: Person) -> None:
    """However late the watcher looks."""
    work(ask_for(off, alpha, anna, **everything(off, alpha)), watched=False)
    look(off)
    assert fresh(off).disks.count() == 3
    assert not Event.objects.filter(vm=off, what=What.DEFINITION_CHANGED).exists()
    by_hand(off, alpha, '<boot dev="hd"/>', '<boot dev="network"/>')
    look(off)
    assert Event.objects.filter(vm=off, what=What.DEFINITION_CHANGED).exists()
