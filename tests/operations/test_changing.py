"""Changes of what a machine is: a template's mode, its boot device, and a VM that becomes a template."""

from __future__ import annotations

from uuid import UUID

import pytest

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.working import ask, fresh, leave_to_a_dead_worker, look, status_of, step, work
from vms.hypervisor.errors import NodeUnreachable
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.machine_xml import PanelMark, describe, with_panel_mark
from vms.models import Event, Operation, Vm
from vms.operations.reaching import reach
from vms.operations.requesting import ActionRefused
from vms.rules.actions import Action
from vms.rules.kinds import Kind, Link, Mode
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.reasons import Reason
from vms.rules.timeline import What
from vms.watcher.looking import Lookout
from vms.watcher.recording import record

READY, MAINTENANCE, FIRST, DO_NOT_USE = (
    Mode.READY_FOR_USE,
    Mode.MAINTENANCE,
    Mode.FIRST_INSTALLATION,
    Mode.DO_NOT_USE,
)
DRIVES = """<devices><disk type="file" device="disk"><source file="/images/a.qcow2"/><target dev="vda"/></disk>
<disk type="file" device="cdrom"><target dev="sda"/></disk></devices></domain>"""


@pytest.fixture
def template(add_vm: AddVm, alpha: FakeNode) -> Vm:
    """One that is ready for use, with a disk and a CD-ROM drive."""
    return as_template(add_vm("debian"), alpha)


def as_template(vm: Vm, alpha: FakeNode, mode: Mode | None = READY) -> Vm:
    machine = alpha.machines[vm.pk]
    machine.xml = with_panel_mark(machine.xml.replace("</domain>", DRIVES), PanelMark(Kind.TEMPLATE, mode=mode))
    look(vm)
    return fresh(vm)


def mark_of(vm: Vm, alpha: FakeNode) -> PanelMark:
    return describe(alpha.machines[vm.pk].xml).panel


def edit(vm: Vm, mode: Mode, by: Person) -> Operation:
    return ask(vm, Action.EDIT, by, mode=mode, was=fresh(vm).mode)


def by_hand(vm: Vm, mode: Mode | None) -> None:
    """As somebody does with virsh."""
    reach(vm.node).write_mark(vm.pk, PanelMark(Kind.TEMPLATE, mode=mode))


def mode_lines(vm: Vm) -> list[tuple[str, str, str]]:
    lines = Event.objects.filter(vm=vm, what=What.MODE_CHANGED).order_by("pk")
    return [(line.values["old"], line.values["new"], line.values["person"]) for line in lines]


def test_the_mode_is_set_at_the_node_and_here_with_who_and_when(template: Vm, alpha: FakeNode, anna: Person):
    operation = work(edit(template, MAINTENANCE, anna))
    assert operation.progress == Progress.SUCCEEDED
    assert mark_of(template, alpha).mode is MAINTENANCE
    vm = fresh(template)
    assert (vm.mode, vm.mode_set_by_name, vm.status.name) == (MAINTENANCE, "anna", "Stopped")
    assert vm.mode_set_at is not None
    assert mode_lines(template) == [(READY, MAINTENANCE, "anna")]
    look(template)
    assert mode_lines(template) == [(READY, MAINTENANCE, "anna")]


def test_what_else_the_mark_says_stays(template: Vm, alpha: FakeNode, anna: Person):
    made = frozenset({"/images/a.qcow2"})
    mark = PanelMark(Kind.TEMPLATE, mode=READY, display_name="Debian 12", made_disks=made, origin=UUID(int=7))
    reach(template.node).write_mark(template.pk, mark)
    work(edit(template, MAINTENANCE, anna), watched=False)
    after = mark_of(template, alpha)
    assert (after.display_name, after.made_disks, after.origin) == ("Debian 12", made, UUID(int=7))


