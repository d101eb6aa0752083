"""News in, rows out: what happens on a node is a fact, a wish, a line in the timeline, a status."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.working import ask, fresh, look, status_of, step
from vms.hypervisor.contract import DiskError, JobProgress
from vms.hypervisor.fake import FakeNode
from vms.models import Event, Node, Operation, Vm
from vms.operations.reaching import reach
from vms.rules.actions import Action, Slot
from vms.rules.power import Power, PowerReason, Wanted
from vms.rules.progress import Progress
from vms.rules.status import Second
from vms.rules.timeline import What
from vms.watcher.looking import Lookout
from vms.watcher.news import JobProgressed
from vms.watcher.recording import record

GIB = 1024**3


def last_line(vm: Vm) -> Event:
    return Event.objects.filter(vm=vm).latest("pk")


# what others do to a machine


@pytest.mark.parametrize(
    ("before", "after", "reason", "wanted", "status", "what"),
    [
        (Power.OFF, Power.RUNNING, PowerReason.NONE, Wanted.RUNNING, "Running", What.STARTED),
        (Power.RUNNING, Power.OFF, PowerReason.SHUT_DOWN, Wanted.OFF, "Stopped", What.STOPPED),
        (Power.RUNNING, Power.OFF, PowerReason.POWERED_OFF, Wanted.OFF, "Stopped", What.STOPPED),
        (Power.RUNNING, Power.OFF, PowerReason.SAVED, Wanted.OFF, "Stopped", What.STOPPED),
        (Power.RUNNING, Power.PAUSED, PowerReason.BY_REQUEST, Wanted.PAUSED, "Paused", What.PAUSED),
        (Power.PAUSED, Power.RUNNING, PowerReason.NONE, Wanted.RUNNING, "Running", What.RESUMED),
        (Power.RUNNING, Power.OFF, PowerReason.PROCESS_DIED, Wanted.RUNNING, "Crashed", What.CRASHED),
        (Power.RUNNING, Power.CRASHED, PowerReason.NONE, Wanted.RUNNING, "Crashed", What.CRASHED),
        (Power.RUNNING, Power.PAUSED, PowerReason.IO_ERROR, Wanted.RUNNING, "Paused", What.PAUSED),
    ],
)
def test_what_somebody_else_did_is_followed_and_marked_as_not_ours(
    before: Power,
    after: Power,
    reason: PowerReason,
    wanted: Wanted,
    status: str,
    what: What,
    add_vm: AddVm,
    alpha: FakeNode,
):
    vm = add_vm(power=before)
    alpha.become(vm.pk, after, reason)
    look(vm)
    assert (fresh(vm).power, fresh(vm).wanted, status_of(vm)) == (after, wanted, status)
    assert (last_line(vm).what, last_line(vm).by_panel) == (what, False)
    assert last_line(vm).values == {"reason": reason}


@pytest.mark.broad
def test_news_told_twice_are_written_once(add_vm: AddVm, alpha: FakeNode):
    vm = add_vm(power=Power.RUNNING)
    alpha.become(vm.pk, Power.OFF, PowerReason.SHUT_DOWN)
    news = list(Lookout(vm.node, reach(vm.node)).everything())
    for item in (*news, *news):
        record(item)
    assert Event.objects.filter(vm=vm, what=What.STOPPED).count() == 1


def test_a_restarted_libvirt_that_forgot_its_reasons_tells_no_story(add_vm: AddVm, alpha: FakeNode):
    vm = add_vm(power=Power.RUNNING)
    alpha.become(vm.pk, Power.OFF, PowerReason.SHUT_DOWN)
    look(vm)
    alpha.become(vm.pk, Power.OFF, PowerReason.NODE_RESTARTED)
    look(vm)
    assert status_of(vm) == "Stopped"
    assert not Event.objects.filter(vm=vm, what=What.CRASHED).exists()


def test_a_crash_stays_a_crash_after_libvirt_was_restarted(add_vm: AddVm, alpha: FakeNode):
    vm = add_vm(power=Power.RUNNING)
    alpha.become(vm.pk, Power.OFF, PowerReason.PROCESS_DIED)
    look(vm)
    alpha.become(vm.pk, Power.OFF, PowerReason.NONE)
    look(vm)
    assert status_of(vm) == "Crashed"


def test_while_the_panel_is_at_it_a_change_is_its_own_and_no_wish(add_vm: AddVm, alpha: FakeNode, anna: Person):
    vm = add_vm(power=Power.RUNNING)
    ask(vm, Action.SHUTDOWN, anna)
    alpha.become(vm.pk, Power.OFF, PowerReason.SHUT_DOWN)
    look(vm)
    assert (fresh(vm).power, fresh(vm).wanted) == (Power.OFF, Wanted.RUNNING)
    assert last_line(vm).by_panel
    assert status_of(vm) == "Shutting down"


def test_the_watcher_wakes_what_waits_for_the_machine(add_vm: AddVm, alpha: FakeNode, anna: Person):
    vm = add_vm(power=Power.RUNNING)
    alpha.machines[vm.pk].obeys = False
    operation = ask(vm, Action.SHUTDOWN, anna)
    step(operation)
    Operation.objects.filter(pk=operation.pk).update(next_step_at=timezone.now() + timedelta(minutes=5))
    alpha.become(vm.pk, Power.OFF, PowerReason.SHUT_DOWN)
    look(vm)
    operation.refresh_from_db()
    assert operation.next_step_at <= timezone.now()


@pytest.mark.usefixtures("every_bell_is_heard_at_once")
def test_the_watchers_bell_brings_it_to_its_end(
    add_vm: AddVm, alpha: FakeNode, anna: Person, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
):
    vm = add_vm(power=Power.RUNNING)
    alpha.machines[vm.pk].obeys = False
    operation = ask(vm, Action.SHUTDOWN, anna)
    step(operation)
    alpha.become(vm.pk, Power.OFF, PowerReason.SHUT_DOWN)
    with django_capture_on_commit_callbacks(execute=True):
        look(vm)
    operation.refresh_from_db()
    assert operation.progress == Progress.SUCCEEDED


# evidence


def test_a_crash_brings_the_last_lines_of_its_log(add_vm: AddVm, node: Node, alpha: FakeNode, tmp_path: Path):
    Node.objects.filter(pk=node.pk).update(log_directory=str(tmp_path))
    (tmp_path / "web1.log").write_text("".join(f"line {n}\n" for n in range(50)) + "terminating on signal 9\n")
    vm = fresh(add_vm(power=Power.RUNNING))
    alpha.become(vm.pk, Power.OFF, PowerReason.PROCESS_DIED)
    look(vm)
    lines = fresh(vm).last_log_lines.splitlines()
    assert (len(lines), lines[-1]) == (20, "terminating on signal 9")


def test_a_full_storage_is_told_from_a_broken_one(add_vm: AddVm, alpha: FakeNode):
    vm = add_vm(power=Power.RUNNING)
    alpha.machines[vm.pk].disk_errors = [DiskError("vda", no_space=True), DiskError("vdb", no_space=False)]
    alpha.become(vm.pk, Power.PAUSED, PowerReason.IO_ERROR)
    look(vm)
    assert fresh(vm).disk_errors == [{"disk": "vda", "no_space": True}, {"disk": "vdb", "no_space": False}]
    assert (status_of(vm), fresh(vm).power_reason) == ("Paused", PowerReason.IO_ERROR)


def test_the_evidence_goes_when_the_machine_goes_on(add_vm: AddVm, alpha: FakeNode):
    vm = add_vm(power=Power.RUNNING)
    alpha.machines[vm.pk].disk_errors = [DiskError("vda", no_space=True)]
    alpha.become(vm.pk, Power.PAUSED, PowerReason.IO_ERROR)
    look(vm)
    alpha.become(vm.pk, Power.RUNNING)
    look(vm)
    assert (fresh(vm).disk_errors, status_of(vm)) == ([], "Running")


# jobs


@pytest.fixture
def job(running_vm: Vm, node: Node) -> Operation:
    streaming = {"second": Second.STREAMING, "progress": Progress.WORKING}
    return Operation.objects.create(vm=running_vm, node=node, action=Action.BACK_UP, slot=Slot.JOB, **streaming)


def progress(job: Operation, done: int, total: int = 1000) -> float | None:
    record(JobProgressed(job.vm.node_id, job.vm_id, JobProgress(done, total)))
    job.refresh_from_db()
    return job.percent


def test_a_percentage_never_goes_backwards(job: Operation):
    assert [progress(job, done) for done in (51, 300, 200, 0, 301)] == [5.1, 30.0, 30.0, 30.0, 30.1]


def test_a_percentage_is_never_above_100(job: Operation):
    assert progress(job, 2000) == 100.0


def test_a_job_that_does_not_know_its_size_yet_is_not_done(job: Operation):
    assert progress(job, 0, 0) is None
    assert progress(job, 100) == 10.0


def test_the_end_of_a_job_wakes_who_waits_for_it(job: Operation):
    Operation.objects.filter(pk=job.pk).update(next_step_at=timezone.now() + timedelta(minutes=5))
    record(JobProgressed(job.vm.node_id, job.vm_id, None))
    job.refresh_from_db()
    assert job.next_step_at <= timezone.now()
