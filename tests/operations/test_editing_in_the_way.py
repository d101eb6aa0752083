"""What keeps a machine from being changed: others were faster, or it is not possible."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from directory.models import Person
from tests.conftest import AddVm
from tests.images import qcow2
from tests.operations.edits import (
    DATA,
    GIB,
    ISO,
    MAC,
    MIB,
    NEW_MAC,
    ROOT,
    ask_for,
    by_hand,
    ended,
    everything,
    live,
    machine_of,
    new_card,
    new_drive,
    nothing_was_changed,
    saved,
    sound_image,
    with_drive,
    with_hardware,
    without_drive,
)
from tests.operations.working import ask, fresh, look, work
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.fake_node import FakeImage
from vms.hypervisor.machine_xml import PanelMark, describe
from vms.models import AuditLine, Operation, Vm
from vms.operations.editing import ImpossibleEdit, NamesTaken
from vms.operations.requesting import ActionRefused
from vms.rules.actions import Action, Slot
from vms.rules.audit import Outcome
from vms.rules.differences import Hindrance
from vms.rules.images import ImageFault
from vms.rules.kinds import Kind, Mode
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.reasons import Reason

pytestmark = pytest.mark.django_db


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(off: Vm, alpha: FakeNode, anna: Person) -> None:
    operation = ask_for(off, alpha, anna, **everything(off, alpha))
    by_hand(off, alpha, '<vcpu current="1">4</vcpu>', '<vcpu current="1">8</vcpu>')
    before = machine_of(off, alpha).xml
    work(operation)
    assert ended(operation) == (Progress.FAILED, Problem.CHANGED_MEANWHILE)
    assert nothing_was_changed(off, alpha, before)
    assert alpha.images[ROOT].capacity == GIB


def test_what_others_changed_that_nobody_edits_here_stays_as_they_made_it(
    off: Vm, alpha: FakeNode, anna: Person
) -> None:
    """As a job does that writes into the panel's own mark, or a tool that writes metadata of its own."""
    operation = ask_for(off, alpha, anna, vcpus_current=3)
    by_hand(off, alpha, "<!-- by hand -->", "<!-- by another hand -->")
    assert work(operation).progress == Progress.SUCCEEDED
    assert "<!-- by another hand -->" in machine_of(off, alpha).xml
    assert saved(off, alpha).vcpus_current == 3


def test_what_another_one_asked_for_likewise_is_done_already(off: Vm, alpha: FakeNode, anna: Person) -> None:
    operation = ask_for(off, alpha, anna, vcpus=8)
    by_hand(off, alpha, '<vcpu current="1">4</vcpu>', '<vcpu current="1">8</vcpu>')
    assert work(operation).progress == Progress.SUCCEEDED
    assert "redefine" not in alpha.calls


def test_a_pool_without_room_for_a_larger_disk_is_said_before_anything_is_made(
    off: Vm, alpha: FakeNode, anna: Person
) -> None:
    before = machine_of(off, alpha).xml
    operation = ask_for(off, alpha, anna, **everything(off, alpha))
    alpha.pools["/images"].free = GIB
    work(operation)
    assert ended(operation) == (Progress.FAILED, Problem.NO_SPACE)
    assert nothing_was_changed(off, alpha, before)
    assert "make_image" not in alpha.calls


def test_an_image_that_is_there_becomes_a_disk(on: Vm, alpha: FakeNode, anna: Person) -> None:
    drives = (*saved(on, alpha).drives, new_drive(sound_image(alpha)))
    assert work(ask_for(on, alpha, anna, drives=drives)).progress == Progress.SUCCEEDED
    assert live(on, alpha).drive("vdc") is not None
    assert describe(machine_of(on, alpha).xml).panel.made_disks == {ROOT}


