"""Many who look at machines at once, slow ones, and the end of the server."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest
from django.test import Client

from tests.conftest import AddVm
from tests.live.visiting import House, broker, broker_process, client, here, house, run, until
from vms.hypervisor.fake import FakeNode
from vms.live import console, console_pipe
from vms.models import Vm
from vms.rules.consoles import Ending
from vms.rules.power import Power

__all__ = ["broker", "broker_process", "client", "here", "house"]
pytestmark = [pytest.mark.django_db(transaction=True)]

MANY = 50


def test_there_are_as_many_places_as_are_set(broker: str, client: Client, add_vm: AddVm) -> None:
    machines = [add_vm(f"web{number}", Power.RUNNING) for number in range(3)]
    house = House(broker, most=2)

    async def visit() -> None:
        async with house.visited(client, machines[0]), house.visited(client, machines[1]) as second:
            await asyncio.sleep(0.3)
            async with house.visited(client, machines[2]) as third:
                assert await third.told() == Ending.TOO_MANY
            assert second.closed is None
        async with house.visited(client, machines[2]) as third:
            await asyncio.sleep(0.3)
            assert third.closed is None

    run(visit)


@pytest.mark.broad
def test_many_at_once(house: House, client: Client, add_vm: AddVm, alpha: FakeNode) -> None:
    machines = [add_vm(f"web{number}", Power.RUNNING) for number in range(MANY)]

    async def visit() -> None:
        async with AsyncExitStack() as stack:
            browsers = [await stack.enter_async_context(house.visited(client, vm)) for vm in machines]
            there = [alpha.machines[vm.pk] for vm in machines]
            await until(lambda: all(machine.viewers for machine in there), 20)
            for number, machine in enumerate(there):
                machine.viewers[0].sendall(b"%d!" % number)
            for number, browser in enumerate(browsers):
                await browser.sees(b"%d!" % number)
                assert browser.shown == b"%d!" % number
                browser.type(b"%d?" % number)
            for number, machine in enumerate(there):
                assert await asyncio.to_thread(machine.viewers[0].recv, 100) == b"%d?" % number

    run(visit)


def test_a_browser_that_does_not_keep_up_slows_the_machine_down(
    house: House, client: Client, running_vm: Vm, alpha: FakeNode
) -> None:
    machine = alpha.machines[running_vm.pk]

    async def visit() -> None:
        async with house.visited(client, running_vm) as browser:
            await until(lambda: machine.viewers)
            browser.reads.clear()
            given = await pour_into(machine.viewers[0])
            assert given < 4 * 1024 * 1024
            browser.reads.set()
            await until(lambda: len(browser.shown) == given)

    run(visit)


async def pour_into(channel: Any) -> int:
    """As much as is taken. In bytes."""
    channel.settimeout(0)
    given, refused = 0, 0
    while refused < 20:
        try:
            given += channel.send(bytes(65536))
            refused = 0
        except BlockingIOError:
            refused += 1
            await asyncio.sleep(0.02)
    return given


def test_a_machine_that_does_not_read_slows_the_browser_down_until_it_is_given_up(
    house: House, client: Client, running_vm: Vm, alpha: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "LAST_WORDS_SECONDS", 0.0)
    monkeypatch.setattr(console_pipe, "STUCK_SECONDS", 1.0)

    async def visit() -> None:
        async with house.visited(client, running_vm) as browser:
            await until(lambda: alpha.machines[running_vm.pk].viewers)
            for _ in range(200):
                browser.type(bytes(65536))
            await asyncio.sleep(0.5)
            assert browser.incoming.qsize() > 150
            assert await browser.told() == Ending.CLOSED

    run(visit)


def test_the_end_of_the_server_is_said(house: House, client: Client, running_vm: Vm) -> None:
    async def visit() -> None:
        async with house.visited(client, running_vm) as browser:
            await asyncio.sleep(0.3)
            house.listener.close()
            assert await browser.told(within=3) == Ending.RESTARTING

    run(visit)
