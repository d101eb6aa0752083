"""What is known of a machine, and who may know it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.working import ask
from vms.models import Disk, Heartbeat, Node, Operation, Vm
from vms.models.facts import facts_of
from vms.rules.actions import Action, Slot
from vms.rules.kinds import Kind, Mode
from vms.rules.power import Power, PowerReason, Wanted
from vms.rules.problems import Problem
from vms.rules.status import Facts, Second


def test_who_sees_every_machine_sees_those_that_are_there(vm: Vm, running_vm: Vm, anna: Person):
    Vm.objects.filter(pk=running_vm.pk).update(deleted_at=timezone.now())
    assert list(Vm.objects.all().visible_to(anna)) == [vm]


def test_who_was_given_nothing_sees_nothing(vm: Vm, nobody: Person):
    assert not Vm.objects.all().visible_to(nobody).exists()
    assert not Vm.objects.all().visible_to(AnonymousUser()).exists()


def test_a_machine_that_is_gone_is_still_seen(vm: Vm, anna: Person):
    vm.mark_gone()
    assert list(Vm.objects.all().visible_to(anna)) == [vm]


def test_what_a_node_reports_is_news_once(vm: Vm):
    assert vm.observe(Power.RUNNING, PowerReason.NONE)
    assert not vm.observe(Power.RUNNING, PowerReason.NONE)
    assert vm.observe(Power.PAUSED, PowerReason.IO_ERROR)
    assert vm.observe(Power.PAUSED, PowerReason.WATCHDOG)


def test_a_list_costs_two_queries_however_long(add_vm: AddVm, anna: Person, django_assert_num_queries):
    for number in range(5):
        ask(add_vm(f"web{number}"), Action.START, anna)
    with django_assert_num_queries(2):
        machines = list(Vm.objects.all().with_operations_under_way())
        assert {len(vm.under_way) for vm in machines} == {1}
        assert {vm.node.name for vm in machines} == {"alpha"}


def test_the_facts_of_a_machine_are_those_of_its_rows(add_vm: AddVm):
    fields = {"kind": Kind.TEMPLATE, "mode": Mode.MAINTENANCE, "watchdog_fired": True, "agent_silent_checks": 2}
    vm = add_vm("tpl", Power.PAUSED, PowerReason.BY_REQUEST, **fields)
    run = Operation(vm=vm, action=Action.SHUTDOWN, slot=Slot.RUN)
    job = Operation(vm=vm, action=Action.BACK_UP, slot=Slot.JOB, second=Second.BACKING_UP)
    assert facts_of(vm, [job, run]) == Facts(
        kind=Kind.TEMPLATE,
        power=Power.PAUSED,
        power_reason=PowerReason.BY_REQUEST,
        wanted=Wanted.PAUSED,
        run=Action.SHUTDOWN,
        job=Second.BACKING_UP,
        mode=Mode.MAINTENANCE,
        agent_silent_checks=2,
        watchdog_fired=True,
    )


def test_a_machine_its_node_lost_or_forgot_is_known_as_such(vm: Vm):
    vm.node.reachable = False
    vm.gone_at = timezone.now()
    facts = facts_of(vm, [])
    assert (facts.node_reachable, facts.known_to_node) == (False, False)


def test_a_machine_has_one_disk_at_a_target(vm: Vm):
    Disk.objects.create(vm=vm, target="vda", device="disk")
    with pytest.raises(IntegrityError), transaction.atomic():
        Disk.objects.create(vm=vm, target="vda", device="cdrom")


def test_a_node_is_found_and_lost_once_each(node: Node):
    now = timezone.now()
    assert not node.found(now)
    assert node.lost(now, Problem.NODE_UNREACHABLE, "no route")
    assert not node.lost(now, Problem.NODE_UNREACHABLE, "no route")
    assert node.found(now)
    node.refresh_from_db()
    assert (node.problem, node.evidence) == ("", "")


def test_no_two_nodes_have_the_same_name_or_address(node: Node):
    for same in ({"name": node.name, "uri": "fake://other"}, {"name": "other", "uri": node.uri}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Node.objects.create(**same)


def test_a_sign_of_life_grows_old(db: None):
    assert not Heartbeat.is_fresh("watcher", seconds=10)
    Heartbeat.beat("watcher")
    assert Heartbeat.is_fresh("watcher", seconds=10)
    assert not Heartbeat.is_fresh("worker", seconds=10)
    with time_machine.travel(timezone.now() + timedelta(seconds=11), tick=False):
        assert not Heartbeat.is_fresh("watcher", seconds=10)
        Heartbeat.beat("watcher")
        assert Heartbeat.is_fresh("watcher", seconds=10)
