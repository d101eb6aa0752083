"""The screens of dynamic VMs: open to the person who has one, closed to everybody else in the same pool."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.live.knocking import at_the_door, scope_of, ticket_for
from tests.live.test_console_viewer_file import ask
from tests.live.visiting import House, broker, broker_process, change, here, house, run
from vms.hypervisor.consoles import Screen
from vms.hypervisor.fake import FakeNode
from vms.models import AuditLine, Grant, Vm, VmPool
from vms.rules.audit import Outcome
from vms.rules.consoles import Ending, ScreenKind, Way
from vms.rules.kinds import Kind
from vms.rules.pools import PoolKind
from vms.rules.power import Power
from vms.rules.rights import Right

__all__ = ["broker", "broker_process", "here", "house"]
pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desks(db: None) -> VmPool:
    return VmPool.objects.create(name="desks", kind=PoolKind.DYNAMIC)


@pytest.fixture
def pupil(desks: VmPool) -> Person:
    return _pupil(desks, "pupil")


@pytest.fixture
def other(desks: VmPool) -> Person:
    return _pupil(desks, "other")


def _pupil(desks: VmPool, name: str) -> Person:
    person = Person.objects.create_user(name)
    Grant.objects.create(pool=desks, person=person, right=Right.OPERATE)
    return person


@pytest.fixture
def desk_of(add_vm: AddVm, desks: VmPool) -> Callable[[Person | None], Vm]:
    def make(person: Person | None) -> Vm:
        had = {"assigned_to": person, "assigned_at": timezone.now()} if person else {}
        return add_vm(f"desk-{person or 'free'}", Power.RUNNING, kind=Kind.DYNAMIC, pool=desks, **had)

    return make


DeskOf = Callable[[Person | None], Vm]


def browser_of(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def knock(house: House, client: Client, vm: Vm, way: Way, ticket: str) -> str:
    """How it ends at the door, "" if it does not."""

    async def visit() -> str:
        async with at_the_door(house.consoles, scope_of(client, vm, way, ticket)) as browser:
            await browser.is_open()
            try:
                return await browser.told(within=0.7)
            except TimeoutError:
                return ""

    return asyncio.run(visit())


@pytest.mark.parametrize("way", Way)
def test_who_has_it_looks_at_it(house: House, pupil: Person, desk_of: DeskOf, way: Way) -> None:
    vm, client = desk_of(pupil), browser_of(pupil)
    assert knock(house, client, vm, way, ticket_for(client, vm, way)) == ""


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("free", [False, True])
def test_nobody_gets_a_ticket_for_anothers_or_for_a_free_one(
    pupil: Person, other: Person, desk_of: DeskOf, way: Way, *, free: bool
) -> None:
    vm = desk_of(None if free else other)
    for query in ("", "?take_over=yes"):
        answer = browser_of(pupil).post(f"/vms/{vm.pk}/use/ticket/{query}", {"way": way})
        assert (answer.status_code, b"desk" in answer.content) == (404, False)


def test_a_ticket_for_the_own_opens_no_other(house: House, pupil: Person, other: Person, desk_of: DeskOf) -> None:
    mine, theirs, client = desk_of(pupil), desk_of(other), browser_of(pupil)
    assert knock(house, client, theirs, Way.SCREEN, ticket_for(client, mine)) == Ending.BAD_TICKET


def test_a_ticket_of_anothers_is_worth_nothing(house: House, pupil: Person, other: Person, desk_of: DeskOf) -> None:
    theirs = desk_of(other)
    stolen = ticket_for(browser_of(other), theirs)
    assert knock(house, browser_of(pupil), theirs, Way.SCREEN, stolen) == Ending.BAD_TICKET
    line = AuditLine.objects.filter(outcome=Outcome.REFUSED).latest("pk")
    assert (line.person_name, line.subject_key, line.subject_name) == ("pupil", str(theirs.pk), "")


def test_a_ticket_counts_for_nothing_once_the_right_is_gone(house: House, pupil: Person, desk_of: DeskOf) -> None:
    vm, client = desk_of(pupil), browser_of(pupil)
    ticket = ticket_for(client, vm)
    Grant.objects.all().delete()
    assert knock(house, client, vm, Way.SCREEN, ticket) == Ending.NOT_PERMITTED


def test_the_file_for_a_viewer_is_given_to_who_has_it(
    pupil: Person, other: Person, desk_of: DeskOf, alpha: FakeNode
) -> None:
    vm, free = desk_of(pupil), desk_of(None)
    for each in (vm, free):
        alpha.machines[each.pk].screen = Screen(ScreenKind.SPICE, "192.0.2.7", 5900, 5901)
    assert ask(pupil, vm)[0] == 200
    refused = [ask(other, vm), ask(other, free), ask(pupil, free), ask(None, vm)]
    assert all(status != 200 and "192.0.2.7" not in text and "desk" not in text for status, _said, text in refused)


@pytest.mark.parametrize("ends", ["the right", "the group", "the pool"])
def test_who_loses_the_pool_is_cut_off_at_once(
    house: House, desks: VmPool, pupil: Person, desk_of: DeskOf, ends: str
) -> None:
    group, vm, client = Group.objects.create(name="pupils"), desk_of(pupil), browser_of(pupil)
    pupil.groups.add(group)
    Grant.objects.update(person=None, group=group)
    end: dict[str, Callable[[], object]] = {
        "the right": Grant.objects.all().delete,
        "the group": pupil.groups.clear,
        "the pool": lambda: Vm.objects.update(pool=None),
    }

    async def visit() -> None:
        async with house.visited(client, vm) as browser:
            await asyncio.sleep(0.3)
            assert browser.closed is None
            await change(end[ends], ("people", "") if ends == "the group" else ("rights", str(desks.pk)))
            assert await browser.told(within=3) == Ending.NOT_PERMITTED

    run(visit)
