"""The same asked of many machines: promised at once, asked one by one, never twice."""

from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.utils import timezone

from vms.models import Bulk, Operation, Vm
from vms.operations import bulk_asking
from vms.operations.bulk import plan, request_bulk
from vms.operations.bulk_asking import SomebodyElseIsHere, ask_some, unfinished_bulks
from vms.operations.promising import promise as real_promise
from vms.operations.requesting import Order, request_action
from vms.rules.actions import Action
from vms.rules.power import Power
from vms.rules.reasons import Reason
from vms.rules.status import Main

pytestmark = pytest.mark.django_db


def planned(action, *machines, by):
    fresh = Vm.objects.filter(pk__in=[vm.pk for vm in machines]).with_operations_under_way()
    return plan(fresh, action, by=by)


def bulk_of(action, *machines, by, key=None):
    return request_bulk(action, planned(action, *machines, by=by), key=key or uuid4(), by=by)


def ask_all(bulk):
    promised = []
    more = True
    while more:
        some, more = ask_some(bulk.pk)
        promised += some
    return promised


def make_old(bulk):
    Bulk.objects.filter(pk=bulk.pk).update(requested_at=timezone.now() - 2 * bulk_asking.PATIENCE)


def meet(monkeypatch, error, *, at):
    """Whoever asks for this machine meets the error."""

    def promise(vm, order, *, by):
        if vm == at:
            raise error
        return real_promise(vm, order, by=by)

    monkeypatch.setattr(bulk_asking, "promise", promise)


@pytest.fixture
def three(add_vm):
    return [add_vm(f"web{number}") for number in range(3)]


def test_each_machine_gets_an_operation_of_its_own(three, anna):
    bulk = bulk_of(Action.START, *three, by=anna)
    assert Operation.objects.count() == 0
    promised = ask_all(bulk)
    assert Operation.objects.filter(pk__in=promised, action=Action.START, requested_by=anna).count() == 3
    assert {item.operation.vm for item in bulk.items.all()} == set(three)


def test_all_are_asked_in_portions(add_vm, anna, monkeypatch):
    monkeypatch.setattr(bulk_asking, "PORTION", 2)
    bulk = bulk_of(Action.START, *(add_vm(f"web{number}") for number in range(5)), by=anna)
    assert [len(ask_some(bulk.pk)[0]) for _ in range(4)] == [2, 2, 1, 0]
    bulk.refresh_from_db()
    assert bulk.all_asked_at is not None


def test_what_is_refused_at_first_is_remembered_and_never_asked(three, add_vm, anna):
    on = add_vm("on", Power.RUNNING)
    bulk = bulk_of(Action.START, *three, on, by=anna)
    assert len(ask_all(bulk)) == 3
    assert bulk.items.get(vm=on).refusal == Reason.IS_RUNNING


def test_what_is_refused_when_its_turn_comes_says_who_stands_in_the_way(three, anna, berta):
    bulk = bulk_of(Action.START, *three, by=anna)
    holder = request_action(three[1], Order(Action.START, {}), by=berta)
    ask_all(bulk)
    item = bulk.items.get(vm=three[1])
    assert (item.operation, item.refused_for) == (None, str(holder.pk))


def test_the_same_key_twice_is_one_bulk(three, anna):
    key = uuid4()
    first = bulk_of(Action.START, *three, by=anna, key=key)
    assert bulk_of(Action.START, *three, by=anna, key=key) == first
    assert first.items.count() == 3


def test_the_key_of_somebody_else_is_refused(three, anna, berta):
    key = uuid4()
    bulk_of(Action.START, *three, by=anna, key=key)
    with pytest.raises(PermissionDenied):
        bulk_of(Action.START, *three, by=berta, key=key)


def test_without_the_right_nothing_is_written_down(three, otto):
    with pytest.raises(PermissionDenied):
        bulk_of(Action.DELETE, *three, by=otto)
    assert Bulk.objects.count() == 0


