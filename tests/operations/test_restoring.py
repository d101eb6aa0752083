"""A machine becomes again what it was when a backup was made; until the change-over nothing of it is lost."""

from __future__ import annotations

from typing import Any

import pytest

from directory.models import Person
from tests.operations.restoring import (
    FOLDER,
    OLD,
    add_backup,
    add_web1,
    ask_back,
    at_node,
    come_to_the_copying,
    image_of,
    is_as_before,
    restore_to_the_end,
)
from tests.operations.streaming import add_origin, take_steps
from tests.operations.working import fresh, leave_to_a_dead_worker, look, status_of, work
from vms.hypervisor.errors import ChangedMeanwhile, NoSpace, Refused, WrongState
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.machine_xml import describe, with_panel_mark
from vms.models import Backup, Event, Node, Operation, Vm
from vms.operations.recovering import recover
from vms.operations.requesting import cancel
from vms.operations.steps.making import mark_of
from vms.rules.backups import Consistency
from vms.rules.kinds import Kind, Link
from vms.rules.power import Power, PowerReason, Wanted
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress
from vms.rules.timeline import What


@pytest.fixture
def web1(node: Node, alpha: FakeNode) -> Vm:
    return add_web1(node, alpha)


@pytest.fixture
def backup(web1: Vm, alpha: FakeNode) -> Backup:
    """A chain of two."""
    return add_backup(web1, alpha, on_top_of=add_backup(web1, alpha))


@pytest.fixture
def restore(backup: Backup, anna: Person) -> Operation:
    return ask_back(backup, anna)


def test_it_is_shown_as_restoring_from_the_first_moment_on(restore: Operation) -> None:
    assert status_of(restore.vm) == "Stopped, restoring"


def test_its_disks_are_those_of_the_backup_and_stand_alone(restore: Operation, web1: Vm, alpha: FakeNode) -> None:
    come_to_the_copying(restore, alpha)
    new = image_of(web1, alpha)
    assert alpha.images[new].below == f"{FOLDER}/web1-1.vda.qcow2"
    assert (restore.phase, status_of(web1)) == (Phase.RESTORING, "Stopped, restoring")
    assert OLD in alpha.images
    alpha.end_pull(web1.uuid, "vda")
    assert take_steps(restore).progress == Progress.SUCCEEDED
    assert alpha.images[new].below == ""
    assert OLD not in alpha.images
    assert status_of(web1) == "Stopped"


def test_it_is_told_in_its_past_and_no_other_tool_is_blamed(restore: Operation, web1: Vm, alpha: FakeNode) -> None:
    restore_to_the_end(restore, alpha)
    event = Event.objects.get(what=What.RESTORED)
    assert event.values == {"backup": "web1-1"}
    assert not Event.objects.filter(what=What.DEFINITION_CHANGED).exists()


def test_it_keeps_its_name_and_gets_the_hardware_of_then(
    web1: Vm, backup: Backup, alpha: FakeNode, anna: Person
) -> None:
    machine = alpha.machines[web1.uuid]
    machine.xml = machine.xml.replace("<memory unit='MiB'>8", "<memory unit='MiB'>64").replace(
        '<memory unit="MiB">8', '<memory unit="MiB">64'
    )
    Vm.objects.filter(pk=web1.pk).update(display_name="shop")
    restore_to_the_end(ask_back(backup, anna), alpha)
    found = at_node(web1, alpha)
    assert (found.name, found.panel.display_name, found.memory) == ("web1", "shop", 8 * 1024 * 1024)
    assert found.uuid == web1.uuid


def test_a_disk_that_the_backup_does_not_have_is_detached_and_stays(
    web1: Vm, backup: Backup, alpha: FakeNode, anna: Person
) -> None:
    machine = alpha.machines[web1.uuid]
    more = "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/images/more.qcow2'/>"
    machine.xml = machine.xml.replace("<devices>", f"<devices>{more}<target dev='vdb' bus='virtio'/></disk>")
    alpha.add_image("/images/more.qcow2")
    assert restore_to_the_end(ask_back(backup, anna), alpha).progress == Progress.SUCCEEDED
    assert [disk.target for disk in at_node(web1, alpha).disks] == ["vda"]
    assert "/images/more.qcow2" in alpha.images


