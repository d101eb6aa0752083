"""A node's follower, with its thread, against the events of a fake node."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from tests.conftest import AddVm
from tests.operations.working import fresh, status_of
from tests.watcher.conftest import Followed
from vms.hypervisor.contract import JobProgress
from vms.hypervisor.errors import LoginRefused, Refused, VmNotFound
from vms.hypervisor.fake import FakeNode
from vms.models import Event, Node, Operation, Vm
from vms.operations.reaching import reach
from vms.rules.actions import Action, Slot
from vms.rules.events import Happening
from vms.rules.power import Power, PowerReason
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.timeline import What
from vms.watcher import following_a_node
from vms.watcher.news import AllListed, JobProgressed, NodeFound, NodeLost

Follow = Callable[[Node], Followed]


def is_told(followed: Followed, kind: type) -> Callable[[], bool]:
    return lambda: any(isinstance(news, kind) for news in followed.told)


def shows(vm: Vm, status: str) -> bool:
    return status_of(vm) == status


def test_first_contact_tells_the_node_and_all_its_machines(node: Node, alpha: FakeNode, follow: Follow):
    alpha.add("web1", Power.RUNNING)
    alpha.add("web2")
    followed = follow(node)
    followed.until(is_told(followed, AllListed))
    assert isinstance(followed.told[0], NodeFound)
    assert {vm.name: vm.status.name for vm in Vm.objects.all()} == {"web1": "Running", "web2": "Stopped"}


def test_what_happens_is_told_at_once(vm: Vm, alpha: FakeNode, follow: Follow):
    followed = follow(vm.node)
    followed.until(is_told(followed, AllListed))
    for power, reason, status in (
        (Power.RUNNING, PowerReason.NONE, "Running"),
        (Power.PAUSED, PowerReason.BY_REQUEST, "Paused"),
        (Power.RUNNING, PowerReason.NONE, "Running"),
        (Power.OFF, PowerReason.SHUT_DOWN, "Stopped"),
        (Power.RUNNING, PowerReason.NONE, "Running"),
        (Power.OFF, PowerReason.PROCESS_DIED, "Crashed"),
    ):
        alpha.become(vm.pk, power, reason)
        followed.until(partial(shows, vm, status))


def test_a_machine_somebody_defines_and_removes_comes_and_goes(node: Node, alpha: FakeNode, follow: Follow):
    followed = follow(node)
    followed.until(is_told(followed, AllListed))
    uuid = reach(node).define("<domain><name>new</name><memory>8192</memory><os><type>hvm</type></os></domain>")
    followed.until(lambda: Vm.objects.filter(pk=uuid, name="new").exists())
    reach(node).undefine(uuid)
    followed.until(lambda: Vm.objects.filter(pk=uuid).exclude(gone_at=None).exists())


def test_a_new_name_is_told_at_once(vm: Vm, alpha: FakeNode, follow: Follow):
    followed = follow(vm.node)
    followed.until(is_told(followed, AllListed))
    reach(vm.node).define(alpha.machines[vm.pk].xml.replace(">web1<", ">web9<"))
    followed.until(lambda: fresh(vm).display_name == "web9")


@pytest.mark.parametrize(
    ("happening", "what"),
    [(Happening.IO_ERROR, What.IO_ERROR), (Happening.WATCHDOG, What.WATCHDOG), (Happening.REBOOTED, What.REBOOTED)],
)
def test_trouble_is_a_line_in_the_timeline(
    happening: Happening, what: What, running_vm: Vm, alpha: FakeNode, follow: Follow
):
    followed = follow(running_vm.node)
    followed.until(is_told(followed, AllListed))
    alpha.happen(running_vm.pk, happening)
    followed.until(lambda: Event.objects.filter(vm=running_vm, what=what).exists())


def test_the_list_wins_over_events_that_were_missed(
    vm: Vm, alpha: FakeNode, follow: Follow, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(following_a_node, "FULL_LOOK_SECONDS", 0.2)
    followed = follow(vm.node)
    followed.until(is_told(followed, AllListed))
    alpha.machines[vm.pk].power = Power.RUNNING
    followed.until(lambda: status_of(vm) == "Running")


def test_a_node_that_is_lost_and_found_again(running_vm: Vm, alpha: FakeNode, follow: Follow):
    followed = follow(running_vm.node)
    followed.until(is_told(followed, AllListed))
    alpha.be_unreachable()
    followed.until(lambda: status_of(running_vm) == "Unknown")
    alpha.machines[running_vm.pk].power = Power.PAUSED
    alpha.machines[running_vm.pk].reason = PowerReason.BY_REQUEST
    alpha.be_reachable()
    followed.until(lambda: status_of(running_vm) == "Paused")


def test_a_connection_that_broke_is_opened_again(running_vm: Vm, alpha: FakeNode, follow: Follow):
    followed = follow(running_vm.node)
    followed.until(is_told(followed, AllListed))
    alpha.break_connection()
    followed.until(is_told(followed, NodeLost))
    followed.until(lambda: status_of(running_vm) == "Running")


def test_why_a_node_cannot_be_reached_is_told(node: Node, alpha: FakeNode, follow: Follow):
    alpha.be_unreachable(LoginRefused("authentication failed"))
    followed = follow(node)
    followed.until(is_told(followed, NodeLost))
    node.refresh_from_db()
    assert (node.reachable, node.problem) == (False, Problem.NODE_REFUSED_LOGIN)


@pytest.mark.parametrize("call", ["definition", "stats"])
def test_one_refusal_does_not_make_the_node_a_lost_one(call: str, node: Node, alpha: FakeNode, follow: Follow):
    alpha.add("web1", Power.RUNNING)
    alpha.fail_next(call, Refused("internal error"))
    followed = follow(node)
    followed.until(is_told(followed, AllListed))
    followed.until(lambda: call in alpha.calls)
    assert not is_told(followed, NodeLost)()
    assert Vm.objects.get().status.name == "Running"


def test_a_machine_that_cannot_be_asked_costs_no_other_its_news(add_vm: AddVm, alpha: FakeNode, follow: Follow):
    sick, well = add_vm("sick"), add_vm("well")
    followed = follow(sick.node)
    followed.until(is_told(followed, AllListed))
    alpha.fail_next("machine", Refused("monitor does not answer"))
    alpha.become(sick.pk, Power.RUNNING)
    alpha.become(well.pk, Power.RUNNING)
    followed.until(lambda: status_of(well) == "Running")
    assert not is_told(followed, NodeLost)()


def test_how_far_a_job_is_is_asked_every_second(running_vm: Vm, alpha: FakeNode, follow: Follow):
    node = running_vm.node
    job = Operation.objects.create(
        vm=running_vm, node=node, action=Action.BACK_UP, slot=Slot.JOB, progress=Progress.WORKING
    )
    alpha.machines[running_vm.pk].job = JobProgress(51, 1000)
    followed = follow(node)
    followed.with_jobs.append(running_vm.pk)
    followed.until(lambda: Operation.objects.get(pk=job.pk).percent == 5.1)


def test_a_job_of_a_machine_that_is_gone_costs_the_node_nothing(add_vm: AddVm, alpha: FakeNode, follow: Follow):
    vm, other = add_vm("web1", Power.RUNNING), add_vm("web2", Power.RUNNING)
    followed = follow(vm.node)
    followed.with_jobs += [vm.pk, other.pk]
    followed.until(is_told(followed, JobProgressed))
    for _ in range(3):
        alpha.fail_next("job_progress", VmNotFound(str(vm.pk)))
    asked = alpha.calls.count("job_progress")
    followed.until(lambda: alpha.calls.count("job_progress") > asked + 4)
    assert not is_told(followed, NodeLost)()


def test_a_burst_of_events_costs_few_looks(vm: Vm, alpha: FakeNode, follow: Follow):
    followed = follow(vm.node)
    followed.until(is_told(followed, AllListed))
    with alpha.lock:
        for _ in range(100):
            alpha.happen(vm.pk, Happening.JOB_CHANGED)
    alpha.become(vm.pk, Power.RUNNING)
    followed.until(lambda: status_of(vm) == "Running")
    assert alpha.calls.count("machine") < 10


def test_it_ends_when_it_is_told_to(node: Node, alpha: FakeNode, follow: Follow):
    followed = follow(node)
    followed.until(is_told(followed, AllListed))
    followed.stop()
    assert not followed.thread.is_alive()