def test_the_second_of_two_people_is_told_instead_of_undoing_the_firsts(template: Vm, anna: Person, berta: Person):
    """Both saw it ready for use."""
    work(edit(template, MAINTENANCE, anna))
    second = work(ask(template, Action.EDIT, berta, mode=DO_NOT_USE, was=READY))
    assert (second.progress, second.problem) == (Progress.FAILED, Problem.CHANGED_MEANWHILE)
    assert (fresh(template).mode, fresh(template).mode_set_by_name) == (MAINTENANCE, "anna")


def test_while_one_changes_it_nobody_else_may(template: Vm, anna: Person, berta: Person):
    edit(template, MAINTENANCE, anna)
    for action in (Action.EDIT, Action.TOGGLE, Action.DELETE):
        with pytest.raises(ActionRefused) as refused:
            ask(template, action, berta)
        assert refused.value.reason is Reason.IS_BEING_CHANGED


def test_it_may_be_started_meanwhile(template: Vm, anna: Person, otto: Person):
    change = edit(template, MAINTENANCE, anna)
    start = ask(template, Action.START, otto)
    work(change)
    work(start)
    assert (status_of(template), fresh(template).mode) == ("Running", MAINTENANCE)


def test_what_virsh_changed_since_the_person_looked_is_not_undone(template: Vm, alpha: FakeNode, anna: Person):
    operation = edit(template, MAINTENANCE, anna)
    by_hand(template, DO_NOT_USE)
    work(operation)
    assert operation.problem == Problem.CHANGED_MEANWHILE
    assert mark_of(template, alpha).mode is DO_NOT_USE


@pytest.mark.parametrize("watched", [True, False])
def test_a_worker_that_died_after_writing_to_the_node_leaves_nothing_out(watched: bool, template: Vm, anna: Person):
    """The other one finds the mode at the node already, and perhaps the watcher did, too."""
    operation = edit(template, MAINTENANCE, anna)
    by_hand(template, MAINTENANCE)
    if watched:
        look(template)
    leave_to_a_dead_worker(operation)
    operation.refresh_from_db()
    operation.take_from_the_dead()
    work(operation)
    assert (fresh(template).mode, fresh(template).mode_set_by_name) == (MAINTENANCE, "anna")
    assert mode_lines(template) == [(READY, MAINTENANCE, "anna")]


def test_a_step_that_is_taken_twice_tells_it_once(template: Vm, anna: Person):
    operation = work(edit(template, MAINTENANCE, anna))
    set_at = fresh(template).mode_set_at
    Operation.objects.filter(pk=operation.pk).update(progress=Progress.WORKING, finished_at=None, steps_done=0)
    work(operation)
    assert fresh(template).mode_set_at == set_at
    assert len(mode_lines(template)) == 1


def test_a_mode_changed_with_another_tool_is_nobodys_of_the_panel(template: Vm, anna: Person):
    work(edit(template, MAINTENANCE, anna))
    before = fresh(template).mode_set_at
    by_hand(template, None)
    look(template)
    vm = fresh(template)
    assert (vm.mode, vm.mode_set_by_name) == ("", "")
    assert before and vm.mode_set_at and vm.mode_set_at > before
    assert mode_lines(template)[-1] == (MAINTENANCE, "", "")


def test_a_look_taken_before_does_not_take_the_mode_back(template: Vm, anna: Person):
    """The watcher read the definition, the worker changed it, and only then the watcher's news are written."""
    old_news = list(Lookout(template.node, reach(template.node)).everything())
    work(edit(template, MAINTENANCE, anna), watched=False)
    for news in old_news:
        record(news)
    assert (fresh(template).mode, fresh(template).mode_set_by_name) == (MAINTENANCE, "anna")


def test_the_node_may_be_away_for_a_while(template: Vm, alpha: FakeNode, anna: Person):
    operation = edit(template, MAINTENANCE, anna)
    alpha.fail_next("write_mark", NodeUnreachable("gone"))
    step(operation)
    assert fresh(template).mode == READY
    work(operation)
    assert fresh(template).mode == MAINTENANCE


