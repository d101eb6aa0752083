"""Rights on a pool: they count on its VMs, on dynamic ones for the person alone who has them, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from directory.models import Person
from directory.roles import Role
from tests.conftest import AddVm, person_with
from vms.models import Backup, BackupTarget, Grant, Operation, Vm, VmPool
from vms.operations.permission import Permissions, actions_somewhere, may, may_with_backup
from vms.rules.actions import Action
from vms.rules.backups import BackupState
from vms.rules.kinds import Kind
from vms.rules.pools import PoolKind
from vms.rules.power import Power
from vms.rules.rights import ACTIONS_OF, Right

pytestmark = pytest.mark.django_db

USE, OPERATE = Right.USE, Right.OPERATE
OPERATES = ACTIONS_OF[OPERATE]


@pytest.fixture
def uwe(db: None) -> Person:
    """May log in, and no more."""
    return person_with((), "uwe")


@pytest.fixture
def team(uwe: Person) -> Group:
    """With uwe in it."""
    group = Group.objects.create(name="team")
    uwe.groups.add(group)
    return group


@pytest.fixture
def pool() -> VmPool:
    return VmPool.objects.create(name="web", kind=PoolKind.PERSISTENT)


@pytest.fixture
def desks() -> VmPool:
    return VmPool.objects.create(name="desks", kind=PoolKind.DYNAMIC)


def desk(add_vm: AddVm, desks: VmPool, name: str, person: Person | None = None, **fields: Any) -> Vm:
    """One that runs, for this person."""
    had = {"assigned_to": person, "assigned_at": timezone.now()} if person else {}
    return add_vm(name, Power.RUNNING, kind=Kind.DYNAMIC, pool=desks, **had, **fields)


def permitted(person: Person, vm: Vm) -> set[Action]:
    return {action for action in Action if may(person, action, vm)}


def sees(person: Person) -> set[str]:
    return {vm.display_name for vm in Vm.objects.all().visible_to(person)}


def give(pool: VmPool, owner: Person | Group, right: Right = USE) -> Grant:
    owned = {"person": owner} if isinstance(owner, Person) else {"group": owner}
    return Grant.objects.create(pool=pool, right=right, **owned)


# --- persistent ----------------------------------------------------------------------------------
@pytest.mark.parametrize("right", Right)
@pytest.mark.parametrize("by_group", [False, True])
def test_it_counts_on_every_vm_of_the_pool_and_on_no_other(
    pool: VmPool, uwe: Person, team: Group, add_vm: AddVm, right: Right, *, by_group: bool
) -> None:
    elsewhere = VmPool.objects.create(name="elsewhere", kind=PoolKind.PERSISTENT)
    inside, outside, other = add_vm("inside", pool=pool), add_vm("outside"), add_vm("other", pool=elsewhere)
    give(pool, team if by_group else uwe, right)
    assert sees(uwe) == {"inside"}
    assert permitted(uwe, inside) == ACTIONS_OF[right] == actions_somewhere(uwe)
    assert permitted(uwe, outside) == permitted(uwe, other) == set()


def test_it_counts_on_vms_that_come_later_and_no_more_on_those_that_leave(
    pool: VmPool, uwe: Person, add_vm: AddVm
) -> None:
    give(pool, uwe)
    assert actions_somewhere(uwe) == frozenset()
    vm = add_vm("late", pool=pool)
    assert permitted(uwe, vm) == {Action.USE}
    Vm.objects.update(pool=None)
    assert (permitted(uwe, vm), sees(uwe)) == (set(), set())


def test_it_ends_at_once(pool: VmPool, uwe: Person, team: Group, add_vm: AddVm) -> None:
    vm, grant = add_vm(pool=pool), give(pool, team, OPERATE)
    assert may(uwe, Action.START, vm)
    uwe.groups.clear()
    assert not may(Person.objects.get(pk=uwe.pk), Action.USE, vm)
    uwe.groups.add(team)
    grant.delete()
    assert not may(uwe, Action.USE, vm)


def test_it_adds_to_what_was_given_on_the_machine_alone(pool: VmPool, uwe: Person, team: Group, add_vm: AddVm) -> None:
    vm = add_vm(pool=pool)
    Grant.objects.create(vm=vm, person=uwe, right=USE)
    give(pool, team, OPERATE)
    assert Permissions(uwe, [vm.pk]).on(vm.pk) == OPERATES
    Grant.objects.filter(pool=pool).delete()
    assert Permissions(uwe, [vm.pk]).on(vm.pk) == {Action.USE}


def test_templates_and_golden_images_are_nobodys(uwe: Person, pool: VmPool, desks: VmPool, add_vm: AddVm) -> None:
    moulds = VmPool.objects.create(name="moulds", kind=PoolKind.TEMPLATE)
    for each in (pool, desks, moulds):
        give(each, uwe, OPERATE)
    machines = [
        *(add_vm(f"template-{each}", kind=Kind.TEMPLATE, pool=each) for each in (pool, moulds)),
        *(add_vm(f"image-{each}", kind=Kind.GOLDEN_IMAGE, pool=each) for each in (pool, desks)),
    ]
    assert (sees(uwe), actions_somewhere(uwe)) == (set(), frozenset())
    assert not any(permitted(uwe, vm) for vm in machines)
    assert set(VmPool.objects.all().visible_to(uwe)) == {pool, desks}


def test_a_machine_that_says_it_is_of_a_pool_of_another_kind_is_nobodys(
    uwe: Person, pool: VmPool, desks: VmPool, add_vm: AddVm
) -> None:
    """As its definition may say when it is adopted."""
    give(pool, uwe), give(desks, uwe)
    persistent = add_vm("persistent", pool=desks)
    dynamic = add_vm("dynamic", kind=Kind.DYNAMIC, pool=pool, assigned_to=uwe, assigned_at=timezone.now())
    assert (permitted(uwe, persistent), permitted(uwe, dynamic), sees(uwe)) == (set(), set(), set())


def test_a_role_that_sees_everything_is_given_nothing_more(pool: VmPool, desks: VmPool, add_vm: AddVm) -> None:
    auditor = Person.objects.create_user("auditor")
    auditor.take_role(Role.AUDITOR)
    auditor.save()
    give(pool, auditor, OPERATE), give(desks, auditor, OPERATE)
    assert permitted(auditor, add_vm("web1", pool=pool)) == set()
    assert permitted(auditor, desk(add_vm, desks, "desk-1", auditor)) == set()


# --- dynamic -------------------------------------------------------------------------------------
@pytest.mark.parametrize("right", Right)
@pytest.mark.parametrize("by_group", [False, True])
def test_whoever_has_a_dynamic_vm_operates_it_and_no_other(
    desks: VmPool,
    uwe: Person,
    team: Group,
    otto: Person,
    nobody: Person,
    add_vm: AddVm,
    right: Right,
    *,
    by_group: bool,
) -> None:
    give(desks, team if by_group else uwe, right), give(desks, nobody)
    mine, theirs, free = (
        desk(add_vm, desks, "mine", uwe),
        desk(add_vm, desks, "theirs", nobody),
        desk(add_vm, desks, "f"),
    )
    assert sees(uwe) == {"mine"}
    assert permitted(uwe, mine) == OPERATES == actions_somewhere(uwe)
    assert permitted(uwe, theirs) == permitted(uwe, free) == set()
    assert may(otto, Action.SHUTDOWN, theirs)


def test_whoever_has_none_may_do_nothing_anywhere(desks: VmPool, uwe: Person, add_vm: AddVm) -> None:
    give(desks, uwe, OPERATE)
    desk(add_vm, desks, "free")
    assert actions_somewhere(uwe) == frozenset()


def test_a_right_that_ends_ends_for_the_vm_that_somebody_has(
    desks: VmPool, uwe: Person, team: Group, add_vm: AddVm
) -> None:
    vm, grant = desk(add_vm, desks, "mine", uwe), give(desks, team)
    assert may(uwe, Action.USE, vm)
    grant.delete()
    assert (permitted(uwe, vm), sees(uwe)) == (set(), set())


def test_a_right_on_a_dynamic_vm_itself_counts_for_nobody(
    desks: VmPool, uwe: Person, nobody: Person, add_vm: AddVm
) -> None:
    """Nobody can give one; a machine may have been something else before."""
    theirs, mine = desk(add_vm, desks, "theirs", nobody), desk(add_vm, desks, "mine", uwe)
    for vm in (theirs, mine):
        Grant.objects.create(vm=vm, person=uwe, right=OPERATE)
    assert (permitted(uwe, theirs), permitted(uwe, mine), sees(uwe)) == (set(), set(), set())


def test_what_a_person_had_who_was_removed_is_nobodys(
    desks: VmPool, uwe: Person, nobody: Person, add_vm: AddVm
) -> None:
    vm = desk(add_vm, desks, "theirs", nobody)
    give(desks, uwe), give(desks, nobody)
    nobody.delete()
    vm.refresh_from_db()
    assert (vm.assigned_to, vm.assigned_at is not None, permitted(uwe, vm)) == (None, True, set())
    assert set(Grant.objects.values_list("person", flat=True)) == {uwe.pk}


def test_a_deleted_one_is_read_about_by_whoever_had_it(
    desks: VmPool, uwe: Person, nobody: Person, add_vm: AddVm
) -> None:
    mine, theirs = desk(add_vm, desks, "mine", uwe), desk(add_vm, desks, "theirs", nobody)
    give(desks, uwe)
    Vm.objects.update(deleted_at=timezone.now())
    assert set(Vm.objects.all().deleted_visible_to(uwe)) == {mine}
    assert not may(uwe, Action.USE, mine)
    assert not may(uwe, Action.USE, theirs)


# --- what hangs on machines ----------------------------------------------------------------------
def test_operations_and_backups_are_seen_with_the_machine(
    pool: VmPool, desks: VmPool, uwe: Person, nobody: Person, add_vm: AddVm
) -> None:
    give(pool, uwe, OPERATE), give(desks, uwe)
    target = BackupTarget.objects.create(name="vault", folder="/srv/vault")
    machines = [
        add_vm("mine", pool=pool),
        add_vm("other"),
        desk(add_vm, desks, "d", uwe),
        desk(add_vm, desks, "e", nobody),
    ]
    for vm in machines:
        Operation.objects.create(vm=vm, node=vm.node, action=Action.START, slot="run")
        Backup.objects.create(vm=vm, target=target, state=BackupState.GOOD, stem=vm.name, machine_name=vm.name)
    assert {each.vm.name for each in Operation.objects.all().visible_to(uwe)} == {"mine", "d"}
    backups = list(Backup.objects.all().visible_to(uwe))
    assert {each.machine_name for each in backups} == {"mine", "d"}
    assert not any(may_with_backup(uwe, Action.RESTORE, each) for each in backups)


def test_any_number_of_machines_costs_one_query(
    pool: VmPool, desks: VmPool, uwe: Person, add_vm: AddVm, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    give(pool, uwe), give(desks, uwe)
    machines = [add_vm(f"web{number}", pool=pool).pk for number in range(5)]
    machines += [desk(add_vm, desks, f"desk-{number}", uwe).pk for number in range(5)]
    uwe.has_perm("vms.view_every_vm")  # asked once a request
    with django_assert_num_queries(1):
        permissions = Permissions(uwe, machines)
        assert all(permissions.on(vm) for vm in machines)
    with django_assert_num_queries(1):
        assert actions_somewhere(uwe) == OPERATES