def test_an_old_disk_that_another_one_stands_on_stays(web1: Vm, backup: Backup, alpha: FakeNode, anna: Person) -> None:
    alpha.add_image("/images/above.qcow2", on_top_of=OLD)
    assert restore_to_the_end(ask_back(backup, anna), alpha).progress == Progress.SUCCEEDED
    assert OLD in alpha.images


def test_an_old_disk_that_the_panel_did_not_make_stays(node: Node, alpha: FakeNode, anna: Person) -> None:
    vm = add_origin(node, alpha, kind=Kind.VM, name="web1")
    assert restore_to_the_end(ask_back(add_backup(vm, alpha), anna), alpha).progress == Progress.SUCCEEDED
    assert OLD in alpha.images


def test_an_old_disk_that_cannot_be_deleted_does_no_harm(restore: Operation, alpha: FakeNode) -> None:
    come_to_the_copying(restore, alpha)
    alpha.end_pull(restore.vm_id, "vda")
    alpha.fail_next("delete_disk", Refused("busy"))
    assert take_steps(restore).progress == Progress.SUCCEEDED
    assert OLD in alpha.images


def test_a_medium_that_is_gone_leaves_its_drive_empty(web1: Vm, alpha: FakeNode, anna: Person) -> None:
    machine = alpha.machines[web1.uuid]
    drive = "<disk type='file' device='cdrom'><source file='{}'/><target dev='{}' bus='ide'/><readonly/></disk>"
    drives = drive.format("/images/gone.iso", "hda") + drive.format("/elsewhere/a.iso", "hdb")
    without, machine.xml = machine.xml, machine.xml.replace("</disk>", f"</disk>{drives}", 1)
    backup = add_backup(web1, alpha)
    for target in ("hda", "hdb"):
        del alpha.images[backup.files.pop(target)["path"]]
    backup.save()
    machine.xml = without
    restore_to_the_end(ask_back(backup, anna), alpha)
    assert {disk.target: disk.source for disk in at_node(web1, alpha).disks[1:]} == {
        "hda": "",
        "hdb": "/elsewhere/a.iso",
    }


# Taken back


def test_cancelled_in_the_middle_it_is_as_it_was(restore: Operation, web1: Vm, alpha: FakeNode, anna: Person) -> None:
    xml = alpha.machines[web1.uuid].xml
    come_to_the_copying(restore, alpha)
    assert cancel(restore, by=anna)
    assert work(restore).progress == Progress.CANCELLED
    look(web1)
    assert is_as_before(web1, alpha, xml)
    assert status_of(web1) == "Stopped"
    assert "password" not in str(restore.measures) and not restore.measures["before"]


@pytest.mark.parametrize(
    ("call", "error", "problem"),
    [
        ("make_image", NoSpace("full"), Problem.NO_SPACE),
        ("redefine", Refused("no"), Problem.REFUSED),
        ("start_paused", Refused("no such network"), Problem.REFUSED),
    ],
)
def test_what_fails_before_the_change_over_leaves_it_as_it_was(
    restore: Operation, web1: Vm, alpha: FakeNode, call: str, error: Any, problem: Problem
) -> None:
    xml = alpha.machines[web1.uuid].xml
    for _ in range(5):
        alpha.fail_next(call, error)
    assert work(restore).progress == Progress.FAILED
    assert restore.problem == problem
    assert is_as_before(web1, alpha, xml)


def test_whoever_changes_it_in_that_moment_does_not_hold_up_the_way_back(
    restore: Operation, web1: Vm, alpha: FakeNode, anna: Person
) -> None:
    xml = alpha.machines[web1.uuid].xml
    come_to_the_copying(restore, alpha)
    assert cancel(restore, by=anna)
    alpha.fail_next("power_off", WrongState("it ends just now"))
    alpha.fail_next("redefine", ChangedMeanwhile("the definition is another by now"))
    assert work(restore).progress == Progress.CANCELLED
    assert is_as_before(web1, alpha, xml)


@pytest.mark.parametrize("steps_done", range(8))
def test_a_worker_that_dies_is_followed_by_another(
    restore: Operation, web1: Vm, alpha: FakeNode, steps_done: int
) -> None:
    for _ in range(20):
        if restore.steps_done >= steps_done:
            break
        if web1.uuid in alpha.machines and alpha.machines[web1.uuid].pulls:
            alpha.end_pull(web1.uuid, "vda")
        take_steps(restore, 1)
    if restore.finished_at is None:
        leave_to_a_dead_worker(restore)
        assert restore.pk in recover()
        if not restore_is_filled(web1, alpha):
            come_to_the_copying(restore, alpha)
            alpha.end_pull(web1.uuid, "vda")
    assert take_steps(restore).progress == Progress.SUCCEEDED
    assert OLD not in alpha.images
    assert alpha.images[image_of(web1, alpha)].below == ""