@pytest.mark.parametrize(("first", "other"), [("hd", "cdrom"), ("cdrom", "hd")])
def test_the_boot_device_is_switched(first: str, other: str, template: Vm, alpha: FakeNode, anna: Person):
    for device in (first, other):
        operation = work(ask(template, Action.TOGGLE, anna, device=device))
        assert operation.progress == Progress.SUCCEEDED
        assert describe(alpha.machines[template.pk].xml).boot_devices[0] == device
        assert fresh(template).boot_device == device
    assert not Event.objects.filter(vm=template, what=What.DEFINITION_CHANGED).exists()


def test_a_running_template_in_maintenance_boots_from_the_other_device_at_its_next_start(
    add_vm: AddVm, alpha: FakeNode, anna: Person
):
    template = as_template(add_vm("debian", Power.RUNNING), alpha, MAINTENANCE)
    work(ask(template, Action.TOGGLE, anna, device="cdrom"))
    assert (status_of(template), fresh(template).boot_device) == ("Running", "cdrom")


def test_nothing_boots_from_a_drive_that_is_not_there(template: Vm, alpha: FakeNode, anna: Person):
    machine = alpha.machines[template.pk]
    machine.xml = machine.xml.replace('device="cdrom"', 'device="floppy"')
    operation = work(ask(template, Action.TOGGLE, anna, device="cdrom"))
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.NO_SUCH_DRIVE)


def test_a_template_that_was_undefined_meanwhile_does_not_come_back(template: Vm, alpha: FakeNode, anna: Person):
    operation = ask(template, Action.TOGGLE, anna, device="cdrom")
    reach(template.node).undefine(template.pk)
    work(operation)
    assert operation.progress == Progress.FAILED
    assert alpha.machines == {}


def test_a_stopped_vm_becomes_a_template(vm: Vm, alpha: FakeNode, anna: Person):
    operation = work(ask(vm, Action.MAKE_TEMPLATE, anna, mode=READY, was=""))
    assert operation.progress == Progress.SUCCEEDED
    after = fresh(vm)
    assert (after.kind, after.mode, after.mode_set_by_name, after.uuid) == (Kind.TEMPLATE, READY, "anna", vm.uuid)
    assert (mark_of(vm, alpha).kind, mark_of(vm, alpha).mode) == (Kind.TEMPLATE, READY)
    assert mode_lines(vm) == [("", READY, "anna")]


def test_a_vm_that_still_needs_its_template_cannot_become_one(add_vm: AddVm, template: Vm, anna: Person):
    vm = add_vm("web1", origin=template, link=Link.LINKED)
    with pytest.raises(ActionRefused) as refused:
        ask(vm, Action.MAKE_TEMPLATE, anna, mode=READY, was="")
    assert refused.value.reason is Reason.NEEDS_ITS_TEMPLATE


@pytest.mark.parametrize("action", [Action.MAKE_TEMPLATE, Action.EDIT, Action.TOGGLE])
def test_the_worker_looks_a_last_time(action: Action, add_vm: AddVm, alpha: FakeNode, anna: Person):
    """It was possible when it was asked for; then somebody started it, or its node lost it."""
    vm = add_vm("web1")
    if action is not Action.MAKE_TEMPLATE:
        vm = as_template(vm, alpha, READY)
    operation = ask(vm, action, anna, mode=MAINTENANCE, was=vm.mode, device="cdrom")
    if action is Action.EDIT:
        Vm.objects.filter(pk=vm.pk).update(gone_at=vm.found_at)
    else:
        alpha.become(vm.pk, Power.RUNNING)
        look(vm)
    before = alpha.machines[vm.pk].xml
    work(operation, watched=False)
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.NO_LONGER_POSSIBLE)
    assert alpha.machines[vm.pk].xml == before


def test_a_template_nobody_may_hand_out_is_refused_by_the_worker_too(template: Vm, alpha: FakeNode, anna: Person):
    """Somebody asked for a VM of it, and then another one set it to maintenance."""
    work(edit(template, MAINTENANCE, anna))
    with pytest.raises(ActionRefused) as refused:
        ask(template, Action.PERSISTENT, anna)
    assert refused.value.reason is Reason.MODE_IS_MAINTENANCE
