"""A person opens a pool: which VM is theirs, and when there is none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm, person_with
from tests.operations import keeping
from tests.operations.opening import add_coming, add_dynamic, add_image, add_pool, give, since
from tests.operations.working import ask, fresh
from vms.hypervisor.fake import FakeNode
from vms.models import AuditLine, Node, Operation, Vm, VmPool
from vms.operations import taking
from vms.operations.settling import settle
from vms.operations.taking import AllTaken, CannotBeKept, NoImage, PoolIsOff, keep_dynamic, note_use, open_pool
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Request, Subject, Why
from vms.rules.duty import Duty
from vms.rules.power import Power, PowerReason
from vms.rules.rights import Right

pytestmark = pytest.mark.django_db


@pytest.fixture
def pool(nobody: Person) -> VmPool:
    """Nobody, who may log in and no more, may use its VMs."""
    pool = add_pool()
    give(pool, nobody)
    return pool


def minutes_ago(minutes: int) -> Any:
    return timezone.now() - timedelta(minutes=minutes)


# --- who may --------------------------------------------------------------------------------------------
def test_a_right_on_the_pool_is_enough(pool: VmPool, add_vm: AddVm, nobody: Person):
    vm = add_dynamic(add_vm, pool)
    assert open_pool(pool, by=nobody) == vm
    taken = fresh(vm)
    assert (taken.assigned_to_id, taken.warned_at) == (nobody.pk, None)
    assert taken.assigned_at == taken.used_at
    assert taken.used_at is not None


def test_whoever_sees_every_vm_and_may_use_them_needs_no_right_on_the_pool(pool: VmPool, add_vm: AddVm, anna: Person):
    vm = add_dynamic(add_vm, pool)
    assert open_pool(pool, by=anna) == vm


def test_whoever_only_sees_every_vm_may_not(pool: VmPool, add_vm: AddVm, otto: Person):
    vm = add_dynamic(add_vm, pool)
    with pytest.raises(PermissionDenied):
        open_pool(pool, by=otto)
    assert fresh(vm).assigned_at is None


def test_whoever_was_given_another_pool_may_not(pool: VmPool, add_vm: AddVm):
    add_dynamic(add_vm, pool)
    mia = person_with((), "mia")
    give(add_pool("labs"), mia, Right.OPERATE)
    with pytest.raises(PermissionDenied):
        open_pool(pool, by=mia)
    line = AuditLine.objects.get()
    assert (line.request, line.outcome, line.person_name) == (Request.OPEN_POOL, Outcome.REFUSED, "mia")


def test_it_is_written_down_of_the_pool_and_names_the_vm(pool: VmPool, add_vm: AddVm, nobody: Person):
    add_dynamic(add_vm, pool)
    open_pool(pool, by=nobody)
    line = AuditLine.objects.get(request=Request.OPEN_POOL)
    assert (line.subject, line.subject_key, line.subject_name) == (Subject.POOL, str(pool.pk), "desks")
    assert (line.outcome, line.values) == (Outcome.ACCEPTED, {"vm": "desks-1"})


# --- which one ------------------------------------------------------------------------------------------
def test_the_same_person_gets_the_same_vm(pool: VmPool, add_vm: AddVm, nobody: Person):
    add_dynamic(add_vm, pool, "desks-1")
    add_dynamic(add_vm, pool, "desks-2")
    first = open_pool(pool, by=nobody)
    assert open_pool(pool, by=nobody) == first
    assert Vm.objects.filter(assigned_at=None).count() == 1


def test_of_another_pool_they_get_another(pool: VmPool, add_vm: AddVm, nobody: Person):
    labs = add_pool("labs")
    give(labs, nobody)
    add_dynamic(add_vm, pool, "desks-1")
    add_dynamic(add_vm, labs, "labs-1")
    assert {open_pool(each, by=nobody).name for each in (pool, labs)} == {"desks-1", "labs-1"}


def test_the_one_that_has_waited_longest_is_given_out(pool: VmPool, add_vm: AddVm, nobody: Person):
    for number, minutes in enumerate((5, 30, 10)):
        since(add_dynamic(add_vm, pool, f"desks-{number}").pk, minutes)
    assert open_pool(pool, by=nobody).name == "desks-1"


def test_one_of_the_active_golden_image_goes_before_older_ones(pool: VmPool, add_vm: AddVm, nobody: Person):
    add_image(add_vm, pool, "old image")
    since(add_dynamic(add_vm, pool, "old").pk, 60)
    add_image(add_vm, pool, "new image")
    add_dynamic(add_vm, pool, "new")
    assert open_pool(pool, by=nobody).name == "new"
    mia = person_with((), "mia")
    give(pool, mia)
    assert open_pool(pool, by=mia).name == "old"


def test_one_on_a_node_in_maintenance_is_the_last(pool: VmPool, add_vm: AddVm, second_node: Node, nobody: Person):
    on_duty = add_dynamic(add_vm, pool, "on-duty")
    Vm.objects.filter(pk=on_duty.pk).update(node=second_node)
    since(add_dynamic(add_vm, pool, "off-duty").pk, 60)
    Node.objects.exclude(pk=second_node.pk).update(duty=Duty.MAINTENANCE)
    assert open_pool(pool, by=nobody).name == "on-duty"


@pytest.mark.parametrize("power", [Power.OFF, Power.PAUSED, Power.CRASHED, Power.UNKNOWN])
def test_one_that_does_not_run_is_given_to_nobody(pool: VmPool, add_vm: AddVm, nobody: Person, power: Power):
    vm = add_dynamic(add_vm, pool, power=power)
    with pytest.raises(NoImage):
        open_pool(pool, by=nobody)
    assert fresh(vm).assigned_at is None


def test_one_of_somebody_who_is_gone_is_given_to_nobody(pool: VmPool, add_vm: AddVm, nobody: Person):
    mia = person_with((), "mia")
    add_dynamic(add_vm, pool, assigned_to=mia)
    mia.delete()
    with pytest.raises(NoImage):
        open_pool(pool, by=nobody)


def test_without_one_that_runs_one_that_is_just_being_made_is_theirs(pool: VmPool, add_vm: AddVm, nobody: Person):
    coming = add_coming(add_vm, pool)
    assert open_pool(pool, by=nobody) == coming
    assert open_pool(pool, by=nobody) == coming
    assert fresh(coming).assigned_to_id == nobody.pk


def test_one_that_is_taken_back_is_not_waited_for(pool: VmPool, add_vm: AddVm, nobody: Person):
    add_coming(add_vm, pool)
    Operation.objects.update(ends_as="failed")
    with pytest.raises(NoImage):
        open_pool(pool, by=nobody)


def test_without_any_one_is_made_for_them(node: Node, alpha: FakeNode, nobody: Person):
    pool = keeping.add_pool(node, alpha)
    give(pool, nobody)
    vm = open_pool(pool, by=nobody)
    assert fresh(vm).status.name == "Stopped, creating"
    assert open_pool(pool, by=nobody) == vm
    keeping.work_on(pool)
    theirs = fresh(vm)
    assert (theirs.status.name, theirs.assigned_to_id) == ("Running", nobody.pk)
    assert theirs.used_at is not None


def test_one_that_is_given_out_is_replaced_at_once(
    pool: VmPool, add_vm: AddVm, nobody: Person, monkeypatch: pytest.MonkeyPatch
):
    kept: list[Any] = []
    told: list[Any] = []
    monkeypatch.setattr(taking, "keep_pool_after_commit", kept.append)
    monkeypatch.setattr(taking, "announce", lambda *subjects: told.extend(subjects))
    vm = add_dynamic(add_vm, pool)
    open_pool(pool, by=nobody)
    open_pool(pool, by=nobody)
    assert kept == [pool.pk]
    assert {("person", str(nobody.pk)), ("vm", str(vm.pk)), ("pool", str(pool.pk))} < set(told)


# --- when theirs is over --------------------------------------------------------------------------------
@pytest.mark.parametrize("action", [Action.SHUTDOWN, Action.POWER_OFF])
def test_while_theirs_goes_they_get_another(pool: VmPool, add_vm: AddVm, nobody: Person, action: Action):
    add_dynamic(add_vm, pool, "desks-1")
    first = open_pool(pool, by=nobody)
    add_dynamic(add_vm, pool, "desks-2")
    ask(first, action, nobody)
    assert open_pool(pool, by=nobody).name == "desks-2"


@pytest.mark.parametrize("gone", [{"power": Power.OFF}, {"power": Power.CRASHED}, {"gone_at": timezone.now()}])
def test_what_is_off_or_gone_is_not_theirs_any_more(pool: VmPool, add_vm: AddVm, nobody: Person, gone: dict[str, Any]):
    add_dynamic(add_vm, pool, "desks-1", **{"power": Power.RUNNING, **gone}, assigned_to=nobody)
    add_dynamic(add_vm, pool, "desks-2")
    assert open_pool(pool, by=nobody).name == "desks-2"


@pytest.mark.parametrize("power", [Power.PAUSED, Power.UNKNOWN])
def test_what_stands_still_or_is_out_of_reach_stays_theirs(pool: VmPool, add_vm: AddVm, nobody: Person, power: Power):
    theirs = add_dynamic(add_vm, pool, "desks-1", power, assigned_to=nobody)
    add_dynamic(add_vm, pool, "desks-2")
    assert open_pool(pool, by=nobody) == theirs


def test_one_that_goes_off_at_that_very_moment_is_passed_over(
    pool: VmPool, add_vm: AddVm, nobody: Person, monkeypatch: pytest.MonkeyPatch
):
    first, second = add_dynamic(add_vm, pool, "desks-1"), add_dynamic(add_vm, pool, "desks-2")
    since(first.pk, 10)
    take = taking._take

    def goes_off_first(free: Any, vm: Vm, by: Person) -> bool:
        if vm == first:
            first.observe(Power.OFF, PowerReason.SHUT_DOWN)
            settle(first.pk)
        return take(free, vm, by)

    monkeypatch.setattr(taking, "_take", goes_off_first)
    assert open_pool(pool, by=nobody) == second
    assert fresh(first).assigned_at is None


# --- when there is none ---------------------------------------------------------------------------------
def test_a_pool_that_is_off_gives_out_none(pool: VmPool, add_vm: AddVm, nobody: Person):
    add_dynamic(add_vm, pool)
    VmPool.objects.update(is_on=False)
    with pytest.raises(PoolIsOff):
        open_pool(pool, by=nobody)
    assert AuditLine.objects.get().reason == Why.POOL_IS_OFF


def test_what_somebody_has_of_a_pool_that_is_off_stays_theirs(pool: VmPool, add_vm: AddVm, nobody: Person):
    vm = add_dynamic(add_vm, pool, assigned_to=nobody)
    VmPool.objects.update(is_on=False)
    assert open_pool(pool, by=nobody) == vm


def test_a_full_pool_says_how_many_there_are(pool: VmPool, add_vm: AddVm, nobody: Person, anna: Person):
    VmPool.objects.update(most_vms=2)
    add_image(add_vm, pool)
    add_dynamic(add_vm, pool, "desks-1", assigned_to=anna)
    add_dynamic(add_vm, pool, "desks-2", Power.OFF)
    with pytest.raises(AllTaken) as refused:
        open_pool(pool, by=nobody)
    assert refused.value.count == 2
    assert AuditLine.objects.get(request=Request.OPEN_POOL).reason == Why.POOL_IS_FULL


# --- while it is used -----------------------------------------------------------------------------------
def test_use_is_noted_and_takes_a_warning_back(pool: VmPool, add_vm: AddVm, nobody: Person):
    VmPool.objects.update(idle_minutes=30)
    vm = add_dynamic(add_vm, pool, assigned_to=nobody, used_at=minutes_ago(28), warned_at=timezone.now())
    note_use(vm.pk)
    used = fresh(vm)
    assert used.used_at and used.used_at > minutes_ago(1)
    assert used.warned_at is None


def test_the_longest_time_is_put_off_by_no_use(pool: VmPool, add_vm: AddVm, nobody: Person):
    VmPool.objects.update(idle_minutes=30, longest_minutes=60)
    times = {"assigned_at": minutes_ago(58), "used_at": minutes_ago(5), "warned_at": timezone.now()}
    vm = add_dynamic(add_vm, pool, **{"assigned_to": nobody, **times})
    note_use(vm.pk)
    assert fresh(vm).warned_at is not None
    assert fresh(vm).used_at > minutes_ago(1)
    with pytest.raises(CannotBeKept):
        keep_dynamic(vm, by=nobody)


def test_looks_at_what_nobody_has_are_not_counted(pool: VmPool, add_vm: AddVm, vm: Vm):
    free = add_dynamic(add_vm, pool)
    for each in (free, vm):
        note_use(each.pk)
        assert fresh(each).used_at is None


def test_who_says_so_keeps_it(pool: VmPool, add_vm: AddVm, nobody: Person, monkeypatch: pytest.MonkeyPatch):
    told: list[Any] = []
    monkeypatch.setattr(taking, "announce", lambda *subjects: told.extend(subjects))
    VmPool.objects.update(idle_minutes=30)
    vm = add_dynamic(add_vm, pool, assigned_to=nobody, used_at=minutes_ago(28), warned_at=timezone.now())
    keep_dynamic(vm, by=nobody)
    assert fresh(vm).warned_at is None
    assert told == [("vm", str(vm.pk)), ("pool", str(pool.pk))]
    assert AuditLine.objects.get().request == Request.KEEP_DYNAMIC


def test_nobody_keeps_what_another_one_has(pool: VmPool, add_vm: AddVm, nobody: Person):
    mia = person_with((), "mia")
    give(pool, mia)
    vm = add_dynamic(add_vm, pool, assigned_to=nobody, warned_at=timezone.now())
    with pytest.raises(PermissionDenied):
        keep_dynamic(vm, by=mia)


def test_what_is_going_already_cannot_be_kept(pool: VmPool, add_vm: AddVm, nobody: Person):
    vm = add_dynamic(add_vm, pool, assigned_to=nobody, warned_at=timezone.now())
    ask(vm, Action.SHUTDOWN, nobody)
    with pytest.raises(CannotBeKept):
        keep_dynamic(vm, by=nobody)
