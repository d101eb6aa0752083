"""A ticket is for one person, one login, one machine, one way and one visit, soon."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.test import Client
from pytest_django.fixtures import Settings

from directory.models import Person
from stoney_panel.addresses import address_behind
from tests.conftest import AddVm
from tests.live.broker import broker, broker_process
from tests.live.knocking import HOST, at_the_door, scope_of, ticket_for
from vms.live.console import Consoles
from vms.live.console_opening import Doors
from vms.live.listener import Listener
from vms.models import AuditLine, Grant, Vm
from vms.operations import tickets
from vms.rules.audit import Outcome
from vms.rules.consoles import Ending, Way
from vms.rules.power import Power
from vms.rules.rights import Right
from vms.rules.status import Main

__all__ = ["broker", "broker_process"]
pytestmark = [pytest.mark.django_db(transaction=True)]

Knock = Callable[..., str]


@pytest.fixture(autouse=True)
def _here(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = [HOST, "testserver"]


@pytest.fixture
def client_of() -> Callable[[Person], Client]:
    def browser(person: Person) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return browser


@pytest.fixture
def knock(broker: str) -> Knock:
    """How a visit ends at the door, "" if it does not."""

    async def at(scope: dict[str, Any]) -> str:
        async with at_the_door(Consoles(Listener(broker), Doors(), 5, address_behind), scope) as browser:
            await browser.is_open()
            try:
                return await browser.told(within=0.7)
            except TimeoutError:
                return ""

    def run(client: Client, vm: Vm, ticket: str, *, way: Way = Way.SCREEN, **headers: str) -> str:
        return asyncio.run(at(scope_of(client, vm, way, ticket, **headers)))

    return run


def test_a_ticket_opens_the_door(knock: Knock, client_of: Any, anna: Person, running_vm: Vm) -> None:
    client = client_of(anna)
    assert knock(client, running_vm, ticket_for(client, running_vm)) == ""


def test_a_ticket_opens_it_once(knock: Knock, client_of: Any, anna: Person, running_vm: Vm) -> None:
    client = client_of(anna)
    ticket = ticket_for(client, running_vm)
    assert knock(client, running_vm, ticket) == ""
    assert knock(client, running_vm, ticket) == Ending.BAD_TICKET


@pytest.mark.parametrize("ticket", ["", "x", "a" * 43, "../" * 20])
def test_a_ticket_cannot_be_made_up(knock: Knock, client_of: Any, anna: Person, running_vm: Vm, ticket: str) -> None:
    assert knock(client_of(anna), running_vm, ticket) == Ending.BAD_TICKET


def test_a_ticket_is_good_for_half_a_minute(broker: str, client_of: Any, anna: Person, running_vm: Vm) -> None:
    ticket_for(client_of(anna), running_vm)
    kept = redis.Redis.from_url(broker)
    (key,) = kept.keys(f"{tickets.KEY}*")
    assert 25 < kept.ttl(key) <= 30
    kept.delete(key)


def test_a_ticket_that_is_late_is_none(knock: Knock, client_of: Any, anna: Person, running_vm: Vm, broker: str) -> None:
    client = client_of(anna)
    ticket = ticket_for(client, running_vm)
    redis.Redis.from_url(broker).pexpire(tickets._key(ticket), 1)
    assert knock(client, running_vm, ticket) == Ending.BAD_TICKET


def test_the_broker_never_learns_a_ticket(broker: str, client_of: Any, anna: Person, running_vm: Vm) -> None:
    client = client_of(anna)
    ticket = ticket_for(client, running_vm)
    kept: Any = redis.Redis.from_url(broker)
    everything = b"".join(key + (kept.get(key) or b"") for key in kept.keys(f"{tickets.KEY}*"))
    assert ticket.encode() not in everything
    assert client.session.session_key.encode() not in everything


def test_a_ticket_is_long_enough_never_to_be_guessed(broker: str, client_of: Any, anna: Person, running_vm: Vm) -> None:
    found = {ticket_for(client_of(anna), running_vm) for _ in range(20)}
    assert len(found) == 20
    assert all(len(ticket) == 43 for ticket in found)  # 256 bits


def test_a_ticket_is_for_one_person(knock: Knock, client_of: Any, anna: Person, berta: Person, running_vm: Vm) -> None:
    ticket = ticket_for(client_of(anna), running_vm)
    assert knock(client_of(berta), running_vm, ticket) == Ending.BAD_TICKET
    assert knock(client_of(anna), running_vm, ticket) == Ending.BAD_TICKET  # used up all the same


def test_a_ticket_is_for_one_login(knock: Knock, client_of: Any, anna: Person, running_vm: Vm) -> None:
    ticket = ticket_for(client_of(anna), running_vm)
    assert knock(client_of(anna), running_vm, ticket) == Ending.BAD_TICKET


def test_a_ticket_is_for_one_machine(knock: Knock, client_of: Any, anna: Person, add_vm: AddVm) -> None:
    one, other = add_vm("one", Power.RUNNING), add_vm("other", Power.RUNNING)
    client = client_of(anna)
    assert knock(client, other, ticket_for(client, one)) == Ending.BAD_TICKET


def test_a_ticket_is_for_one_way(knock: Knock, client_of: Any, anna: Person, running_vm: Vm) -> None:
    client = client_of(anna)
    ticket = ticket_for(client, running_vm, Way.SCREEN)
    assert knock(client, running_vm, ticket, way=Way.SERIAL) == Ending.BAD_TICKET


def test_a_ticket_is_nothing_without_a_login(knock: Knock, client_of: Any, anna: Person, running_vm: Vm) -> None:
    ticket = ticket_for(client_of(anna), running_vm)
    assert knock(Client(), running_vm, ticket) == Ending.LOGGED_OUT


def test_a_ticket_is_nothing_once_the_right_is_gone(
    knock: Knock, client_of: Any, nobody: Person, running_vm: Vm
) -> None:
    grant = Grant.objects.create(vm=running_vm, person=nobody, right=Right.USE)
    client = client_of(nobody)
    ticket = ticket_for(client, running_vm)
    grant.delete()
    assert knock(client, running_vm, ticket) == Ending.NOT_PERMITTED


def test_a_ticket_is_nothing_once_the_machine_is_off(
    knock: Knock, client_of: Any, anna: Person, running_vm: Vm
) -> None:
    client = client_of(anna)
    ticket = ticket_for(client, running_vm)
    Vm.objects.update(power=Power.OFF, main=Main.STOPPED, wanted="off")
    assert knock(client, running_vm, ticket) == Ending.IS_OFF


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": f"https://{HOST}.evil.example"},
        {"origin": f"https://{HOST}:8443"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": f"file://{HOST}"},
        {"origin": "https://evil.example", "host": "evil.example"},
    ],
)
def test_a_page_of_another_site_is_not_even_answered(
    broker: str, client_of: Any, anna: Person, running_vm: Vm, headers: dict[str, str]
) -> None:
    client = client_of(anna)
    scope = scope_of(client, running_vm, Way.SCREEN, ticket_for(client, running_vm), **headers)

    async def visit() -> list[dict[str, Any]]:
        async with at_the_door(Consoles(Listener(broker), Doors(), 5, address_behind), scope) as browser:
            await browser.told()
            return browser.sent

    assert asyncio.run(visit()) == [{"type": "websocket.close", "code": 1008}]


def test_behind_tls_a_page_without_it_is_another_site(
    broker: str, client_of: Any, anna: Person, running_vm: Vm, settings: Settings
) -> None:
    settings.HTTPS = True
    scope = scope_of(client_of(anna), running_vm, Way.SCREEN, "x", origin=f"http://{HOST}")

    async def visit() -> list[dict[str, Any]]:
        async with at_the_door(Consoles(Listener(broker), Doors(), 5, address_behind), scope) as browser:
            await browser.told()
            return browser.sent

    assert asyncio.run(visit()) == [{"type": "websocket.close", "code": 1008}]


# --- asking for one -------------------------------------------------------------------------------
def ask(client: Client, uuid: object, way: str = "screen") -> Any:
    return client.post(f"/vms/{uuid}/use/ticket/", {"way": way})


def test_who_may_not_gets_no_ticket(client_of: Any, nobody: Person, otto: Person, running_vm: Vm) -> None:
    assert ask(client_of(nobody), running_vm.pk).status_code == 404
    assert ask(client_of(otto), running_vm.pk).status_code == 403  # may see and operate it, not look at it
    assert ask(client_of(otto), uuid4()).status_code == 404
    assert ask(Client(), running_vm.pk).status_code == 302
    assert client_of(otto).get(f"/vms/{running_vm.pk}/use/").status_code == 403


def test_a_ticket_is_asked_for_by_post_with_the_token_of_a_page(anna: Person, running_vm: Vm) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(anna)
    assert client.get(f"/vms/{running_vm.pk}/use/ticket/").status_code == 405
    assert ask(client, running_vm.pk).status_code == 403


def test_there_are_two_ways_and_no_more(client_of: Any, anna: Person, running_vm: Vm) -> None:
    assert ask(client_of(anna), running_vm.pk, "monitor").status_code == 400


def test_there_is_nothing_to_see_of_a_machine_that_is_off(client_of: Any, anna: Person, vm: Vm) -> None:
    answer = ask(client_of(anna), vm.pk)
    assert (answer.status_code, answer.json()) == (409, {"ending": Ending.NOT_NOW})


def test_without_the_broker_there_is_a_plain_answer(
    client_of: Any, anna: Person, running_vm: Vm, settings: Settings
) -> None:
    settings.REDIS_URL = "unix:///nonexistent/redis.sock"
    tickets._broker.cache_clear()
    answer = ask(client_of(anna), running_vm.pk)
    tickets._broker.cache_clear()
    assert (answer.status_code, answer.json()) == (503, {"ending": Ending.CANNOT_CHECK})


def test_every_try_is_in_the_audit_trail(
    knock: Knock, client_of: Any, anna: Person, otto: Person, running_vm: Vm
) -> None:
    client = client_of(anna)
    knock(client, running_vm, ticket_for(client, running_vm))
    knock(client, running_vm, "made up")
    ask(client_of(otto), running_vm.pk)
    kept = AuditLine.objects.exclude(request="log_in").order_by("pk")
    lines = list(kept.values_list("person_name", "request", "outcome", "reason"))
    assert lines == [
        ("anna", "use", Outcome.ACCEPTED, ""),
        ("anna", "use", Outcome.SUCCEEDED, ""),
        ("anna", "use_over", Outcome.SUCCEEDED, ""),
        ("anna", "use", Outcome.REFUSED, Ending.BAD_TICKET),
        ("otto", "use", Outcome.REFUSED, "not_permitted"),
    ]
    visit = AuditLine.objects.get(request="use_over")
    assert (visit.subject_key, visit.address) == (str(running_vm.pk), "192.0.2.9")