def test_an_image_that_somebody_has_taken_meanwhile_is_left_to_them(
    off: Vm, add_vm: AddVm, alpha: FakeNode, anna: Person
) -> None:
    before = machine_of(off, alpha).xml
    operation = ask_for(off, alpha, anna, drives=(*saved(off, alpha).drives, new_drive(sound_image(alpha))))
    other = add_vm("mail")
    alpha.machines[other.pk].xml = (
        machine_of(off, alpha)
        .xml.replace("web1", "mail")
        .replace(str(off.uuid), str(other.uuid))
        .replace(DATA, "/images/spare.qcow2")
    )
    look(other)
    work(operation)
    assert ended(operation) == (Progress.FAILED, Problem.IMAGE_TAKEN)
    assert operation.problem_values == {"path": "/images/spare.qcow2", "users": "mail"}
    assert nothing_was_changed(off, alpha, before) or machine_of(off, alpha).xml == before


def test_an_image_that_another_one_needs_is_not_written_to(off: Vm, alpha: FakeNode, anna: Person) -> None:
    path = sound_image(alpha)
    alpha.add_image("/images/on-top.qcow2", on_top_of=path)
    operation = work(ask_for(off, alpha, anna, drives=(*saved(off, alpha).drives, new_drive(path))))
    assert ended(operation) == (Progress.FAILED, Problem.IMAGE_TAKEN)
    assert operation.problem_values["users"] == "/images/on-top.qcow2"


@pytest.mark.parametrize(
    ("content", "fault"), [(qcow2(below=(512, 9)), ImageFault.HAS_IMAGE_BELOW), (b"noise" * 200, ImageFault.NOT_QCOW2)]
)
def test_an_image_that_could_lead_to_other_files_becomes_no_disk(
    content: bytes, fault: ImageFault, off: Vm, alpha: FakeNode, anna: Person
) -> None:
    alpha.images["/images/odd.qcow2"] = FakeImage(content=content)
    operation = work(ask_for(off, alpha, anna, drives=(*saved(off, alpha).drives, new_drive("/images/odd.qcow2"))))
    assert ended(operation) == (Progress.FAILED, Problem.IMAGE_NOT_TRUSTED)
    assert operation.problem_values == {"why": fault}


def test_a_medium_that_is_gone_is_not_put_in(off: Vm, alpha: FakeNode, anna: Person) -> None:
    operation = work(ask_for(off, alpha, anna, drives=with_drive(saved(off, alpha), "sda", source=ISO)))
    assert ended(operation) == (Progress.FAILED, Problem.DISK_MISSING)
    assert saved(off, alpha).drive("sda").source == ""  # type: ignore[union-attr]


def test_an_address_that_another_machine_got_meanwhile_is_not_given_twice(
    off: Vm, add_vm: AddVm, alpha: FakeNode, anna: Person
) -> None:
    operation = ask_for(off, alpha, anna, interfaces=(*saved(off, alpha).interfaces, new_card()))
    other = add_vm("mail")
    other.interfaces.create(position=0, mac=NEW_MAC.upper(), source_type="network")
    work(operation)
    assert ended(operation) == (Progress.FAILED, Problem.MAC_TAKEN)
    assert operation.problem_values == {"mac": NEW_MAC, "users": "mail"}


def test_a_name_that_another_one_has_is_refused(off: Vm, add_vm: AddVm, alpha: FakeNode, anna: Person) -> None:
    add_vm("mail")
    with pytest.raises(NamesTaken):
        ask_for(off, alpha, anna, also={"display_name": ("web1", "MAIL")})
    assert not Operation.objects.exists()
    ask_for(off, alpha, anna, also={"display_name": ("web1", "Web1")})


def test_a_name_that_is_claimed_when_its_turn_comes_stays_with_the_first(
    off: Vm, add_vm: AddVm, alpha: FakeNode, anna: Person
) -> None:
    Vm.objects.filter(pk=off.pk).update(claimed_name="web1")
    operation = ask_for(off, alpha, anna, also={"display_name": ("web1", "mail")})
    add_vm("other", claimed_name="mail")
    work(operation)
    assert ended(operation) == (Progress.FAILED, Problem.NAME_TAKEN)
    assert (fresh(off).display_name, fresh(off).claimed_name) == ("web1", "web1")


