"""While somebody looks at a machine: bytes both ways, and an end with a reason."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.test import Client

from directory.models import Person
from tests.conftest import AddVm
from tests.live.visiting import House, broker, broker_process, change, client, here, house, run, until
from vms.hypervisor.consoles import Screen
from vms.hypervisor.errors import NodeDoesNotAnswer, Refused
from vms.hypervisor.fake import FakeNode
from vms.live import console, console_access
from vms.live.console_access import Visitor
from vms.models import Grant, Node, Vm
from vms.operations.settling import settle
from vms.rules.consoles import Ending, ScreenKind, Way
from vms.rules.power import Power, PowerReason
from vms.rules.rights import Right

__all__ = ["broker", "broker_process", "client", "here", "house"]
pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("way", Way)
def test_bytes_go_both_ways(house: House, client: Client, running_vm: Vm, alpha: FakeNode, way: Way) -> None:
    machine = alpha.machines[running_vm.pk]

    async def visit() -> None:
        async with house.visited(client, running_vm, way) as browser:
            await until(lambda: machine.viewers or machine.serial)
            theirs = machine.viewers[0] if way is Way.SCREEN else machine.serial
            assert theirs is not None
            theirs.sendall(b"\x00\xffhello")
            await browser.sees(b"\x00\xffhello")
            browser.type(b"\x03ls\n")
            theirs.settimeout(5)
            assert await asyncio.to_thread(theirs.recv, 100) == b"\x03ls\n"

    run(visit)


def test_a_visitor_who_leaves_lets_go_of_the_machine(
    house: House, client: Client, running_vm: Vm, alpha: FakeNode
) -> None:
    async def visit() -> None:
        async with house.visited(client, running_vm, Way.SERIAL):
            await until(alpha.machines[running_vm.pk].serial_is_taken)
        await until(lambda: not alpha.machines[running_vm.pk].serial_is_taken())

    run(visit)


# --- the right to look, while looking ---------------------------------------------------------------
def test_whose_right_is_taken_is_cut_off(house: House, nobody: Person, running_vm: Vm) -> None:
    grant = Grant.objects.create(vm=running_vm, person=nobody, right=Right.USE)
    client = Client()
    client.force_login(nobody)

    async def visit() -> None:
        async with house.visited(client, running_vm) as browser:
            await asyncio.sleep(0.3)
            assert browser.closed is None
            await change(grant.delete, ("rights", str(running_vm.pk)))
            assert await browser.told(within=3) == Ending.NOT_PERMITTED

    run(visit)


def test_who_is_blocked_is_cut_off(house: House, client: Client, anna: Person, running_vm: Vm) -> None:
    async def visit() -> None:
        async with house.visited(client, running_vm) as browser:
            await asyncio.sleep(0.3)
            await change(lambda: Person.objects.filter(pk=anna.pk).update(is_active=False), ("people", ""))
            assert await browser.told(within=3) == Ending.LOGGED_OUT

    run(visit)


def test_who_logs_out_is_cut_off_though_nobody_announces_it(
    house: House, client: Client, running_vm: Vm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "LOOK_AGAIN_SECONDS", 0.5)

    async def visit() -> None:
        async with house.visited(client, running_vm) as browser:
            await sync_to_async(client.logout)()
            assert await browser.told(within=3) == Ending.LOGGED_OUT

    run(visit)


def test_what_happens_to_other_machines_concerns_nobody_here(
    house: House, client: Client, add_vm: AddVm, monkeypatch: pytest.MonkeyPatch
) -> None:
    vm, other = add_vm("one", Power.RUNNING), add_vm("other", Power.RUNNING)
    asked: list[object] = []
    ending_of = console_access.ending_of

    def noted(visitor: Visitor) -> Ending | None:
        asked.append(visitor)
        return ending_of(visitor)

    monkeypatch.setattr(console_access, "ending_of", noted)

    async def visit() -> None:
        async with house.visited(client, vm):
            await asyncio.sleep(0.3)
            await change(lambda: None, ("vm", str(other.pk)), ("operation", "7"))
            await asyncio.sleep(0.5)
            assert asked == []
            await change(lambda: None, ("vm", str(vm.pk)))
            await until(lambda: asked)

    run(visit)


def test_while_the_database_is_away_nobody_looks_on(
    house: House, client: Client, running_vm: Vm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_visitor: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(console_access, "ending_of", fail)

    async def visit() -> None:
        async with house.visited(client, running_vm) as browser:
            await asyncio.sleep(0.3)
            await change(lambda: None, ("vm", str(running_vm.pk)))
            assert await browser.told(within=3) == Ending.CANNOT_CHECK

    run(visit)


# --- the machine and its node -----------------------------------------------------------------------
def switch_off(vm: Vm, node: FakeNode) -> None:
    node.become(vm.pk, Power.OFF, PowerReason.SHUT_DOWN)
    Vm.objects.filter(pk=vm.pk).update(power=Power.OFF, wanted="off")
    settle(vm.pk)


def test_a_machine_that_was_shut_down_says_so(house: House, client: Client, running_vm: Vm, alpha: FakeNode) -> None:
    async def visit() -> None:
        async with house.visited(client, running_vm) as browser:
            await until(lambda: alpha.machines[running_vm.pk].viewers)
            await change(lambda: switch_off(running_vm, alpha), ("vm", str(running_vm.pk)))
            assert await browser.told() == Ending.IS_OFF

    run(visit)


def test_a_screen_that_closes_while_the_machine_is_on_can_be_opened_again(
    house: House, client: Client, running_vm: Vm, alpha: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "LAST_WORDS_SECONDS", 0.3)
    machine = alpha.machines[running_vm.pk]

    async def visit() -> None:
        async with house.visited(client, running_vm) as browser:
            await until(lambda: machine.viewers)
            machine.close_viewers()
            assert await browser.told() == Ending.CLOSED
        async with house.visited(client, running_vm):
            await until(lambda: machine.viewers)

    run(visit)


def test_a_node_that_is_lost_while_somebody_looks(house: House, client: Client, running_vm: Vm, node: Node) -> None:
    def lose() -> None:
        Node.objects.update(reachable=False)
        settle(running_vm.pk)

    async def visit() -> None:
        async with house.visited(client, running_vm) as browser:
            await asyncio.sleep(0.3)
            await change(lose, ("node", str(node.pk)))
            assert await browser.told(within=3) == Ending.NODE_LOST

    run(visit)


@pytest.mark.parametrize(
    ("error", "ending"), [(NodeDoesNotAnswer("slow"), Ending.NODE_LOST), (Refused("no"), Ending.FAILED)]
)
def test_a_node_that_does_not_open_it(
    house: House, client: Client, running_vm: Vm, alpha: FakeNode, error: Any, ending: Ending
) -> None:
    alpha.fail_next("open_screen", error)

    async def visit() -> None:
        async with house.visited(client, running_vm) as browser:
            assert await browser.told() == ending

    run(visit)


@pytest.mark.parametrize(
    ("kind", "ending"), [(ScreenKind.NONE, Ending.NO_SCREEN), (ScreenKind.SPICE, Ending.NOT_FOR_BROWSERS)]
)
def test_a_machine_without_a_screen_for_browsers(
    house: House, client: Client, running_vm: Vm, alpha: FakeNode, kind: ScreenKind, ending: Ending
) -> None:
    alpha.machines[running_vm.pk].screen = Screen(kind)

    async def visit() -> None:
        async with house.visited(client, running_vm) as browser:
            assert await browser.told() == ending

    run(visit)


def test_a_serial_port_has_room_for_one_who_can_be_relieved(house: House, client: Client, running_vm: Vm) -> None:
    async def visit() -> None:
        async with house.visited(client, running_vm, Way.SERIAL) as first:
            await asyncio.sleep(0.3)
            async with house.visited(client, running_vm, Way.SERIAL) as second:
                assert await second.told() == Ending.TAKEN
            assert first.closed is None
            async with house.visited(client, running_vm, Way.SERIAL, take_over="yes") as third:
                assert await first.told() == Ending.TAKEN_OVER
                await asyncio.sleep(0.3)
                assert third.closed is None

    run(visit)