def restore_is_filled(vm: Vm, there: FakeNode) -> bool:
    path = image_of(vm, there)
    return path != OLD and not there.images[path].below


def test_a_process_that_dies_is_brought_up_again(restore: Operation, web1: Vm, alpha: FakeNode) -> None:
    come_to_the_copying(restore, alpha)
    alpha.become(web1.uuid, Power.OFF, PowerReason.PROCESS_DIED)
    look(web1)
    assert status_of(web1) == "Stopped, restoring"
    assert restore_to_the_end(restore, alpha).progress == Progress.SUCCEEDED


def test_one_that_somebody_started_meanwhile_keeps_running_with_its_disks(
    restore: Operation, web1: Vm, alpha: FakeNode
) -> None:
    xml = alpha.machines[web1.uuid].xml
    alpha.become(web1.uuid, Power.RUNNING)
    assert work(restore).problem == Problem.WRONG_STATE
    assert alpha.machines[web1.uuid].power is Power.RUNNING
    assert is_as_before(web1, alpha, xml)


def test_one_that_was_started_at_the_last_moment_keeps_running_with_its_disks(
    restore: Operation, web1: Vm, alpha: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at its power and the change of its definition."""
    xml = alpha.machines[web1.uuid].xml
    machine = alpha.machines[web1.uuid]
    define = machine.define

    def started_just_before(new: str) -> None:
        if machine.power is Power.OFF:
            machine.power = Power.RUNNING
        define(new)

    monkeypatch.setattr(machine, "define", started_just_before)
    assert work(restore).problem == Problem.WRONG_STATE
    assert machine.power is Power.RUNNING
    assert describe(machine.live_xml).disks[0].source == OLD
    assert is_as_before(web1, alpha, xml)


# With memory


@pytest.fixture
def with_memory(web1: Vm, alpha: FakeNode) -> Backup:
    return add_backup(web1, alpha, consistency=Consistency.WITH_MEMORY)


def test_with_its_memory_the_guest_goes_on(with_memory: Backup, web1: Vm, alpha: FakeNode, anna: Person) -> None:
    assert restore_to_the_end(ask_back(with_memory, anna, with_memory=True), alpha).progress == Progress.SUCCEEDED
    assert "start_with_memory" in alpha.calls
    look(web1)
    assert (status_of(web1), fresh(web1).wanted) == ("Running", Wanted.RUNNING)


def test_without_it_the_machine_stays_off(with_memory: Backup, web1: Vm, alpha: FakeNode, anna: Person) -> None:
    assert restore_to_the_end(ask_back(with_memory, anna), alpha).progress == Progress.SUCCEEDED
    assert "start_with_memory" not in alpha.calls
    assert status_of(web1) == "Stopped"


def test_memory_that_does_not_fit_leaves_it_as_it_was(
    with_memory: Backup, web1: Vm, alpha: FakeNode, anna: Person
) -> None:
    xml = alpha.machines[web1.uuid].xml
    operation = come_to_the_copying(ask_back(with_memory, anna, with_memory=True), alpha)
    alpha.fail_next("start_with_memory", WrongState("another CPU"))
    alpha.end_pull(web1.uuid, "vda")
    assert take_steps(operation).problem == Problem.WRONG_STATE
    assert is_as_before(web1, alpha, xml)


def test_a_machine_that_hung_on_a_template_stands_alone_afterwards(
    web1: Vm, backup: Backup, alpha: FakeNode, anna: Person
) -> None:
    """But not before: until the change-over it may become again what it was."""
    origin = add_origin(web1.node, alpha)
    Vm.objects.filter(pk=web1.pk).update(origin=origin, link=Link.LINKED)
    machine = alpha.machines[web1.uuid]
    machine.xml = with_panel_mark(machine.xml, mark_of(fresh(web1)))
    operation = come_to_the_copying(ask_back(backup, anna), alpha)
    assert fresh(web1).link == Link.LINKED
    alpha.end_pull(web1.uuid, "vda")
    assert take_steps(operation).progress == Progress.SUCCEEDED
    assert fresh(web1).link == Link.NONE