def test_a_mode_that_another_one_set_keeps_the_hardware_from_being_changed(
    add_vm: AddVm, alpha: FakeNode, anna: Person
) -> None:
    mark = PanelMark(Kind.TEMPLATE, mode=Mode.DO_NOT_USE)
    template = with_hardware(add_vm("debian", kind=Kind.TEMPLATE, mode=Mode.READY_FOR_USE), alpha, mark)
    mode = (Mode.READY_FOR_USE.value, Mode.MAINTENANCE.value)
    operation = work(ask_for(template, alpha, anna, also={"mode": mode}, vcpus_current=2))
    assert ended(operation) == (Progress.FAILED, Problem.CHANGED_MEANWHILE)
    assert saved(template, alpha).vcpus_current == 1


def test_a_job_is_not_torn_apart(off: Vm, alpha: FakeNode, anna: Person) -> None:
    operation = ask_for(off, alpha, anna, drives=without_drive(saved(off, alpha), "vdb"))
    job = Operation.objects.create(vm=off, node=off.node, action=Action.STREAM, slot=Slot.JOB)
    work(operation, watched=False)
    assert ended(operation) == (Progress.FAILED, Problem.NO_LONGER_POSSIBLE)
    with pytest.raises(ActionRefused) as refused:
        ask_for(off, alpha, anna, drives=with_drive(saved(off, alpha), "vda", size=2 * GIB))
    assert (refused.value.reason, refused.value.holder) == (Reason.JOB_SLOT_TAKEN, job)
    assert ask_for(off, alpha, anna, vcpus_current=2).progress == Progress.QUEUED


def test_what_is_impossible_is_refused_with_its_hindrance(off: Vm, alpha: FakeNode, anna: Person) -> None:
    with pytest.raises(ImpossibleEdit) as refused:
        ask_for(off, alpha, anna, drives=with_drive(saved(off, alpha), "vda", size=MIB))
    assert [change.hindrance for change in refused.value.changes] == [Hindrance.SHRINKS]


def test_what_goes_does_not_leave_its_name_to_another_at_once(off: Vm, alpha: FakeNode, anna: Person) -> None:
    """The guest may keep it: nobody could then tell the one from the other."""
    before = saved(off, alpha)
    wishes: tuple[dict[str, Any], ...] = (
        {"drives": (*without_drive(before, "vdb"), new_drive(sound_image(alpha), "vdb"))},
        {"interfaces": (new_card(MAC.upper()),)},
    )
    for wish in wishes:
        with pytest.raises(ImpossibleEdit) as refused:
            ask_for(off, alpha, anna, **wish)
        assert [change.hindrance for change in refused.value.changes] == [Hindrance.NAME_TAKEN]


def test_who_may_not_change_it_is_refused(off: Vm, alpha: FakeNode, otto: Person) -> None:
    with pytest.raises(PermissionDenied):
        ask_for(off, alpha, otto, vcpus_current=2)
    assert AuditLine.objects.get().outcome == Outcome.REFUSED


def test_another_edit_is_not_taken_for_the_one_that_is_under_way(off: Vm, alpha: FakeNode, anna: Person) -> None:
    ask_for(off, alpha, anna, vcpus_current=2)
    with pytest.raises(ActionRefused) as refused:
        ask_for(off, alpha, anna, vcpus_current=3)
    assert refused.value.reason is Reason.IS_BEING_CHANGED


def test_while_it_is_changed_nobody_deletes_it(off: Vm, alpha: FakeNode, anna: Person, berta: Person) -> None:
    ask_for(off, alpha, anna, vcpus_current=2)
    with pytest.raises(ActionRefused) as refused:
        ask(off, Action.DELETE, berta)
    assert refused.value.reason is Reason.IS_BEING_CHANGED