def test_a_right_that_was_taken_away_meanwhile_counts(three, anna):
    bulk = bulk_of(Action.START, *three, by=anna)
    anna.user_permissions.clear()
    assert ask_all(bulk) == []
    assert set(bulk.items.values_list("refusal", flat=True)) == {Reason.NOT_PERMITTED}


def test_a_machine_that_was_deleted_meanwhile_is_gone(three, anna):
    bulk = bulk_of(Action.START, *three, by=anna)
    Vm.objects.filter(pk=three[0].pk).update(deleted_at=timezone.now())
    ask_all(bulk)
    assert bulk.items.get(vm=three[0]).refusal == Reason.GONE_FROM_NODE


def test_the_sweep_finds_a_bulk_whose_worker_died_and_it_goes_on_where_it_was(three, anna, monkeypatch):
    bulk = bulk_of(Action.START, *three, by=anna)
    monkeypatch.setattr(bulk_asking, "PORTION", 1)
    ask_some(bulk.pk)
    make_old(bulk)
    assert unfinished_bulks() == [bulk.pk]
    assert len(ask_all(bulk)) == 2
    assert unfinished_bulks() == []
    assert Operation.objects.count() == 3


def test_a_worker_that_dies_between_promise_and_note_leaves_neither(three, anna, monkeypatch):
    bulk = bulk_of(Action.START, *three, by=anna)

    def die(*_args, **_result):
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(bulk_asking, "_remember", die)
        with pytest.raises(SystemExit):
            ask_some(bulk.pk)
    assert Operation.objects.count() == 0
    assert len(ask_all(bulk)) == 3


def test_a_machine_that_meets_a_bug_is_given_up_and_the_others_are_asked(three, anna, monkeypatch, caplog):
    bulk = bulk_of(Action.START, *three, by=anna)
    meet(monkeypatch, ZeroDivisionError("what nobody thought of"), at=three[1])
    assert len(ask_all(bulk)) == 2
    make_old(bulk)
    assert unfinished_bulks() == []
    assert bulk.items.get(vm=three[1]).refusal == Reason.ASKING_FAILED
    assert caplog.text.count("ZeroDivisionError: what nobody thought of") == bulk_asking.TRIES


def test_a_database_that_is_away_is_no_bug(three, anna, monkeypatch):
    bulk = bulk_of(Action.START, *three, by=anna)
    with monkeypatch.context() as patched:
        meet(patched, OperationalError("it is away"), at=three[1])
        with pytest.raises(OperationalError):
            ask_some(bulk.pk)
    assert len(ask_all(bulk)) == 2
    assert Operation.objects.count() == 3


def test_two_workers_at_the_same_bulk_ask_nobody_twice_and_one_of_them_stops(three, anna):
    bulk = bulk_of(Action.START, *three, by=anna)
    stale = bulk_asking._waiting(bulk)
    ask_some(bulk.pk)
    with pytest.raises(SomebodyElseIsHere):
        bulk_asking._ask(bulk, stale[0])
    assert Operation.objects.count() == 3


def test_delete_takes_the_disks_that_the_panel_made(add_vm, anna):
    vm = add_vm()
    vm.disks.create(target="vda", path="/images/made.qcow2", made_by_panel=True)
    vm.disks.create(target="vdb", path="/images/found.qcow2", made_by_panel=False)
    bulk = bulk_of(Action.DELETE, vm, by=anna)
    (operation,) = Operation.objects.filter(pk__in=ask_all(bulk))
    assert operation.arguments == {"disks": ["/images/made.qcow2"]}


@pytest.mark.broad
def test_five_thousand_are_written_down_in_a_few_queries(anna, node, django_assert_max_num_queries):
    Vm.objects.bulk_create(
        [Vm(name=f"m{n}", display_name=f"m{n}", node=node, power=Power.OFF, main=Main.STOPPED) for n in range(5000)]
    )
    machines = plan(Vm.objects.all().with_operations_under_way(), Action.START, by=anna)
    with django_assert_max_num_queries(60):
        bulk = request_bulk(Action.START, machines, key=uuid4(), by=anna)
    assert bulk.items.count() == 5000
