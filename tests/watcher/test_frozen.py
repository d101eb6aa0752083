"""A guest that no longer reacts: told by its agent's silence or its watchdog."""

from __future__ import annotations

from uuid import uuid4

from directory.models import Person
from tests.operations.working import ask, look, status_of, work
from vms.hypervisor.contract import JobProgress
from vms.hypervisor.fake import FakeNode
from vms.models import Event, Node, Vm
from vms.rules.actions import Action
from vms.rules.events import Happening
from vms.rules.power import Power, PowerReason
from vms.rules.timeline import What
from vms.watcher.news import AgentAsked, Happened, JobProgressed
from vms.watcher.recording import record

GIB = 1024**3


def ask_agent(vm: Vm, *, answered: bool, times: int = 1) -> None:
    for _ in range(times):
        record(AgentAsked(vm.node_id, vm.pk, answered))


def test_three_silent_checks_after_an_answer_freeze_a_machine_and_an_answer_thaws_it(running_vm: Vm):
    ask_agent(running_vm, answered=True)
    ask_agent(running_vm, answered=False, times=2)
    assert status_of(running_vm) == "Running"
    ask_agent(running_vm, answered=False)
    assert status_of(running_vm) == "Frozen"
    ask_agent(running_vm, answered=False, times=5)
    assert Event.objects.filter(vm=running_vm, what=What.FROZE).count() == 1
    ask_agent(running_vm, answered=True)
    assert status_of(running_vm) == "Running"


def test_an_answer_in_between_begins_the_count_anew(running_vm: Vm):
    ask_agent(running_vm, answered=True)
    for _ in range(3):
        ask_agent(running_vm, answered=False, times=2)
        ask_agent(running_vm, answered=True)
    assert status_of(running_vm) == "Running"


def test_an_agent_that_never_answered_is_not_missed(running_vm: Vm):
    ask_agent(running_vm, answered=False, times=10)
    assert status_of(running_vm) == "Running"
    assert not Event.objects.filter(vm=running_vm).exists()


def test_what_the_agent_did_before_a_stop_is_forgotten(running_vm: Vm, alpha: FakeNode):
    ask_agent(running_vm, answered=True)
    ask_agent(running_vm, answered=False, times=3)
    alpha.become(running_vm.pk, Power.OFF, PowerReason.POWERED_OFF)
    look(running_vm)
    alpha.become(running_vm.pk, Power.RUNNING)
    look(running_vm)
    assert status_of(running_vm) == "Running"
    ask_agent(running_vm, answered=False, times=3)
    assert status_of(running_vm) == "Running"


def test_an_agent_on_another_node_says_nothing_about_this_machine(running_vm: Vm, second_node: Node):
    ask_agent(running_vm, answered=True)
    for _ in range(3):
        record(AgentAsked(second_node.pk, running_vm.pk, answered=False))
    assert status_of(running_vm) == "Running"


def test_a_watchdog_freezes_a_machine_until_it_is_reset(running_vm: Vm, anna: Person):
    record(Happened(running_vm.node_id, running_vm.pk, Happening.WATCHDOG))
    assert (status_of(running_vm), Event.objects.filter(vm=running_vm).latest("pk").what) == ("Frozen", What.WATCHDOG)
    work(ask(running_vm, Action.RESET, anna))
    record(Happened(running_vm.node_id, running_vm.pk, Happening.REBOOTED))
    assert status_of(running_vm) == "Running"


def test_what_happens_to_a_machine_nobody_knows_is_left_out(node: Node):
    record(Happened(node.pk, uuid4(), Happening.IO_ERROR))
    record(AgentAsked(node.pk, uuid4(), answered=False))
    record(JobProgressed(node.pk, uuid4(), JobProgress(1, 2)))
    assert not Event.objects.exists()
