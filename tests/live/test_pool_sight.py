"""What people hear who were given a pool: of the pool, and of those of its machines that are theirs."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from directory.models import Person
from tests.conftest import AddVm
from tests.live.test_event_sight import about, ear_of, hears, told
from vms.live.sight import _sight
from vms.models import Grant, Vm, VmPool
from vms.rules.kinds import Kind
from vms.rules.pools import PoolKind
from vms.rules.rights import Right

pytestmark = pytest.mark.django_db(transaction=True)

Subject = tuple[str, str]


@pytest.fixture
def pool(db: None) -> VmPool:
    return VmPool.objects.create(name="web", kind=PoolKind.PERSISTENT)


@pytest.fixture
def desks(db: None) -> VmPool:
    return VmPool.objects.create(name="desks", kind=PoolKind.DYNAMIC)


def of(pool: VmPool) -> Subject:
    return ("pool", str(pool.pk))


def rights(pool: VmPool) -> Subject:
    return ("rights", str(pool.pk))


def desk(add_vm: AddVm, desks: VmPool, name: str, person: Person | None) -> Vm:
    had = {"assigned_to": person, "assigned_at": timezone.now()} if person else {}
    return add_vm(name, kind=Kind.DYNAMIC, pool=desks, **had)


def test_others_hear_nothing_of_a_pool(nobody: Person, otto: Person, pool: VmPool) -> None:
    assert hears(ear_of(nobody), of(pool)) == ""
    assert hears(ear_of(otto), of(pool)) == [list(of(pool))]


def test_who_was_given_one_hears_of_it_and_of_all_its_persistent_vms(
    nobody: Person, pool: VmPool, add_vm: AddVm
) -> None:
    inside, outside = add_vm("inside", pool=pool), add_vm("outside")
    Grant.objects.create(pool=pool, person=nobody)
    ear = ear_of(nobody)
    assert hears(ear, of(pool)) == [list(of(pool))]
    assert hears(ear, about(inside), ("operation", "1")) == [list(about(inside)), ["operation", "1"]]
    assert hears(ear, about(outside), ("operation", "1")) == ""


def test_of_dynamic_vms_one_hears_of_the_own(nobody: Person, otto: Person, desks: VmPool, add_vm: AddVm) -> None:
    """What others do in the same pool says no more than that something changed there."""
    mine, theirs, free = (desk(add_vm, desks, name, who) for name, who in (("m", nobody), ("t", otto), ("f", None)))
    Grant.objects.create(pool=desks, person=nobody)
    ear = ear_of(nobody)
    assert hears(ear, about(mine), of(desks)) == [list(about(mine)), list(of(desks))]
    for vm in (theirs, free):
        heard = hears(ear, about(vm), of(desks), ("operation", "2"), ("backup", "3"), ("counts", ""))
        assert heard == [list(of(desks))]


def test_pools_of_templates_are_not_heard_of(nobody: Person) -> None:
    moulds = VmPool.objects.create(name="moulds", kind=PoolKind.TEMPLATE)
    Grant.objects.create(pool=moulds, person=nobody)
    assert hears(ear_of(nobody), of(moulds)) == ""


def test_rights_on_a_pool_make_the_page_look_anew(nobody: Person, pool: VmPool, add_vm: AddVm) -> None:
    vm, ear, news = add_vm(pool=pool), ear_of(nobody), (rights(pool), of(pool), ("counts", ""))
    grant = Grant.objects.create(pool=pool, person=nobody)
    assert hears(ear, *news) == "resync"
    assert hears(ear, about(vm)) == [list(about(vm))]
    Grant.objects.update(right=Right.OPERATE)
    assert hears(ear, *news) == "resync"
    assert hears(ear, *news) == [list(of(pool))]
    grant.delete()
    assert hears(ear, *news) == "resync"
    assert hears(ear, about(vm)) == hears(ear, of(pool)) == ""


def test_a_group_counts_as_long_as_somebody_is_in_it(nobody: Person, desks: VmPool, add_vm: AddVm) -> None:
    group, vm = Group.objects.create(name="pupils"), desk(add_vm, desks, "m", nobody)
    Grant.objects.create(pool=desks, group=group)
    ear = ear_of(nobody)
    nobody.groups.add(group)
    assert hears(ear, ("people", "")) == "resync"
    assert hears(ear, about(vm)) == [list(about(vm))]
    nobody.groups.clear()
    assert hears(ear, ("people", "")) == "resync"
    assert hears(ear, about(vm)) == ""


def test_whoever_takes_a_vm_hears_of_it_and_nobody_else_looks_again(
    nobody: Person, desks: VmPool, add_vm: AddVm, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    other, vm = Person.objects.create_user("other"), desk(add_vm, desks, "m", None)
    for person in (nobody, other):
        Grant.objects.create(pool=desks, person=person)
    mine, theirs = ear_of(nobody), ear_of(other)
    Vm.objects.update(assigned_to=nobody, assigned_at=timezone.now())
    news = (("person", str(nobody.pk)), about(vm), of(desks))
    assert hears(mine, *news) == "resync"
    assert hears(mine, about(vm)) == [list(about(vm))]
    with django_assert_num_queries(0):
        assert hears(theirs, *news) == [list(of(desks))]
    assert theirs.missed(told(*news)) == told(of(desks))
    missed = mine.missed(told(*news))
    assert missed is not None and missed.resync


def test_a_sight_costs_the_same_however_much_was_given(
    nobody: Person, pool: VmPool, desks: VmPool, add_vm: AddVm, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for each in (pool, desks):
        Grant.objects.create(pool=each, person=nobody)
    for number in range(5):
        add_vm(f"web{number}", pool=pool)
        desk(add_vm, desks, f"desk-{number}", nobody)
    nobody.has_perm("vms.view_every_vm")
    with django_assert_num_queries(2):
        given = _sight(nobody).given
    assert given is not None and len(given) == 12
